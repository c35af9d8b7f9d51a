# SPDX-License-Identifier: Apache-2.0
"""Accuracy of whole networks on the program simulator against float ONNX in onnxruntime, and chance on
wrong devices.

usage: test_accuracy.py CLASS   (one class a process, so that they run side by side)
"""
import json
import statistics
import unittest

from keyway_command import CommandTest, main, seeded
from networks import HAS_SHARED, SHARED, fashion_mnist, third_party


class Accuracy(CommandTest):
    def accuracy(self, package, network, *rights):
        done = self.must("run", package, "--input", network.inputs, "--labels", network.labels, "--threads", 2, "--json", *rights)
        return json.loads(done.stdout)["accuracy"]

    def check(self, network, slack, formats=("int8", "qf8")):
        wanted = network.float_accuracy()
        for fmt in formats:
            package = self.file(f"{network.model.stem}.{fmt}.kwp")
            self.must("compile", network.model, "--calib", network.calibration, "--format", fmt, "-o", package)
            got = self.accuracy(package, network)
            print(f"{network.model.stem} {fmt}: {100 * got:.2f} %, float {100 * wanted:.2f} %")
            self.assertGreaterEqual(got, wanted - slack - 1e-9)


class FashionMnist(Accuracy):
    def test_all_test_images(self):
        self.check(fashion_mnist(self.work), 0.003)


class WrongDevices(Accuracy):
    def test_twenty_wrong_devices_answer_by_chance(self):
        network = fashion_mnist(self.work)
        package = self.locked("blind")
        right = json.loads(self.file("dev1.kwd").read_text())
        rng = seeded("tool_accuracy_wrong_devices")
        seen = []
        for i in range(20):
            device = dict(right)
            fuse = int(right["fuse"], 16)
            # Half are one bit away from the right fuses, half anywhere.
            fuse ^= 1 << rng.randrange(256) if i % 2 == 0 else rng.getrandbits(256)
            device["fuse"] = f"{fuse:064x}"
            path = self.file("wrong.kwd")
            path.write_text(json.dumps(device))
            seen.append(self.accuracy(package, network, "--device", path, "--licence", package.with_suffix(".kwl")))
        print("wrong devices:", " ".join(f"{100 * a:.1f}" for a in seen), f"mean {100 * statistics.mean(seen):.2f} %")
        self.assertLessEqual(abs(statistics.mean(seen) - 0.1), 0.03)
        self.assertLessEqual(max(seen), 0.25)


@unittest.skipUnless(HAS_SHARED, "KEYWAY_SHARED_DATA has no third-party networks")
class ThirdParty(Accuracy):
    def test_resnet20(self):
        self.check(third_party(self.work, "resnet20_cifar10"), 0.005)

    def test_image_classification(self):
        self.check(third_party(self.work, "ic_resnet8"), 0.005)

    def test_keyword_spotting(self):
        self.check(third_party(self.work, "kws_dscnn"), 0.01)

    def test_quantised_forms_without_calibration(self):
        for stem in ("resnet20_cifar10", "ic_resnet8", "kws_dscnn", "vww_mobilenet"):
            network = third_party(self.work, stem)
            for model in sorted((SHARED / "qdq").glob(stem.replace("_cifar10", "") + "*.onnx")):
                network.model, package = model, self.file(f"{model.stem}.kwp")
                self.must("compile", model, "-o", package)
                got, wanted = self.accuracy(package, network), network.float_accuracy()
                print(f"{model.stem}: {100 * got:.2f} %, onnxruntime {100 * wanted:.2f} %")
                self.assertGreaterEqual(got, wanted - 0.007 - 1e-9)

    def test_visual_wake_words(self):
        self.check(third_party(self.work, "vww_mobilenet"), 0.01)


if __name__ == "__main__":
    main()
