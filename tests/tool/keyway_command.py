# SPDX-License-Identifier: Apache-2.0
"""Calls the built `keyway` command for the tests of this folder; a work folder per test class."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import numpy as np

SOURCE = pathlib.Path(os.environ["KEYWAY_SOURCE_DIR"])
TOOL = os.environ["KEYWAY_TOOL"]
ZOO = SOURCE / "models/zoo/fashion_mnist"
USAGE, FILE, UNSUPPORTED, FIT, REFUSED, AUTHENTICATION, DEVICE = 2, 3, 4, 5, 6, 7, 8


class CommandTest(unittest.TestCase):
    """Has one owner, two enrolled devices, and packages of the zoo's network, made when asked for."""

    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="keyway-test-"))
        cls.must("owner", "new", "-o", cls.file("owner.kwo"))
        for n in (1, 2):
            cls.must("device", "new", "--id", n, "-o", cls.file(f"dev{n}.kwd"))
            cls.must("device", "enrol", cls.file(f"dev{n}.kwd"), "--owner", cls.file("owner.kwo"), "-o", cls.file(f"dev{n}.kwe"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work)

    @classmethod
    def file(cls, name):
        return cls.work / name

    @classmethod
    def call(cls, *args, timeout=600):
        return subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=timeout, cwd=cls.work,
                              stdin=subprocess.DEVNULL)

    @classmethod
    def must(cls, *args, **options):
        done = cls.call(*args, **options)
        if done.returncode != 0:
            raise AssertionError(f"keyway {' '.join(map(str, args))}: exit {done.returncode}: {done.stderr}")
        return done

    def fails(self, status, *args, says=""):
        done = self.call(*args)
        self.assertEqual(done.returncode, status, f"{args}: {done.stderr}")
        self.assertTrue(done.stderr.strip(), "a failure says nothing")
        self.assertIn(says, done.stderr)
        return done

    @classmethod
    def plain(cls, fmt="qf8"):
        path = cls.file(f"plain.{fmt}.kwp")
        if not path.exists():
            cls.must("compile", ZOO / "fashion_mnist.onnx", "--calib", ZOO / "calibration.npy", "--format", fmt, "-o", path)
        return path

    @classmethod
    def locked(cls, policy, name=""):
        """A locked package, and its licence for device 1 beside it."""
        path = cls.file(f"{policy}{name}.kwp")
        if not path.exists():
            cls.must("lock", ZOO / "fashion_mnist.onnx", "--calib", ZOO / "calibration.npy", "--owner", cls.file("owner.kwo"),
                     "--policy", policy, "-o", path)
            cls.must("licence", path, "--owner", cls.file("owner.kwo"), "--device", cls.file("dev1.kwe"), "-o", path.with_suffix(".kwl"))
        return path

    @classmethod
    def rights(cls, package, device=1):
        return ["--device", cls.file(f"dev{device}.kwd"), "--licence", package.with_suffix(".kwl")]

    @classmethod
    def outputs(cls, package, *more, inputs=ZOO / "sample_images.npy"):
        """(output array, JSON result) of the zoo's sample images or other inputs."""
        out = cls.work / f"out{len(list(cls.work.iterdir()))}.npy"
        done = cls.must("run", package, "--input", inputs, "--output", out, "--json", *more)
        return np.load(out), json.loads(done.stdout)
