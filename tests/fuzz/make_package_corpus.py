#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds of fuzz_package: manifests and sealed packages of the right form, with random frames.

usage: make_package_corpus.py OUT_FOLDER     (what is in it is removed)
"""
import json
import pathlib
import random
import shutil
import struct
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import generate_contract  # noqa: E402
from contract.model import contract_digest  # noqa: E402


def manifest(depth):
    words = min(depth, 16)
    return {
        "name": "seed", "policy": "sealed", "format": "qf8",
        "core": {"name": f"{depth}x{depth}", "activation_bytes": 262144, "weight_bytes": 524288},
        "macs": 100, "instructions": 3, "resident": True, "activation_peak_bytes": 10, "weight_peak_bytes": 10,
        "input": {"shape": [3, 4, 5], "layout": {"dims": [3, 4, 5], "strides": [20, 5, 1]}, "signed": False,
                  "scale": [0.5, 0.25, 0.125], "input_scale": 1.0, "input_offset": 0.0,
                  "image": {"height": 4, "width": 5, "blocks": 1, "stride": [1, 1], "pad": [0, 0],
                            "lanes": [0, [1, 1, 0], [2, 0, -1]] + [-1] * (words - 3)}},
        "output": {"shape": [2, 1, 1], "layout": {"dims": [2], "strides": [1, 1, 1]}, "signed": True, "scale": 0.1,
                   "function": "softmax",
                   "image": {"height": 1, "width": 1, "blocks": 1, "channels": [1, 0] + [-1] * (words - 2)}},
        "layers": [["conv", "dense", 0, 2, 100, 200]]}


def package(text, contract_hash, policy):
    pages = -(-(128 + len(text)) // 4096)
    frames = 3 * pages
    header = b"KEYWAYP1" + bytes([policy, 16, 16, 1]) + struct.pack("<I", contract_hash) + bytes(16)
    header += struct.pack("<IIII", len(text), pages, 1, frames) + bytes(16) + bytes(16)
    rng = random.Random(1)
    return header.ljust(128, b"\0") + text.ljust(4096 * pages - 128, b"\0") + rng.randbytes(4096 * frames)


def main():
    out = pathlib.Path(sys.argv[1])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    contract = tomllib.loads(generate_contract.SOURCE.read_text())
    contract_hash = int(contract_digest(contract)[:8], 16)
    for depth in (8, 16, 32):
        text = json.dumps(manifest(depth)).encode()
        (out / f"manifest{depth}").write_bytes(b"\0" + text)
        for policy in (0, 1, 2):
            (out / f"package{depth}_{policy}").write_bytes(b"\1" + package(text, contract_hash, policy))


if __name__ == "__main__":
    main()
