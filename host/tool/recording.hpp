// SPDX-License-Identifier: Apache-2.0
/// A file that a simulated device writes while it runs (trace, waveform): it appears under its name
/// when the run was good, whole. The device writes it aside; nothing stays when it did not get to
/// the end, even if the process that wrote was killed.
#pragma once

#include <optional>
#include <string>

#include "common/file.hpp"

namespace keyway::tool {

class Recording {
 public:
  /// Nothing at all for an empty path. Throws Error(kFile) where no file can be made.
  Recording(const std::string& path, common::FileMode mode);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// Where the device is to write; empty for no recording.
  const std::string& aside() const { return aside_; }
  /// A message about what is written aside, as one about the file that the user named.
  std::string named(std::string message) const;
  /// After the device was closed. Throws Error(kFile) when it wrote nothing.
  void commit();

 private:
  std::string path_, aside_;
  std::optional<common::AtomicFile> file_;
};

}  // namespace keyway::tool
