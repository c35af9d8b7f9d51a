# SPDX-License-Identifier: Apache-2.0
"""Nothing that exists is lost by a slip on the command line: outputs that are inputs, or one another."""
import os

from keyway_command import FILE, USAGE, ZOO, CommandTest, main

MODEL, CALIBRATION = ZOO / "fashion_mnist.onnx", ZOO / "calibration.npy"
IMAGES, LABELS = ZOO / "sample_images.npy", ZOO / "sample_labels.npy"


class Outputs(CommandTest):
    def copy(self, name, source):
        path = self.file(name)
        path.write_bytes(source.read_bytes())
        return path

    def spellings(self, path):
        """Other names of a file: longer, relative, a symbolic link, one through a folder, a hard link."""
        symbolic, hard, folder = (self.file(f"{kind}.{path.name}") for kind in ("symbolic", "hard", "folder"))
        if not symbolic.is_symlink():
            symbolic.symlink_to(path.name)
            folder.symlink_to(".")
            os.link(path, hard)
        return [path, f"{path.parent}/./{path.name}", path.name, f"./{path.name}", symbolic, folder / path.name, hard]

    def refused(self, path, *args, spellings=None):
        """`args` with each spelling of `path` as its last argument fails, and every file is as it was."""
        for spelling in spellings or self.spellings(path):
            before = {p: p.read_bytes() for p in self.work.iterdir() if p.is_file()}
            done = self.fails(USAGE, *args, spelling, says=str(spelling))
            self.assertIn(str(path.name), done.stderr.replace(str(spelling), "", 1), "the other one is not named")
            self.assertEqual(before, {p: p.read_bytes() for p in self.work.iterdir() if p.is_file()}, f"{args} {spelling}")

    def test_outputs_that_are_inputs(self):
        owner, record, device = self.file("owner.kwo"), self.file("dev1.kwe"), self.file("dev1.kwd")
        enrol = ["device", "enrol", device, "--owner", owner, "-o"]
        for path in (device, owner):
            self.refused(path, *enrol)
        model, calibration = self.copy("m.onnx", MODEL), self.copy("c.npy", CALIBRATION)
        for path in (model, calibration):
            self.refused(path, "compile", model, "--calib", calibration, "-o")
        for path in (model, calibration, owner):
            self.refused(path, "lock", model, "--calib", calibration, "--owner", owner, "-o")
        package = self.copy("p.kwp", self.locked("sealed"))
        licence = self.copy("p.kwl", self.locked("sealed").with_suffix(".kwl"))
        for path in (package, owner, record):
            self.refused(path, "licence", package, "--owner", owner, "--device", record, "-o")
        images, labels = self.copy("x.npy", IMAGES), self.copy("y.npy", LABELS)
        run = ["run", package, "--device", device, "--licence", licence, "--input", images, "--labels", labels]
        for path in (package, device, licence, images, labels):
            self.refused(path, *run, "--output", spellings=self.spellings(path))
            for option in ("--trace", "--wave"):
                self.refused(path, *run, "--target", "sim", option, spellings=self.spellings(path)[:1])

    def test_outputs_that_are_one_another(self):
        run = ["run", self.plain(), "--input", IMAGES, "--limit", 1, "--target", "sim"]
        self.file("here").symlink_to(".")
        for a, b in (("--output", "--trace"), ("--trace", "--wave"), ("--output", "--wave")):
            for spelling in ("twice", "./twice", self.file("twice"), "here/twice"):
                done = self.fails(USAGE, *run, a, "twice", b, spelling, says=a)
                self.assertIn(b, done.stderr)
                self.assertFalse(self.file("twice").exists())
        self.must(*run, "--output", "/dev/null", "--trace", "/dev/null")

    def test_no_output_replaces_a_secret(self):
        """Of an owner or device that the command does not even name."""
        self.must("owner", "new", "-o", "bystander.kwo")
        self.must("device", "new", "--id", 5, "-o", "bystander.kwd")
        self.must("device", "new", "--id", 5, "-o", "other.kwd")
        self.must("device", "enrol", "other.kwd", "--owner", "bystander.kwo", "-o", "bystander.kwe")
        package = self.locked("sealed")
        for name in ("bystander.kwo", "bystander.kwd", "bystander.kwe"):
            before = self.file(name).read_bytes()
            for args in (["device", "enrol", "dev1.kwd", "--owner", "owner.kwo"],
                         ["compile", MODEL, "--calib", CALIBRATION],
                         ["lock", MODEL, "--calib", CALIBRATION, "--owner", "owner.kwo"],
                         ["licence", package, "--owner", "owner.kwo", "--device", "dev1.kwe"],
                         ["owner", "new"], ["device", "new", "--id", 6],
                         ["run", self.plain(), "--input", IMAGES, "--limit", 1]):
                self.fails(FILE, *args, "--output", name, says=name)
                self.assertEqual(self.file(name).read_bytes(), before)

    def test_the_same_record_may_be_written_again(self):
        record = self.file("dev1.kwe").read_bytes()
        self.must("device", "enrol", "dev1.kwd", "--owner", "owner.kwo", "-o", "dev1.kwe")
        self.assertEqual(self.file("dev1.kwe").read_bytes(), record)

    def test_ordinary_outputs_are_replaced(self):
        for _ in range(2):
            self.must("device", "enrol", "dev1.kwd", "--owner", "owner.kwo", "-o", "again.kwe")
            self.must("compile", MODEL, "--calib", CALIBRATION, "-o", "again.kwp")
            self.must("run", "again.kwp", "--input", IMAGES, "--limit", 1, "--output", "again.npy")


if __name__ == "__main__":
    main()
