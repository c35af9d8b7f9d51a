// SPDX-License-Identifier: Apache-2.0
#include "graph/onnx_import.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <climits>
#include <filesystem>
#include <set>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/printable.hpp"
#include "graph/check.hpp"
#include "graph/importer.hpp"
#include "graph/input_order.hpp"
#include "graph/simplify.hpp"

namespace keyway::graph {

namespace {

using importing::ExternalFiles;
using importing::Importer;

constexpr int kMaxNodes = 100000;
constexpr int64_t kMaxBatch = 1 << 16;

[[noreturn]] void malformed(const std::string& file, const std::string& reason) {
  throw Error(ErrorKind::kFile, file + ": " + reason);
}

[[noreturn]] void unsupported(const std::string& file, const std::string& reason) {
  throw Error(ErrorKind::kUnsupported, file + ": " + reason);
}

/// Version of the default operator set, checked.
int64_t opset_of(const onnx::ModelProto& model, const std::string& file) {
  int64_t opset = 0;
  for (const auto& set : model.opset_import()) {
    if (set.domain().empty() || set.domain() == "ai.onnx") opset = set.version();
  }
  if (opset == 0) malformed(file, "states no version of the ONNX operator set");
  if (opset < kMinOpset || opset > kMaxOpset) {
    unsupported(file, "operator set " + std::to_string(opset) + "; supported are " +
                          std::to_string(kMinOpset) + " to " + std::to_string(kMaxOpset));
  }
  return opset;
}

struct InputDims {
  std::vector<int64_t> dims;  ///< the batch first; a free one counts as one image
  bool free_batch = false;
};

InputDims input_dims(const onnx::ValueInfoProto& input, const std::string& file) {
  const std::string what = "the network's input " + common::quoted(input.name());
  if (!input.has_type() || !input.type().has_tensor_type())
    unsupported(file, what + " is no tensor");
  const auto& type = input.type().tensor_type();
  if (type.elem_type() != onnx::TensorProto::FLOAT &&
      type.elem_type() != onnx::TensorProto::DOUBLE &&
      type.elem_type() != onnx::TensorProto::FLOAT16 &&
      type.elem_type() != onnx::TensorProto::UINT8 && type.elem_type() != onnx::TensorProto::INT8) {
    unsupported(file, what + " has element type " + std::to_string(type.elem_type()) +
                          ", neither float nor a byte");
  }
  if (!type.has_shape()) unsupported(file, what + " states no shape");
  const int rank = type.shape().dim_size();
  if (rank < 2 || rank > 5) {
    unsupported(file, what + " has " + std::to_string(rank) +
                          " dimensions; the batch and 1 to 4 more are supported");
  }
  InputDims out;
  std::vector<int64_t>& dims = out.dims;
  for (int i = 0; i < rank; ++i) {
    const auto& dim = type.shape().dim(i);
    const int64_t size = dim.has_dim_value() ? dim.dim_value() : -1;
    if (i == 0) {
      if (size > kMaxBatch) {
        unsupported(file, what + " has a batch of " + std::to_string(size) + "; at most " +
                              std::to_string(kMaxBatch) + " is supported");
      }
      out.free_batch = size < 1;
      dims.push_back(out.free_batch ? 1 : size);
      continue;
    }
    if (size < 1) {
      unsupported(file, what + ": dimension " + std::to_string(i) +
                            " is not fixed; only the batch may be free");
    }
    dims.push_back(size);
  }
  if (importing::checked_elements(dims) < 0) {
    unsupported(file, what + " of shape " + importing::to_string(dims) + " has more than " +
                          std::to_string(importing::kMaxElements) + " elements");
  }
  return out;
}

/// Indices of the nodes that the output depends on. The specification wants nodes in topological
/// order, so one walk from the end finds them.
std::vector<int> needed_nodes(const onnx::GraphProto& graph, std::set<std::string>& needed) {
  std::vector<int> nodes;
  for (int i = graph.node_size(); i-- > 0;) {
    bool used = false;
    for (const auto& name : graph.node(i).output())
      used = used || (!name.empty() && needed.count(name) != 0);
    if (!used) continue;
    nodes.push_back(i);
    for (const auto& name : graph.node(i).input()) needed.insert(name);
  }
  return {nodes.rbegin(), nodes.rend()};
}

/// What to do where both values and indices are outputs.
std::string which_to_leave_out(const onnx::GraphProto& graph) {
  const auto is_output = [&graph](const std::string& name) {
    return std::any_of(graph.output().begin(), graph.output().end(),
                       [&name](const auto& output) { return output.name() == name; });
  };
  for (const onnx::NodeProto& node : graph.node()) {
    if (node.op_type() != "TopK" || node.output_size() != 2) continue;
    if (!is_output(node.output(0)) || !is_output(node.output(1))) continue;
    return ": leave out either " + common::quoted(node.output(0)) + ", the values of TopK, or " +
           common::quoted(node.output(1)) + ", their indices";
  }
  return "";
}

Graph import_model(const onnx::ModelProto& model, size_t size, const std::string& file,
                   ExternalFiles files) {
  if (!model.has_graph() || model.ir_version() < 1) malformed(file, "is no ONNX model");
  const int64_t opset = opset_of(model, file);
  const auto& graph = model.graph();
  if (graph.node_size() == 0) unsupported(file, "holds no nodes");
  if (graph.node_size() > kMaxNodes) {
    unsupported(file, "holds " + std::to_string(graph.node_size()) + " nodes; at most " +
                          std::to_string(kMaxNodes) + " are supported");
  }
  if (graph.output_size() != 1) {
    unsupported(file, "has " + std::to_string(graph.output_size()) + " outputs; one is supported" +
                          which_to_leave_out(graph));
  }
  const std::string& output = graph.output(0).name();
  std::set<std::string> needed = {output};
  const std::vector<int> nodes = needed_nodes(graph, needed);

  std::set<std::string> initialised;
  std::vector<std::pair<std::string, importing::ConstantPtr>> constants;
  for (const auto& tensor : graph.initializer()) {
    initialised.insert(tensor.name());
    if (needed.count(tensor.name()) == 0) continue;
    const std::string where = file + ": initialiser " + common::quoted(tensor.name());
    constants.emplace_back(tensor.name(), importing::decode_tensor(tensor, where, files));
  }
  Importer importer(file, opset, size + files.bytes_read(), files);
  for (auto& [name, constant] : constants) importer.add_constant(name, std::move(constant));
  for (const auto& tensor : graph.sparse_initializer()) {
    if (needed.count(tensor.values().name()) != 0) {
      unsupported(file, "initialiser " + common::quoted(tensor.values().name()) + " is sparse");
    }
  }
  const onnx::ValueInfoProto* input = nullptr;
  for (const auto& info : graph.input()) {
    if (initialised.count(info.name()) != 0) continue;  // old files list initialisers as inputs
    if (input)
      unsupported(file, "has more than one input: " + common::quoted(input->name()) + " and " +
                            common::quoted(info.name()));
    input = &info;
  }
  if (!input) unsupported(file, "has no input");
  const InputDims dims = input_dims(*input, file);
  importer.add_input(
      input->name(), dims.dims, dims.free_batch,
      importing::order_of_input(graph, nodes, input->name(), dims.dims, opset, file, files));
  const auto type = input->type().tensor_type().elem_type();
  if (type == onnx::TensorProto::UINT8) importer.set_input_range(input->name(), {0, 255, 0, type});
  if (type == onnx::TensorProto::INT8)
    importer.set_input_range(input->name(), {-128, 127, 0, type});
  for (int i : nodes) importer.run(graph.node(i));

  if (nodes.empty()) {
    const bool exists = output == input->name() || initialised.count(output) != 0;
    const std::string reason = "no node gives the output " + common::quoted(output);
    exists ? unsupported(file, reason) : malformed(file, reason);
  }
  Graph result = importer.finish(graph.node(nodes.back()), output);
  result.name = std::filesystem::path(file).stem().string();
  simplify(result);
  check(result);
  return result;
}

Graph import_bytes(const void* data, size_t size, const std::string& name, ExternalFiles files) {
  onnx::ModelProto model;
  if (size == 0) malformed(name, "is empty");
  if (size > INT_MAX) malformed(name, "is larger than 2 GiB");
  if (!model.ParseFromArray(data, static_cast<int>(size))) {
    malformed(name, common::is_lfs_pointer(data, size) ? common::kLfsPointer
                                                       : "is no ONNX model, or is cut");
  }
  return import_model(model, size, name, std::move(files));
}

}  // namespace

Graph import_onnx_bytes(const void* data, size_t size, const std::string& name) {
  return import_bytes(data, size, name, ExternalFiles(std::nullopt));
}

Graph import_onnx(const std::string& path) {
  const std::vector<uint8_t> bytes = common::read_file(path);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return import_bytes(bytes.data(), bytes.size(), path,
                      ExternalFiles(folder.empty() ? "." : folder));
}

}  // namespace keyway::graph
