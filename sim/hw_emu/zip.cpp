// SPDX-License-Identifier: Apache-2.0
#include "hw_emu/zip.hpp"

#include <zlib.h>

namespace keyway::hw_emu {
namespace {

constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint32_t kCentralSignature = 0x02014b50;
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint16_t kVersion = 20;           // 2.0: folders
constexpr uint16_t kMadeByUnix = 3 << 8;    // the upper half of the external attributes is st_mode
constexpr uint32_t kRegularFile = 0100000;  // S_IFREG
constexpr uint16_t kDate = (1 << 5) | 1;    // 1 January 1980: archives of equal content are equal

class Bytes {
 public:
  Bytes& u16(uint32_t value) { return number(value, 2); }
  Bytes& u32(uint32_t value) { return number(value, 4); }
  Bytes& text(const std::string& value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  uint32_t size() const { return static_cast<uint32_t>(bytes_.size()); }
  std::vector<uint8_t>& get() { return bytes_; }

 private:
  Bytes& number(uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
    return *this;
  }
  std::vector<uint8_t> bytes_;
};

}  // namespace

std::vector<uint8_t> make_zip(const std::vector<ZipEntry>& entries) {
  Bytes archive, directory;
  for (const ZipEntry& entry : entries) {
    const uint32_t offset = archive.size();
    const auto size = static_cast<uint32_t>(entry.content.size());
    const auto name_size = static_cast<uint32_t>(entry.name.size());
    const auto crc =
        static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(entry.content.data()), size));
    archive.u32(kLocalSignature).u16(kVersion).u16(0).u16(0).u16(0).u16(kDate);
    archive.u32(crc).u32(size).u32(size).u16(name_size).u16(0);
    archive.text(entry.name).text(entry.content);
    directory.u32(kCentralSignature).u16(kMadeByUnix | kVersion).u16(kVersion).u16(0).u16(0);
    directory.u16(0).u16(kDate).u32(crc).u32(size).u32(size).u16(name_size).u16(0).u16(0);
    directory.u16(0).u16(0).u32((kRegularFile | entry.permissions) << 16).u32(offset);
    directory.text(entry.name);
  }
  const uint32_t directory_offset = archive.size();
  const auto count = static_cast<uint32_t>(entries.size());
  archive.get().insert(archive.get().end(), directory.get().begin(), directory.get().end());
  archive.u32(kEndSignature).u16(0).u16(0).u16(count).u16(count);
  archive.u32(directory.size()).u32(directory_offset).u16(0);
  return archive.get();
}

}  // namespace keyway::hw_emu
