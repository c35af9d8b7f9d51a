# SPDX-License-Identifier: Apache-2.0
"""`cmake --install` gives a tree that works on every target, wherever it is moved, without the build."""
import json
import os
import pathlib
import subprocess

import numpy as np

from keyway_command import FIT, CommandTest, main

BUILD = os.environ["KEYWAY_BUILD_DIR"]


class Install(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.file("first")], check=True, stdout=subprocess.DEVNULL)
        (cls.work / "elsewhere").mkdir()
        cls.tree = cls.file("first").rename(cls.work / "elsewhere" / "a folder")
        cls.zoo = cls.tree / "share/keyway/zoo/fashion_mnist"

    def installed(self, *args):
        """The installed command, found through PATH, in an environment that knows nothing of the project."""
        return subprocess.run(["keyway", *map(str, args)], capture_output=True, text=True, cwd=self.work, timeout=300,
                              env={"PATH": f"{self.tree}/bin:/usr/bin:/bin"})

    def test_the_tree_works_on_every_target(self):
        lock = self.installed("lock", self.zoo / "fashion_mnist.onnx", "--calib", self.zoo / "calibration.npy", "--owner", "owner.kwo", "-o", "m.kwp")
        self.assertEqual(lock.returncode, 0, lock.stderr)
        self.assertEqual(self.installed("licence", "m.kwp", "--owner", "owner.kwo", "--device", "dev1.kwe", "-o", "m.kwl").returncode, 0)
        outputs = []
        for target in ("func", "sim", "hw_emu"):
            done = self.installed("run", "m.kwp", "--device", "dev1.kwd", "--licence", "m.kwl", "--input", self.zoo / "sample_images.npy",
                                  "--labels", self.zoo / "sample_labels.npy", "--limit", 3, "--target", target, "--output", f"{target}.npy", "--json")
            self.assertEqual(done.returncode, 0, f"{target}: {done.stderr}")
            self.assertEqual(json.loads(done.stdout)["inputs"], 3)
            outputs.append(np.load(self.file(f"{target}.npy")))
        for other in outputs[1:]:
            np.testing.assert_array_equal(outputs[0], other)

    def test_what_it_runs_is_its_own(self):
        """Not the build's: without its emulation file there is none."""
        aside = []
        for xclbin in (self.tree / "share/keyway").glob("*.xclbin"):
            aside.append((xclbin.rename(f"{xclbin}.aside"), xclbin))
        self.assertTrue(aside)
        try:
            done = self.installed("run", self.plain("int8"), "--input", self.zoo / "sample_images.npy", "--target", "hw_emu")
            self.assertEqual(done.returncode, FIT, done.stderr)
            self.assertIn(str(self.tree), done.stderr)
        finally:
            for moved, xclbin in aside:
                moved.rename(xclbin)

    def test_no_program_looks_for_libraries_in_the_build(self):
        programs = [p for folder in ("bin", "libexec") for p in (self.tree / folder).rglob("*") if p.is_file()]
        self.assertEqual({p.name for p in programs}, {"keyway", "keyway_xrt", "keyway_hw_emu"})
        for program in programs:
            header = subprocess.run(["readelf", "--dynamic", program], check=True, capture_output=True, text=True).stdout
            self.assertNotIn(str(pathlib.Path(BUILD).resolve()), header, program.name)


if __name__ == "__main__":
    main()
