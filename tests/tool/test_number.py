# SPDX-License-Identifier: Apache-2.0
"""`keyway number`: what it says of every code of every number system, against the definitions and other
people's arithmetic. What it says comes from the twins of the decoders."""
import fractions
import json
import math
import re
import subprocess
import sys
import tomllib

import ml_dtypes
import numpy as np

from keyway_command import SOURCE, TOOL, USAGE, CommandTest, main

CONTRACT = tomllib.loads((SOURCE / "rtl/pkg/contract.toml").read_text())
SYSTEMS = {system["name"]: system for system in CONTRACT["number_system"]}
LARGEST_OPERAND = 2 ** (CONTRACT["core"]["operand_bits"] - 1) - 1


def posit_value(code, bits=8, exponent_bits=2):
    """Standard for Posit Arithmetic (2022), section 3.3: ((1 - 3s) + f) * 2^((1 - 2s) (2^es r + e + s)), of the code's
    own bits, negative or not. None for what is not a real."""
    if code == 0:
        return fractions.Fraction(0)
    if code == 1 << (bits - 1):
        return None
    text = f"{code:0{bits}b}"
    sign, rest = int(text[0]), text[1:]
    run = len(rest) - len(rest.lstrip(rest[0]))
    regime = run - 1 if rest[0] == "1" else -run
    rest = rest[run + 1:]
    exponent = int(rest[:exponent_bits].ljust(exponent_bits, "0"), 2)
    fraction = rest[exponent_bits:]
    f = fractions.Fraction(int(fraction or "0", 2), 2 ** len(fraction))
    return (1 - 3 * sign + f) * fractions.Fraction(2) ** ((1 - 2 * sign) * (2 ** exponent_bits * regime + exponent + sign))


def lns_value(octave, step):
    """As models/arith/lns8.hpp tells it."""
    if octave < 6:
        return 2 ** max(octave - 1, 0)
    return [32, 35, 38, 41, 44, 48, 52, 56][step] * 2 ** (octave - 6)


# The value by the fields, {name: (bits, value)}; codes that say nothing by their parts count as zero.
BY_FIELDS = {
    "int8": lambda f: f["integer"][1],
    "int4": lambda f: f["integer"][1],
    "lns8": lambda f: 0 if "zero" in f else f["sign"][1] * lns_value(f["octave"][1], f["step"][1]),
    "fp8": lambda f: 0 if "not a number" in f else
    f["sign"][1] * (8 * (f["exponent"][1] > 0) + f["fraction"][1]) * 2.0 ** (max(f["exponent"][1], 1) - 10),
    "posit8": lambda f: 0 if "sign" not in f else
    f["sign"][1] * 2.0 ** (4 * f["regime"][1] + f.get("exponent", ("", 0))[1])
    * (1 + f.get("fraction", ("", 0))[1] / 2 ** len(f.get("fraction", ("", 0))[0])),
    "mit8": lambda f: 0 if "zero" in f else
    f["sign"][1] * 2 ** f["octave"][1] * (1 + f["fraction"][1] / 16),
    "ds8": lambda f: sum(4 ** k * f[f"digit {k}"][1] for k in range(4)),
}


