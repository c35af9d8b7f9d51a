# SPDX-License-Identifier: Apache-2.0
"""`cmake --install` gives a tree that works on every target, wherever it is moved, without the build."""
import json
import os
import pathlib
import subprocess

import numpy as np

from keyway_command import FIT, REFUSED, CommandTest, main

BUILD = os.environ["KEYWAY_BUILD_DIR"]
EXAMPLE = pathlib.Path(os.environ["KEYWAY_SOURCE_DIR"]) / "tests/install"


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
        package, licence = self.locked()
        outputs = []
        for target in ("func", "sim", "hw_emu"):
            done = self.installed("run", package, "--device", "dev1.kwd", "--licence", licence, "--input", self.zoo / "sample_images.npy",
                                  "--labels", self.zoo / "sample_labels.npy", "--limit", 3, "--target", target, "--output", f"{target}.npy", "--json")
            self.assertEqual(done.returncode, 0, f"{target}: {done.stderr}")
            self.assertEqual(json.loads(done.stdout)["inputs"], 3)
            outputs.append(np.load(self.file(f"{target}.npy")))
        for other in outputs[1:]:
            np.testing.assert_array_equal(outputs[0], other)

    def locked(self):
        """Package and licence for device 1, of the installed command."""
        package, licence = self.file("m.kwp"), self.file("m.kwl")
        if not licence.exists():
            lock = self.installed("lock", self.zoo / "fashion_mnist.onnx", "--calib", self.zoo / "calibration.npy", "--owner", "owner.kwo", "-o", package)
            self.assertEqual(lock.returncode, 0, lock.stderr)
            made = self.installed("licence", package, "--owner", "owner.kwo", "--device", "dev1.kwe", "-o", licence)
            self.assertEqual(made.returncode, 0, made.stderr)
        return package, licence

    def test_a_program_is_built_against_the_library(self):
        build = self.file("example_build")
        for step in (["-S", EXAMPLE, "-B", build, f"-DCMAKE_PREFIX_PATH={self.tree}"], ["--build", build]):
            done = subprocess.run(["cmake", *map(str, step)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        images = np.load(self.zoo / "sample_images.npy")[:4]
        images.tofile(self.file("images.f32"))
        package, licence = self.locked()

        def example(target, device):
            return subprocess.run([build / "example", target, package, "images.f32", device, licence], capture_output=True,
                                  cwd=self.work, timeout=300, env={"PATH": "/usr/bin:/bin"})
        run = self.installed("run", package, "--device", "dev1.kwd", "--licence", licence, "--input", self.zoo / "sample_images.npy",
                             "--limit", 4, "--output", "wanted.npy")
        self.assertEqual(run.returncode, 0, run.stderr)
        for target in ("func", "hw_emu"):
            done = example(target, "dev1.kwd")
            self.assertEqual(done.returncode, 0, done.stderr)
            outputs = np.frombuffer(done.stdout, np.float32).reshape(4, -1)
            np.testing.assert_array_equal(outputs, np.load(self.file("wanted.npy")))
        refused = example("func", "dev2.kwd")
        self.assertEqual(refused.returncode, REFUSED)
        self.assertIn(b"another device", refused.stderr)
        self.assertEqual(refused.stdout, b"")

    def test_each_header_stands_alone(self):
        """It compiles by itself, and names no type that is not installed."""
        headers = sorted((self.tree / "include/keyway").iterdir())
        self.assertIn("session.hpp", [header.name for header in headers])
        for header in headers:
            done = subprocess.run(["c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", self.tree / "include",
                                   "-x", "c++", "-"], input=f"#include <keyway/{header.name}>\n", capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotRegex(header.read_text(), r"(?m)^(class|struct) \w+;", header.name)

    def test_the_library_is_small(self):
        """It brings no importer and no simulation, and shows nothing but what its headers declare."""
        library = next(self.tree.rglob("libkeyway.so")).resolve()
        needed = subprocess.run(["readelf", "--dynamic", library], check=True, capture_output=True, text=True).stdout
        for large in ("onnx", "protobuf", "systemc", "xrt"):
            self.assertNotIn(large, needed)
        shown = subprocess.run(["nm", "-DC", "--defined-only", library], check=True, capture_output=True, text=True).stdout
        for line in shown.splitlines():
            self.assertRegex(line, r"keyway::(driver::(Session|Package|read_licence)|Error|name)|KEYWAY")

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

    def test_nothing_looks_for_libraries_in_the_build(self):
        programs = [p for folder in ("bin", "libexec") for p in (self.tree / folder).rglob("*") if p.is_file()]
        tuning = {"keyway_tune"} if os.path.exists(f"{BUILD}/libexec/keyway/keyway_tune") else set()
        self.assertEqual({p.name for p in programs}, {"keyway", "keyway_xrt", "keyway_hw_emu"} | tuning)
        for program in [*programs, *self.tree.rglob("libkeyway.so")]:
            header = subprocess.run(["readelf", "--dynamic", program], check=True, capture_output=True, text=True).stdout
            self.assertNotIn(str(pathlib.Path(BUILD).resolve()), header, program.name)


if __name__ == "__main__":
    main()
