# SPDX-License-Identifier: Apache-2.0
"""What needs optional data says so when they are missing (scripts/cmake/Tests.cmake), and does not pass.

usage: check_skipping.py RUN_GRAPH TEST_SIMULATE_NETWORKS
"""
import os
import pathlib
import subprocess
import sys

from skipping import SKIPPED

TESTS = pathlib.Path(__file__).resolve().parent
MISSING = {**os.environ, "KEYWAY_SHARED_DATA": "/nowhere"}

for folder, *command in (("tool", "test_accuracy.py", "ThirdParty"), ("tool", "test_targets.py", "sim", "ThirdParty"),
                         ("graph", "compare_onnxruntime.py", sys.argv[1], "--models-in", "/nowhere"),
                         ("graph", "conformance.py", sys.argv[1], "--data", "/nowhere")):
    done = subprocess.run([sys.executable, *command], cwd=TESTS / folder, env=MISSING, capture_output=True, text=True)
    assert done.returncode == SKIPPED, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
done = subprocess.run([sys.argv[2], "[optional-data]"], env=MISSING, capture_output=True, text=True)
assert "\nSKIPPED: " in done.stdout, done.stdout
