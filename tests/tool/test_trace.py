# SPDX-License-Identifier: Apache-2.0
"""`keyway run --trace`: the tracks are there and agree with the counters, and nothing in it depends on a secret."""
import json
import unittest

import numpy as np

from keyway_command import ZOO, CommandTest

IMAGES = ZOO / "sample_images.npy"
TRACKS = ["runs", "layers", "array", "post-processing", "activation memory read", "activation memory write", "weight memory read",
          "weight memory write", "unsealer", "bus read", "bus write", "load queue", "store queue"]


class Trace(CommandTest):
    def trace(self, package, *more, name="t.json", images=IMAGES):
        path = self.file(name)
        _, result = self.outputs(package, "--target", "sim", "--limit", 2, "--trace", path, *more, inputs=images)
        return path.read_bytes(), result

    @staticmethod
    def spans(text):
        events = json.loads(text)["traceEvents"]
        names = {e["tid"]: e["args"]["name"] for e in events if e.get("name") == "thread_name"}
        spans = {name: [] for name in names.values()}
        for e in events:
            if e["ph"] == "X":
                spans[names[e["tid"]]].append((e["ts"], e["ts"] + e["dur"], e["name"]))
        return spans

    def test_tracks_agree_with_layers_and_counters(self):
        package = self.locked("sealed")
        text, result = self.trace(package, *self.rights(package))
        spans = self.spans(text)
        self.assertEqual(list(spans), TRACKS)
        for track, rows in spans.items():
            self.assertTrue(rows, track)
            for (_, end, _), (begin, _, _) in zip(rows, rows[1:]):
                self.assertLessEqual(end, begin, track)
        runs = [name for _, _, name in spans["runs"]]
        self.assertEqual((runs[0], runs[-2:]), ("open", ["run", "run"]))
        begin, end, _ = spans["runs"][-1]
        busy = sum(e - b for b, e, name in spans["array"] if name == "busy" and begin - 8 <= b < end)
        self.assertEqual(busy, result["counters"]["array_busy"])
        layers = self.must("inspect", package).stdout.split("\n\n", 1)[1].splitlines()[1:]
        names = [line.split()[0] for line in layers if line.strip()]
        seen = [name for b, _, name in spans["layers"] if b >= begin - 8]
        self.assertEqual(list(dict.fromkeys(seen)), names)

    def test_a_trace_depends_on_no_secret_and_no_data(self):
        package = self.locked("blind")
        right, _ = self.trace(package, *self.rights(package))
        wrong, _ = self.trace(package, *self.rights(package, device=2), name="wrong.json")
        self.assertEqual(right, wrong, "another secret, so other weights and sums, gives another trace")
        np.save(self.file("other.npy"), np.load(IMAGES)[50:52])
        other, _ = self.trace(package, *self.rights(package), name="other.json", images=self.file("other.npy"))
        self.assertEqual(right, other, "another input gives another trace")


if __name__ == "__main__":
    unittest.main()
