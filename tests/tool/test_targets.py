# SPDX-License-Identifier: Apache-2.0
"""The same package on every target that needs no card: equal output bits, and cycle counts.

usage: test_targets.py sim|hw_emu
"""
import sys
import unittest

import numpy as np

from keyway_command import REFUSED, ZOO, CommandTest

TARGET = sys.argv.pop(1) if __name__ == "__main__" else "sim"
COUNT = {"sim": 60, "hw_emu": 20}[TARGET]


class Targets(CommandTest):
    def test_outputs_equal_the_program_simulator(self):
        stalls = ["--memory", "latency=73,stall=0.3,seed=5"]
        for policy in ("plain", "sealed", "blind"):
            if policy == "plain" and TARGET != "sim":
                continue  # hw_emu takes some 20 s a process
            package = self.plain("int8") if policy == "plain" else self.locked(policy)
            rights = [] if policy == "plain" else self.rights(package)
            limit = ["--limit", COUNT]
            want, _ = self.outputs(package, *limit, *rights)
            got, result = self.outputs(package, *limit, *rights, "--target", TARGET, *stalls)
            np.testing.assert_array_equal(want, got)
            self.assertGreater(result["cycles_cold"], result["cycles_warm"])
            self.assertGreater(result["utilisation"], 0.3)

    @unittest.skipIf(TARGET != "sim", "one target is enough for this")
    def test_blind_wrong_device_equals_too(self):
        package = self.locked("blind")
        want, _ = self.outputs(package, "--limit", 5, *self.rights(package, device=2))
        got, _ = self.outputs(package, "--limit", 5, *self.rights(package, device=2), "--target", TARGET)
        np.testing.assert_array_equal(want, got)

    def test_the_core_itself_refuses(self):
        package, out = self.locked("sealed"), self.file("stolen.npy")
        run = ["run", package, "--input", ZOO / "sample_images.npy", "--limit", 1, "--output", out, "--target", TARGET]
        self.fails(REFUSED, *run, *self.rights(package, device=2), says="another device")
        if TARGET == "sim":
            self.fails(REFUSED, *run, says="licence")
            self.fails(REFUSED, *run, "--device", self.file("dev1.kwd"), says="licence")
        self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
