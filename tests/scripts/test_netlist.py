# SPDX-License-Identifier: Apache-2.0
"""scripts/netlist.py on small netlists whose right results are known."""
import json
import sys
import unittest

from script_test import SCRIPTS, ScriptTest

sys.path.insert(0, str(SCRIPTS))
import netlist  # noqa: E402


def module(name, *body):
    return "\n".join([f"attribute \\src \"{name}.sv:1\"", f"module \\{name}", *body, "end", ""])


class Share(ScriptTest):
    script = "netlist.py"

    def shared(self, text):
        target = self.folder / "out.il"
        said = self.must("share", self.write("in.il", text), target)
        return said, target.read_text()

    def test_instances_that_are_the_same_become_one_module(self):
        adder = ["  wire width 4 input 1 \\a", "  cell $add $add$%d", "  end"]
        text = (module("lane$top.u0", adder[0], adder[1] % 17, adder[2])
                + module("lane$top.u1", adder[0], adder[1] % 99, adder[2])
                + module("lane$top.u2", "  wire width 5 input 1 \\a")
                + module("top", *(f"  cell \\lane$top.u{i} \\u{i}\n  end" for i in range(3))))
        said, out = self.shared(text)
        self.assertIn("4 instances are of 3 different modules", said)
        self.assertEqual(out.count("module \\lane\n"), 1)
        self.assertEqual(out.count("module \\lane_2\n"), 1)
        self.assertIn("cell \\lane \\u0", out)
        self.assertIn("cell \\lane \\u1", out)
        self.assertIn("cell \\lane_2 \\u2", out)
        self.assertLess(out.index("attribute \\keep_hierarchy 1\nmodule \\lane\n"), out.index("module \\top"))

    def test_what_differs_below_makes_the_modules_above_differ(self):
        text = (module("leaf$a", "  wire \\x") + module("leaf$b", "  wire \\y")
                + module("node$a", "  cell \\leaf$a \\u", "  end") + module("node$b", "  cell \\leaf$b \\u", "  end"))
        self.assertIn("4 instances are of 4 different modules", self.shared(text)[0])

    def test_broken_files_are_named(self):
        out = self.folder / "out.il"
        self.fails("share", self.write("a.il", "nothing\n"), out, says="holds no module")
        self.fails("share", self.write("b.il", "module \\top\n"), out, says="has no end")
        self.fails("share", self.write("c.il", module("top", "  cell \\lost \\u", "  end")), out, says="uses module lost")


class Harness(ScriptTest):
    script = "netlist.py"

    def test_every_port_has_registers_of_its_own(self):
        text = module("top", "  wire input 1 \\ap_clk", "  wire width 8 input 2 \\a", "  wire input 3 \\b",
                      "  wire width 5 output 4 \\c", "  wire width 9 \\inner")
        target = self.folder / "harness.v"
        said = self.must("harness", self.write("in.il", text), "top", target)
        self.assertIn("9 inputs and 5 outputs", said)
        verilog = target.read_text()
        for connection in (".ap_clk(clk)", ".a(in_q[0 +: 8])", ".b(in_q[8 +: 1])", ".c(out[0 +: 5])"):
            self.assertIn(connection, verilog)
        self.assertNotIn("inner", verilog)

    def test_what_it_does_not_know_is_refused(self):
        target = self.folder / "harness.v"
        self.fails("harness", self.write("a.il", module("top", "  wire inout 1 \\pad")), "top", target, says="inout")
        self.fails("harness", self.write("b.il", module("top", "  wire \\x")), "top", target, says="no inputs")
        self.fails("harness", self.write("c.il", module("top")), "other", target, says="no module other")


class Globals(ScriptTest):
    script = "netlist.py"

    @staticmethod
    def design(*registers):
        """A netlist in which net 10 + i clears registers[i] registers."""
        cells = {f"ff{i}_{k}": {"type": "TRELLIS_FF", "connections": {"LSR": [10 + i], "Q": [1000 + 3000 * i + k]}}
                 for i, count in enumerate(registers) for k in range(count)}
        cells["never"] = {"type": "TRELLIS_FF", "connections": {"LSR": ["0"], "Q": [99]}}
        cells["lut"] = {"type": "LUT4", "connections": {"A": [10]}}
        bits = sorted({bit for cell in cells.values() for ports in cell["connections"].values() for bit in ports
                       if isinstance(bit, int)})
        return {"modules": {"top": {"cells": cells, "netnames": {"all": {"bits": bits}}}}}

    def made(self, design):
        target = self.folder / "out.json"
        said = self.must("globals", self.write("in.json", design), target)
        return said, json.loads(target.read_text())["modules"]["top"]

    def test_only_nets_that_clear_many_become_global(self):
        least = netlist.LEAST_CLEARED
        said, top = self.made(self.design(least + 1, least - 1, least))
        self.assertIn(f"2 global nets clear {2 * least + 1} registers", said)
        buffers = {cell["connections"]["CLKI"][0]: cell["connections"]["CLKO"][0]
                   for cell in top["cells"].values() if cell["type"] == "DCCA"}
        self.assertEqual(set(buffers), {10, 12})
        for name, cell in top["cells"].items():
            if name.startswith("ff"):
                net = 10 + int(name[2])
                self.assertEqual(cell["connections"]["LSR"], [buffers.get(net, net)])
        self.assertEqual(top["cells"]["never"]["connections"]["LSR"], ["0"])
        self.assertEqual(top["cells"]["lut"]["connections"]["A"], [10])  # only clears move
        used = [bit for name in top["netnames"] for bit in top["netnames"][name]["bits"]]
        self.assertEqual(len(used), len(set(used)))

    def test_no_more_than_there_are(self):
        least, most = netlist.LEAST_CLEARED, netlist.MOST_GLOBALS
        said, _ = self.made(self.design(*(least + i for i in range(most + 1))))
        self.assertIn(f"{most} global nets clear {sum(least + i for i in range(1, most + 1))} registers", said)

    def test_a_netlist_of_something_else_is_refused(self):
        self.fails("globals", self.write("in.json", {"modules": {"top": {"cells": {}}}}), self.folder / "o", says="TRELLIS_FF")


