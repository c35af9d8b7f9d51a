# SPDX-License-Identifier: Apache-2.0
"""Seeds for fuzz_onnx_import: small random networks that together hold every operator.

    make_onnx_corpus.py FOLDER     (what is in it is removed)
"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "graph"))
import random_models  # noqa: E402

COUNT, MOST_BYTES = 160, 6000


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    seed = made = 0
    while made < COUNT:
        seed += 1
        data = random_models.make(seed).model.SerializeToString()
        if len(data) <= MOST_BYTES:
            with open(os.path.join(folder, f"{seed}.onnx"), "wb") as f:
                f.write(data)
            made += 1


if __name__ == "__main__":
    main(sys.argv[1])
