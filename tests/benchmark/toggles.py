#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts how often the core's registers change in a warm inference: a proxy of its energy.

usage: toggles.py --keyway KEYWAY MODEL.onnx --calib X.npy --input Y.npy FORMAT:CORE ...

KEYWAY is the command of a build whose simulated kernels count (--wave writes SAIF; the normal build is as it was):
  cmake --preset release -B build-saif -DKEYWAY_WAVES=saif -DKEYWAY_CORES="8x8;8x8-log;8x8-serial;16x16"
  cmake --build build-saif --target keyway
For each FORMAT:CORE (qf8:8x8) the model is compiled and its first input runs once, and twice; the difference is a warm
inference. Counted are the bits of all registers, which the RTL calls NAME_q: data, not clocks, and neither what memories
hold nor what is inside a multiplier or between gates. Prints a table in millions of changes.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np

# The first that a register's place has in it.
GROUPS = {"products": ".u_product_unit", "sums": ".u_lanes", "accumulator": ".u_accumulator", "feed": ".u_array",
          "weights": ".u_weight_path", "post-processing": ".u_post_process", "others": ""}
ARRAY = ("products", "sums", "accumulator", "feed")


def registers(lines):
    """(place, changes) of every bit of a register in SAIF as Verilator writes it."""
    scopes = []
    for line in map(str.strip, lines):
        if line.startswith("(INSTANCE "):
            scopes.append(line.split()[1])
        elif line == "(NET":
            scopes.append("")
        elif line == ")" and scopes:
            scopes.pop()
        elif net := re.match(r"\((\w+_q)(?:\\?\[.*)? \(T0 .*\(TC (\d+)\)\)$", line):
            yield ".".join(filter(None, [*scopes, net[1]])), int(net[2])


def count(path):
    """{group: changes}"""
    counts = collections.Counter(dict.fromkeys(GROUPS, 0))
    with open(path, errors="replace") as file:
        if "verilated_saif" not in file.readline():
            sys.exit(f"{path}: is no SAIF: the command is of a build without -DKEYWAY_WAVES=saif")
        for place, changes in registers(file):
            counts[next(group for group, part in GROUPS.items() if part in place)] += changes
    return counts


def measure(keyway, model, calibration, inputs, case, folder):
    """({group: changes}, result of `keyway run`) of a warm inference."""
    system, _, core = case.partition(":")
    package, waves = folder / "model.kwp", []
    subprocess.run([keyway, "compile", model, "--calib", calibration, "--format", system, "--core", core, "-o", package],
                   check=True, stderr=subprocess.DEVNULL)
    np.save(folder / "inputs.npy", np.repeat(np.load(inputs)[:1], 2, axis=0))
    for limit in ("1", "2"):
        waves.append(folder / f"{limit}.saif")
        done = subprocess.run([keyway, "run", package, "--input", folder / "inputs.npy", "--limit", limit, "--target", "sim",
                               "--wave", waves[-1], "--json"], check=True, stdout=subprocess.PIPE)
    once, twice = map(count, waves)
    return {group: twice[group] - once[group] for group in GROUPS}, json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyway", required=True)
    parser.add_argument("model")
    parser.add_argument("--calib", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("cases", nargs="+", metavar="FORMAT:CORE")
    arguments = parser.parse_args()
    print(f"| system | core | cycles | {' | '.join(GROUPS)} | all | array, changes a product |")
    print(f"| --- | --- | ---: | {'---: | ' * len(GROUPS)}---: | ---: |")
    for case in arguments.cases:
        with tempfile.TemporaryDirectory() as folder:
            changes, run = measure(arguments.keyway, arguments.model, arguments.calib, arguments.input, case, pathlib.Path(folder))
        cells = [f"{changes[group] / 1e6:.2f}" for group in GROUPS]
        system, _, core = case.partition(":")
        print(f"| `{system}` | {core} | {run['cycles_warm']:,.0f} | {' | '.join(cells)} | {sum(changes.values()) / 1e6:.2f} "
              f"| {sum(changes[group] for group in ARRAY) / run['macs']:.1f} |", flush=True)


if __name__ == "__main__":
    main()
