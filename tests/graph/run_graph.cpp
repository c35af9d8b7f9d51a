// SPDX-License-Identifier: Apache-2.0
/// Helper of the comparisons with onnxruntime: imports and executes models as told on stdin.
///
/// Each line of stdin is MODEL INPUT OUTPUT [EXPORTED] (paths without spaces). Each line of stdout
/// answers one:
///     ok NODES MACS CHECKSUM_OF_KINDS
///     error KIND MESSAGE
/// INPUT may be "-": then the model is only imported. EXPORTED: the file to write the graph to.
#include <iostream>
#include <sstream>
#include <string>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/npy.hpp"
#include "graph/execute.hpp"
#include "graph/onnx_export.hpp"
#include "graph/onnx_import.hpp"

namespace {

/// One letter per node, so that a comparison can also ask how the graph looks: C conv, D depthwise,
/// M maximum, A average, + add, S shortcut, P pad.
std::string kinds(const keyway::graph::Graph& graph) {
  static constexpr char kLetters[] = "CDMA+SP";
  std::string text;
  for (const auto& node : graph.nodes) text += kLetters[static_cast<int>(node.kind)];
  return text;
}

void process(const std::string& model, const std::string& input, const std::string& output,
             const std::string& exported) {
  using namespace keyway;
  const graph::Graph graph = graph::import_onnx(model);
  if (!exported.empty()) common::write_file(exported, graph::export_onnx(graph, model));
  if (input != "-") {
    const auto x = common::read_npy_float(input);
    const std::vector<int64_t> dims(x.shape.begin() + 1, x.shape.end());
    if (dims != graph.input_layout.dims)
      throw Error(ErrorKind::kFile, "the input has another shape");
    graph::ExecuteOptions options;
    options.threads = 2;
    common::NpyArray<float> y;
    y.values = graph::execute(graph, x.values.data(), x.rows(), options);
    y.shape = graph.output_layout.dims;
    y.shape.insert(y.shape.begin(), x.rows());
    common::write_npy(output, y);
  }
  std::cout << "ok " << graph.nodes.size() << ' ' << graph.macs << ' ' << kinds(graph) << std::endl;
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string model, input, output, exported;
    words >> model >> input >> output >> exported;
    try {
      process(model, input, output, exported);
    } catch (const keyway::Error& e) {
      std::cout << "error " << keyway::name(e.kind()) << ' ' << e.what() << std::endl;
    }
  }
  return 0;
}
