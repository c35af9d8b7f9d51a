# SPDX-License-Identifier: Apache-2.0
"""Runs ONNX's own operator tests (Debian package libonnx-testdata) through importer and executor.

    conformance.py RUN_GRAPH [--data FOLDER] [--list]

Every test gives a model, inputs and the outputs that the ONNX project expects. All inputs but the
first become initialisers, as trained weights are. A test may be refused as unsupported, unless it is
in REQUIRED; one that runs has to agree; any other error is a failure. Exit status 1 on a failure, 77
if the package is not installed.
"""
import argparse
import glob
import os
import sys
import tempfile

import onnx
from onnx import TensorProto, helper, numpy_helper

from compare_onnxruntime import Comparison

REQUIRED = """
averagepool_1d_default averagepool_2d_ceil averagepool_2d_default averagepool_2d_pads
averagepool_2d_pads_count_include_pad averagepool_2d_precomputed_pads
averagepool_2d_precomputed_pads_count_include_pad averagepool_2d_precomputed_same_upper
averagepool_2d_precomputed_strides averagepool_2d_same_lower averagepool_2d_same_upper
averagepool_2d_strides basic_conv_with_padding basic_conv_without_padding batchnorm_epsilon
batchnorm_example clip clip_default_max clip_default_min conv_with_autopad_same
conv_with_strides_and_asymmetric_padding conv_with_strides_no_padding conv_with_strides_padding
dropout_default dropout_default_mask dropout_default_mask_ratio dropout_default_ratio
dropout_random_old flatten_axis1 flatten_default_axis flatten_negative_axis3 gemm_alpha gemm_beta
gemm_default_no_bias gemm_default_scalar_bias gemm_default_single_elem_vector_bias
gemm_default_vector_bias gemm_default_zero_bias gemm_transposeB globalaveragepool
globalaveragepool_precomputed globalmaxpool globalmaxpool_precomputed identity logsoftmax_axis_1
logsoftmax_example_1 logsoftmax_large_number matmul_2d maxpool_1d_default maxpool_2d_ceil
maxpool_2d_default maxpool_2d_pads maxpool_2d_precomputed_pads maxpool_2d_precomputed_same_upper
maxpool_2d_precomputed_strides maxpool_2d_same_lower maxpool_2d_same_upper maxpool_2d_strides
maxpool_with_argmax_2d_precomputed_pads maxpool_with_argmax_2d_precomputed_strides neg
reduce_mean_do_not_keepdims_example reduce_mean_do_not_keepdims_random reduce_mean_keepdims_example
reduce_mean_keepdims_random reduce_mean_negative_axes_keepdims_example
reduce_mean_negative_axes_keepdims_random relu reshape_extended_dims reshape_negative_dim
reshape_reduced_dims reshape_zero_and_negative_dim reshape_zero_dim slice_default_axes
slice_default_steps slice_negative_axes softmax_axis_1 softmax_example softmax_large_number
squeeze_negative_axes transpose_all_permutations_0 transpose_all_permutations_1 unsqueeze_axis_1
unsqueeze_axis_2 unsqueeze_axis_3 unsqueeze_negative_axes AvgPool2d AvgPool2d_stride Conv1d
Conv1d_pad1 Conv1d_pad1size1 Conv1d_pad2 Conv1d_pad2size1 Conv1d_stride Conv2d Conv2d_depthwise
Conv2d_depthwise_padded Conv2d_depthwise_strided Conv2d_no_bias Conv2d_padding Conv2d_strided
MaxPool1d MaxPool1d_stride MaxPool2d ReLU operator_conv operator_maxpool single_relu_model
AvgPool1d AvgPool1d_stride BatchNorm1d_3d_input_eval BatchNorm2d_eval BatchNorm2d_momentum_eval Linear
Linear_no_bias LogSoftmax Softmax Softmin ZeroPad2d hardsigmoid hardsigmoid_default log_softmax_lastdim
operator_clip operator_flatten operator_mm operator_reduced_mean operator_reduced_mean_keepdim
reduce_max_do_not_keepdims_example reduce_max_do_not_keepdims_random reduce_max_keepdims_example
reduce_max_keepdims_random reduce_max_negative_axes_keepdims_example
reduce_max_negative_axes_keepdims_random softmax_lastdim Sigmoid Tanh sigmoid tanh top_k
top_k_negative_axis top_k_smallest
""".split()


