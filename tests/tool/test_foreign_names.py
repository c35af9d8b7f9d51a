# SPDX-License-Identifier: Apache-2.0
"""Names that a stranger wrote into a model: no way of `keyway` to print them moves the cursor, colours the screen or
forges a line; JSON keeps them as they are."""
import json
import os
import pathlib
import subprocess
import unicodedata

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from keyway_command import DEVICE, FIT, UNSUPPORTED, ZOO, CommandTest, main

FORGED = "layer   forged   9"
NAMES = {"controls": f"conv\x1b[31m\x9b2J\n{FORGED}\r\x07", "direction": "conv\u202egnp.\u2066", "zero width": "co\u200bnv\ufeff",
         "title": "conv\x1b]0;title\x07", "long": "conv" + 5000 * "v" + "\x1b"}


class ForeignNames(CommandTest):
    def model(self, name, side=6, operator="Relu"):
        """A convolution called `name`, which gives a tensor called so, and an operator behind it."""
        weights = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)
        graph = helper.make_graph(
            [helper.make_node("Conv", ["x", "w"], [name], name=name, kernel_shape=[3, 3], pads=[1] * 4),
             helper.make_node(operator, [name], ["y"], name=name + "2")], "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, side, side])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4, side, side])], [numpy_helper.from_array(weights, "w")])
        path = self.file("model.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path)
        np.save(self.file("calib.npy"), np.random.default_rng(2).normal(size=(4, 3, side, side)).astype(np.float32))
        return [path, "--calib", self.file("calib.npy")]

    def check_characters(self, text):
        for c in text:
            self.assertTrue(c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp"), f"U+{ord(c):04x} in {text[:200]!r}")

    def check(self, text):
        self.check_characters(text)
        self.assertFalse([line for line in text.splitlines() if line.startswith(FORGED)], "a name forged a line")
        self.assertLess(max(map(len, text.splitlines()), default=0), 1000)

    def each(self):
        for what, name in NAMES.items():
            with self.subTest(what):
                yield name

    def test_compile_lock_and_inspect(self):
        for name in self.each():
            model, package, locked = self.model(name), self.file("p.kwp"), self.file("l.kwp")
            self.check(self.must("compile", *model, "-o", package).stderr)
            self.check(self.must("lock", *model, "--owner", self.file("owner.kwo"), "-o", locked).stderr)
            for args in ((package,), (package, "--program"), (locked,)):
                text = self.must("inspect", *args).stdout
                self.assertIn("co", text)
                self.check(text)

    def test_errors(self):
        for name in self.each():
            self.check(self.fails(UNSUPPORTED, "compile", *self.model(name, operator="Erf"), "-o", self.file("p.kwp"), says="Erf").stderr)
            done = self.fails(FIT, "compile", *self.model(name, side=300), "-o", self.file("p.kwp"), says="activation memory")
            self.check(done.stderr)

    def test_a_name_that_is_no_text(self):
        path, *calib = self.model("node_of_ten")
        path.write_bytes(path.read_bytes().replace(b"node_of_ten", b"node\xff\xc3(\xe2\x80en"))
        self.must("compile", path, *calib, "-o", self.file("p.kwp"))
        for args in ((), ("--program",)):
            self.check(self.must("inspect", self.file("p.kwp"), *args).stdout)

    def test_paths_of_the_command_line(self):
        self.check(self.call("inspect", "no\x1b[31m such\nfile.kwp").stderr)
        self.check(self.call("compile\x1b[31m").stderr)
        # A run that fails, and whose trace cannot be written besides: the board says so on its way out.
        done = self.fails(DEVICE, "run", self.plain(), "--input", ZOO / "sample_images.npy", "--limit", 1, "--target", "sim", "--memory",
                          "latency=400,stall=0.95", "--max-cycles", 1000, "--trace", "t\x1b[31m.json", largest_file=100, says="t\\x1b[31m.json")
        self.check(done.stderr)
        writer = pathlib.Path(os.environ["KEYWAY_BUILD_DIR"]) / "bin/keyway_xclbin"
        done = subprocess.run([writer, "16x16", "no\x1b[31m such\nfolder/x"], capture_output=True, text=True, cwd=self.work)
        self.assertIn("such", done.stderr)
        self.check(done.stderr)

    def test_tables_and_json_of_bench(self):
        name = NAMES["controls"] + "|"
        done = self.must("bench", *self.model(name), "--core", "8x8", "--layers")
        self.check(done.stdout)
        self.check(done.stderr)
        rows = [line.replace("\\|", "") for line in done.stdout.splitlines() if line.startswith("|")]
        self.assertTrue(any("conv" in row for row in rows))
        self.assertEqual(len({row.count("|") for row in rows[-3:]}), 1, "a name made a column of its own")
        report = self.json("bench", *self.model(name), "--core", "8x8", "--layers")
        self.assertIn(name, [layer["name"] for layer in report["networks"][0]["layers"]])

    def test_traces(self):
        name = NAMES["controls"]
        self.must("compile", *self.model(name), "--core", "8x8", "-o", self.file("p.kwp"))
        self.must("run", self.file("p.kwp"), "--input", self.file("calib.npy"), "--limit", 1, "--target", "sim", "--trace", self.file("t.json"))
        text = self.file("t.json").read_text()
        self.check_characters(text)
        self.assertIn(name, [event.get("name") for event in json.loads(text)["traceEvents"]])


if __name__ == "__main__":
    main()
