# SPDX-License-Identifier: Apache-2.0
"""Malformed, mistaken and unreadable files on the command line: the agreed exit status, one sentence on
standard error that names the file, no crash, nothing left behind.

KEYWAY_SEED repeats the mutations of one run, KEYWAY_COUNT sets how many there are of each file.
"""
import os
import re

import numpy as np

from keyway_command import AUTHENTICATION, FILE, REFUSED, UNSUPPORTED, USAGE, ZOO, CommandTest, main, seeded

IMAGES, LABELS = ZOO / "sample_images.npy", ZOO / "sample_labels.npy"
COUNT = int(os.environ.get("KEYWAY_COUNT", 12))
KINDS = ("owner.kwo", "dev1.kwd", "dev1.kwe", "sealed.kwp", "plain.kwp", "sealed.kwl", "x.npy", "y.npy", "m.onnx", "c.npy")


class Malformed(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.rename(cls.locked("sealed"), cls.file("sealed.kwp"))
        os.rename(cls.plain("int8"), cls.file("plain.kwp"))
        np.save(cls.file("x.npy"), np.load(IMAGES)[:3])
        np.save(cls.file("y.npy"), np.load(LABELS)[:3])
        np.save(cls.file("c.npy"), np.load(ZOO / "calibration.npy")[:8])
        cls.file("m.onnx").write_bytes((ZOO / "fashion_mnist.onnx").read_bytes())
        cls.must(*cls.run_with())
        cls.answer = cls.file("out").read_bytes()
        cls.file("out").unlink()
        cls.bad = cls.file("bad_file")

    @staticmethod
    def run_with(**other):
        """A run of the locked package, some of its files replaced."""
        f = {"package": "sealed.kwp", "device": "dev1.kwd", "licence": "sealed.kwl", "input": "x.npy", "labels": "y.npy", **other}
        return ["run", f["package"], "--device", f["device"], "--licence", f["licence"], "--input", f["input"], "--labels", f["labels"],
                "--output", "out"]

    @classmethod
    def uses(cls, bad):
        """For each kind of file: command lines that read it from the path `bad`."""
        lock = lambda model, calib, owner: ["lock", model, "--calib", calib, "--owner", owner, "-o", "out"]  # noqa: E731
        licence = lambda package, owner, record: ["licence", package, "--owner", owner, "--device", record, "-o", "out"]  # noqa: E731
        enrol = lambda device, owner: ["device", "enrol", device, "--owner", owner, "-o", "out"]  # noqa: E731
        on_targets = lambda run: [[*run, "--target", target] for target in ("func", "sim", "hw_emu")]  # noqa: E731
        return {
            "owner.kwo": [enrol("dev1.kwd", bad), lock("m.onnx", "c.npy", bad), licence("sealed.kwp", bad, "dev1.kwe")],
            "dev1.kwd": [enrol(bad, "owner.kwo"), *on_targets(cls.run_with(device=bad))],
            "dev1.kwe": [licence("sealed.kwp", "owner.kwo", bad)],
            "sealed.kwp": [*on_targets(cls.run_with(package=bad)), licence(bad, "owner.kwo", "dev1.kwe"),
                           ["inspect", bad]],
            "plain.kwp": [["run", bad, "--input", "x.npy", "--output", "out"], ["inspect", bad, "--program"]],
            "sealed.kwl": on_targets(cls.run_with(licence=bad)),
            "x.npy": [cls.run_with(input=bad)],
            "y.npy": [cls.run_with(labels=bad)],
            "m.onnx": [lock(bad, "c.npy", "owner.kwo"), ["compile", bad, "--calib", "c.npy", "-o", "out"]],
            "c.npy": [lock("m.onnx", bad, "owner.kwo")],
        }

    def refused(self, statuses, args, name=None, what="", **options):
        """The command fails as it should: (exit status, message)."""
        before = {p.name for p in self.work.iterdir()}
        done = self.call(*args, **options)
        text = f"{what} keyway {' '.join(map(str, args))}: exit {done.returncode}: {done.stderr.strip()[:300]}"
        self.assertIn(done.returncode, statuses, text)
        if done.returncode != 0:
            self.assertRegex(done.stderr, r"\Akeyway: [^\n]{10,400}\n\Z", text)
            self.assertEqual(before, {p.name for p in self.work.iterdir()}, f"files are left: {text}")
            self.assertEqual(done.stdout, "", text)
            if name is not None:
                self.assertIn(str(name), done.stderr, text)
        return done

    def every_use(self, kind, statuses, name, bad=None, **options):
        for args in self.uses(bad or name)[kind]:
            self.refused(statuses, args, name, **options)

    def test_files_that_cannot_be_read(self):
        self.file("folder").mkdir(exist_ok=True)
        for kind in KINDS:
            # Missing, a folder, a name that goes through a file, and one whose reading fails.
            for bad in ("missing", "folder", "x.npy/y", "/proc/self/mem"):
                self.every_use(kind, [FILE], bad)

    def test_files_of_others(self):
        """Files that the user may not read; the work folder has to be open to him for that."""
        options = {}
        if os.geteuid() == 0:
            os.chmod(self.work, 0o777)
            options = {"user": 65534}
        for kind in KINDS:
            self.bad.write_bytes(self.file(kind).read_bytes())
            os.chmod(self.bad, 0)
            for args in self.uses("bad_file")[kind]:
                if os.geteuid() == 0 and any(str(a).endswith((".kwo", ".kwd", ".kwe")) for a in args):
                    continue  # root's secret files are not his either
                self.refused([FILE], args, "bad_file", **options)
        self.bad.unlink()

    def test_empty_files_and_other_kinds_of_file(self):
        self.bad.write_bytes(b"")
        self.file("zeros").write_bytes(bytes(5000))
        self.file("text").write_bytes(b"nothing of the kind\n" * 300)
        for kind in KINDS:
            for other in (*KINDS, "bad_file", "zeros", "text"):
                same = os.path.splitext(kind)[1] == os.path.splitext(other)[1]
                if not same:
                    self.every_use(kind, [FILE, UNSUPPORTED] if kind == "m.onnx" else [FILE], other)
        for name in ("bad_file", "zeros", "text"):
            self.file(name).unlink()
        # Of the right kind, and still the wrong one.
        self.refused([USAGE], ["licence", "plain.kwp", "--owner", "owner.kwo", "--device", "dev1.kwe", "-o", "out"])
        self.refused([FILE], self.run_with(input="y.npy"), "y.npy")
        self.refused([FILE], self.run_with(labels="x.npy"), "x.npy")

    def test_mutated_files(self):
        """Bits, bytes and pieces; what is still taken gives the right answer."""
        rng = seeded("tool_malformed")
        for kind in KINDS:
            whole = self.file(kind).read_bytes()
            for i in range(COUNT):
                data, what = self.mutate(rng, whole, i)
                self.bad.write_bytes(data)
                for args in self.uses("bad_file")[kind]:
                    done = self.refused([0, FILE, UNSUPPORTED, REFUSED, AUTHENTICATION], args, what=f"{kind}, {what}:")
                    if done.returncode == FILE:
                        self.assertIn("bad_file", done.stderr)
                    if done.returncode == 0 and args[0] == "run" and kind in ("dev1.kwd", "sealed.kwp", "sealed.kwl"):
                        self.assertEqual(self.file("out").read_bytes(), self.answer, f"{kind}, {what}: other outputs")
                    self.file("out").unlink(missing_ok=True)

    @staticmethod
    def mutate(rng, whole, i):
        data = bytearray(whole)
        at = rng.randrange(len(data)) if i % 2 else rng.randrange(min(len(data), 256))  # often the header
        kind = ("bit", "byte", "cut", "zeros", "twice", "more")[i % 6]
        if kind == "bit":
            data[at] ^= 1 << rng.randrange(8)
        elif kind == "byte":
            data[at] = rng.choice(b"\x00\xff{}\"',: 9-")
        elif kind == "cut":
            del data[at:]
        elif kind == "zeros":
            data[at:at + 16] = bytes(len(data[at:at + 16]))
        elif kind == "twice":
            data[at:at] = data[at:at + 40]
        else:
            data += bytes(rng.randrange(1, 5000))
        return bytes(data), f"{kind} at {at}"

    def npy(self, descr="'<f4'", order="False", shape="(3, 1, 28, 28)", body=None, version=b"\x01\x00"):
        head = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
        head += b" " * (63 - (len(head) + 10) % 64) + b"\n"
        length = len(head).to_bytes(2 if version[:1] == b"\x01" else 4, "little")
        self.bad.write_bytes(b"\x93NUMPY" + version + length + head + (np.load(self.file("x.npy")).tobytes() if body is None else body))

    def test_arrays(self):
        x = np.load(self.file("x.npy"))
        for name, value in (("nan", np.nan), ("infinity", np.inf), ("minus infinity", -np.inf)):
            for at in (0, x.size - 1):
                flat = x.copy()
                flat.reshape(-1)[at] = value
                np.save(self.file("bad.npy"), flat)
                self.refused([FILE], self.run_with(input="bad.npy"), "bad.npy", what=name)
                self.refused([FILE], ["compile", "m.onnx", "--calib", "bad.npy", "-o", "out"], "bad.npy", what=name)
        for dtype in (">f4", ">f8", ">i4", "<c8", "S4", "<U2", "datetime64[s]"):
            np.save(self.file("bad.npy"), np.zeros(x.shape, dtype))
            self.refused([FILE], self.run_with(input="bad.npy"), "bad.npy", what=dtype)
        np.save(self.file("bad.npy"), np.zeros(x.shape, object), allow_pickle=True)
        self.refused([FILE], self.run_with(input="bad.npy"), "bad.npy", what="objects")
        np.save(self.file("bad.npy"), np.zeros(x.shape, [("a", "<f4")]))
        self.refused([FILE], self.run_with(input="bad.npy"), "bad.npy", what="structure")
        for dtype in (np.float32, np.int64, ">i8"):
            np.save(self.file("bad.npy"), np.load(self.file("y.npy")).astype(dtype).reshape(-1, 1) if dtype == np.int64
                    else np.load(self.file("y.npy")).astype(dtype))
            self.refused([FILE], self.run_with(labels="bad.npy"), "bad.npy", what=f"labels {dtype}")
        # Other forms of the same numbers are the same inputs.
        np.save(self.file("bad.npy"), np.asfortranarray(x))
        for array in (np.asfortranarray(x), x.astype("<f8")):
            np.save(self.file("bad.npy"), array)
            self.must(*self.run_with(input="bad.npy"))
            self.assertEqual(self.file("out").read_bytes(), self.answer)
            self.file("out").unlink()
        self.file("bad.npy").unlink()

    def test_array_headers(self):
        """None of them makes the command ask for much memory."""
        for options in (
                {"shape": "(4, 1, 28, 28)"}, {"shape": "(2, 1, 28, 28)"}, {"shape": "(3, 1, 28)"}, {"shape": "()"}, {"shape": "(0, 1, 28, 28)"},
                {"shape": "(1000000000000, 1, 28, 28)"}, {"shape": "(9223372036854775807, 1, 28, 28)"}, {"shape": "(4611686018427387904, 4)"},
                {"shape": "(18446744073709551616,)"}, {"shape": "(65536, 65536, 65536, 65536)"}, {"shape": "(0, 4611686018427387904, 8)", "body": b""},
                {"shape": "(0, 9223372036854775807, 28, 28)", "body": b""},
                {"shape": "(-3, 1, 28, 28)"}, {"shape": "(3.0, 1, 28, 28)"}, {"shape": "3"}, {"shape": "(" + "1, " * 40 + ")"}, {"shape": "(3,, 1)"},
                {"shape": "(999999999, 1, 28, 28)", "order": "True"}, {"order": "Maybe"}, {"order": "1"}, {"descr": "'<f16'"}, {"descr": "'<f5'"},
                {"descr": "''"}, {"descr": "'f'"}, {"descr": "'<f4"}, {"descr": "[('a', '<f4')]"}, {"version": b"\x04\x00"}, {"version": b"\x00\x00"},
                {"version": b"\x02\x00", "body": b""}, {"body": b""}, {"shape": "(3, 1, 28, 28), 'more': 1"}):
            self.npy(**options)
            self.refused([FILE], self.run_with(input="bad_file"), "bad_file", what=str(options), memory=1 << 30)
        for length in (b"\xff\xff", b"\x00\x00", b"\x01\x00"):
            self.bad.write_bytes(b"\x93NUMPY\x01\x00" + length + b"{")
            self.refused([FILE], self.run_with(input="bad_file"), "bad_file", memory=1 << 30)
        self.bad.write_bytes(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{")
        self.refused([FILE], self.run_with(input="bad_file"), "bad_file", memory=1 << 30)
        self.bad.unlink()

    def test_package_headers(self):
        """Counts and sizes in the header, set to extremes: none of them makes the command ask for much memory."""
        whole = self.file("plain.kwp").read_bytes()
        for at in range(8, 64, 4):
            for value in (0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000):
                data = bytearray(whole)
                data[at:at + 4] = value.to_bytes(4, "little")
                if data == whole:
                    continue
                self.bad.write_bytes(data)
                for args in self.uses("bad_file")["plain.kwp"]:
                    self.refused([FILE, REFUSED, AUTHENTICATION], args, what=f"{value:#x} at {at}", memory=1 << 30)
        self.bad.unlink()

    def test_an_input_without_end(self):
        """/dev/zero with little memory: an error, not a crash."""
        for kind in KINDS:
            for args in self.uses("/dev/zero")[kind]:
                self.refused([FILE, REFUSED], args, "/dev/zero", memory=1 << 29)

    def test_outputs_that_cannot_be_written(self):
        makers = [["owner", "new"], ["device", "new", "--id", 1], ["device", "enrol", "dev1.kwd", "--owner", "owner.kwo"],
                  ["compile", "m.onnx", "--calib", "c.npy"], ["lock", "m.onnx", "--calib", "c.npy", "--owner", "owner.kwo"],
                  ["licence", "sealed.kwp", "--owner", "owner.kwo", "--device", "dev1.kwe"],
                  ["run", "plain.kwp", "--input", "x.npy"]]
        self.file("folder").mkdir(exist_ok=True)
        for args in makers:
            for path in ("none/out", "folder", "x.npy/out", "/dev/full", "/proc/out"):
                self.refused([FILE], [*args, "--output", path], path)
            self.refused([FILE], [*args, "--output", "out"], "out", largest_file=64)
        self.assertEqual([p.name for p in self.file("folder").iterdir()], [])
        with open("/dev/full", "w") as full:
            for args in (["run", "plain.kwp", "--input", "x.npy"], ["run", "plain.kwp", "--input", "x.npy", "--json"], ["inspect", "plain.kwp"]):
                done = self.call(*args, stdout=full)
                self.assertEqual(done.returncode, FILE, f"{args}: {done.stderr}")
                self.assertTrue(re.match(r"keyway: .*standard output", done.stderr), done.stderr)


if __name__ == "__main__":
    main()
