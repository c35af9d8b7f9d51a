#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Dependence points one way: tool -> driver -> sim -> models, and among the rooms of models/ as MAY says."""
import os
import pathlib
import re
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["KEYWAY_SOURCE_DIR"])

# What each room of models/ may include besides itself.
MAY = {
    "common": set(),
    "program": {"common"},
    "arith": {"common", "program"},
    "graph": {"common"},
    "soft": {"common", "graph"},
    "quantise": {"common", "program", "arith", "graph"},
    "tune": {"common", "program", "arith", "graph", "quantise"},
    "compile": {"common", "program", "arith", "graph", "quantise"},
    "simulate": {"common", "program", "arith"},
    "lock": {"common", "program", "arith"},
}
# The owner's side of the lock comes after the compiler; opening a package needs none of that.
OWNERS = {"lock_network", "relabel", "seal"}
OWNERS_MAY = MAY["lock"] | {"quantise", "compile"}
PRIVATE = {"lock/package_format.hpp", "lock/relabel.hpp", "lock/seal.hpp"}  # of models/lock
# Rooms outside of models/; whoever comes later may include those before him.
LATER = [{"platform", "hw_emu"}, {"driver"}, {"tool"}]
# Headers that are not ours, and the rooms that may have them.
FOREIGN = {r"systemc|verilated|V\w+\.h": {"platform"}, r"xrt/|xclbin": {"driver", "hw_emu"},
           r"onnx|google/": {"graph", "hw_emu"}, r"torch/|ATen/|c10/": {"tune"}}


def allowed(room, stem):
    if room in MAY:
        return {room} | (OWNERS_MAY if room == "lock" and stem in OWNERS else MAY[room])
    result = set(MAY)
    for rooms in LATER:
        result |= rooms
        if room in rooms:
            return result
    raise KeyError(f"no rule for the folder {room}")


def faults(root):
    """Includes that point the wrong way, one line of text each."""
    found = []
    for top in ("models", "sim", "host"):
        for path in sorted((root / top).rglob("*")):
            if not re.search(r"\.(cpp|hpp)(\.in)?$", path.name):
                continue
            room = path.relative_to(root / top).parts[0]
            for line in path.read_text().splitlines():
                include = re.match(r'#include ([<"])([^>"]+)[>"]', line)
                if not include:
                    continue
                quoted, what = include[1] == '"', include[2]
                of = what.split("/")[0]
                wrong = quoted and "/" in what and of not in allowed(room, path.name.split(".")[0])
                wrong |= what in PRIVATE and room != "lock"
                wrong |= any(re.match(pattern, what) and room not in rooms for pattern, rooms in FOREIGN.items())
                if wrong:
                    found.append(f"{path.relative_to(root)}: {line}")
    return found


class Includes(unittest.TestCase):
    def test_the_tree_has_none_that_points_backwards(self):
        self.assertEqual(faults(SOURCE), [])

    def test_each_kind_of_fault_is_found(self):
        planted = {
            "models/program/a.hpp": '"arith/number_system.hpp"',
            "models/simulate/b.cpp": '"compile/compile.hpp"',
            "models/lock/package.cpp": '"compile/compile.hpp"',
            "models/compile/c.cpp": "<systemc>",
            "models/lock/d.cpp": '"driver/session.hpp"',
            "models/compile/e.cpp": '"tune/trainer.hpp"',
            "host/tool/f.cpp": "<torch/torch.h>",
            "sim/platform/e.hpp": '"driver/board.hpp"',
            "sim/platform/kernels.cpp.in": '"tool/report.hpp"',
            "host/driver/f.cpp": '"tool/report.hpp"',
            "host/driver/g.cpp": "<systemc>",
            "host/tool/h.cpp": '"lock/seal.hpp"',
            "host/tool/i.cpp": "<xrt/xrt_bo.h>",
        }
        right = {"models/lock/seal.cpp": '"lock/package_format.hpp"', "models/lock/lock_network.cpp": '"compile/compile.hpp"',
                 "host/driver/xrt_card.hpp": "<xrt/xrt_bo.h>", "host/tool/run.cpp": '"driver/session.hpp"'}
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, include in {**planted, **right}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(f"#include {include}\n")
            self.assertEqual(faults(root), sorted((f"{name}: #include {include}" for name, include in planted.items()),
                                                  key=lambda f: (("models", "sim", "host").index(f.split("/")[0]), f)))


if __name__ == "__main__":
    unittest.main()
