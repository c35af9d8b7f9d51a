#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What onnxruntime's static quantisation to 8 bits makes of a model, a softly locked one above all.

usage: attack_onnxruntime.py MODEL --calib C.npy --input X.npy --labels Y.npy [--limit N] [--json]

The model is what `keyway lock --emit-onnx` wrote. Six variants: ranges of activations by MinMax, Entropy and Percentile,
each with a step of the weights for every tensor and for every output channel. Then the same behind an equalisation that
knows nothing of the graph: in front of every convolution each channel is divided by its largest value on the calibration
inputs (silent ones by the median of the others), and the weights take the factor. Run it with .venv/bin/python.
"""
import argparse
import contextlib
import io
import json
import logging
import pathlib
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

METHODS = ("MinMax", "Entropy", "Percentile")
MOST_CALIBRATION = 128  # inputs


class Reader(CalibrationDataReader):
    """Gives the inputs one by one."""

    def __init__(self, name, inputs):
        self.name, self.inputs = name, iter(inputs)

    def get_next(self):
        value = next(self.inputs, None)
        return None if value is None else {self.name: value[None]}


def session(model):
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def accuracy(model, inputs, labels):
    runs = session(str(model))
    name = runs.get_inputs()[0].name
    return float(np.mean([runs.run(None, {name: x[None]})[0].argmax() == y for x, y in zip(inputs, labels)]))


def quantised(model, made, calibration, method, per_channel):
    """Writes the model in 8 bits to the file `made`."""
    reader = Reader(session(str(model)).get_inputs()[0].name, calibration[:MOST_CALIBRATION])
    with contextlib.redirect_stdout(io.StringIO()):
        quantize_static(str(model), str(made), reader, quant_format=QuantFormat.QDQ, per_channel=per_channel,
                        activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
                        calibrate_method=getattr(CalibrationMethod, method))


def equalised(model, made, calibration):
    """Writes the model with every convolution's input channels divided by their ranges."""
    loaded = onnx.load(model)
    graph = loaded.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv" and node.input[1] in weights]
    ends = {value.name for value in [*graph.input, *graph.output]}
    probe = onnx.ModelProto()
    probe.CopyFrom(loaded)
    inside = sorted({node.input[0] for node in convolutions} - ends)
    probe.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in inside)
    runs = session(probe.SerializeToString())
    peaks = {}
    for x in calibration[:MOST_CALIBRATION]:
        for name, value in zip(inside, runs.run(inside, {runs.get_inputs()[0].name: x[None]})):
            peaks[name] = np.maximum(peaks.get(name, 0), np.abs(value[0]).reshape(value.shape[1], -1).max(axis=1))
    nodes = []
    for node in graph.node:
        if node.op_type == "Conv" and node.input[0] in peaks:
            peak = peaks[node.input[0]]
            factor = np.where(peak > 0, peak, np.median(peak[peak > 0]) if (peak > 0).any() else 1).astype(np.float32)
            old = numpy_helper.to_array(weights[node.input[1]])
            grouped = old.shape[1] == 1 and len(factor) > 1
            name = f"equalised_{len(nodes)}"
            shape = (-1, 1, 1, 1) if grouped else (1, -1, 1, 1)
            graph.initializer.append(numpy_helper.from_array(old * factor.reshape(shape), name + "_w"))
            graph.initializer.append(numpy_helper.from_array((1 / factor).reshape(1, -1, 1, 1), name + "_f"))
            nodes.append(helper.make_node("Mul", [node.input[0], name + "_f"], [name]))
            node.input[0], node.input[1] = name, name + "_w"
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(loaded, made)


def attack(model, calibration, inputs, labels, methods=METHODS):
    """Rows of (attack, accuracy)."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        made, flat = pathlib.Path(folder) / "int8.onnx", pathlib.Path(folder) / "equalised.onnx"
        equalised(model, flat, calibration)
        for start, told in ((model, ""), (flat, ", equalised")):
            for method in methods:
                for per_channel in (False, True):
                    quantised(start, made, calibration, method, per_channel)
                    rows.append((f"{method}, a step {'an output channel' if per_channel else 'a tensor'}{told}",
                                 accuracy(made, inputs, labels)))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    for name in ("calib", "input", "labels"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    inputs, labels = np.load(given.input)[:given.limit], np.load(given.labels)[:given.limit]
    rows = [("float", accuracy(given.model, inputs, labels)), *attack(given.model, np.load(given.calib), inputs, labels)]
    if given.json:
        print(json.dumps(dict(rows), indent=2))
        return
    width = max(len(name) for name, _ in rows)
    print(f"| {'onnxruntime, static INT8':<{width}} | accuracy |\n| {'-' * width} | -------: |")
    for name, right in rows:
        print(f"| {name:<{width}} | {100 * right:>6.1f} % |")


if __name__ == "__main__":
    main()
