// SPDX-License-Identifier: Apache-2.0
/// Data of tensors that a model keeps in files beside it (`data_location` EXTERNAL), as PyTorch
/// exports by default.
///
/// A tensor names its file by `location`, relative to the model's folder, and its part by `offset`
/// and `length` in bytes (0 and what its shape asks for, where they are left out). A model comes
/// from strangers, so it reads nothing else of this computer: no absolute path, no "..", no
/// symbolic link that leads out of the folder, regular files only, as many bytes as the shape asks
/// for and all of them, and no more than a model file may have, all tensors together.
///
/// Errors: kFile, naming tensor, file and cause. Source: onnx.proto3, TensorProto.external_data.
/// Test: tests/graph/test_external.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/file.hpp"

namespace onnx {
class TensorProto;
}  // namespace onnx

namespace keyway::graph::importing {

class ExternalFiles {
 public:
  /// `folder` of the model file; nothing for a model in memory, whose tensors have no other file.
  explicit ExternalFiles(std::optional<std::filesystem::path> folder,
                         size_t most_bytes = common::kMaxFileBytes)
      : folder_(std::move(folder)), most_bytes_(most_bytes) {}

  /// The tensor's data, which take `size` bytes. `where` stands in messages for the tensor.
  std::vector<uint8_t> read(const onnx::TensorProto& tensor, size_t size, const std::string& where);

  size_t bytes_read() const { return bytes_read_; }

 private:
  std::optional<std::filesystem::path> folder_;
  size_t most_bytes_;
  size_t bytes_read_ = 0;
};

}  // namespace keyway::graph::importing