class Table(ScriptTest):
    script = "netlist.py"

    @staticmethod
    def counted(**cells_of):
        """What `stat -json` says of a top with one instance of every block; cells_of replaces a block's cells."""
        kept = {name: {"LUT4": 10, "FDRE": 5, "DSP48E1": 1, "RAMB18E2": 1} for name in netlist.WANTED}
        kept.update(cells_of)
        kept["keyway_kernel"] = {**kept["keyway_kernel"], **{name: 1 for name in kept if name != "keyway_kernel"}}
        return {"modules": {f"\\{name}": {"num_cells_by_type": cells} for name, cells in kept.items()}}

    def test_shares_and_their_limit(self):
        lock = len([name for names in netlist.LOCK.values() for name in names.split()])
        rest = len(netlist.WANTED) - lock
        stat = self.write("stat.json", self.counted())
        out = self.must("table", "--most-lock", "99", "8x8", stat)
        self.assertIn(f"| **core without lock** | {10 * rest} | 0 | {5 * rest} | 0 | {rest} | {rest / 2:g} | 0 |", out)
        self.assertIn(f"8x8: the iterative lock has {100 * lock / rest:.1f} % of the LUTs", out)
        self.fails("table", "--most-lock", f"{100 * lock / rest - 1:g}", "8x8", stat, says="the iterative lock has more")

    def test_a_record_has_a_row_for_every_core(self):
        rest = len(netlist.WANTED) - len([name for names in netlist.LOCK.values() for name in names.split()])
        stat, area = self.write("stat.json", self.counted()), self.folder / "area.csv"
        record = ["--record", area, "--state"]
        for state, core in (("s1", "8x8"), ("s2", "8x8-log"), ("s3", "8x8")):
            self.must("table", *record, state, core, stat)
        row = f"{10 * rest},{5 * rest},{rest},{rest / 2:g}"
        self.assertEqual(area.read_text(), f"core,lut,ff,dsp,ramb36,rtl\n8x8,{row},s3\n8x8-log,{row},s2\n")
        area.write_text("core,lut\n")
        self.fails("table", *record, "s4", "8x8", stat, says="the columns are not core, lut, ff, dsp, ramb36, rtl")
        self.assertEqual(area.read_text(), "core,lut\n")

    def test_instances_count_as_often_as_they_are(self):
        twice = self.counted()
        twice["modules"]["\\keyway_kernel"]["num_cells_by_type"]["array"] = 3
        out = self.must("table", "8x8", self.write("stat.json", twice))
        others = len(netlist.ENGINE["array"].split()) - 1
        self.assertIn(f"| array | {10 * (others + 3)} |", out)

    def test_memory_of_luts_counts_as_the_luts_it_takes(self):
        out = self.must("table", "8x8", self.write("stat.json", self.counted(ghash={"LUT6": 1, "RAM32M": 2, "MUXF7": 9})))
        self.assertIn("| lock: GHASH | 9 | 8 |", out)

    def test_nothing_goes_uncounted(self):
        self.fails("table", "8x8", self.write("a.json", self.counted(array={"LUT4": 1, "NEWCELL": 1})), says="NEWCELL")
        self.fails("table", "8x8", self.write("b.json", self.counted(stranger={"LUT4": 1})), says="stranger")
        renamed = self.counted()
        del renamed["modules"]["\\ghash"]
        del renamed["modules"]["\\keyway_kernel"]["num_cells_by_type"]["ghash"]
        self.fails("table", "8x8", self.write("c.json", renamed), says="no module ghash")

    def test_most_of_the_lock_unit(self):
        names = netlist.IN_LOCK_UNIT
        stat = {"modules": {f"\\{name}": {"num_cells_by_type": {"LUT4": 10}} for name in names}}
        stat["modules"]["\\lock_unit"]["num_cells_by_type"].update({name: 1 for name in names if name != "lock_unit"})
        path = self.write("stat.json", stat)
        self.must("most", 10 * len(names), path)
        self.fails("most", 10 * len(names) - 1, path, says="has grown")


class Timing(ScriptTest):
    script = "netlist.py"

    def test_frequency_and_critical_path(self):
        step = {"delay": 1.5, "type": "logic", "to": {"cell": "u_lane.q", "port": "D"}}
        report = {"utilization": {"TRELLIS_COMB": {"used": 1234, "available": 83640}, "DCUA": {"used": 0, "available": 2}},
                  "fmax": {"$glb_clk": {"achieved": 83.456, "constraint": 100}},
                  "critical_paths": [{"from": "posedge $glb_clk", "to": "posedge $glb_clk", "path": [step, step]},
                                     {"from": "<async>", "to": "posedge $glb_clk", "path": [step]}]}
        out = self.must("timing", self.write("report.json", report))
        self.assertIn("| TRELLIS_COMB | 1,234 | 83,640 |", out)
        self.assertNotIn("DCUA", out)
        self.assertIn("83.5 MHz after routing (asked: 100)", out)
        self.assertEqual(out.count("Critical path"), 1)
        self.assertIn("3.00 ns", out)

    def test_an_unrouted_design_has_no_frequency(self):
        self.fails("timing", self.write("report.json", {"fmax": {}}), says="was the design routed")


if __name__ == "__main__":
    unittest.main()
