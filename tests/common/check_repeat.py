# SPDX-License-Identifier: Apache-2.0
"""What a failing test case prints repeats just that failure.

usage: check_repeat.py PROGRAM   (failing.cpp)
"""
import re
import subprocess
import sys

out = subprocess.run([sys.argv[1]], capture_output=True, text=True).stdout
commands = re.findall(r"^repeat: (.*)$", out, re.M)
assert len(commands) == 2 and re.match(r"KEYWAY_SEED=\d+ ", commands[0]) and not commands[1].startswith("KEYWAY"), out
for command in commands:
    again = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert again.returncode == 1 and re.findall(r"^repeat: (.*)$", again.stdout, re.M) == [command], f"{command}: {again.stdout}"
