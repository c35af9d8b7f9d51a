#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The zoo holds what its README promises. Needs numpy, onnx and onnxruntime.

The checks on the 10,000 test images and on the origin of the samples need the Debian package
dataset-fashion-mnist and are reported as skipped without it.

  .venv/bin/python tests/zoo/test_zoo.py [-v] [TestCase.test_name]
"""
import gzip
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx

ZOO = pathlib.Path(__file__).resolve().parents[2] / "models" / "zoo"
FASHION = ZOO / "fashion_mnist"
MODEL = FASHION / "fashion_mnist.onnx"
sys.path[:0] = [str(ZOO), str(FASHION), str(pathlib.Path(__file__).resolve().parents[1])]
import evaluate  # noqa: E402
import export_data  # noqa: E402
from skipping import main  # noqa: E402

HAVE_DATA = export_data.DEBIAN_FOLDER.is_dir()


def sample(name):
    return np.load(FASHION / f"{name}.npy")


class Network(unittest.TestCase):
    def setUp(self):
        self.model = onnx.load(MODEL)

    def test_is_a_valid_small_file(self):
        onnx.checker.check_model(self.model, full_check=True)
        self.assertLess(MODEL.stat().st_size, 250_000)
        self.assertEqual([(entry.domain, entry.version) for entry in self.model.opset_import], [("", 13)])

    def test_free_batch(self):
        shapes = [[d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
                  for value in (*self.model.graph.input, *self.model.graph.output)]
        self.assertEqual(shapes, [["N", 1, 28, 28], ["N", 10]])
        images = sample("sample_images")
        one_by_one = np.concatenate([evaluate.predict(str(MODEL), images[i:i + 1]) for i in range(7)])
        np.testing.assert_array_equal(one_by_one, evaluate.predict(str(MODEL), images)[:7])

    def test_shows_every_path_of_the_core(self):
        operators = {node.op_type for node in self.model.graph.node}
        self.assertEqual(operators, {"Conv", "Relu", "Add", "MaxPool", "GlobalAveragePool", "Flatten", "Gemm"})
        attributes = [{a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
                      for node in self.model.graph.node if node.op_type == "Conv"]
        self.assertEqual({tuple(a["strides"]) for a in attributes}, {(1, 1), (2, 2)})
        self.assertEqual({a["group"] for a in attributes}, {1, 32, 64})
        self.assertEqual({tuple(a["kernel_shape"]) for a in attributes}, {(1, 1), (3, 3)})


class Sample(unittest.TestCase):
    def test_forms_and_range(self):
        for name, shape in (("sample_images", (export_data.SAMPLE_IMAGES, 1, 28, 28)),
                            ("calibration", (export_data.SAMPLE_CALIBRATION, 1, 28, 28))):
            array = sample(name)
            self.assertEqual((array.dtype, array.shape), (np.float32, shape), name)
            self.assertEqual((array.min(), array.max()), (0.0, 1.0), name)
            np.testing.assert_array_equal(array, np.rint(array * 255).astype(np.float32) / np.float32(255))
        labels = sample("sample_labels")
        self.assertEqual((labels.dtype, labels.shape), (np.int64, (export_data.SAMPLE_IMAGES,)))
        self.assertEqual(set(labels), set(range(10)))


def stated(what):
    """The accuracy that the README gives for `what`."""
    found = re.search(rf"{what}\D*?(\d+\.\d+) %", (ZOO / "README.md").read_text())
    if found is None:
        raise AssertionError(f"the README gives no accuracy for '{what}'")
    return float(found.group(1))


class Accuracy(unittest.TestCase):
    """The README's figures: measured again, not trusted."""

    def test_on_the_sample(self):
        measured, _ = evaluate.evaluate(str(MODEL), sample("sample_images"), sample("sample_labels"))
        self.assertAlmostEqual(100 * measured, stated("sample of the repository"), delta=0.005)

    def test_below_the_bound_fails(self):
        command = [sys.executable, ZOO / "evaluate.py", MODEL, FASHION / "sample_images.npy",
                   FASHION / "sample_labels.npy", "--at-least"]
        for bound, status in (("50", 0), ("100.1", 1)):
            done = subprocess.run([*command, bound], stdout=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, status, f"--at-least {bound}")


@unittest.skipUnless(HAVE_DATA, "dataset-fashion-mnist is not installed")
class DataSet(unittest.TestCase):
    def test_is_the_start_of_the_data_set(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, FASHION / "export_data.py", "--sample", folder],
                           check=True, stdout=subprocess.DEVNULL)
            for name in ("sample_images", "sample_labels", "calibration"):
                np.testing.assert_array_equal(sample(name), np.load(f"{folder}/{name}.npy"), name)

    def test_on_all_test_images(self):
        measured, _ = evaluate.evaluate(str(MODEL), *export_data.load("t10k"))
        self.assertGreaterEqual(measured, 0.91)
        # another processor's rounding may turn an image on the edge
        for what in ("4.97 M", "all 10,000 test images"):
            self.assertAlmostEqual(100 * measured, stated(re.escape(what)), delta=0.03, msg=what)


class Idx(unittest.TestCase):
    """The reader of the data set's files, on files made here."""

    def read(self, data):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "x.gz"
            path.write_bytes(gzip.compress(data))
            return export_data.read_idx(path)

    def test_reads_what_was_written(self):
        wanted = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
        np.testing.assert_array_equal(self.read(struct.pack(">4B3I", 0, 0, 8, 3, 2, 3, 4) + wanted.tobytes()), wanted)

    def test_refuses_malformed_files(self):
        good = struct.pack(">4B2I", 0, 0, 8, 2, 2, 3) + bytes(6)
        self.assertEqual(self.read(good).shape, (2, 3))
        for bad in (good[:-1], good + b"\0", b"\0\0\x0d" + good[3:], good[:6], b""):
            with self.assertRaises(ValueError, msg=bad.hex()):
                self.read(bad)


if __name__ == "__main__":
    main()
