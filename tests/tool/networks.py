# SPDX-License-Identifier: Apache-2.0
"""Whole data sets for the tests: Fashion-MNIST from its Debian package, and third-party networks from
KEYWAY_SHARED_DATA where that is there."""
import os
import pathlib
import subprocess
import sys

import numpy as np
import onnxruntime

from keyway_command import SOURCE, ZOO

SHARED = pathlib.Path(os.environ["KEYWAY_SHARED_DATA"])
HAS_SHARED = (SHARED / "make_inputs.py").exists()


class Network:
    """Model file, calibration inputs, test inputs and labels (paths)."""

    def __init__(self, model, calibration, inputs, labels):
        self.model, self.calibration, self.inputs, self.labels = model, calibration, inputs, labels

    def float_accuracy(self):
        session = onnxruntime.InferenceSession(self.model, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        x, y = np.load(self.inputs), np.load(self.labels)
        return float(np.mean([session.run(None, {name: v[None]})[0].argmax() == label for v, label in zip(x, y)]))


def fashion_mnist(work):
    """All 10,000 test images; fails where the Debian package is missing (bootstrap installs it)."""
    out = pathlib.Path(work) / "fashion_mnist"
    if not out.exists():
        subprocess.run([sys.executable, ZOO / "export_data.py", out], check=True)
    return Network(ZOO / "fashion_mnist.onnx", out / "calibration.npy", out / "test_images.npy", out / "test_labels.npy")


def third_party(work, stem):
    """One of the networks of KEYWAY_SHARED_DATA: resnet20_cifar10, ic_resnet8, kws_dscnn, vww_mobilenet."""
    out = pathlib.Path(work) / "third_party"
    if not out.exists():
        subprocess.run([sys.executable, SHARED / "make_inputs.py", out], check=True)
    folder = SHARED if stem == "resnet20_cifar10" else SHARED / "mlperf_tiny"
    return Network(folder / f"{stem}.onnx", out / f"{stem}.calib.npy", out / f"{stem}.test.npy", out / f"{stem}.labels.npy")
