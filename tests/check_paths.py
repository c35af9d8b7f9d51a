#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every path of the tree that a comment or a README names is there."""
import itertools
import os
import pathlib
import re
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["KEYWAY_SOURCE_DIR"])
TOPS = ("host", "models", "rtl", "scripts", "sim", "tests")

# How a comment begins, by the end of a file's name; a README is all text.
COMMENT = {".cpp": "//", ".hpp": "//", ".in": "//", ".sv": "//", ".svh": "//", ".py": "#", ".sh": "#", ".cmake": "#",
           ".toml": "#", ".txt": "#", ".md": ""}
# A path ends in a folder's or a file's name: b, b/, b.hpp, {b,c}.sv, *.sv. What a full stop or comma ends is prose.
PATH = re.compile(r"(?<![\w/.<{*])(?:" + "|".join(TOPS) + r")/(?:[\w.*+-]|\{[\w.,-]+\}|/)*(?:[\w*/]|\})")
# Names that stand for any: rtl/arith/NAME.sv.
ANY = re.compile(r"[A-Z]{3,}")


def spelt_out(path):
    """a/{b,c}.d is a/b.d and a/c.d."""
    parts = [part.split(",") for part in re.split(r"\{|\}", path)]
    # Only what stood between braces has alternatives: every second part.
    parts = [part if index % 2 else [",".join(part)] for index, part in enumerate(parts)]
    return ["".join(choice) for choice in itertools.product(*parts)]


def is_there(root, path):
    """A library's or a program's sources may be named without their ending."""
    pattern = ANY.sub("*", path.rstrip("/"))
    return any(True for ending in ("", ".*") for _ in root.glob(pattern + ending))


def comments(path):
    mark = COMMENT[path.suffix]
    text = path.read_text()
    if path.suffix == ".py":
        text = re.sub(r'"""(.*?)"""', lambda found: re.sub("^", "# ", found[1], flags=re.M), text, flags=re.S)
    for line in text.splitlines():
        if comment := re.search(rf"(?:^|\s){mark}(.*)", line):
            yield comment[1]


def faults(root):
    """Files with the paths that they name and that are not there."""
    found = []
    files = [path for top in TOPS for path in sorted((root / top).rglob("*"))] + sorted(root.glob("*.*"))
    for path in files:
        if path.suffix not in COMMENT or not path.is_file():
            continue
        for comment in comments(path):
            found += [f"{path.relative_to(root)}: {name}" for named in PATH.findall(comment) for name in spelt_out(named)
                      if not is_there(root, name)]
    return found


class Paths(unittest.TestCase):
    def test_the_tree_names_none_that_is_not_there(self):
        self.assertEqual(faults(SOURCE), [])

    def test_each_form_of_a_path_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {
                    "README.md": "`rtl/core.sv`, `rtl/{core,shell}.sv`, [host](host/README.md), scripts/NAME.sh.",
                    "rtl/core.sv": "wire a;  // twin: models/core.cpp.\n",
                    "models/core.hpp": "/// Test: tests/core/test_core.cpp, tests/core.\n",
                    "models/core.cpp": 'const char* name = "models/none";\n',
                    "scripts/do.sh": "# reads rtl/*.sv and models/core, not /usr/models/x\n",
                    "tests/check.py": "{0}Over models/x.hpp\nand rtl/y.sv.{0}\nNAME = 'rtl/z.sv'\n".format('"' * 3),
            }.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            self.assertEqual(sorted(faults(root)), sorted([
                "README.md: rtl/shell.sv", "README.md: host/README.md", "models/core.hpp: tests/core/test_core.cpp",
                "models/core.hpp: tests/core", "tests/check.py: models/x.hpp", "tests/check.py: rtl/y.sv"]))


if __name__ == "__main__":
    unittest.main()
