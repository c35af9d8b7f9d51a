# SPDX-License-Identifier: Apache-2.0
"""The `keyway` command from the outside: exit statuses, messages, JSON, files."""
import json
import os
import re
import stat

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from keyway_command import (AUTHENTICATION, DEVICE, FILE, FIT, REFUSED, UNSUPPORTED, USAGE, ZOO, CommandTest, main, seeded)

IMAGES, LABELS = ZOO / "sample_images.npy", ZOO / "sample_labels.npy"


class Usage(CommandTest):
    def test_help_and_version(self):
        self.assertRegex(self.must("--version").stdout, r"^keyway \d+\.\d+\.\d+\n$")
        for command in ([], ["owner"], ["owner", "new"], ["device"], ["device", "new"], ["device", "enrol"], ["device", "set"],
                        ["device", "quality"], ["compile"],
                        ["lock"], ["licence"], ["run"], ["inspect"], ["operators"], ["number"], ["numerics"], ["bench"], ["fleet"]):
            self.assertGreater(len(self.must(*command, "--help").stdout), 100)

    def test_usage_errors(self):
        for args in ([], ["nonsense"], ["run"], ["run", "--no-such-option"], ["owner", "new"],
                     ["run", "x.kwp", "--input", "x.npy", "--target", "gpu"],
                     ["run", self.plain(), "--input", IMAGES, "--limit", "-3"],
                     ["run", self.plain(), "--input", IMAGES, "--limit", "0"],
                     ["run", self.plain(), "--input", IMAGES, "--target", "sim", "--memory", "latency=fast"],
                     ["run", self.plain(), "--input", IMAGES, "--target", "hw", "--device", self.file("dev1.kwd")],
                     ["compile", ZOO / "fashion_mnist.onnx", "--calib", IMAGES, "--format", "int9", "-o", self.file("x.kwp")],
                     ["compile", ZOO / "fashion_mnist.onnx", "--calib", IMAGES, "--core", "7x7", "-o", self.file("x.kwp")]):
            self.fails(USAGE, *args)
        self.fails(USAGE, "nonsense", says="no command 'nonsense'")
        self.assertFalse(self.file("x.kwp").exists())

    def test_options_of_another_target_are_refused(self):
        for target, option, value in (("func", "--batch", 8), ("func", "--memory", "latency=1"), ("func", "--xclbin", "x"),
                                      ("sim", "--threads", 2), ("hw_emu", "--threads", 2), ("sim", "--xclbin", "x"),
                                      ("hw", "--memory", "latency=1")):
            self.fails(USAGE, "run", self.plain(), "--input", IMAGES, "--target", target, option, value,
                       says=f"{option} is not for --target {target}")

    def test_calibration_inputs_are_needed_unless_the_file_gives_the_ranges(self):
        model = ZOO / "fashion_mnist.onnx"
        for command in (["compile", model], ["lock", model, "--owner", self.file("owner.kwo")]):
            self.fails(USAGE, *command, "-o", self.file("none.kwp"), says="--calib is needed")
        self.assertFalse(self.file("none.kwp").exists())
        # y = relu(x - 1), in steps of a quarter.
        constants = {"s": np.float32(0.25), "z": np.uint8(8), "zero": np.uint8(0), "w": np.eye(2, dtype=np.int8),
                     "one": np.float32(1), "b": np.array([-4, -4], np.int32)}
        nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["xq"]), helper.make_node("DequantizeLinear", ["xq", "s", "z"], ["xf"]),
                 helper.make_node("DequantizeLinear", ["w", "one"], ["wf"]), helper.make_node("DequantizeLinear", ["b", "s"], ["bf"]),
                 helper.make_node("Gemm", ["xf", "wf", "bf"], ["g"]), helper.make_node("QuantizeLinear", ["g", "s", "zero"], ["yq"]),
                 helper.make_node("DequantizeLinear", ["yq", "s", "zero"], ["y"])]
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2]) for name in "xy"]
        graph = helper.make_graph(nodes, "quantised", ends[:1], ends[1:],
                                       [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), self.file("quantised.onnx"))
        np.save(self.file("quantised.npy"), np.array([[0.5, 3.3], [-100, 100]], np.float32))
        self.must("compile", self.file("quantised.onnx"), "-o", self.file("quantised.kwp"))
        self.must("run", self.file("quantised.kwp"), "--input", self.file("quantised.npy"), "--output", self.file("answers.npy"))
        np.testing.assert_allclose(np.load(self.file("answers.npy")), [[0, 2.25], [0, 60.75]], atol=1e-6)

    def test_json_failures_are_one_object(self):
        done = self.fails(FILE, "run", "missing.kwp", "--input", IMAGES, "--json", says="missing.kwp")
        result = json.loads(done.stdout)
        self.assertEqual(result["status"], "file")
        self.assertIn("missing.kwp", result["message"])


