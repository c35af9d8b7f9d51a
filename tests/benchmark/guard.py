#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the simulated cycles of `keyway bench` with baseline.json beside this file.

usage: guard.py [--suite zoo|mlperf-tiny] [--update]     without --suite: all that can run here

Fails when a network takes over 1 % more cycles than the baseline, warm, cold or to open its licence, and
names the layers that lost them. --update writes the measured cycles into the baseline instead; do that in the commit
that means the change. Exit status: 0 good, 1 lost cycles, 77 skipped (mlperf-tiny without the files:
KEYWAY_SHARED_DATA must name a folder with make_inputs.py and the networks).
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
TOOL = os.environ.get("KEYWAY_TOOL", str(HERE.parent.parent / "build/bin/keyway"))
SUITES = ("zoo", "mlperf-tiny")
MOST_LOSS = 0.01
SKIPPED = 77


def suite_folder(suite, work):
    """Options that say where the suite's files are, laid out as `keyway bench` wants them; None where they are missing."""
    if suite == "zoo":
        return []
    shared = pathlib.Path(os.environ.get("KEYWAY_SHARED_DATA", ""))
    if not (shared / "make_inputs.py").is_file():
        return None
    folder = pathlib.Path(work) / suite
    subprocess.run([sys.executable, shared / "make_inputs.py", folder], check=True)
    for model in shared.rglob("*.onnx"):
        shutil.copy(model, folder / model.name)
    return ["--data", folder]


def measure(suite, options):
    """{network: {"warm": {layer: cycles}, "cold": {...}, "open": {...}}} in the order of the layers."""
    done = subprocess.run([TOOL, "bench", "--suite", suite, *options, "--layers", "--cycles-only", "--json"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"keyway bench --suite {suite}: exit {done.returncode}: {done.stderr}")
    cycles = {}
    for network in json.loads(done.stdout)["networks"]:
        one = cycles[network["name"]] = {}
        for state, key in (("warm", "layers"), ("cold", "layers_cold")):
            rows = one[state] = {}
            for layer in network[key]:
                rows[layer["name"]] = rows.get(layer["name"], 0) + layer["cycles"]
        one["open"] = {"(licence)": network["sealed"]["cycles_open"], "(plain package)": network["plain"]["cycles_open"]}
    return cycles


def lost_layers(before, after):
    """What each layer lost, the most first."""
    losses = [(after.get(name, 0) - before.get(name, 0), name) for name in dict.fromkeys([*before, *after])]
    return [f"    {name}: {before.get(name, 0)} -> {after.get(name, 0)} cycles ({loss:+})"
            for loss, name in sorted(losses, key=lambda row: -row[0]) if loss > 0]


def compare(baseline, measured):
    """(complaints, remarks): lines about networks that lost too much, and about what else there is to know."""
    complaints, remarks = [], []
    for network, states in measured.items():
        if network not in baseline:
            complaints.append(f"{network}: not in the baseline (guard.py --update)")
            continue
        for state, after in states.items():
            before = baseline[network][state]
            old, new = sum(before.values()), sum(after.values())
            line = f"{network}, {state}: {old} -> {new} cycles ({100 * (new / old - 1):+.2f} %)"
            if new > old * (1 + MOST_LOSS):
                complaints += [line + ", lost by", *lost_layers(before, after)]
            elif new != old:
                remarks.append(line)
    return complaints, remarks


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", choices=SUITES)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    skipped, failed = [], False
    with tempfile.TemporaryDirectory(prefix="keyway-guard-") as work:
        for suite in [arguments.suite] if arguments.suite else SUITES:
            options = suite_folder(suite, work)
            if options is None:
                skipped.append(suite)
                print(f"{suite}: SKIPPED, KEYWAY_SHARED_DATA does not name a folder with its networks")
                continue
            measured = measure(suite, options)
            if arguments.update:
                baseline.update(measured)
                continue
            complaints, remarks = compare(baseline, measured)
            failed |= bool(complaints)
            for line in complaints + remarks or [f"{suite}: {len(measured)} networks, the baseline's cycles exactly"]:
                print(line)
    if arguments.update:
        BASELINE.write_text(json.dumps(baseline, indent=1) + "\n")
    if failed:
        sys.exit(1)
    if arguments.suite in skipped:
        sys.exit(SKIPPED)


if __name__ == "__main__":
    main()
