# SPDX-License-Identifier: Apache-2.0
"""`keyway fleet`: what it finds in a fleet that is in order and in ones that are not, and that it goes on."""
import itertools
import shutil
import signal
import sqlite3
import subprocess
import time

from keyway_command import DEVICE, FILE, TOOL, USAGE, ZOO, CommandTest, main


class Fleet(CommandTest):
    def fleet(self, name, devices, *args):
        return self.json("fleet", "--devices", devices, "--dir", self.file(name), *args)

    def rows(self, name, query):
        with sqlite3.connect(self.file(name) / "fleet.db") as database:
            return database.execute(query).fetchall()

    def forget_results(self, name):
        with sqlite3.connect(self.file(name) / "fleet.db") as database:
            for table in ("device", "wrong", "wrong_accuracy"):
                database.execute(f"DELETE FROM {table}")

    def test_sealed(self):
        found = self.fleet("sealed", 7)
        self.assertEqual([found[k] for k in ("policy", "devices", "opened", "wrong_tried", "wrong_opened")], ["sealed", 7, 7, 42, 0])
        pairs = {(a, b) for a, b, _ in self.rows("sealed", "SELECT * FROM wrong")}
        self.assertEqual(pairs, set(itertools.permutations(range(1, 8), 2)))
        # What it made are files like any others.
        folder = self.file("sealed")
        run = ["run", folder / "model.kwp", "--device", folder / "devices/000003.kwd", "--input", ZOO / "sample_images.npy", "--limit", 1]
        self.must(*run, "--licence", folder / "devices/000003.kwl")
        self.assertEqual(self.call(*run, "--licence", folder / "devices/000004.kwl").returncode, 6)
        self.assertEqual(folder.stat().st_mode & 0o77, 0, "the folder holds secrets")
        # The same call finds nothing to do.
        before = {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}
        self.assertEqual(self.fleet("sealed", 7), found)
        self.assertEqual({p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}, before)
        self.fails(USAGE, "fleet", "--devices", 8, "--dir", folder, says="7 devices")
        self.fails(USAGE, "fleet", "--devices", 7, "--dir", folder, "--policy", "blind", says="another policy")

    def test_blind(self):
        found = self.fleet("blind", 5, "--policy", "blind")
        self.assertEqual([found[k] for k in ("opened", "wrong_tried", "wrong_opened")], [5, 20, 0])
        self.assertGreater(found["accuracy"], 0.85)
        self.assertEqual(found["wrong_accuracy"]["devices"], 20)
        self.assertLess(found["wrong_accuracy"]["mean"], 0.2)

    def test_planted_faults(self):
        """A licence of another device does not open, and a clone of a device opens what it should not."""
        self.fleet("faults", 4)
        devices = self.file("faults") / "devices"
        shutil.copy(devices / "000002.kwl", devices / "000003.kwl")
        self.forget_results("faults")
        self.fails(DEVICE, "fleet", "--devices", 4, "--dir", self.file("faults"), says="device 3: refused")
        for policy in ("sealed", "blind"):
            name = f"clone-{policy}"
            self.fleet(name, 4, "--policy", policy)
            devices = self.file(name) / "devices"
            shutil.copy(devices / "000002.kwd", devices / "000004.kwd")
            self.forget_results(name)
            self.fails(DEVICE, "fleet", "--devices", 4, "--dir", self.file(name), "--policy", policy, says="1 of 12 licences on other")
            self.assertEqual(self.rows(name, "SELECT licence, device FROM wrong WHERE opened"), [(2, 4)])
        # Devices that open and answer otherwise than the others.
        self.fails(DEVICE, "fleet", "--devices", 4, "--dir", self.file("clone-blind"), "--policy", "blind", says="device 4: answers otherwise")

    def test_goes_on_after_an_interruption(self):
        args = ["fleet", "--devices", "300", "--dir", self.file("interrupted"), "--threads", "1"]
        process = subprocess.Popen([TOOL, *map(str, args)], stderr=subprocess.PIPE, text=True)
        licence = self.file("interrupted") / "devices/000020.kwl"
        while not licence.exists():
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=600)
        self.assertEqual(process.returncode, DEVICE, said)
        first = licence.read_bytes()
        found = self.json(*args)
        self.assertEqual([found[k] for k in ("opened", "wrong_tried", "wrong_opened")], [300, 300 * 299, 0])
        self.assertEqual(licence.read_bytes(), first)
        # What is missing is tried again, what is there is not.
        with sqlite3.connect(self.file("interrupted") / "fleet.db") as database:
            database.execute("DELETE FROM wrong WHERE licence > 290")
        self.assertEqual(self.json(*args), found)

    def test_a_package_of_ones_own(self):
        locked = self.locked("blind")
        images, labels = ZOO / "sample_images.npy", ZOO / "sample_labels.npy"
        own = ["fleet", locked, "--owner", self.file("owner.kwo"), "--devices", 3]
        found = self.json(*own, "--dir", self.file("own"))
        self.assertEqual([found["opened"], found["wrong_opened"], found["accuracy"]], [3, 0, None])
        found = self.json(*own, "--dir", self.file("own"), "--input", images, "--labels", labels)
        self.assertGreater(found["accuracy"], 0.85)
        self.fails(USAGE, "fleet", self.locked("sealed"), "--owner", self.file("owner.kwo"), "--devices", 3, "--dir", self.file("own"),
                   says="another package")
        self.fails(USAGE, "fleet", self.plain(), "--owner", self.file("owner.kwo"), "--devices", 3, "--dir", self.file("plain"), says="plain")
        self.must("owner", "new", "-o", self.file("stranger.kwo"))
        done = self.call("fleet", locked, "--owner", self.file("stranger.kwo"), "--devices", 3, "--dir", self.file("strange"))
        self.assertEqual(done.returncode, 7, done.stderr)

    def test_command_line(self):
        for args in (["--devices", 1], ["--devices", 3, "--labels", "y.npy"], ["m.kwp", "--devices", 3], []):
            self.fails(USAGE, "fleet", "--dir", self.file("none"), *args, says="")
        self.file("taken").write_text("")
        self.fails(FILE, "fleet", "--devices", 2, "--dir", self.file("taken"), says="taken")
        folder = self.file("damaged")
        folder.mkdir()
        (folder / "fleet.db").write_text("no database" * 100)
        self.fails(FILE, "fleet", "--devices", 2, "--dir", folder, says="fleet.db")


if __name__ == "__main__":
    main()
