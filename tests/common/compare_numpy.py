# SPDX-License-Identifier: Apache-2.0
"""Arrays that NumPy writes are read as NumPy reads them, and what Keyway writes NumPy reads.

    compare_numpy.py CONVERT_NPY
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

TYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "?"]
SHAPES = [(), (1,), (7,), (0,), (3, 0, 2), (2, 3), (4, 1, 5), (2, 3, 4, 5), (1,) * 8]


def main(helper):
    rng = np.random.default_rng(5)
    jobs, wrong = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in TYPES:
            for shape in SHAPES:
                for order in "CF":
                    for version in ((1, 0), (2, 0), (3, 0)):
                        array = (rng.normal(0, 50, shape)).astype(kind)
                        array = np.asarray(array, order=order)
                        path = os.path.join(folder, f"{len(jobs)}.npy")
                        with open(path, "wb") as f:
                            np.lib.format.write_array(f, array, version=version)
                        as_int = np.dtype(kind).kind in "iub" and version == (1, 0)
                        jobs.append((f"{kind} {shape} {order} {version}", array, path, "int" if as_int else "float"))
        lines = "".join(f"{job[3]} {job[2]} {job[2]}.out\n" for job in jobs)
        done = subprocess.run([helper], input=lines, capture_output=True, text=True, check=True)
        for (label, array, path, target), answer in zip(jobs, done.stdout.splitlines(), strict=True):
            expected = array.astype(np.int64 if target == "int" else np.float32)
            got = np.load(path + ".out") if answer == "ok" else None
            if got is None or got.dtype != expected.dtype or got.shape != expected.shape or not np.array_equal(got, expected):
                wrong += 1
                print(f"WRONG {label} as {target}: {answer}, {got!r}, expected {expected!r}")
    print(f"{len(jobs) - wrong} of {len(jobs)} arrays agree with NumPy {np.__version__}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
