// SPDX-License-Identifier: Apache-2.0
/// Results of long measurements, in a folder, so that a run that was interrupted goes on where it
/// was: one file a result, called after all that the result depends on.
///
/// Errors: kFile, naming the file. Test: tests/tool/test_numerics.py.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace keyway::tool {

/// Whatever a result depends on: equal names, equal results. SHA-256 of what was added, each piece
/// with its length.
class Fingerprint {
 public:
  Fingerprint& add(const void* data, size_t size);
  Fingerprint& add(const std::string& text) { return add(text.data(), text.size()); }
  Fingerprint& add_file(const std::string& path);  ///< its bytes; a path that is empty adds nothing
  Fingerprint& add_this_program();
  std::string name() const;  ///< hexadecimal

 private:
  std::string pieces_;
};

class KeptResults {
 public:
  /// Makes the folder if it is not there. One whose name is empty keeps nothing.
  explicit KeptResults(std::string folder);
  /// What was kept under this name, if anything was.
  std::optional<nlohmann::ordered_json> find(const std::string& name) const;
  void keep(const std::string& name, const nlohmann::ordered_json& result) const;
  bool keeps() const { return !folder_.empty(); }
  std::string path(const std::string& file) const;

 private:
  std::string folder_;
};

}  // namespace keyway::tool
