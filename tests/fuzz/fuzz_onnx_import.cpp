// SPDX-License-Identifier: Apache-2.0
/// Coverage-guided fuzzing of the ONNX importer: whatever the bytes are, it gives a graph that
/// keeps its contract or throws keyway::Error of kind kFile or kUnsupported. Small graphs are
/// executed too, so that a graph that lies about its sizes is found by the address sanitizer.
#include <onnx/onnx_pb.h>

#include <cstdlib>
#include <random>
#include <vector>

#include "common/error.hpp"
#include "graph/check.hpp"
#include "graph/execute.hpp"
#include "graph/onnx_import.hpp"
#include "mutate_message.hpp"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

constexpr int64_t kMaxElements = 1 << 18;
constexpr int64_t kMaxWork = 1 << 24;

/// Elements of all tensors, and products of all layers, within what takes some milliseconds.
bool is_small(const keyway::graph::Graph& graph) {
  int64_t elements = 0, work = 0;
  for (const auto& tensor : graph.tensors) {
    if (tensor.shape.elements() > kMaxElements) return false;
    elements += tensor.shape.elements();
  }
  for (const auto& node : graph.nodes) {
    const auto& out = graph.tensors[static_cast<size_t>(node.output)].shape;
    const auto& in = graph.tensors[static_cast<size_t>(node.inputs[0])].shape;
    const int64_t taps = node.window.kernel_h * node.window.kernel_w;
    if (taps > kMaxElements) return false;
    work += out.pixels() * taps *
            (node.kind == keyway::graph::OpKind::kConv ? in.channels : 1);  // im2col's size
    if (work > kMaxWork) return false;
  }
  return elements <= kMaxElements;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace keyway;
  try {
    const graph::Graph graph = graph::import_onnx_bytes(data, size, "fuzz.onnx");
    graph::check(graph);
    if (is_small(graph)) {
      const auto& in = graph.tensors[static_cast<size_t>(graph.input)].shape;
      const std::vector<float> x(static_cast<size_t>(in.elements()), 0.5F);
      graph::execute(graph, x.data(), 1);
    }
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kFile && e.kind() != ErrorKind::kUnsupported) std::abort();
  }
  return 0;
}

/// Mostly mutations of the parsed model, sometimes of its bytes.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  std::minstd_rand random(seed);
  onnx::ModelProto model;
  if (random() % 5 == 0 || !model.ParseFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  for (unsigned i = random() % 3 + 1; i > 0; --i) keyway::fuzz::mutate(model, random);
  const size_t length = model.ByteSizeLong();
  if (length > max_size || !model.SerializeToArray(data, static_cast<int>(length))) return size;
  return length;
}
