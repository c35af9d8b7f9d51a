# SPDX-License-Identifier: Apache-2.0
"""`keyway numerics`: its figures are those that follow from `keyway number`, `keyway run` and onnxruntime."""
import json
import math
import os
import pathlib
import shutil
import unittest

import numpy as np
import onnxruntime

from keyway_command import FILE, USAGE, ZOO, CommandTest, main

FILES = {"fashion_mnist.onnx": "fashion_mnist.onnx", "calibration.npy": "fashion_mnist.calib.npy",
         "sample_images.npy": "fashion_mnist.test.npy", "sample_labels.npy": "fashion_mnist.labels.npy"}
HAS_TUNE = (pathlib.Path(os.environ["KEYWAY_BUILD_DIR"]) / "libexec/keyway/keyway_tune").exists()


class Numerics(CommandTest):
    def test_usage_errors(self):
        self.fails(USAGE, "numerics", "--format", "int9", says="qf8")
        self.fails(FILE, "numerics", "--data", "nowhere", says="nowhere")
        self.file("unlabelled").mkdir()
        for name in ("fashion_mnist.onnx", "calibration.npy"):
            shutil.copy(ZOO / name, self.file("unlabelled") / FILES[name])
        self.fails(FILE, "numerics", "--data", self.file("unlabelled"), says="labels")

    def test_products_are_those_of_the_operands(self):
        result = json.loads(self.must("numerics", "--products-only", "--json").stdout)
        self.assertEqual(result["networks"], [])
        seen = {}
        for row in result["systems"]:
            shown = json.loads(self.must("number", row["system"], "--json").stdout)
            kind, sd = row["array_kind"], shown["standard_deviations"]
            seen.setdefault(row["system"], []).append(kind)
            self.assertIn(kind, shown["units"])
            operands = np.array([code["operands"][kind] for code in shown["codes"]], float)
            where = f"{row['system']} on {kind}"
            self.assertEqual(row["values"], len(set(operands)), where)
            sizes = np.abs(operands[operands != 0])
            self.assertAlmostEqual(row["octaves"], math.log2(sizes.max() / sizes.min()), places=6, msg=where)
            self.assertLessEqual(row["code_entropy"], row["code_bits"] + 1e-9, where)
            if kind != list(shown["units"])[0]:
                continue  # whose steps are others
            values = np.array(sorted(set(operands))) * shown["units"][kind] * sd
            weights = np.exp(np.linspace(math.log(0.125), math.log(2), 3001))
            weights = np.concatenate([weights, -weights])
            self.assertLess(row["relative_error"]["mean"], 1, where)
            if row["system"] == "mit8":
                continue  # whose products are not those of operands
            errors = np.abs(values[None, :] / weights[:, None] - 1).min(axis=1)
            self.assertAlmostEqual(row["relative_error"]["worst"], errors.max(), delta=0.01 * errors.max(), msg=where)
        self.assertEqual(len(result["systems"]), sum(map(len, seen.values())))
        exact = {row["system"]: row["code_entropy"] for row in result["systems"] if row["system"] in ("qf8", "qf4")}
        self.assertEqual({name: round(bits, 9) for name, bits in exact.items()}, {"qf8": 8, "qf4": 4})

    def test_accuracy_is_that_of_run_and_of_the_float_model(self):
        folder = self.file("data")
        folder.mkdir()
        for name, there in FILES.items():
            shutil.copy(ZOO / name, folder / there)
        shutil.copy(ZOO / "fashion_mnist.onnx", folder / "fashion_mnist.int4.onnx")
        result = json.loads(self.must("numerics", "--data", folder, "--format", "int8", "--format", "int4", "--json").stdout)
        network, = result["networks"]
        images, labels = np.load(ZOO / "sample_images.npy"), np.load(ZOO / "sample_labels.npy")
        session = onnxruntime.InferenceSession(ZOO / "fashion_mnist.onnx")
        outputs = session.run(None, {session.get_inputs()[0].name: images})[0]
        self.assertAlmostEqual(network["float"], np.mean(outputs.argmax(axis=1) == labels))
        self.assertEqual((network["stem"], network["metric"], network["labels"]), ("fashion_mnist", "top_1", 100))
        self.assertEqual([(s["system"], s["array_kind"]) for s in network["systems"]], [("int8", "multiplier"), ("int4", "multiplier")])
        for system in network["systems"]:
            _, run = self.outputs(self.plain(system["system"]), "--labels", ZOO / "sample_labels.npy")
            self.assertAlmostEqual(system["accuracy"], run["accuracy"])
            self.assertTrue(1 < system["code_entropy"] < 8)
        self.assertIsNone(network["systems"][0]["tuned"])
        self.assertAlmostEqual(network["systems"][1]["tuned"], network["systems"][1]["accuracy"])

    def test_what_was_kept_is_not_measured_again(self):
        folder, kept = self.file("changing"), self.file("kept")
        folder.mkdir()
        for name, there in FILES.items():
            shutil.copy(ZOO / name, folder / there)
        command = ["numerics", "--data", folder, "--format", "int4", "--keep", kept]
        first = self.json(*command)
        files = {"float": None, "int4": None}
        for path in kept.iterdir():
            files[json.loads(path.read_text()).get("system", "float")] = path
        # As though the run had ended between the two.
        invented = json.loads(files["float"].read_text())
        invented["accuracy"] = 0.125
        files["float"].write_text(json.dumps(invented))
        files["int4"].unlink()
        self.assertEqual(self.json(*command)["networks"], [{**first["networks"][0], "float": 0.125}])
        self.assertTrue(files["int4"].exists())
        labels = np.load(folder / FILES["sample_labels.npy"])
        np.save(folder / FILES["sample_labels.npy"], (labels + 1) % 10)
        changed, = self.json(*command)["networks"]
        self.assertLess(max(changed["float"], changed["systems"][0]["accuracy"]), 0.125)
        self.assertEqual(len(list(kept.iterdir())), 4)
        files["int4"].write_text("{")
        np.save(folder / FILES["sample_labels.npy"], labels)
        self.fails(FILE, *command, says=files["int4"].name)

    @unittest.skipUnless(HAS_TUNE, "this build has no LibTorch")
    def test_tuned_models_are_made_and_used_again(self):
        self.fails(USAGE, "numerics", "--tune", says="--keep")
        folder, kept = self.file("tuning"), self.file("tuned")
        folder.mkdir()
        for name, there in FILES.items():
            shutil.copy(ZOO / name, folder / there)
        shutil.copy(ZOO / "sample_images.npy", folder / "fashion_mnist.train.npy")
        shutil.copy(ZOO / "sample_labels.npy", folder / "fashion_mnist.train.labels.npy")
        command = ["numerics", "--data", folder, "--format", "lns8", "--keep", kept, "--tune"]
        network, = self.json(*command)["networks"]
        self.assertEqual([s["array_kind"] for s in network["systems"]], ["multiplier", "logarithmic"])
        made, = kept.glob("*.onnx")
        self.must("tune", folder / "fashion_mnist.onnx", "--input", ZOO / "sample_images.npy", "--labels", ZOO / "sample_labels.npy",
                  "--format", "lns8", "-o", "by_hand.onnx")
        self.assertEqual(made.read_bytes(), self.file("by_hand.onnx").read_bytes())
        self.must("compile", made, "--calib", ZOO / "calibration.npy", "--format", "lns8", "-o", "by_hand.kwp")
        _, run = self.outputs(self.file("by_hand.kwp"), "--labels", ZOO / "sample_labels.npy")
        self.assertAlmostEqual(network["systems"][0]["tuned"], run["accuracy"])
        again = self.must(*command, "--json")
        self.assertEqual((json.loads(again.stdout)["networks"], again.stderr), ([network], ""))

    def test_tables_are_for_people(self):
        done = self.must("numerics", "--format", "int4")
        self.assertEqual(done.stderr, "")  # no terminal, no progress
        for block in done.stdout.split("\n\n"):
            self.assertEqual(len({len(line) for line in block.splitlines()}), 1, block)
        self.assertIn("fashion_mnist", done.stdout)


if __name__ == "__main__":
    main()