class Number(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.all = {name: json.loads(cls.must("number", name, "--json").stdout) for name in SYSTEMS}

    def values(self, name):
        return [code["value"] for code in self.all[name]["codes"]]

    def test_all_codes_are_there(self):
        for name, system in SYSTEMS.items():
            with self.subTest(name):
                bits = system.get("code_bits", 8)
                shown = self.all[name]
                self.assertEqual([code["code"] for code in shown["codes"]], list(range(2 ** bits)))
                self.assertEqual(sorted(shown["units"]), sorted(system["array_kinds"]))
                for code in shown["codes"]:
                    self.assertEqual(code["bits"], f"{code['code']:0{bits}b}")
                    seen = "".join(field["bits"] for field in code["fields"])
                    if name == "posit8" and code["code"] > 128:
                        seen = f"{256 - int(seen[1:], 2):08b}"
                    self.assertEqual(seen, code["bits"])

    def test_fields_make_the_value(self):
        for name, by_fields in BY_FIELDS.items():
            for code in self.all[name]["codes"]:
                fields = {field["name"]: (field["bits"], field["value"]) for field in code["fields"]}
                self.assertEqual(by_fields(fields), code["value"], f"{name} {code['code']}: {fields}")

    def test_operands_are_values_in_the_unit_of_the_kind(self):
        for name, shown in self.all.items():
            for code in shown["codes"]:
                for kind, operand in code["operands"].items():
                    exact = code["value"] / shown["units"][kind]
                    nearest = math.copysign(math.floor(abs(exact) + 0.5), exact)
                    if kind != "logarithmic":
                        nearest = min(max(nearest, -LARGEST_OPERAND - SYSTEMS[name]["has_table"]), LARGEST_OPERAND)
                    self.assertEqual(operand, nearest, f"{name} {code['code']} on {kind}")

    def test_neighbours(self):
        for name in SYSTEMS:
            values = self.values(name)
            for code in self.all[name]["codes"]:
                where = f"{name} {code['code']}"
                for side, others, nearest in (("below", [v for v in values if v < code["value"]], max),
                                              ("above", [v for v in values if v > code["value"]], min)):
                    if others:
                        self.assertEqual(code[side]["value"], nearest(others), where)
                        self.assertEqual(values[code[side]["code"]], nearest(others), where)
                    else:
                        self.assertIsNone(code[side], where)
                self.assertEqual(sorted([*code["same_value"], code["code"]]),
                                 [k for k, v in enumerate(values) if v == code["value"]], where)

    def test_fp8_has_the_numbers_of_an_independent_library(self):
        theirs = np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e4m3fn).astype(np.float64)
        self.assertEqual(np.isnan(theirs).sum(), 2)  # which count as zero here
        self.assertEqual(self.values("fp8"), np.nan_to_num(theirs).tolist())

    def test_posit8_has_the_numbers_of_the_standard(self):
        theirs = [posit_value(code) for code in range(256)]
        self.assertEqual(theirs.count(None), 1)  # counts as zero here
        self.assertEqual(list(map(fractions.Fraction, self.values("posit8"))), [value or 0 for value in theirs])

    def test_a_table_is_shown_that_holds_normal_weights(self):
        for name, system in SYSTEMS.items():
            if not system["equally_likely"]:
                continue
            with self.subTest(name):
                # All codes equally likely: values are the means of equal parts of the bell curve.
                weights = np.sort(self.values(name)) * self.all[name]["standard_deviations"]
                self.assertAlmostEqual(weights.mean(), 0, delta=0.02)
                self.assertGreater(weights.std(), 0.95)
                self.assertLess(weights.std(), 1.001)
                self.assertAlmostEqual(np.mean(np.abs(weights) < 0.6745), 0.5, delta=0.07)

    def test_the_picture_shows_every_system(self):
        made = self.file("numbers.svg")
        subprocess.run([sys.executable, SOURCE / "scripts/plots/numbers.py", TOOL, made], check=True)
        committed = SOURCE / "scripts/plots/numbers.svg"
        names = [re.findall(r'font-size="14"[^>]*>(\w+)<', picture.read_text()) for picture in (made, committed)]
        self.assertEqual(names, [list(SYSTEMS)] * 2, "scripts/plots/numbers.py draws it again")
        for name in SYSTEMS:
            count = len(set(self.values(name)))
            self.assertIn(f">{count} values, ", made.read_text())

    def test_one_code_is_a_row_of_all_codes_however_it_is_written(self):
        for name in SYSTEMS:
            last = len(self.all[name]["codes"]) - 1
            for code in (0, 5, last):
                for text in (f"{code}", f"{code:#x}", f"{code:#b}", f"0X{code:X}"):
                    shown = json.loads(self.must("number", name, text, "--json").stdout)
                    self.assertEqual({key: shown[key] for key in self.all[name]["codes"][code]}, self.all[name]["codes"][code])
                    self.assertEqual(shown["status"], "ok")
                    self.assertEqual(shown["system"], name)

    def test_text(self):
        shown = self.must("number", "lns8", "0x5a").stdout
        for what in ("01011010", "octave", "1011", "1216", "76 on arrays of the kind multiplier, where one stands for 16",
                     "1216 on arrays of the kind logarithmic, where one stands for 1", "0x59  1120", "0x5b  1312"):
            self.assertIn(what, shown)
        table = self.must("number", "qf4").stdout
        self.assertEqual([line.split()[0] for line in table.splitlines()[1:17]], [f"0x{code:x}" for code in range(16)])
        self.assertIn("table of its own", table)
        self.assertNotIn("table of its own", self.must("number", "fp8").stdout)

    def test_what_is_no_code(self):
        self.fails(USAGE, "number", says="system")
        done = self.fails(USAGE, "number", "int9", says="int9")
        for name in SYSTEMS:
            self.assertIn(name, done.stderr)
        for code in ("256", "0x100", "-1", "", "0x", "0b", "0b2", "12a", "1.5", "ninety", "99999999999999999999"):
            self.fails(USAGE, "number", "lns8", code)
        self.fails(USAGE, "number", "lns8", "256", says="lns8 has no code '256'; its codes are 0 to 255")
        self.fails(USAGE, "number", "qf4", "16", says="0x0 to 0xf or 0b0 to 0b1111")
        self.fails(USAGE, "number", "lns8", "1", "2")
        self.assertEqual(json.loads(self.fails(USAGE, "number", "lns8", "999", "--json").stdout)["status"], "usage")


if __name__ == "__main__":
    main()
