// SPDX-License-Identifier: Apache-2.0
// The importer's table: operator, handler, and what `keyway operators` says of it.
#include "graph/operators.hpp"

#include <algorithm>
#include <string>

#include "graph/importer.hpp"

namespace keyway::graph {

namespace importing {

namespace {
constexpr const char* kMicrosoft = "com.microsoft";  ///< onnxruntime's own operators
constexpr const char* kQonnx = "qonnx.custom_op.general";
}  // namespace

const std::vector<Importer::Row>& Importer::rows() {
  using I = Importer;
  static const std::vector<Row> kRows = {
      {"Conv", &I::conv,
       "over one or two axes; group 1, or depthwise with one filter a channel; dilation 1; "
       "constant weights"},
      {"Gemm", &I::gemm, "by a constant matrix B; a constant C that is the same for every input"},
      {"MatMul", &I::matmul,
       "by a constant matrix on the right (in front of it dimensions of 1), along the channels or "
       "over a whole input"},
      {"BatchNormalization", &I::batch_normalization,
       "inference (in operator set 6 by is_test = 1, up to 13 with one output); constant inputs"},
      {"MaxPool", &I::pool,
       "over one or two axes; dilation 1; pads narrower than the kernel; the values alone",
       kMovesValues},
      {"AveragePool", &I::pool, "over one or two axes; dilation 1; pads narrower than the kernel"},
      {"GlobalAveragePool", &I::global_pool, "over one or two axes"},
      {"GlobalMaxPool", &I::global_pool, "over one or two axes", kMovesValues},
      {"ReduceMean", &I::reduction, "over the whole height, the whole width, or both"},
      {"ReduceMax", &I::reduction, "over the whole height, the whole width, or both", kMovesValues},
      {"Relu", &I::relu, "anywhere"},
      {"Clip", &I::clip, "with constant bounds"},
      {"Max", &I::extremum,
       "with constants whose elements are all the same (up to operator set 7 of the same shape)"},
      {"Min", &I::extremum, "as Max"},
      {"HardSigmoid", &I::hard_sigmoid, "anywhere"},
      {"Add", &I::add,
       "of two tensors of the same shape, or with a constant that is the same for every pixel"},
      {"Sub", &I::add,
       "of two tensors of the same shape, or with a constant that is the same for every pixel"},
      {"Sum", &I::sum, "of tensors of the same shape"},
      {"Mul", &I::arithmetic, "with a constant that is the same for every pixel"},
      {"Div", &I::arithmetic, "by a constant that is the same for every pixel"},
      {"Neg", &I::arithmetic, "anywhere"},
      {"Softmax", &I::softmax,
       "over all channels, at the network's end (the host computes it); up to operator set 12 over "
       "all that follows its axis"},
      {"LogSoftmax", &I::softmax, "as Softmax"},
      {"Sigmoid", &I::host_function, "at the network's end (the host computes it)"},
      {"Tanh", &I::host_function, "at the network's end (the host computes it)"},
      {"ArgMax", &I::arg_max,
       "over all channels, at the network's end, also behind Softmax and its like or of a "
       "quantiser's integers (by the host; indices come as floats)",
       kSelects},
      {"ArgMin", &I::arg_max, "as ArgMax", kSelects},
      {"TopK", &I::top_k, "as ArgMax, with a constant k; values or indices, not both", kSelects},
      {"Identity", &I::pass, "anywhere", kMovesNothing},
      {"Dropout", &I::pass,
       "inference, where it changes nothing (in operator set 6 by is_test = 1)", kMovesNothing},
      {"Cast", &I::pass,
       "between float, double and float16, and of indices at the end, which changes nothing",
       kMovesNothing},
      {"Shape", &I::shape, "of anything", kMovesNothing},
      {"Size", &I::shape, "of anything", kMovesNothing},
      {"Reshape", &I::reshape, "to a constant shape that mixes neither inputs nor pixels",
       kMovesNothing},
      {"Flatten", &I::reshape, "at the axis behind the batch", kMovesNothing},
      {"Squeeze", &I::reshape, "of constant axes; without any, a free batch stays", kMovesNothing},
      {"Unsqueeze", &I::reshape, "of constant axes", kMovesNothing},
      {"Transpose", &I::transpose,
       "any, where the layers behind it find an image or a vector again", kMovesNothing},
      {"Slice", &I::slice, "of height and width, forwards, with any step", kMovesValues},
      {"Pad", &I::pad, "with zeros, of height, width and channels; crops height and width",
       kMovesValues},
      {"Concat", &I::concat, "of one tensor with zeros", kMovesValues},
      {"QuantizeLinear", &I::quantize_linear,
       "with constant scales, for integers of at most 16 bits; no blocks", kQuantises},
      {"DequantizeLinear", &I::dequantize_linear, "with constant scales; no blocks", kQuantises},
      {"QLinearConv", &I::quantised_operator, "as Conv, with constant scales"},
      {"QLinearMatMul", &I::quantised_operator, "as MatMul, with constant scales"},
      {"QGemm", &I::quantised_operator, "as Gemm, with constant scales", kComputes, kMicrosoft},
      {"QLinearAdd", &I::quantised_operator, "as Add, with constant scales", kComputes, kMicrosoft},
      {"QLinearMul", &I::quantised_operator, "as Mul, with constant scales", kComputes, kMicrosoft},
      {"QLinearAveragePool", &I::quantised_operator,
       "as AveragePool, channels first, with constant scales", kComputes, kMicrosoft},
      {"QLinearGlobalAveragePool", &I::quantised_operator,
       "as GlobalAveragePool, channels first, with constant scales", kComputes, kMicrosoft},
      {"QLinearConcat", &I::quantised_operator, "as Concat, with constant scales", kComputes,
       kMicrosoft},
      {"QLinearSoftmax", &I::quantised_operator, "as Softmax, with constant scales", kComputes,
       kMicrosoft},
      {"QLinearSigmoid", &I::quantised_operator, "as Sigmoid, with constant scales", kComputes,
       kMicrosoft},
      {"Quant", &I::quant, "at most 16 bits", kQuantises, kQonnx},
      {"IntQuant", &I::quant, "the newer name of Quant", kQuantises, kQonnx},
      {"BipolarQuant", &I::quant, "anywhere", kQuantises, kQonnx},
  };
  return kRows;
}

const Importer::Row* Importer::row_of(const std::string& domain, const std::string& name) {
  for (const Row& row : rows()) {
    if (name == row.name && domain == row.domain) return &row;
  }
  return nullptr;
}

bool Importer::knows_domain(const std::string& domain) {
  return std::any_of(rows().begin(), rows().end(),
                     [&](const Row& row) { return domain == row.domain; });
}

std::string Importer::table_domain(const std::string& domain, const std::string& name) {
  if (domain == "ai.onnx") return "";
  // The same operators for other types.
  if (domain == kMicrosoft && (name == "QuantizeLinear" || name == "DequantizeLinear")) return "";
  // Exporters of QONNX, before it had a domain of its own.
  if (domain == "onnx.brevitas" || domain == "finn.custom_op.general") return kQonnx;
  return domain;
}

std::vector<Operator> Importer::operators() {
  std::vector<Operator> list;
  for (const Row& row : rows()) {
    list.push_back({row.name, row.domain, row.holds, true,
                    row.handler == &Importer::shape || row.effect == kQuantises});
  }
  for (const FoldedOperator& folded : folded_operators()) {
    const auto same = std::find_if(list.begin(), list.end(), [&](const Operator& listed) {
      return std::string(listed.name) == folded.name && *listed.domain == '\0';
    });
    if (same == list.end()) {
      list.push_back({folded.name, "", folded.holds, false, true});
    } else {
      same->constants = true;
    }
  }
  std::stable_sort(list.begin(), list.end(), [](const Operator& a, const Operator& b) {
    return std::string(a.name) < b.name;
  });
  return list;
}

}  // namespace importing

std::vector<Operator> operators() { return importing::Importer::operators(); }

}  // namespace keyway::graph
