# SPDX-License-Identifier: Apache-2.0
"""What the tests of scripts share: a folder for files, and running a script to its end."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"


class ScriptTest(unittest.TestCase):
    script = None  # file name in scripts/

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def start(self, *arguments):
        return subprocess.run([sys.executable, SCRIPTS / self.script, *map(str, arguments)], capture_output=True,
                              text=True)

    def must(self, *arguments):
        done = self.start(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def fails(self, *arguments, says):
        done = self.start(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(says, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
