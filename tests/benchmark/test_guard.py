# SPDX-License-Identifier: Apache-2.0
"""The guard itself: planted losses are found, and the layer is named; smaller ones and gains pass."""
import copy
import json
import os
import subprocess
import sys
import unittest

import guard

BASELINE = json.loads(guard.BASELINE.read_text())


class Guard(unittest.TestCase):
    def slowed(self, network, state, layer, share):
        """The baseline with one layer slower by a share of the whole network."""
        measured = copy.deepcopy(BASELINE)
        total = sum(measured[network][state].values())
        measured[network][state][layer] += int(share * total)
        return measured

    def test_the_baseline_itself_passes(self):
        self.assertEqual(guard.compare(BASELINE, BASELINE), ([], []))

    def test_every_layer_of_every_network_is_named_when_it_loses(self):
        for network, states in BASELINE.items():
            for state, layers in states.items():
                for layer in layers:
                    complaints, _ = guard.compare(BASELINE, self.slowed(network, state, layer, 0.011))
                    self.assertEqual(len(complaints), 2, complaints)
                    self.assertTrue(complaints[0].startswith(f"{network}, {state}: "), complaints[0])
                    self.assertTrue(complaints[1].startswith(f"    {layer}: "), complaints[1])

    def test_a_small_loss_and_a_gain_are_remarks(self):
        network = next(iter(BASELINE))
        layer = next(iter(BASELINE[network]["warm"]))
        for share in (0.009, -0.5):
            complaints, remarks = guard.compare(BASELINE, self.slowed(network, "warm", layer, share))
            self.assertEqual((complaints, len(remarks)), ([], 1))

    def test_new_networks_and_layers_are_not_overlooked(self):
        self.assertTrue(guard.compare({}, BASELINE)[0])
        network = next(iter(BASELINE))
        measured = copy.deepcopy(BASELINE)
        measured[network]["warm"]["new"] = sum(measured[network]["warm"].values())
        self.assertIn("    new: 0 -> ", guard.compare(BASELINE, measured)[0][1])

    def test_missing_files_are_skipped_and_not_passed(self):
        done = subprocess.run([sys.executable, guard.__file__, "--suite", "mlperf-tiny"], capture_output=True, text=True,
                              env={**os.environ, "KEYWAY_SHARED_DATA": "/nowhere"})
        self.assertEqual((done.returncode, "SKIPPED" in done.stdout), (guard.SKIPPED, True), done.stderr)


if __name__ == "__main__":
    unittest.main()
