# SPDX-License-Identifier: Apache-2.0
"""Seeds for fuzz_onnx_import: small random networks, and one network for each operator that those never
have, so that together they hold every operator.

    make_onnx_corpus.py FOLDER     (what is in it is removed)
"""
import os
import shutil
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "graph"))
import random_models  # noqa: E402

COUNT, MOST_BYTES = 160, 6000
MICROSOFT, QONNX = "com.microsoft", "qonnx.custom_op.general"
CONSTANTS = {
    "scale": np.float32(0.01), "zero": np.uint8(3), "weights": np.arange(4, dtype=np.uint8).reshape(2, 2, 1, 1),
    "matrix": np.arange(64, dtype=np.uint8).reshape(32, 2), "bias": np.arange(2, dtype=np.int32),
    "signed": np.array([[[[-3]], [[2]]], [[[5]], [[-7]]]], np.int8), "scales": np.array([0.5, 0.25], np.float32),
    "kernel": np.ones((2, 2, 1, 1), np.float32), "none": np.float32(0), "bits": np.float32(4),
    "zeros": np.full((1, 2, 4, 4), 3, np.uint8), "shape": np.array([2, 1, 1])}


def node(kind, inputs, output, domain="", **attributes):
    return helper.make_node(kind, inputs.split(","), [output], domain=domain, **attributes)


def model(nodes, element_type=TensorProto.FLOAT):
    """Of input x, 2 x 4 x 4, and output y, with the constants that the nodes name."""
    named = {name for n in nodes for name in n.input}
    graph = helper.make_graph(
        nodes, "further", [helper.make_tensor_value_info("x", element_type, ["N", 2, 4, 4])],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in CONSTANTS.items() if k in named])
    sets = [helper.make_opsetid(*set_) for set_ in (("", 13), (MICROSOFT, 1), (QONNX, 1))]
    made = helper.make_model(graph, opset_imports=sets)
    made.ir_version = 7
    return made


def on_integers(kind, behind, before="Identity", domain=MICROSOFT, **attributes):
    """An operator that reads integers q, their unit and what stands behind, between quantisers."""
    return model([node("QuantizeLinear", "x,scale,zero", "i"), node(before, "i", "q"),
                  node(kind, "q,scale,zero" + behind, "r", domain, **attributes),
                  node("DequantizeLinear", "r,scale,zero", "y")])


def further_models():
    unit, signed = ",scale,zero", node("DequantizeLinear", "signed,scales", "w", axis=0)
    pair = [node("QuantizeLinear", "x,scale,zero", "i"), node("DequantizeLinear", "i,scale,zero", "r")]
    return [
        model([node("ConstantOfShape", "shape", "c"), node("Size", "shape", "s"),
               node("Cast", "s", "f", to=TensorProto.FLOAT), node("Pow", "f,f", "p"),
               node("Add", "c,p", "a"), node("Mul", "x,a", "y")]),
        model(pair + [signed, node("Conv", "r,w", "y")]),
        model([node("DequantizeLinear", "x,scale,zero", "r"), signed, node("Conv", "r,w", "y")], TensorProto.UINT8),
        model([node("Cast", "x", "r", to=TensorProto.FLOAT), node("Conv", "r,kernel", "y")], TensorProto.INT8),
        on_integers("QLinearConv", ",weights" + unit + unit + ",bias", domain=""),
        on_integers("QLinearMatMul", ",matrix" + unit + unit, "Flatten", domain=""),
        on_integers("QGemm", ",matrix" + unit + ",bias" + unit, "Flatten"),
        on_integers("QLinearAdd", ",q" + unit + unit),
        on_integers("QLinearMul", ",zero" + unit + unit),
        on_integers("QLinearAveragePool", unit, kernel_shape=[2, 2]),
        on_integers("QLinearGlobalAveragePool", unit),
        on_integers("QLinearSoftmax", unit, axis=1, opset=13),
        on_integers("QLinearSigmoid", unit),
        model([node("QuantizeLinear", "x,scale,zero", "q"),
               node("QLinearConcat", "scale,zero,q,scale,zero,zeros,scale,zero", "r", MICROSOFT, axis=1),
               node("DequantizeLinear", "r,scale,zero", "y")]),
        model([node("Quant", "kernel,scale,none,bits", "w", QONNX, signed=1, narrow=1),
               node("Conv", "x,w", "c"), node("Relu", "c", "r"),
               node("Quant", "r,scale,none,bits", "y", QONNX, signed=0, narrow=0, rounding_mode="ROUND")]),
        model([node("IntQuant", "x,scale,none,bits", "r", QONNX, rounding_mode="FLOOR"),
               node("Conv", "r,kernel", "y")]),
        model([node("BipolarQuant", "kernel,scale", "w", QONNX), node("Conv", "x,w", "c"),
               node("BipolarQuant", "c,scale", "y", QONNX)]),
    ]


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)

    def write(name, data):
        with open(os.path.join(folder, f"{name}.onnx"), "wb") as f:
            f.write(data)

    seed = made = 0
    while made < COUNT:
        seed += 1
        data = random_models.make(seed).model.SerializeToString()
        if len(data) <= MOST_BYTES:
            write(seed, data)
            made += 1
    for i, further in enumerate(further_models()):
        write(f"further{i}", further.SerializeToString())


if __name__ == "__main__":
    main(sys.argv[1])
