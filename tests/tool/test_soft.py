# SPDX-License-Identifier: Apache-2.0
"""`keyway lock --soft`: what the soft-locked network answers here, as float model, and in onnxruntime's 8 bits."""
import json
import logging
import subprocess
import sys

import numpy as np
import onnxruntime

from keyway_command import SOURCE, USAGE, ZOO, CommandTest, main

sys.path.append(str(SOURCE / "scripts"))
import attack_onnxruntime  # noqa: E402

MODEL, IMAGES, LABELS, CALIBRATION = (ZOO / name for name in (
    "fashion_mnist.onnx", "sample_images.npy", "sample_labels.npy", "calibration.npy"))
CHANCE = 0.1
logging.disable(logging.WARNING)


def answers(model, inputs):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: inputs})[0]


def right_in_8_bits(model, per_channel):
    """Of the sample images, in onnxruntime's static quantisation."""
    made = str(model) + ".int8.onnx"
    attack_onnxruntime.quantised(model, made, np.load(CALIBRATION), "MinMax", per_channel)
    return attack_onnxruntime.accuracy(made, np.load(IMAGES), np.load(LABELS))


class Soft(CommandTest):
    @classmethod
    def softly(cls, soft, *more, policy="sealed", fmt="qf8"):
        """A package with licence and float model beside it, and the report."""
        path = cls.file(".".join([soft, policy, fmt, *more]) + ".kwp")
        if not path.exists():
            cls.must("lock", MODEL, "--calib", CALIBRATION, "--owner", cls.file("owner.kwo"), "--soft", soft, "--policy", policy,
                     "--format", fmt, "--emit-onnx", path.with_suffix(".onnx"), "--soft-report", path.with_suffix(".json"),
                     "-o", path, *more)
            cls.must("licence", path, "--owner", cls.file("owner.kwo"), "--device", cls.file("dev1.kwe"), "-o", path.with_suffix(".kwl"))
        return path, json.loads(path.with_suffix(".json").read_text())

    def right_here(self, package):
        return self.outputs(package, *self.rights(package), "--labels", LABELS)[1]["accuracy"]

    def test_scales_cost_nothing_here_and_everything_elsewhere(self):
        for fmt in ("qf8", "lns8", "qf4"):
            package, report = self.softly("scales", fmt=fmt)
            self.assertEqual((report["soft"], report["scales"]["octaves"]), (["scales"], 8))
            self.assertGreater(report["scales"]["scaled"], 50)
            _, plain = self.outputs(self.plain(fmt), "--labels", LABELS)
            self.assertGreaterEqual(self.right_here(package), plain["accuracy"] - 0.035, fmt)  # of 100 images
        model = package.with_suffix(".onnx")
        want, got = (answers(m, np.load(IMAGES)) for m in (MODEL, model))
        self.assertLessEqual(np.abs(got - want).max(), 1e-4 * np.abs(want).max())
        self.assertGreater(min(right_in_8_bits(MODEL, c) for c in (False, True)), 0.85)
        self.assertLess(max(right_in_8_bits(model, c) for c in (False, True)), 2.5 * CHANCE)

    def test_decoys_cost_little_here_and_everything_elsewhere(self):
        for soft, fmt, policy in (("quant", "qf8", "sealed"), ("decoys", "lns8", "blind"), ("scales,decoys", "qf4", "blind")):
            package, report = self.softly(soft, fmt=fmt, policy=policy)
            self.assertEqual(report["decoys"]["tensors"], 1)  # that lie between convolutions alone, behind a ReLU
            self.assertEqual("scales" in report, soft != "decoys")
            _, plain = self.outputs(self.plain(fmt), "--labels", LABELS)
            self.assertGreaterEqual(self.right_here(package), plain["accuracy"] - 0.05, (soft, fmt))
            model = package.with_suffix(".onnx")
            right = np.mean(answers(model, np.load(IMAGES)).argmax(axis=1) == np.load(LABELS))
            self.assertGreater(right, 0.88)
            self.assertLess(max(right_in_8_bits(model, c) for c in (False, True)), (6 if soft == "decoys" else 2.5) * CHANCE)

    def test_attacks_are_reported_with_the_lock_and_by_themselves(self):
        package, report = self.softly("scales")
        by_name = {a["attack"]: a["accuracy"] for a in report["attacks"]}
        self.assertLess(by_name["8 bits, a step an output channel"], 0.3)  # agreement with the float model's own answers
        self.assertGreater(by_name["streams equalised"], 0.9)
        self.assertGreater(report["agreement"], 0.9)
        attack = ["attack", "soft", package.with_suffix(".onnx"), "--calib", CALIBRATION, "--input", IMAGES, "--labels", LABELS]
        told = self.json(*attack)
        self.assertEqual((told["inputs"], told["known_inputs"], [a["attack"] for a in told["attacks"]]), (100, 64, list(by_name)))
        reached = {a["attack"]: a["accuracy"] for a in told["attacks"]}
        self.assertAlmostEqual(told["float"], 0.92, delta=0.02)
        self.assertLess(reached["pairs of layers equalised, a step a tensor"], 0.3)
        self.assertGreater(reached["streams equalised"], 0.88)
        table = self.must(*attack, "--limit", 5).stdout
        self.assertEqual(len({len(line) for line in table.split("\n\n")[0].splitlines()}), 1, table)
        self.fails(USAGE, "attack", says="subcommand")
        self.fails(USAGE, *attack, "--limit", "none", says="--limit")

    def test_the_script_that_attacks_with_onnxruntime(self):
        package, _ = self.softly("quant")
        told = json.loads(subprocess.run(
            [sys.executable, SOURCE / "scripts/attack_onnxruntime.py", package.with_suffix(".onnx"), "--calib", CALIBRATION,
             "--input", IMAGES, "--labels", LABELS, "--json"], stdout=subprocess.PIPE, check=True).stdout)
        self.assertEqual(len(told), 1 + 12)
        self.assertGreater(told.pop("float"), 0.88)
        self.assertLess(max(told.values()), 0.4, told)
        flat = self.file("flat.onnx")
        attack_onnxruntime.equalised(MODEL, flat, np.load(CALIBRATION))
        want, got = (answers(m, np.load(IMAGES)) for m in (MODEL, flat))
        np.testing.assert_allclose(got, want, atol=1e-4)

    def test_the_core_computes_what_the_program_simulator_does(self):
        package, _ = self.softly("quant")
        few = self.file("few.npy")
        np.save(few, np.load(IMAGES)[:2])
        want, _ = self.outputs(package, *self.rights(package), inputs=few)
        got, run = self.outputs(package, *self.rights(package), "--target", "sim", inputs=few)
        np.testing.assert_array_equal(want, got)
        _, plain = self.outputs(self.plain(), "--target", "sim", inputs=few)
        self.assertLessEqual(run["cycles_warm"], 1.03 * plain["cycles_warm"])

    def test_every_lock_draws_other_scales(self):
        (first, _), (second, _) = self.softly("scales"), self.softly("scales", "--core", "16x16")
        self.assertNotEqual(first.with_suffix(".onnx").read_bytes(), second.with_suffix(".onnx").read_bytes())
        none, _ = self.softly("scales", "--soft-octaves", "0")
        self.assertGreater(right_in_8_bits(none.with_suffix(".onnx"), False), 0.85)

    def test_usage_errors(self):
        lock = ["lock", MODEL, "--calib", CALIBRATION, "--owner", "owner.kwo", "-o", "no.kwp"]
        self.fails(USAGE, *lock, "--soft", "scale", says="scales")
        self.fails(USAGE, *lock, "--emit-onnx", "e.onnx", says="--soft")
        self.fails(USAGE, *lock, "--soft", "scales", "--soft-octaves", "17", says="--soft-octaves")
        self.fails(USAGE, *lock, "--soft", "scales", "--emit-onnx", MODEL, says="same file")
        self.assertFalse(self.file("no.kwp").exists())


if __name__ == "__main__":
    main()
