#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What README.md says of exit statuses, memory sizes, number systems and cores is what contract and build files say."""
import os
import pathlib
import re
import tomllib
import unittest

SOURCE = pathlib.Path(os.environ["KEYWAY_SOURCE_DIR"])
CONTRACT = tomllib.loads((SOURCE / "rtl/pkg/contract.toml").read_text())
LINES = (SOURCE / "README.md").read_text()
README = " ".join(LINES.split())


class Readme(unittest.TestCase):
    def sentence(self, pattern):
        found = re.findall(pattern, README)
        self.assertEqual(len(found), 1, pattern)
        return found[0]

    def test_exit_statuses(self):
        self.assertEqual(self.sentence(r"Exit status: ([^.]*)\."),
                         ", ".join(f"{status['value']} {status['sentence']}" for status in CONTRACT["exit_status"]))

    def test_memory_sizes(self):
        sizes = re.findall(r"`(\w+)` (\d+) / (\d+)", self.sentence(r"Memories come in [^.]*\."))
        self.assertEqual(sizes, [(preset["name"], str(preset["activation_bytes"] // 1024), str(preset["weight_bytes"] // 1024))
                                 for preset in CONTRACT["memory_preset"]])

    def test_number_systems(self):
        table = re.search(r"\n\| `--format` \|.*\n\|[ -|]*\n((?:\|.*\n)+)", LINES)[1]
        self.assertEqual(re.findall(r"^\| `(\w+)`", table, re.MULTILINE),
                         [system["name"] for system in CONTRACT["number_system"]])

    def test_cores_of_a_build(self):
        built = re.search(r"set\(KEYWAY_CORES ([^)]*?) CACHE", (SOURCE / "rtl/CMakeLists.txt").read_text())[1].split()
        said = self.sentence(r"A build simulates the cores ([^.]*) with standard memories")
        self.assertEqual(re.findall(r"\d+x\d+(?:-\w+)*", said), built)


if __name__ == "__main__":
    unittest.main()
