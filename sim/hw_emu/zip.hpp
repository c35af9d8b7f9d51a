// SPDX-License-Identifier: Apache-2.0
/// The smallest zip archive that `unzip` reads: files stored without compression, with Unix
/// permissions. Format: PKWARE APPNOTE 6.3, sections 4.3.7 (local header), 4.3.12 (central
/// directory), 4.3.16 (end record). An archive must stay below 4 GiB (no zip64).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace keyway::hw_emu {

struct ZipEntry {
  std::string name;  ///< relative path with forward slashes
  std::string content;
  uint16_t permissions = 0644;  ///< Unix mode bits
};

std::vector<uint8_t> make_zip(const std::vector<ZipEntry>& entries);

}  // namespace keyway::hw_emu
