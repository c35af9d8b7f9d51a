// SPDX-License-Identifier: Apache-2.0
#include "tool/recording.hpp"

#include <filesystem>

#include "common/error.hpp"

namespace keyway::tool {

namespace fs = std::filesystem;

Recording::Recording(const std::string& path, common::FileMode mode) : path_(path) {
  if (path.empty()) return;
  file_.emplace(path, mode);
  aside_ = file_->temporary();
}

Recording::~Recording() {
  if (!file_ || aside_ == path_) return;
  // The device writes aside once more, and names what it has not finished after its target.
  const fs::path aside(aside_);
  const std::string begin = aside.filename().string() + ".";
  std::error_code error;
  const fs::path folder = aside.has_parent_path() ? aside.parent_path() : fs::path(".");
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().rfind(begin, 0) == 0) fs::remove(entry.path(), error);
  }
}

std::string Recording::named(std::string message) const {
  static const std::string kEnd = ".tmp";
  const size_t begin = aside_ == path_ ? std::string::npos : message.find(aside_);
  if (begin == std::string::npos) return message;
  size_t end = begin + aside_.size();
  const size_t inner = message.find(kEnd, end);  // aside of aside
  if (end < message.size() && message[end] == '.' && inner != std::string::npos) {
    end = inner + kEnd.size();
  }
  return message.replace(begin, end - begin, path_);
}

void Recording::commit() {
  if (!file_) return;
  std::error_code error;
  if (fs::is_regular_file(aside_, error) && fs::file_size(aside_, error) == 0) {
    throw Error(ErrorKind::kFile, path_ + ": the device wrote nothing into it");
  }
  file_->commit();
}

}  // namespace keyway::tool
