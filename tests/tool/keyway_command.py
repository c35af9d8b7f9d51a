# SPDX-License-Identifier: Apache-2.0
"""Calls the built `keyway` command for the tests of this folder; a work folder per test class."""
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
from skipping import main  # noqa: E402, F401

SOURCE = pathlib.Path(os.environ["KEYWAY_SOURCE_DIR"])
TOOL = os.environ["KEYWAY_TOOL"]
ZOO = SOURCE / "models/zoo/fashion_mnist"
USAGE, FILE, UNSUPPORTED, FIT, REFUSED, AUTHENTICATION, DEVICE = 2, 3, 4, 5, 6, 7, 8


def seeded(entry):
    """A random generator; KEYWAY_SEED repeats what it gives. `entry` of ctest is what uses it."""
    seed = int(os.environ.get("KEYWAY_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"repeat: KEYWAY_SEED={seed} ctest --test-dir build -R '^{entry}$'", flush=True)
    return random.Random(seed)


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
    def call(cls, *args, timeout=600, largest_file=None, memory=None, **options):
        """The command with these arguments. `largest_file`: writing beyond that many bytes fails, as on a full
        disk. `memory`: bytes that it may ask the system for. Other options are subprocess.run's."""
        def limit():
            if largest_file is not None:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
            if memory is not None:
                resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": cls.work, **options}
        return subprocess.run([TOOL, *map(str, args)], text=True, errors="replace", timeout=timeout, preexec_fn=limit, **options)

    @classmethod
    def must(cls, *args, **options):
        done = cls.call(*args, **options)
        if done.returncode != 0:
            raise AssertionError(f"keyway {' '.join(map(str, args))}: exit {done.returncode}: {done.stderr}")
        return done

    @classmethod
    def json(cls, *args, **options):
        """What a command that succeeds says under --json."""
        return json.loads(cls.must(*args, "--json", **options).stdout)

    def fails(self, status, *args, says="", **options):
        done = self.call(*args, **options)
        self.assertEqual(done.returncode, status, f"keyway {' '.join(map(str, args))}: {done.stderr}")
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
