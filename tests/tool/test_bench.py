# SPDX-License-Identifier: Apache-2.0
"""`keyway bench`: what it refuses, and that its figures are those of `keyway run`, all cycles accounted for."""
import csv
import json
import os
import pty
import signal
import subprocess
import time
import unittest

import numpy as np

from keyway_command import DEVICE, FILE, FIT, TOOL, USAGE, ZOO, CommandTest

MODEL = [ZOO / "fashion_mnist.onnx", "--calib", ZOO / "calibration.npy"]
AREA = ZOO.parent.parent.parent / "rtl/area.csv"
STALLS = ["tile", "bank", "frames", "rows", "products", "empty"]


class Bench(CommandTest):
    def test_usage_errors(self):
        for args in ([], [*MODEL, "--suite", "zoo"], MODEL[:1], ["--suite", "nonsense"], ["--suite", "mlperf-tiny"],
                     ["--suite", "zoo", "--calib", ZOO / "calibration.npy"], [*MODEL, "--data", "."],
                     [*MODEL, "--labels", ZOO / "sample_labels.npy"], [*MODEL, "--format", "int9"], [*MODEL, "--core", "7x7"],
                     [*MODEL, "--memory", "latency=fast"], [*MODEL, "--beside", "8x8"], [*MODEL, "--beside", "7x7:int8"],
                     [*MODEL, "--beside", "8x8:int9"]):
            self.fails(USAGE, "bench", *args)
        self.fails(FILE, "bench", "--suite", "mlperf-tiny", "--data", self.work, says="resnet20_cifar10.onnx")
        self.fails(FILE, "bench", "missing.onnx", *MODEL[1:], says="missing.onnx")
        # Before any work, of which reading the model is the first.
        self.fails(FIT, "bench", "missing.onnx", *MODEL[1:], "--core", "32x32-tiny", says="cmake -DKEYWAY_CORES=")
        self.fails(FIT, "bench", "missing.onnx", *MODEL[1:], "--beside", "32x32-tiny:int8", says="cmake -DKEYWAY_CORES=")
        self.fails(FIT, "bench", "missing.onnx", *MODEL[1:], "--beside", "8x8-log:int8",
                   says="weights in int8 do not run on a core 8x8-log")

    def test_cores_beside_one_another_at_equal_area(self):
        """Each with its own cycles, and with what rtl/area.csv says of it."""
        with open(AREA, encoding="utf-8", newline="") as file:
            areas = {row["core"]: row for row in csv.DictReader(file)}
        command = ["bench", *MODEL, "--core", "8x8", "--format", "qf8", "--beside", "8x8-log:lns8",
                   "--beside", "8x8-serial:ds8"]
        first, = self.json(*command)["networks"]
        networks = [first, *first["beside"]]
        self.assertEqual([(n["core"], n["format"]) for n in networks],
                         [("8x8", "qf8"), ("8x8-log", "lns8"), ("8x8-serial", "ds8")])
        rows = [line.split("|") for line in self.must(*command).stdout.splitlines() if line.count("|") == 10][2:]
        self.assertEqual(len(rows), 3)
        for network, row in zip(networks, rows):
            row = [text.strip() for text in row]
            self.assertEqual(row[2:4], [network["core"], network["format"]])
            area = areas.get(network["core"])
            if area is None:
                self.assertIsNone(network["area"])
                self.assertEqual(row[6:-1], [""] * 4)
                continue
            luts, dsps, cycles = int(area["lut"]), int(area["dsp"]), network["cycles_warm"]
            self.assertEqual(network["area"], {"lut": luts, "ff": int(area["ff"]), "dsp": dsps, "ramb36": float(area["ramb36"]),
                                               "rtl": area["rtl"], "cycles_lut": cycles * luts,
                                               "cycles_lut_and_dsp": cycles * (luts + 50 * dsps)})
            self.assertEqual(row[-3:-1], [f"{1e-9 * cycles * luts:.3f}", f"{1e-9 * cycles * (luts + 50 * dsps):.3f}"])
        self.assertLess(networks[1]["cycles_warm"], 1.001 * first["cycles_warm"])

    def test_the_zoo_needs_no_other_files_and_accounts_for_every_cycle(self):
        result = self.json("bench", "--suite", "zoo", "--layers")
        self.assertEqual((result["status"], result["suite"], result["target"], result["core"], result["format"]),
                         ("ok", "zoo", "sim", "16x16", "qf8"))
        network, = result["networks"]
        self.assertGreaterEqual(network["accuracy"], 0.89)
        self.assertEqual(network["accuracy_labels"], 100)
        self.assertLess(network["cycles_warm"], network["cycles_cold"])
        self.assertGreater(network["utilisation"], 0.9)
        self.assertLessEqual(abs(network["lock_overhead"]["warm"]), 0.001)
        self.assertLessEqual(network["lock_overhead"]["cold"], 0.03)
        self.assertGreater(network["sealed"]["cold"]["read_bytes"], network["sealed"]["warm"]["read_bytes"])
        for key, total in (("layers", network["cycles_warm"]), ("layers_cold", network["cycles_cold"])):
            layers = network[key]
            self.assertEqual(sum(layer["cycles"] for layer in layers), total)
            self.assertEqual(sum(layer["macs"] for layer in layers), network["macs"])
            for layer in layers[:-1]:  # the last is outside of the program
                self.assertEqual(layer["cycles"], layer["busy"] + sum(layer["stalls"][s] for s in STALLS), layer["name"])
            for layer in layers[:-2]:
                self.assertTrue(layer["limit"], layer["name"])
        self.assertEqual(sum(layer["stalls"]["frames"] for layer in network["layers"]), 0)

    def test_figures_are_those_of_run(self):
        network, = self.json("bench", *MODEL, "--format", "int8")["networks"]
        self.assertIsNone(network["accuracy"])
        self.assertNotIn("layers", network)
        _, run = self.outputs(self.plain("int8"), "--limit", 3, "--target", "sim")
        self.assertEqual((network["plain"]["warm"]["cycles"], network["plain"]["cold"]["cycles"], network["plain"]["cycles_open"]),
                         (run["cycles_warm"], run["cycles_cold"], run["cycles_open"]))
        self.assertEqual(network["plain"]["warm"]["read_bytes"], run["counters"]["read_bytes"])
        self.assertEqual(network["plain"]["warm"]["write_bytes"], run["counters"]["write_bytes"])

    def test_an_interrupt_ends_it_in_good_order(self):
        folder, images, labels = self.file("temporary"), self.file("many.npy"), self.file("labels.npy")
        folder.mkdir()
        np.save(images, np.zeros((100_000, 1, 28, 28), np.float32))
        np.save(labels, np.zeros(100_000, np.int64))
        for seconds in (0, 0.5, 1, 3):  # while the network is quantised, the core runs, the program simulator does
            process = subprocess.Popen([TOOL, "bench", *MODEL, "--input", images, "--labels", labels, "--json"], text=True,
                                       env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            end = time.monotonic() + 60
            while not list(folder.iterdir()) and time.monotonic() < end and process.poll() is None:
                time.sleep(0.01)
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
            printed, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, DEVICE, said)
            self.assertTrue(said.startswith("keyway: interrupted"), said)
            self.assertEqual(json.loads(printed)["status"], "device")
            self.assertEqual(list(folder.iterdir()), [])

    def test_tables_are_for_people(self):
        done = self.must("bench", *MODEL, "--input", ZOO / "sample_images.npy", "--labels", ZOO / "sample_labels.npy", "--layers",
                         "--core", "8x8", "--memory", "latency=100")
        lines = done.stdout.splitlines()
        self.assertTrue(lines[0].startswith("| network"))
        self.assertIn("% (100)", lines[2])
        self.assertTrue(any(line.startswith("| all ") for line in lines))
        for block in done.stdout.split("\n\n"):
            if block.startswith("|"):
                self.assertEqual(len({len(line) for line in block.splitlines()}), 1, block)
        self.assertEqual(done.stderr, "")  # no terminal, no progress

    def test_progress_shows_on_a_terminal(self):
        ours, theirs = pty.openpty()
        done = subprocess.run([TOOL, "bench", "--suite", "zoo", "--json"], stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL)
        os.close(theirs)
        shown = os.read(ours, 1 << 16).decode()
        os.close(ours)
        self.assertEqual(json.loads(done.stdout)["status"], "ok")
        self.assertIn("calibration inputs: 0 of 64", shown)
        self.assertIn("Fashion-MNIST CNN (ours): plain, sealed, step: 0 of 2", shown)
        self.assertIn("accuracy, inputs: 0 of 100", shown)


if __name__ == "__main__":
    unittest.main()
