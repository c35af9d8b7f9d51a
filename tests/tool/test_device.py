# SPDX-License-Identifier: Apache-2.0
"""Devices whose secret comes out of a PUF: boot after boot, in heat and age, with public data that somebody changed."""
import json
import subprocess
import sys

import numpy as np

from keyway_command import FILE, FIT, REFUSED, SOURCE, USAGE, ZOO, CommandTest, main

IMAGES = ZOO / "sample_images.npy"


class Puf(CommandTest):
    def bound(self, name, bind="puf", *new):
        """A device of that name, bound, and the licence with which it runs the sealed package."""
        device, record, licence = (self.file(f"{name}.{end}") for end in ("kwd", "kwe", "kwl"))
        if not licence.exists():
            self.must("device", "new", "--id", 9, "-o", device, *new)
            self.must("device", "enrol", device, "--owner", self.file("owner.kwo"), "--bind", bind, "-o", record)
            self.must("licence", self.locked("sealed"), "--owner", self.file("owner.kwo"), "--device", record, "-o", licence)
        return device, record, licence

    def run_on(self, device, licence, *more):
        return ["run", self.locked("sealed"), "--device", device, "--licence", licence, "--input", IMAGES, "--limit", 2, *more]

    def test_boots(self):
        want, _ = self.outputs(self.plain(), "--limit", 2)
        for bind in ("puf", "fuse,puf"):
            for kind in ("sram", "ro"):
                device, _, licence = self.bound(f"boots-{bind}-{kind}", bind, "--puf", kind)
                for target, boots in (("func", 20), ("sim", 2), ("hw_emu", 1)):
                    for _ in range(boots):
                        out = self.file("boot.npy")
                        self.must(*self.run_on(device, licence, "--target", target, "--output", out))
                        np.testing.assert_array_equal(np.load(out), want)

    def test_environment(self):
        device, _, licence = self.bound("environment", "puf", "--puf", "sram")
        for conditions in (["--celsius", 85], ["--celsius", -40, "--years", 10], ["--volts", 0.9, "--celsius", 25]):
            self.must("device", "set", device, *conditions)
            for target in ("func", "sim"):
                self.must(*self.run_on(device, licence, "--target", target))
        told = json.loads(device.read_text())
        self.assertEqual([told[k] for k in ("celsius", "volts", "years")], ["25", "0.9", "10"])
        # Another piece of silicon reads half of the cells otherwise: a refusal.
        other = self.file("silicon.kwd")
        other.write_text(json.dumps({**json.loads(device.read_text()), "puf_seed": "11" * 32}))
        other.chmod(0o600)
        for target in ("func", "sim"):
            self.fails(REFUSED, *self.run_on(other, licence, "--target", target), says="does not find its secret again")
        self.must("device", "set", device, "--celsius", 25, "--volts", 1, "--years", 0)
        self.must(*self.run_on(device, licence))
        for conditions in (["--celsius", 300], ["--volts", 0], ["--years", -1], ["--celsius", "hot"]):
            before = device.read_text()
            self.fails(USAGE, "device", "set", device, *conditions)
            self.assertEqual(device.read_text(), before)

    def test_public_data(self):
        """Helper data and check value are public; a changed bit is refused, and nothing else can be told from it."""
        device, record, licence = self.bound("public")
        told = json.loads(device.read_text())
        seen = set()
        for field, bit in (("puf_helper", 3), ("puf_helper", 1100), ("puf_helper", 1407), ("puf_check", 0), ("puf_check", 255)):
            changed = bytearray.fromhex(told[field])
            changed[bit // 8] ^= 1 << bit % 8
            other = self.file("changed.kwd")
            other.write_text(json.dumps({**told, field: changed.hex()}))
            other.chmod(0o600)
            for target in ("func", "sim"):
                done = self.fails(REFUSED, *self.run_on(other, licence, "--target", target), says="does not find its secret again")
                seen.add(done.stderr)
        self.assertEqual(len(seen), 1)
        # The record holds D, nothing of the cells; enrolling again gives the same one.
        again = self.file("again.kwe")
        self.must("device", "enrol", device, "--owner", self.file("owner.kwo"), "--bind", "puf", "-o", again)
        self.assertEqual(again.read_bytes(), record.read_bytes())
        self.fails(REFUSED, "device", "enrol", device, "--owner", self.file("owner.kwo"), "-o", self.file("no.kwe"), says="other sources")

    def test_every_source_counts(self):
        device, record, licence = self.bound("both", "fuse,puf")
        told = json.loads(device.read_text())
        for field in ("fuse", "puf_seed"):
            other = self.file("other.kwd")
            other.write_text(json.dumps({**told, field: "11" * 32}))
            other.chmod(0o600)
            for target in ("func", "sim"):
                self.fails(REFUSED, *self.run_on(other, licence, "--target", target))
        # A licence for the same fuses alone is another device's.
        other.write_text(json.dumps({**told, "sources": 1}))
        self.fails(REFUSED, *self.run_on(other, licence))

    def test_command_line(self):
        device, owner = self.file("line.kwd"), self.file("owner.kwo")
        self.must("device", "new", "--id", 1, "-o", device)
        for bind in ("", "luck", "fuse,luck"):
            self.fails(USAGE, "device", "enrol", device, "--owner", owner, "--bind", bind, "-o", self.file("line.kwe"))
        self.fails(USAGE, "device", "new", "--id", 1, "--puf", "coin", "-o", self.file("none.kwd"))
        self.fails(USAGE, "device", "new", "--id", 1, "--celsius", 500, "-o", self.file("none.kwd"))
        self.assertFalse(self.file("none.kwd").exists())
        told = json.loads(device.read_text())
        for field, value in (("puf", "coin"), ("celsius", "warm"), ("celsius", "nan"), ("years", "1000"), ("puf_seed", "00")):
            self.file("odd.kwd").write_text(json.dumps({**told, field: value}))
            self.fails(FILE, "device", "set", self.file("odd.kwd"), "--years", 1, says="odd.kwd")


class Class(CommandTest):
    """A secret that is bound to what the core measures of itself; the default core stands for the chip."""

    def bound(self, bind, *new):
        device, record, licence = (self.file(f"{bind}.{end}") for end in ("kwd", "kwe", "kwl"))
        self.must("device", "new", "--id", 9, "-o", device, *new)
        self.must("device", "enrol", device, "--owner", self.file("owner.kwo"), "--bind", bind, "-o", record)
        self.must("licence", self.locked("sealed"), "--owner", self.file("owner.kwo"), "--device", record, "-o", licence)
        return device, licence

    def run_on(self, device, licence, *more):
        return ["run", self.locked("sealed"), "--device", device, "--licence", licence, "--input", IMAGES, "--limit", 2, *more]

    def test_boots(self):
        want, _ = self.outputs(self.plain(), "--limit", 2)
        of_class, out = self.file("core.kwc"), self.file("class.npy")
        self.must("device", "class", "-o", of_class)
        for bind in ("fuse,clock", "puf,precision", "puf,clock,precision"):
            device, licence = self.bound(bind)
            for more in (["--target", "sim", "--memory", "latency=40,stall=0.3,seed=1"],
                         ["--target", "sim", "--memory", "latency=85,stall=0.3,seed=2"],
                         ["--target", "hw_emu"], ["--class", of_class]):
                self.must(*self.run_on(device, licence, "--output", out, *more))
                np.testing.assert_array_equal(np.load(out), want)
            self.fails(REFUSED, *self.run_on(device, licence), says="not known here")
            # Another class, by one bit: the device finds another secret, and the licence is not for it.
            told = json.loads(of_class.read_text())
            field = "clock" if "clock" in bind else "precision"
            changed = bytearray.fromhex(told[field])
            changed[9] ^= 4
            self.file("other.kwc").write_text(json.dumps({**told, field: changed.hex()}))
            self.file("other.kwc").chmod(0o600)
            self.fails(REFUSED, *self.run_on(device, licence, "--class", self.file("other.kwc")), says="another device")

    def test_other_core(self):
        device, licence = self.bound("fuse,precision")
        owner, other = self.file("owner.kwo"), self.file("8x8.kwp")
        for device_core, refused in (("8x8", True), ("16x16-small", True), ("16x16", False)):
            made = self.file(f"{device_core}.kwd")
            self.must("device", "new", "--id", 1, "--core", device_core, "-o", made)
            run = ["run", self.plain(), "--device", made, "--input", IMAGES, "--limit", 1]
            for target in ("func", "sim"):
                if refused:
                    self.fails(REFUSED, *run, "--target", target, says=f"the device is a {device_core} core")
                else:
                    self.must(*run, "--target", target)
        self.must("lock", ZOO / "fashion_mnist.onnx", "--calib", ZOO / "calibration.npy", "--owner", owner, "--core", "8x8", "-o", other)
        for target in ("func", "sim"):
            self.fails(REFUSED, "run", other, "--device", device, "--licence", licence, "--input", IMAGES, "--limit", 1,
                       "--target", target, says="the device is a 16x16 core, and the package is for 8x8")

    def test_command_line(self):
        device, owner = self.file("line.kwd"), self.file("owner.kwo")
        self.must("device", "new", "--id", 1, "--core", "16x16", "-o", device)
        before = device.read_bytes()
        for bind in ("clock", "precision", "clock,precision"):
            self.fails(USAGE, "device", "enrol", device, "--owner", owner, "--bind", bind, "-o", self.file("line.kwe"),
                       says="needs fuses or a PUF")
        self.assertEqual(device.read_bytes(), before)
        self.fails(USAGE, "device", "new", "--id", 1, "--core", "9x9", "-o", self.file("none.kwd"))
        self.assertFalse(self.file("none.kwd").exists())
        # A core that this build does not have cannot measure itself, and nothing is burned in.
        self.must("device", "new", "--id", 1, "--core", "32x32-large", "-o", self.file("large.kwd"))
        self.fails(FIT, "device", "enrol", self.file("large.kwd"), "--owner", owner, "--bind", "fuse,clock", "-o", self.file("line.kwe"))
        self.assertNotIn("owner_key", self.file("large.kwd").read_text())
        of_class = self.file("line.kwc")
        self.must("device", "class", "-o", of_class)
        run = ["run", self.plain(), "--device", device, "--input", IMAGES, "--limit", 1]
        self.must(*run, "--class", of_class)
        self.fails(USAGE, *run, "--class", of_class, "--target", "sim", says="--class is not for --target sim")
        self.fails(FILE, *run, "--class", device)
        self.fails(FILE, "device", "class", "-o", device)
        self.must("device", "new", "--id", 1, "-o", self.file("any.kwd"))
        self.fails(USAGE, *run[:3], self.file("any.kwd"), *run[4:], "--class", of_class, says="not known to be")


class Quality(CommandTest):
    def test_measures(self):
        found = self.json("device", "quality", "--devices", 50, "--boots", 4)
        measures = found["measures"]
        for name, even in (("uniqueness", 0.5), ("uniformity", 0.5), ("bit_aliasing", 0.5)):
            self.assertAlmostEqual(measures[name]["mean"], even, delta=0.01)
        self.assertGreater(measures["reliability"]["mean"], measures["reliability"]["bar"])
        self.assertEqual([found["boots"], found["key_failures"]], [200, 0])
        self.assertLess(found["design_failure"], 1e-6)
        for left in found["entropy_left"]:
            self.assertGreaterEqual(left["bits"], 128)
        self.assertEqual(sum(measures["uniqueness"]["histogram"]), 50 * 49 // 2)
        self.assertEqual(self.json("device", "quality", "--devices", 50, "--boots", 4), found, "a seed is a fleet")
        self.assertNotEqual(self.json("device", "quality", "--devices", 50, "--boots", 4, "--seed", 2), found)
        self.assertIn("bits at 55 % ones", self.must("device", "quality", "--devices", 3, "--boots", 1, "--puf", "sram", "--bias", 0.55).stdout)
        self.fails(USAGE, "device", "quality", "--devices", 1)
        self.fails(USAGE, "device", "quality", "--bias", 1.5)

    def test_picture(self):
        told, picture = self.file("quality.json"), self.file("puf.svg")
        told.write_text(self.must("device", "quality", "--devices", 5, "--boots", 2, "--json").stdout)
        subprocess.run([sys.executable, SOURCE / "scripts/plots/puf.py", told, picture], check=True)
        self.assertIn("bit aliasing", picture.read_text())


if __name__ == "__main__":
    main()
