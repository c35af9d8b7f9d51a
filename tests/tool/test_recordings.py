# SPDX-License-Identifier: Apache-2.0
"""`--trace` and `--wave` of a run on the real core.

usage: test_recordings.py sim|hw_emu [CLASS ...]
"""
import json
import os
import signal
import stat
import struct
import subprocess
import sys
import time

import numpy as np

import test_trace
from keyway_command import DEVICE, FILE, REFUSED, TOOL, USAGE, ZOO, CommandTest, main

TARGET = sys.argv.pop(1) if __name__ == "__main__" else "sim"
IMAGES = ZOO / "sample_images.npy"
TRACKS = set(test_trace.TRACKS)


def fst_blocks(data):
    """[(type, bytes)] of an FST file: a byte of type, then a big-endian length that counts itself."""
    blocks, at = [], 0
    while at < len(data):
        length, = struct.unpack_from(">Q", data, at + 1)
        blocks.append((data[at], data[at + 9:at + 1 + length]))
        at += 1 + length
    assert at == len(data), f"the last block ends at {at} of {len(data)} bytes"
    return blocks


class Recordings(CommandTest):
    def left(self):
        return sorted(p.name for p in self.work.iterdir())

    def test_trace_and_wave_of_a_locked_run(self):
        package = self.locked("sealed")
        want, plain = self.outputs(package, "--limit", 2, *self.rights(package), "--target", TARGET)
        before = self.left()
        got, result = self.outputs(package, "--limit", 2, *self.rights(package), "--target", TARGET,
                                   "--trace", "t.json", "--wave", "w.fst")
        np.testing.assert_array_equal(want, got)
        self.assertEqual(result["cycles_total"], plain["cycles_total"], "recording changes the run")
        self.assertEqual(len(self.left()), len(before) + 3, f"{self.left()}")
        self.check_trace(result)
        self.check_wave()

    def check_trace(self, result):
        text = self.file("t.json").read_text()
        events = json.loads(text)["traceEvents"]
        tracks = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
        self.assertEqual(set(tracks.values()), TRACKS)
        spans = {name: [] for name in TRACKS}
        for e in events:
            if e["ph"] == "X":
                spans[tracks[e["tid"]]].append((e["ts"], e["ts"] + e["dur"], e["name"]))
        for name, list_of in spans.items():
            self.assertTrue(list_of, f"nothing on track {name}")
            for a, b in zip(list_of, list_of[1:]):
                self.assertLessEqual(a[1], b[0], f"spans of {name} overlap")
        # Opening and two runs; the array is as busy as the counter of the last run says.
        runs = spans["runs"]
        self.assertGreaterEqual(sum(name == "run" for *_, name in runs), 2)
        self.assertTrue(any(name == "open" for *_, name in runs))
        total = sum(end - begin for begin, end, _ in runs)
        self.assertAlmostEqual(total, result["cycles_total"], delta=0.02 * result["cycles_total"])
        begin, end, _ = runs[-1]
        busy = sum(min(e, end) - b for b, e, name in spans["array"] if name == "busy" and b >= begin)
        self.assertAlmostEqual(busy, result["counters"]["array_busy"], delta=0.02 * busy)
        for secret in self.secrets():
            self.assertNotIn(secret.hex(), text)

    def check_wave(self):
        data = self.file("w.fst").read_bytes()
        self.assertEqual(stat.S_IMODE(os.stat(self.file("w.fst")).st_mode), 0o600, "it holds secrets")
        blocks = fst_blocks(data)
        self.assertEqual(blocks[0][0], 0)
        kinds = {kind for kind, _ in blocks}
        self.assertTrue(3 in kinds and kinds & {6, 7} and 8 in kinds, f"blocks {kinds}")
        begin, end = struct.unpack_from(">QQ", blocks[0][1])
        scopes, variables = struct.unpack_from(">QQ", blocks[0][1], 32)
        self.assertGreater(end - begin, 10_000)
        self.assertGreater(scopes, 20)
        self.assertGreater(variables, 500)

    def secrets(self):
        device = json.loads(self.file("dev1.kwd").read_text())
        return [bytes.fromhex(device[name]) for name in ("fuse", "owner_key")]

    def test_a_refused_run_leaves_neither(self):
        package = self.locked("sealed")
        before = self.left()
        self.fails(REFUSED, "run", package, "--input", IMAGES, "--limit", 1, *self.rights(package, device=2), "--target", TARGET,
                   "--output", "o.npy", "--trace", "no.json", "--wave", "no.fst", says="another device")
        self.assertEqual(self.left(), before)

    def test_what_cannot_be_written_is_said_at_once(self):
        run = ["run", self.plain(), "--input", IMAGES, "--limit", 1, "--target", TARGET]
        before = self.left()
        for option in ("--trace", "--wave"):
            for path in ("none/x", ".", "/proc/x"):
                self.fails(FILE, *run, option, path, says=path)
        self.fails(FILE, *run, "--wave", "/dev/null", says="/dev/null")
        self.assertEqual(self.left(), before)

    def test_a_full_disk_fails(self):
        run = ["run", self.plain(), "--input", IMAGES, "--limit", 1, "--target", TARGET, "--output", "o.npy"]
        before = self.left()
        self.fails(FILE, *run, "--trace", "/dev/full", says="/dev/full")
        self.assertEqual(self.left(), before)
        if TARGET == "sim":  # what XRT and its simulator write in hw_emu would meet the limit too
            for option in ("--trace", "--wave"):
                done = self.fails(FILE, *run, option, "x", says="x: ", largest_file=4_000)
                self.assertNotIn(".tmp", done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertEqual(self.left(), before)

    def test_an_interrupt_leaves_nothing(self):
        many = self.file("many.npy")
        np.save(many, np.random.default_rng(1).random((20_000, 1, 28, 28), np.float32))
        package = self.plain()
        before = self.left()
        # A user's interrupt ends in good order, other signals end the process.
        for number, status in ((signal.SIGINT, DEVICE), (signal.SIGTERM, -signal.SIGTERM)):
            process = subprocess.Popen([TOOL, "run", package, "--input", many, "--target", TARGET, "--output", "o.npy", "--trace", "t.json",
                                        "--wave", "w.fst"], cwd=self.work, stderr=subprocess.PIPE)
            wanted = len(before) + 5  # all three aside, two of them by the device
            end = time.monotonic() + 60
            while len(self.left()) < wanted and time.monotonic() < end and process.poll() is None:
                time.sleep(0.02)
            self.assertIsNone(process.poll(), process.stderr)
            self.assertEqual(len(self.left()), wanted, self.left())
            process.send_signal(number)
            said = process.communicate(timeout=30)[1].decode()
            self.assertEqual(process.returncode, status, said)
            self.assertEqual(said.startswith("keyway: interrupted"), number == signal.SIGINT, said)
            while self.left() != before and time.monotonic() < end:  # in hw_emu others have to notice
                time.sleep(0.05)
            self.assertEqual(self.left(), before)

    def test_only_what_has_cycles_takes_them(self):
        for target in ("func", "hw"):
            for option in ("--trace", "--wave"):
                self.fails(USAGE, "run", self.plain(), "--input", IMAGES, "--target", target, option, "x", says=option)
        self.assertFalse(self.file("x").exists())


if __name__ == "__main__":
    main()
