# SPDX-License-Identifier: Apache-2.0
"""Little calibration, odd calibration, and inputs that lie elsewhere: what comes out, and what is said."""
import json

import numpy as np

from keyway_command import ZOO, CommandTest, main

MODEL, IMAGES, LABELS = ZOO / "fashion_mnist.onnx", ZOO / "sample_images.npy", ZOO / "sample_labels.npy"


class Calibration(CommandTest):
    def compile(self, calibration, *more, command="compile"):
        """The package and what the command says with --json."""
        path, package = self.file("calibration.npy"), self.file("package.kwp")
        np.save(path, calibration.astype(np.float32))
        done = self.must(command, MODEL, "--calib", path, "-o", package, "--json", *more)
        said = json.loads(done.stdout)
        for warning in said["warnings"]:
            self.assertIn(f"keyway: warning: {warning}", done.stderr)
        self.assertEqual(done.stderr.count("warning"), len(said["warnings"]))
        return package, said

    def run_on(self, package, inputs):
        path = self.file("inputs.npy")
        np.save(path, inputs.astype(np.float32))
        done = self.must("run", package, "--input", path, "--labels", LABELS, "--json")
        return json.loads(done.stdout), done.stderr

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.images, cls.calibration = np.load(IMAGES), np.load(ZOO / "calibration.npy")
        cls.labels = np.load(LABELS)

    def test_ample_calibration_has_nothing_to_say(self):
        for fmt in ("int8", "qf8"):
            package, said = self.compile(self.calibration, "--format", fmt)
            self.assertEqual((said["status"], said["warnings"]), ("ok", []))
            self.assertLess(said["relative_error"], 0.1)
            self.assertGreater(said["agreement"], 0.95)
            ran, err = self.run_on(package, self.images)
            self.assertEqual((ran["warnings"], err), ([], ""))

    def test_little_calibration_loses_little_and_is_told(self):
        package, _ = self.compile(self.calibration)
        ample = self.run_on(package, self.images)[0]["accuracy"]
        one_class = self.images[self.labels == self.labels[0]]
        near_copies = self.calibration[:1] + np.random.default_rng(6).normal(0, 0.02, (64, *self.images.shape[1:]))
        noise = np.random.default_rng(5).normal(0.3, 0.3, (64, *self.images.shape[1:]))
        for calibration, word in ((self.calibration[:1], "only one calibration input"), (self.calibration[:5], "only 5 "),
                                  (np.repeat(self.calibration[:1], 40, 0), "all equal"), (near_copies, "nearly equal"), (noise, "noise"), (one_class, "different calibration inputs")):
            for fmt in ("int8", "qf8"):
                with self.subTest(word=word, fmt=fmt):
                    package, said = self.compile(calibration, "--format", fmt)
                    self.assertIn(word, " ".join(said["warnings"]))
                    self.assertGreaterEqual(self.run_on(package, self.images)[0]["accuracy"], ample - 0.02)

    def test_lock_warns_too(self):
        _, said = self.compile(self.calibration[:3], "--owner", self.file("owner.kwo"), command="lock")
        self.assertIn("only 3 ", said["warnings"][0])

    def test_a_constant_is_no_calibration(self):
        _, said = self.compile(np.zeros_like(self.calibration[:40]))
        self.assertIn("is the same", said["warnings"][0])

    def test_inputs_outside_of_the_calibrated_range(self):
        package, _ = self.compile(self.calibration)
        ran, err = self.run_on(package, self.images * 3)
        self.assertGreater(ran["saturated_values"], 1000)
        self.assertLessEqual(ran["saturated_inputs"], len(self.images))
        self.assertIn("outside of the range", ran["warnings"][0])
        self.assertIn("outside of the range", err)

    def test_inputs_in_a_small_part_of_the_calibrated_range(self):
        package, _ = self.compile(self.calibration * 255)
        ran, err = self.run_on(package, self.images)
        self.assertIn("of the 256 steps", ran["warnings"][0])
        self.assertIn("of the 256 steps", err)
        self.assertEqual((ran["saturated_inputs"], ran["saturated_values"]), (0, 0))


if __name__ == "__main__":
    main()
