# SPDX-License-Identifier: Apache-2.0
"""scripts/floorplan.py on a small netlist: two memories and two multipliers in each of four clusters."""
import json
import random
import sys
import unittest

from script_test import SCRIPTS, ScriptTest

sys.path.insert(0, str(SCRIPTS))
import floorplan  # noqa: E402

CLUSTERS, LOGIC = 4, 60
SITE_OF = {name: (kind, x, y) for kind, sites in floorplan.SITES.items() for x, y, name in sites}


def design():
    """Cells of a cluster share many nets, clusters share a few."""
    rng = random.Random(1)
    cells = {}

    def connect(names, net):
        for name in names:
            cells[name]["connections"].setdefault("P", []).append(net)

    for c in range(CLUSTERS):
        for name, kind in [(f"c{c}_ram{k}", "DP16KD") for k in range(2)] + [(f"c{c}_mul{k}", "MULT18X18D") for k in range(2)] + [
                (f"c{c}_lut{k}", "LUT4") for k in range(LOGIC)]:
            cells[name] = {"type": kind, "connections": {"Z": ["0"]}}
    net = 2
    for c in range(CLUSTERS):
        names = [name for name in cells if name.startswith(f"c{c}_")]
        for name in names:
            for _ in range(3):
                connect([name, *rng.sample(names, 2)], net)
                net += 1
        connect([names[-1], f"c{(c + 1) % CLUSTERS}_lut0"], net)
        net += 1
    return {"modules": {"top": {"cells": cells}}}


class Floorplan(ScriptTest):
    script = "floorplan.py"

    def placed(self, name="out.json", *options):
        target = self.folder / name
        self.must(self.write("in.json", design()), target, *options)
        return json.loads(target.read_text())["modules"]["top"]["cells"]

    def test_every_memory_and_multiplier_has_a_site_of_its_kind(self):
        cells = self.placed()
        bels = {name: cell["attributes"]["BEL"] for name, cell in cells.items() if "attributes" in cell}
        self.assertEqual(len(bels), 4 * CLUSTERS)
        self.assertEqual(len(set(bels.values())), len(bels))
        for name, bel in bels.items():
            self.assertEqual(SITE_OF[bel][0], cells[name]["type"])
        want = design()["modules"]["top"]["cells"]
        for name, cell in cells.items():
            self.assertEqual({key: cell[key] for key in ("type", "connections")}, want[name])

    def test_what_belongs_together_stands_together(self):
        cells = self.placed()
        where = {name: SITE_OF[cell["attributes"]["BEL"]][1:] for name, cell in cells.items() if "attributes" in cell}

        def mean_distance(same_cluster):
            distances = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for m, a in where.items() for n, b in where.items()
                         if m < n and (m[:2] == n[:2]) == same_cluster]
            return sum(distances) / len(distances)

        self.assertLess(mean_distance(True), 0.7 * mean_distance(False))

    def test_the_same_seed_gives_the_same_places(self):
        self.assertEqual(self.placed("a.json", "--seed", 3), self.placed("b.json", "--seed", 3))

    def test_what_does_not_fit_or_is_not_flat_is_refused(self):
        many = design()
        cells = many["modules"]["top"]["cells"]
        for k in range(len(floorplan.SITES["MULT18X18D"])):
            cells[f"more{k}"] = {"type": "MULT18X18D", "connections": {"P": [2 + k]}}
        self.fails(self.write("many.json", many), self.folder / "o", says="cells MULT18X18D, the device has 156")
        two = design()
        two["modules"]["other"] = two["modules"]["top"]
        self.fails(self.write("two.json", two), self.folder / "o", says="2 modules hold memories or DSPs")


if __name__ == "__main__":
    unittest.main()