def load(path):
    tensor = TensorProto()
    with open(path, "rb") as f:
        tensor.ParseFromString(f.read())
    return numpy_helper.to_array(tensor), tensor


def prepare(folder):
    """(model, input, expected output), or None if the test has another form than this script runs."""
    model = onnx.load(os.path.join(folder, "model.onnx"))
    graph, data = model.graph, os.path.join(folder, "test_data_set_0")
    known = {t.name for t in graph.initializer}
    inputs = [i for i in graph.input if i.name not in known]
    if not inputs or not graph.output or not inputs[0].type.HasField("tensor_type"):
        return None
    if not all(os.path.exists(os.path.join(data, f"input_{k}.pb")) for k in range(len(inputs))):
        return None
    x, expected = load(os.path.join(data, "input_0.pb"))[0], load(os.path.join(data, "output_0.pb"))[0]
    if x.dtype != "float32" or expected.dtype != "float32" or x.ndim < 2 or x.size == 0:
        return None
    for k, info in enumerate(inputs[1:], 1):
        tensor = load(os.path.join(data, f"input_{k}.pb"))[1]
        tensor.name = info.name
        graph.initializer.append(tensor)
        graph.input.remove(info)
    del graph.output[1:]
    for entry in model.opset_import:  # the oldest tests are older than what Keyway reads, by name only
        if entry.domain == "" and entry.version < 6 and {n.op_type for n in graph.node} <= {
                "Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Relu"}:
            entry.version = 6
    if len(graph.node) == 1 and graph.node[0].op_type in ("Softmax", "LogSoftmax", "Sigmoid", "Tanh", "TopK"):
        node, name = graph.node[0], inputs[0].name  # alone it is no layer either: give it one to follow
        node.input[0] = "negated"
        graph.node.insert(0, helper.make_node("Neg", [name], ["negated"]))
        x = -x
    if len(graph.node) == 1 and graph.node[0].op_type in (
            "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Slice", "Dropout"):
        name = graph.output[0].name  # a network of layout alone has no layer: give it one
        graph.node.append(helper.make_node("Neg", [name], ["negated"]))
        graph.output[0].CopyFrom(helper.make_tensor_value_info("negated", TensorProto.FLOAT, None))
        expected = -expected
    return model, x, expected


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("helper")
    parser.add_argument("--data", default="/usr/share/libonnx-testdata/data")
    parser.add_argument("--list", action="store_true", help="print every test with its verdict")
    args = parser.parse_args()
    folders = sorted(glob.glob(os.path.join(args.data, "*", "test_*")))
    if not folders:
        print(f"skipped: no tests in {args.data}; install libonnx-testdata")
        return 77
    agreed, refused, wrong = [], [], []
    with tempfile.TemporaryDirectory() as work:
        comparison = Comparison(args.helper, work)
        for folder in folders:
            try:
                case = prepare(folder)
            except Exception:  # a form of test data that this ONNX package does not read
                case = None
            if case:
                comparison.add(os.path.basename(folder)[len("test_"):], *case)
        for label, problem, answer in comparison.run():
            if not problem:
                agreed.append(label)
            elif answer.startswith("error unsupported"):
                refused.append((label, problem))
            else:
                wrong.append((label, problem))
    missing = [name for name in REQUIRED if name not in agreed]
    if args.list:
        print("agreed:", " ".join(agreed))
        for label, problem in refused:
            print("refused", label, problem.split(".onnx: ")[-1])
    for label, problem in wrong:
        print(f"WRONG {label}: {problem}")
    if missing:
        print("MISSING", " ".join(missing))
    print(f"{len(agreed)} of ONNX's operator tests agree, {len(refused)} are refused as unsupported, {len(wrong)} fail")
    return 1 if wrong or missing else 0


if __name__ == "__main__":
    sys.exit(main())
