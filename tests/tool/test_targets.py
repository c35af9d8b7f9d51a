# SPDX-License-Identifier: Apache-2.0
"""The same package on every target that needs no card: equal output bits, and cycle counts.

usage: test_targets.py sim|hw_emu [CLASS ...]
"""
import sys
import unittest

import numpy as np

from keyway_command import REFUSED, ZOO, CommandTest, main
from networks import HAS_SHARED, fashion_mnist, third_party

TARGET = sys.argv.pop(1) if __name__ == "__main__" else "sim"
COUNT = {"sim": 200, "hw_emu": 20}[TARGET]
STALLS = ["--memory", "latency=73,stall=0.3,seed=5"]


class Targets(CommandTest):
    def test_outputs_equal_the_program_simulator(self):
        images = fashion_mnist(self.work).inputs
        for policy in ("plain", "sealed", "blind"):
            package = self.plain("int8") if policy == "plain" else self.locked(policy)
            rights = [] if policy == "plain" else self.rights(package)
            options = [*rights, "--limit", COUNT if policy == "sealed" else 20]
            want, _ = self.outputs(package, *options, inputs=images)
            got, result = self.outputs(package, *options, "--target", TARGET, *STALLS, inputs=images)
            np.testing.assert_array_equal(want, got)
            self.assertGreater(result["cycles_cold"], result["cycles_warm"])
            self.assertGreater(result["utilisation"], 0.3)

    def test_inputs_of_one_start_equal_and_take_fewer_cycles(self):
        images = fashion_mnist(self.work).inputs
        package = self.locked("sealed")
        options = [*self.rights(package), "--limit", 20]
        want, _ = self.outputs(package, *options, inputs=images)
        _, alone = self.outputs(package, *options, "--target", TARGET, inputs=images)
        for memory in ([], STALLS):
            got, result = self.outputs(package, *options, "--target", TARGET, "--batch", 8, *memory, inputs=images)
            np.testing.assert_array_equal(want, got)  # starts of 1, 8, 8 and 3 inputs
            self.assertIsNone(result["cycles_warm"])
            if not memory:
                self.assertLess(result["cycles_batch"], alone["cycles_warm"])
                self.assertEqual(result["cycles_cold"], alone["cycles_cold"])

    def test_blind_wrong_device_equals_too(self):
        if TARGET != "sim":
            return  # one target is enough for this
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


@unittest.skipUnless(HAS_SHARED, "KEYWAY_SHARED_DATA has no third-party networks")
class ThirdParty(CommandTest):
    def test_resnet20_equals_the_program_simulator(self):
        network, package = third_party(self.work, "resnet20_cifar10"), self.file("resnet20.kwp")
        self.must("lock", network.model, "--calib", network.calibration, "--owner", self.file("owner.kwo"), "-o", package)
        self.must("licence", package, "--owner", self.file("owner.kwo"), "--device", self.file("dev1.kwe"), "-o", package.with_suffix(".kwl"))
        options = [*self.rights(package), "--limit", 20]
        want, _ = self.outputs(package, *options, inputs=network.inputs)
        got, result = self.outputs(package, *options, "--target", TARGET, *STALLS, inputs=network.inputs)
        np.testing.assert_array_equal(want, got)
        self.assertGreaterEqual(result["utilisation"], 0.70)


if __name__ == "__main__":
    main()
