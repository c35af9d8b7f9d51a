// SPDX-License-Identifier: Apache-2.0
#include "tool/tensors.hpp"

#include <algorithm>
#include <iterator>

#include "common/error.hpp"

namespace keyway::tool {

namespace {
std::string dims_text(const std::vector<int64_t>& shape, size_t from) {
  std::string text = from == 0 ? "" : "N";
  for (size_t i = from; i < shape.size(); ++i) {
    text += (text.empty() ? "" : " x ") + std::to_string(shape[i]);
  }
  return text.empty() ? "a scalar" : text;
}
}  // namespace

common::NpyArray<float> read_inputs(const std::string& path, const std::vector<int64_t>& dims,
                                    int64_t limit) {
  auto array = common::read_npy_float(path, limit);
  std::vector<int64_t> wanted{0};
  wanted.insert(wanted.end(), dims.begin(), dims.end());
  if (array.shape.size() != wanted.size() ||
      !std::equal(wanted.begin() + 1, wanted.end(), array.shape.begin() + 1)) {
    throw Error(ErrorKind::kFile, path + ": holds " + dims_text(array.shape, 0) +
                                      " numbers, where the network takes " + dims_text(wanted, 1));
  }
  if (array.rows() == 0) throw Error(ErrorKind::kFile, path + ": holds no input");
  common::require_finite(array, path);
  return array;
}

std::vector<int64_t> read_labels(const std::string& path, size_t count, int64_t classes) {
  auto array = common::read_npy_int(path, static_cast<int64_t>(count));
  if (array.shape.size() != 1 || array.values.size() != count) {
    throw Error(ErrorKind::kFile, path + ": holds " + dims_text(array.shape, 0) +
                                      " labels, where " + std::to_string(count) + " are needed");
  }
  for (const int64_t label : array.values) {
    if (label < 0 || label >= classes) {
      throw Error(ErrorKind::kFile, path + ": label " + std::to_string(label) +
                                        " is not one of the network's " + std::to_string(classes) +
                                        " classes");
    }
  }
  return std::move(array.values);
}

namespace {
bool holds_indices(const program::OutputBoundary& output) {
  return output.selection.gives == OutputSelection::Gives::kIndices;
}
}  // namespace

int64_t classes_of(const program::OutputBoundary& output) {
  const Shape user = output.user_shape();
  if (holds_indices(output) && user.pixels() == 1) return output.shape.channels;
  const std::vector<int64_t>& dims = output.layout.dims;
  const bool is_list = output.selection.gives == OutputSelection::Gives::kAll &&
                       user.elements() > 1 &&
                       std::find(dims.begin(), dims.end(), user.elements()) != dims.end();
  if (is_list) return user.elements();
  std::vector<int64_t> shape{0};
  shape.insert(shape.end(), dims.begin(), dims.end());
  throw Error(ErrorKind::kUsage, "--labels are classes, and the network's output, " +
                                     dims_text(shape, 1) + " numbers, is no list of classes");
}

size_t count_correct(const program::OutputBoundary& output, const std::vector<float>& values,
                     const std::vector<int64_t>& labels) {
  const size_t elements = values.size() / labels.size();
  size_t correct = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(i * elements);
    const auto best = std::max_element(first, first + static_cast<std::ptrdiff_t>(elements));
    const auto answer = holds_indices(output) ? static_cast<int64_t>(*first) : best - first;
    if (answer == labels[i]) ++correct;
  }
  return correct;
}

}  // namespace keyway::tool
