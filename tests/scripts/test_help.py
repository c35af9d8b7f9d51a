#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every script of scripts/ prints its use when asked with --help or -h, or with an argument that it does not
know, and does nothing else."""
import pathlib
import subprocess

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"

scripts = [script for script in sorted(SCRIPTS.glob("*.sh")) if script.name != "help.sh"]
assert scripts
for script in scripts:
    for option in ("--help", "-h"):
        done = subprocess.run(["bash", script, option], capture_output=True, text=True, timeout=10)
        assert done.returncode == 0 and not done.stderr, (script.name, done)
        first = script.read_text().splitlines()[2].removeprefix("# ")
        assert done.stdout.startswith(first), (script.name, done.stdout)
    if script.name != "test.sh":  # which hands its arguments to ctest
        done = subprocess.run(["bash", script, "--no-such-option"], capture_output=True, text=True, timeout=10)
        assert done.returncode == 2 and "'--no-such-option'" in done.stderr and first in done.stderr, (script.name, done)
