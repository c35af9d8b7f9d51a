// SPDX-License-Identifier: Apache-2.0
#include "graph/onnx_external.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <charconv>

#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::graph::importing {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void malformed(const std::string& where, const std::string& reason) {
  throw Error(ErrorKind::kFile, where + ": " + reason);
}

struct Place {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

uint64_t number(const std::string& key, const std::string& text, const std::string& where) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    malformed(where, key + " " + common::quoted(text) + " of its data is no number of bytes");
  }
  return value;
}

Place place_of(const onnx::TensorProto& tensor, const std::string& where) {
  Place place;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = number("offset", entry.value(), where);
    if (entry.key() == "length") place.length = number("length", entry.value(), where);
  }
  return place;
}

/// The file after all symbolic links, if it lies in the folder.
fs::path resolved(const fs::path& folder, const std::string& location, const std::string& where) {
  const std::string data = "its data file " + common::quoted(location);
  const fs::path relative(location);
  if (location.empty() || location.find('\0') != std::string::npos) {
    malformed(where, data + " has an impossible name");
  }
  if (relative.is_absolute()) {
    malformed(where, data +
                         " is named by an absolute path; only files in the model's folder are "
                         "read");
  }
  if (std::find(relative.begin(), relative.end(), "..") != relative.end()) {
    malformed(where, data + " is outside of the model's folder");
  }
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  const fs::path file = error ? fs::path() : fs::canonical(root / relative, error);
  if (error) malformed(where, data + " cannot be opened: " + error.message());
  if (std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first != root.end()) {
    malformed(where, data + " leads out of the model's folder by a symbolic link");
  }
  return file;
}

}  // namespace

std::vector<uint8_t> ExternalFiles::read(const onnx::TensorProto& tensor, size_t size,
                                         const std::string& where) {
  if (!folder_) {
    malformed(where, "its data is in another file, and a model in memory has no folder");
  }
  const Place place = place_of(tensor, where);
  const fs::path file = resolved(*folder_, place.location, where);
  if (place.length.value_or(size) != size) {
    malformed(where, "has " + std::to_string(*place.length) +
                         " bytes of data, its shape asks for " + std::to_string(size));
  }
  if (size > most_bytes_ - bytes_read_) {
    malformed(where,
              "the model's data files hold more than " + std::to_string(most_bytes_) + " bytes");
  }
  bytes_read_ += size;
  try {
    return common::read_file_part(file.string(), place.offset, size);
  } catch (const Error& e) {
    malformed(where, e.what());
  }
}

}  // namespace keyway::graph::importing