class Files(CommandTest):
    def test_secret_files_are_private_and_never_replaced(self):
        for name, args in (("owner.kwo", ["owner", "new"]), ("dev1.kwd", ["device", "new", "--id", 9])):
            before = self.file(name).read_bytes()
            self.assertEqual(stat.S_IMODE(os.stat(self.file(name)).st_mode), 0o600)
            self.fails(FILE, *args, "-o", self.file(name), says="exists")
            self.assertEqual(self.file(name).read_bytes(), before)

    def test_models_that_are_none(self):
        whole = (ZOO / "fashion_mnist.onnx").read_bytes()
        for name, content in (("text", b"no model\n" * 99), ("cut", whole[:len(whole) // 2]), ("empty", b"")):
            self.file(name).write_bytes(content)
            self.fails(FILE, "compile", self.file(name), "--calib", ZOO / "calibration.npy", "-o", self.file("none.kwp"))
        self.fails(FILE, "compile", ZOO / "fashion_mnist.onnx", "--calib", self.file("text"), "-o", self.file("none.kwp"), says="text")
        self.assertFalse(self.file("none.kwp").exists())

    def test_unsupported_operators_are_named(self):
        graph = helper.make_graph(
            [helper.make_node("Flatten", ["x"], ["f"]), helper.make_node("Erf", ["f"], ["e"], name="the_odd_node"),
             helper.make_node("Gemm", ["e", "w"], ["y"])], "odd",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 2, 2])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
            [numpy_helper.from_array(np.ones((4, 2), np.float32), "w")])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), self.file("odd.onnx"))
        np.save(self.file("odd.npy"), np.zeros((4, 1, 2, 2), np.float32))
        done = self.fails(UNSUPPORTED, "compile", self.file("odd.onnx"), "--calib", self.file("odd.npy"), "-o", self.file("odd.kwp"), says="Erf")
        self.assertIn("the_odd_node", done.stderr)
        self.assertFalse(self.file("odd.kwp").exists())

    def test_networks_that_do_not_fit(self):
        weights = np.random.default_rng(1).normal(size=(8, 3, 3, 3)).astype(np.float32)
        graph = helper.make_graph(
            [helper.make_node("Conv", ["x", "w"], ["y"], name="wide", kernel_shape=[3, 3], pads=[1, 1, 1, 1])], "wide",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 400, 400])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 8, 400, 400])], [numpy_helper.from_array(weights, "w")])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), self.file("wide.onnx"))
        np.save(self.file("wide.npy"), np.random.default_rng(2).normal(size=(2, 3, 400, 400)).astype(np.float32))
        done = self.fails(FIT, "compile", self.file("wide.onnx"), "--calib", self.file("wide.npy"), "-o", self.file("wide.kwp"), says="activation")
        self.assertRegex(done.stderr, r"\d+ bytes")
        # Told from shapes: calibration would have stopped at values like these.
        np.save(self.file("huge.npy"), np.full((2, 3, 400, 400), 3e38, np.float32))
        self.assertEqual(
            self.fails(FIT, "compile", self.file("wide.onnx"), "--calib", self.file("huge.npy"), "-o", self.file("wide.kwp")).stderr, done.stderr)

    def test_tensors_of_the_wrong_kind(self):
        images = np.load(IMAGES)
        for name, array in (("shape", images[:2, :, :27]), ("rank", images[:2, 0]), ("type", images[:2].astype(np.complex64)),
                            ("nan", images[:2] * np.nan), ("none", images[:0])):
            np.save(self.file(f"{name}.npy"), array)
            self.fails(FILE, "run", self.plain(), "--input", self.file(f"{name}.npy"), "--output", self.file("o.npy"), says=name)
        for name, array in (("few", np.load(LABELS)[:3]), ("floats", np.load(LABELS).astype(np.float32)), ("high", np.load(LABELS) + 10)):
            np.save(self.file(f"{name}.npy"), array)
            self.fails(FILE, "run", self.plain(), "--input", IMAGES, "--labels", self.file(f"{name}.npy"), "--output", self.file("o.npy"), says=name)
        self.fails(FILE, "run", self.plain(), "--input", IMAGES, "--output", self.file("no/such/folder.npy"), says="folder.npy")
        self.assertFalse(self.file("o.npy").exists())

    def one_layer(self, name, *behind, dims=("N", 2, 2, 2)):
        """A package of a 1 x 1 convolution to three channels and what stands behind it, and inputs."""
        rng = np.random.default_rng(5)
        graph = helper.make_graph(
            [helper.make_node("Conv", ["x", "w"], ["c"]), *behind], name,
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
            [helper.make_empty_tensor_value_info(behind[-1].output[0] if behind else "c")],
            [numpy_helper.from_array(rng.normal(size=(3, 2, 1, 1)).astype(np.float32), "w")])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), self.file(name + ".onnx"))
        inputs = rng.normal(size=(40, *dims[1:])).astype(np.float32)
        np.save(self.file(name + ".npy"), inputs)
        self.must("compile", self.file(name + ".onnx"), "--calib", self.file(name + ".npy"), "-o", self.file(name + ".kwp"))
        return self.file(name + ".kwp"), self.file(name + ".npy")

    def test_labels_need_a_list_of_classes(self):
        np.save(self.file("threes.npy"), np.arange(40) % 3)
        for name, behind in (("image", []), ("indices", [helper.make_node("ArgMax", ["c"], ["y"], axis=1)]),
                             ("values", [helper.make_node("GlobalMaxPool", ["c"], ["p"]), helper.make_node("ReduceMax", ["p"], ["m"], axes=[2, 3]),
                                         helper.make_node("Flatten", ["m"], ["f"]), helper.make_node("Sigmoid", ["f"], ["y"])])):
            package, inputs = self.one_layer(name, *behind)
            run = ["run", package, "--input", inputs, "--labels", self.file("threes.npy")]
            if name == "values":
                self.must(*run)
            else:
                self.fails(USAGE, *run, says="no list of classes")

    def test_classes_by_number(self):
        """ArgMax at the end: its indices are the classes that the values without it have."""
        pool = helper.make_node("GlobalMaxPool", ["c"], ["p"])
        answers = {}
        for name, behind in (("numbers", [helper.make_node("ArgMax", ["p"], ["y"], axis=1)]), ("scores", [])):
            package, inputs = self.one_layer(name, pool, *behind)
            self.must("run", package, "--input", inputs, "--output", self.file(name + ".out.npy"))
            answers[name] = np.load(self.file(name + ".out.npy"))
        self.assertEqual(answers["numbers"].shape, (40, 1, 1, 1))
        classes = answers["scores"].argmax(1).reshape(-1)
        np.testing.assert_array_equal(answers["numbers"].reshape(-1), classes)
        np.save(self.file("classes.npy"), classes)
        for name in answers:
            done = self.must("run", self.file(name + ".kwp"), "--input", inputs, "--labels", self.file("classes.npy"), "--json")
            self.assertEqual(json.loads(done.stdout)["accuracy"], 1)

    def test_inspect(self):
        text = self.must("inspect", self.plain()).stdout
        self.assertIn("plain", text)
        self.assertIn("MULTIPLY", self.must("inspect", self.plain(), "--program").stdout)
        self.assertIn("sealed", self.must("inspect", self.locked("sealed")).stdout)
        self.fails(REFUSED, "inspect", self.locked("sealed"), "--program")
        self.fails(USAGE, "inspect", self.plain(), "--program", "--json")
        told = self.json("inspect", self.locked("sealed"))
        self.assertEqual((told["status"], told["policy"], len(told["id"])), ("ok", "sealed", 32))
        self.assertEqual(sum(layer["macs"] for layer in told["layers"]), told["macs"])

    def test_inspect_shows_shapes_as_run_takes_them_and_what_the_host_does(self):
        nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]), helper.make_node("Conv", ["t", "w"], ["c"]),
                 helper.make_node("GlobalAveragePool", ["c"], ["p"]), helper.make_node("Flatten", ["p"], ["f"])]
        weights = numpy_helper.from_array(np.random.default_rng(2).normal(size=(6, 3, 3, 3)).astype(np.float32), "w")
        path, calib, package = self.file("nhwc.onnx"), self.file("nhwc.npy"), self.file("nhwc.kwp")
        np.save(calib, np.random.default_rng(3).normal(size=(40, 8, 9, 3)).astype(np.float32))
        for end, shape, text, function, selection in (
                ([helper.make_node("Softmax", ["f"], ["y"], axis=1)], [6], "N x 6: softmax", "softmax", None),
                ([helper.make_node("ArgMax", ["f"], ["y"], axis=1)], [1], "N x 1: argmax", "none", "argmax"),
                ([helper.make_node("Identity", ["f"], ["y"])], [6], "N x 6\n", "none", None)):
            kind = onnx.TensorProto.INT64 if selection else onnx.TensorProto.FLOAT
            graph = helper.make_graph(nodes + end, "nhwc", [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", 8, 9, 3])],
                                      [helper.make_tensor_value_info("y", kind, ["N", *shape])], [weights])
            onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
            self.must("compile", path, "--calib", calib, "-o", package)
            told = self.json("inspect", package)
            self.assertEqual(told["input"]["shape"], [8, 9, 3])
            self.assertEqual(told["output"], {"shape": shape, "function": function, "selection": selection})
            shown = self.must("inspect", package).stdout
            self.assertRegex(shown, "input +N x 8 x 9 x 3\n")
            self.assertRegex(shown, "output +" + text)

    def test_operators(self):
        listed = self.json("operators")
        self.assertEqual(listed["status"], "ok")
        rows = {row["name"]: row for row in listed["operators"]}
        self.assertTrue(rows["Conv"]["activations"] and not rows["Conv"]["constants"])
        self.assertTrue(rows["Gather"]["constants"] and not rows["Gather"]["activations"])
        text = self.must("operators").stdout
        first, last = listed["operator_sets"]
        self.assertIn(f"Operator sets {first} to {last}", text)
        for row in rows.values():
            self.assertRegex(text, rf"(?m)^  {row['name']}( \*)? +{re.escape(row['holds'])}( \[\S+\])?$")


class Locks(CommandTest):
    def test_authorised_outputs_equal_the_plain_ones(self):
        for policy in ("sealed", "blind"):
            package = self.locked(policy)
            plain, _ = self.outputs(self.plain())
            got, result = self.outputs(package, "--labels", LABELS, *self.rights(package))
            np.testing.assert_array_equal(plain, got)
            self.assertEqual(got.shape, (100, 10))
            self.assertEqual(got.dtype, np.float32)
            self.assertGreaterEqual(result["accuracy"], 0.85)
            self.assertEqual((result["status"], result["target"], result["inputs"], result["cycles_warm"]), ("ok", "func", 100, None))

    def test_a_run_that_takes_too_long_is_stopped(self):
        out = self.file("late.npy")
        run = ["run", self.plain(), "--input", IMAGES, "--limit", 1, "--output", out, "--max-cycles"]
        self.fails(DEVICE, *run, 1000, says="--max-cycles")
        self.assertFalse(out.exists())
        self.must(*run, 100_000)
        # A core counts in steps of 65,536 cycles; with slow memory the same run takes more than one.
        sim = [1000, "--target", "sim"]
        self.must(*run, *sim)
        self.fails(DEVICE, *run, *sim, "--memory", "latency=400,stall=0.95", says="--max-cycles")

    def test_formats_agree_with_the_float_network(self):
        for fmt in ("int8", "qf8"):
            _, result = self.outputs(self.plain(fmt), "--labels", LABELS)
            self.assertGreaterEqual(result["accuracy"], 0.89)  # float: 92 of these 100

    def test_who_has_no_right_is_refused(self):
        out = self.file("stolen.npy")
        self.must("owner", "new", "-o", self.file("stranger.kwo"))
        self.must("device", "new", "--id", 3, "-o", self.file("dev3.kwd"))
        fresh = ["--device", self.file("dev3.kwd")]
        for policy in ("sealed", "blind"):
            package, other = self.locked(policy), self.locked(policy, "2")
            licence = ["--licence", package.with_suffix(".kwl")]
            cases = [[], self.rights(package)[:2], licence, fresh + licence, self.rights(other)]
            if policy == "sealed":
                cases.append(self.rights(package, device=2))
            for rights in cases:
                self.fails(REFUSED, "run", package, "--input", IMAGES, "--output", out, *rights, says="refused")
                self.assertFalse(out.exists())
        self.must("device", "enrol", self.file("dev3.kwd"), "--owner", self.file("stranger.kwo"), "-o", self.file("dev3.kwe"))
        for policy in ("sealed", "blind"):
            package = self.locked(policy)
            self.fails(REFUSED, "run", package, "--input", IMAGES, "--output", out, *fresh, "--licence", package.with_suffix(".kwl"))
            self.fails(REFUSED, "licence", package, "--owner", self.file("owner.kwo"), "--device", self.file("dev3.kwe"), "-o", self.file("l.kwl"))
            self.fails(AUTHENTICATION, "licence", package, "--owner", self.file("stranger.kwo"), "--device", self.file("dev3.kwe"), "-o", self.file("l.kwl"))
        self.fails(REFUSED, "device", "enrol", self.file("dev1.kwd"), "--owner", self.file("stranger.kwo"), "-o", self.file("l.kwe"))
        self.assertFalse(self.file("l.kwl").exists() or self.file("l.kwe").exists() or out.exists())

    def test_blind_on_a_wrong_device_is_chance(self):
        package = self.locked("blind")
        right, _ = self.outputs(package, *self.rights(package))
        wrong, result = self.outputs(package, "--labels", LABELS, *self.rights(package, device=2))
        self.assertLessEqual(result["accuracy"], 0.35)  # 100 images of one wrong device; the mean is tested over 10,000
        self.assertFalse(np.array_equal(right, wrong))

    def test_a_renewed_package_wants_a_new_licence(self):
        want, _ = self.outputs(self.plain(), "--limit", 3)
        for policy, other in (("sealed", "blind"), ("blind", "sealed")):
            old = self.locked(policy)
            for name, given, now in (("same", [], policy), ("other", ["--policy", other], other)):
                new = self.file(f"renewed-{policy}-{name}.kwp")
                self.must("lock", old, "--renew", "--owner", self.file("owner.kwo"), *given, "-o", new)
                self.assertEqual(self.json("inspect", new)["policy"], now)
                self.must("licence", new, "--owner", self.file("owner.kwo"), "--device", self.file("dev1.kwe"),
                          "-o", new.with_suffix(".kwl"))
                got, _ = self.outputs(new, "--limit", 3, *self.rights(new))
                np.testing.assert_array_equal(got, want)
                run = ["--input", ZOO / "sample_images.npy", "--limit", 1, "--device", self.file("dev1.kwd"), "--licence"]
                self.fails(REFUSED, "run", new, *run, old.with_suffix(".kwl"))
                self.fails(REFUSED, "run", old, *run, new.with_suffix(".kwl"))
        owner, none = self.file("owner.kwo"), self.file("none.kwp")
        self.must("owner", "new", "-o", self.file("other_owner.kwo"))
        self.fails(AUTHENTICATION, "lock", old, "--renew", "--owner", self.file("other_owner.kwo"), "-o", none, says="not a package of this owner")
        self.fails(USAGE, "lock", self.plain(), "--renew", "--owner", owner, "-o", none, says="not locked")
        self.fails(USAGE, "lock", old, "--renew", "--owner", owner, "--format", "qf8", "-o", none)
        self.fails(USAGE, "lock", old, "--renew", "--owner", owner, "-o", old, says="same file")
        self.fails(FILE, "lock", ZOO / "fashion_mnist.onnx", "--renew", "--owner", owner, "-o", none)
        self.assertFalse(none.exists())

    def test_tampered_packages_are_refused(self):
        rng = seeded("tool_command")
        bad = self.file("bad.kwp")
        for policy in ("sealed", "blind"):
            package = self.locked(policy)
            whole = package.read_bytes()
            for i in range(30):
                data = bytearray(whole)
                if i % 3 == 0:
                    data = data[:rng.randrange(len(data))]
                else:
                    data[rng.randrange(len(data) if i % 3 == 1 else 2048)] ^= 1 << rng.randrange(8)
                bad.write_bytes(data)
                done = self.call("run", bad, "--input", IMAGES, "--limit", 1, "--output", self.file("bad.npy"), *self.rights(package))
                self.assertIn(done.returncode, (FILE, REFUSED, AUTHENTICATION), f"case {i}: {done.stderr}")
                self.assertFalse(self.file("bad.npy").exists())

    def test_nothing_of_the_network_is_readable_in_a_locked_package(self):
        import zlib
        data = self.locked("sealed").read_bytes()
        body = data[len(data) // 4:]
        self.assertGreaterEqual(len(zlib.compress(body, 9)), 0.995 * len(body))


if __name__ == "__main__":
    main()
