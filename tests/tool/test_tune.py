# SPDX-License-Identifier: Apache-2.0
"""`keyway tune`: the model that it writes, going on after Ctrl-C, what it refuses, and a build without LibTorch."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

from keyway_command import DEVICE, FILE, FIT, TOOL, UNSUPPORTED, USAGE, ZOO, CommandTest, main

MODEL, IMAGES, LABELS = ZOO / "fashion_mnist.onnx", ZOO / "sample_images.npy", ZOO / "sample_labels.npy"
HAS_TUNE = (pathlib.Path(os.environ["KEYWAY_BUILD_DIR"]) / "libexec/keyway/keyway_tune").exists()


class TuneTest(CommandTest):
    def options(self, out, model=MODEL, inputs=IMAGES, labels=LABELS, fmt="qf8", epochs=2):
        return ["tune", model, "--input", inputs, "--labels", labels, "--format", fmt, "--epochs", epochs, "-o", out]


@unittest.skipUnless(HAS_TUNE, "this build has no LibTorch")
class Tune(TuneTest):
    def outputs_of(self, model):
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return np.concatenate([session.run(None, {name: x[None]})[0] for x in np.load(IMAGES)])

    def test_the_tuned_model_takes_the_place_of_the_model(self):
        done = self.must(*self.options("tuned.onnx"), "--json")
        told = json.loads(done.stdout)
        self.assertEqual((told["status"], told["epochs"], told["inputs"], told["format"]), ("ok", 2, 100, "qf8"))
        self.assertEqual((len(told["loss"]["epochs"]), len(told["accuracy"]["epochs"])), (2, 2))
        self.assertIn("epoch 2 of 2", done.stderr)
        before, after = onnx.load(MODEL).graph, onnx.load(self.file("tuned.onnx")).graph
        self.assertEqual([*before.input, *before.output], [*after.input, *after.output])
        wanted, got = self.outputs_of(MODEL), self.outputs_of(self.file("tuned.onnx"))
        self.assertFalse(np.array_equal(wanted, got))
        labels = np.load(LABELS)
        self.assertAlmostEqual(told["accuracy"]["float"], np.mean(wanted.argmax(1) == labels))
        self.assertAlmostEqual(told["accuracy"]["after"], np.mean(got.argmax(1) == labels), delta=0.03)
        self.must("compile", "tuned.onnx", "--calib", ZOO / "calibration.npy", "--format", "qf8", "-o", "tuned.kwp")
        run = self.json("run", "tuned.kwp", "--input", IMAGES, "--labels", LABELS)
        self.assertAlmostEqual(run["accuracy"], told["accuracy"]["after"], delta=0.03)
        self.assertFalse(self.file("tuned.onnx.ckpt").exists())

    def test_the_same_command_gives_the_same_bytes(self):
        for name, more in (("a", []), ("b", ["--threads", 1]), ("c", ["--seed", 2])):
            self.must(*self.options(f"{name}.onnx", epochs=1), *more)
        a, b, c = (self.file(f"{name}.onnx").read_bytes() for name in "abc")
        self.assertEqual(a, b)
        self.assertNotEqual(a, c)

    def test_it_goes_on_after_ctrl_c(self):
        epochs = 12
        started = subprocess.Popen([TOOL, *map(str, self.options("stopped.onnx", epochs=epochs)), "--json"], cwd=self.work,
                                   text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn("epoch 1 of", started.stderr.readline())
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=300)
        self.assertEqual(started.returncode, DEVICE, err)
        self.assertIn("--resume", err)
        self.assertEqual(json.loads(out)["status"], "device")
        self.assertFalse(self.file("stopped.onnx").exists())
        self.assertTrue(self.file("stopped.onnx.ckpt").exists())
        self.fails(FILE, *self.options("stopped.onnx", epochs=epochs), "--resume", "--seed", 3, says="another")
        resumed = self.must(*self.options("stopped.onnx", epochs=epochs), "--resume")
        self.assertNotIn("epoch 1 of", resumed.stderr)
        self.assertFalse(self.file("stopped.onnx.ckpt").exists())
        self.must(*self.options("whole.onnx", epochs=epochs))
        self.assertEqual(self.file("stopped.onnx").read_bytes(), self.file("whole.onnx").read_bytes())

    def test_what_makes_no_sense_is_refused(self):
        images, labels = np.load(IMAGES), np.load(LABELS)
        nan = images.copy()
        nan[3, 0, 1, 1] = np.nan
        for name, array in {"nan": nan, "few": labels[:-1], "eleven": np.where(labels == 9, 10, labels), "wide": images[:, :, :, 1:],
                            "none": images[:0], "reals": labels.astype(np.float32)}.items():
            np.save(self.file(f"{name}.npy"), array)
        self.file("rubbish").write_bytes(b"rubbish")
        weights = helper.make_tensor("w", TensorProto.FLOAT, [1, 1, 1, 1], [2.0])
        sine = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["h"]), helper.make_node("Sin", ["h"], ["y"])], "g",
                                 [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 28, 28])],
                                 [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], [weights])
        onnx.save(helper.make_model(sine, opset_imports=[helper.make_opsetid("", 13)]), self.file("sine.onnx"))
        for status, says, options in (
                (FILE, "nan.npy", {"inputs": "nan.npy"}), (FILE, "wide.npy", {"inputs": "wide.npy"}),
                (FILE, "none.npy", {"inputs": "none.npy"}), (FILE, "few.npy", {"labels": "few.npy"}),
                (FILE, "label 10", {"labels": "eleven.npy"}), (FILE, "reals.npy", {"labels": "reals.npy"}),
                (FILE, "absent.npy", {"labels": "absent.npy"}), (FILE, "absent.onnx", {"model": "absent.onnx"}),
                (FILE, "rubbish", {"model": "rubbish"}), (UNSUPPORTED, "Sin", {"model": "sine.onnx"}),
                (USAGE, "qf7", {"fmt": "qf7"}), (USAGE, "--epochs", {"epochs": 0}), (USAGE, "same file", {"out": IMAGES}),
                (FILE, "owner", {"out": "owner.kwo"})):
            with self.subTest(says=says):
                self.fails(status, *self.options(**{"out": "no.onnx", **options}), says=says)
                self.assertFalse(self.file("no.onnx").exists())
        for more, says in ((["--batch", 0], "--batch"), (["--learning-rate", -1], "--learning-rate"), (["--threads", 0], "--threads"),
                           (["--checkpoint", "no.onnx"], "same file")):
            self.fails(USAGE, *self.options("no.onnx"), *more, says=says)
        self.fails(FILE, *self.options("no.onnx"), "--resume", says="no.onnx.ckpt")
        self.fails(FILE, *self.options("no.onnx"), "--resume", "--checkpoint", "rubbish", says="no checkpoint")
        told = json.loads(self.fails(FILE, *self.options("no.onnx", labels="few.npy"), "--json").stdout)
        self.assertEqual(told["status"], "file")


class Without(TuneTest):
    """The command in a tree of its own, as a build without LibTorch leaves it."""

    def test_a_build_without_libtorch_says_what_to_install(self):
        tool = self.file("tree/bin/keyway")
        tool.parent.mkdir(parents=True)
        shutil.copy(TOOL, tool)
        command = [tool, *map(str, self.options("no.onnx"))]

        def says(text):
            done = subprocess.run(command, cwd=self.work, capture_output=True, text=True)
            self.assertEqual(done.returncode, FIT, done.stderr)
            self.assertIn("libtorch-dev", done.stderr)
            self.assertIn(text, done.stderr)
        says("cannot tune")
        companion = self.file("tree/libexec/keyway/keyway_tune")
        companion.parent.mkdir(parents=True)
        companion.write_text("#!/bin/sh\necho 'error while loading shared libraries' >&2\nexit 127\n")
        companion.chmod(0o755)
        says("does not start")
        self.assertEqual(subprocess.run([tool, "tune", "--help"], capture_output=True).returncode, 0)


if __name__ == "__main__":
    main()
