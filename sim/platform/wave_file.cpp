// SPDX-License-Identifier: Apache-2.0
#include "platform/wave_file.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>

#include "common/error.hpp"

namespace keyway::platform {

namespace {

constexpr size_t kRoomBytes = size_t{1} << 20;  // names and places of all signals take some 100 KB
constexpr int kGeometry = 3, kHierarchyFirst = 6, kHierarchyLast = 7;  // LZ4, once or twice

bool whole(const std::string& path, uint64_t size) {
  std::ifstream file(path, std::ios::binary);
  bool geometry = false, hierarchy = false;
  uint64_t at = 0;
  while (at < size) {
    unsigned char head[9];
    file.seekg(static_cast<std::streamoff>(at));
    if (!file.read(reinterpret_cast<char*>(head), sizeof head)) return false;
    uint64_t length = 0;
    for (int i = 1; i <= 8; ++i) length = length << 8 | head[i];
    if (length < 8 || length > size - at - 1) return false;
    geometry |= head[0] == kGeometry;
    hierarchy |= head[0] >= kHierarchyFirst && head[0] <= kHierarchyLast;
    at += 1 + length;
  }
  return geometry && hierarchy;
}

[[noreturn]] void not_whole(const std::string& path) {
  throw Error(ErrorKind::kFile,
              path + ": the waveform cannot be written whole (is the disk full?)");
}

}  // namespace

void require_room(const std::string& path) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error) return;
  {
    std::ofstream file(path, std::ios::binary | std::ios::app);
    const std::string zeros(kRoomBytes, '\0');
    if (!file.write(zeros.data(), static_cast<std::streamsize>(zeros.size())).flush()) {
      error = std::make_error_code(std::errc::no_space_on_device);
    }
  }
  std::error_code ignored;
  std::filesystem::resize_file(path, size, ignored);
  if (error) not_whole(path);
}

void require_whole_wave(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return;
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error || !whole(path, size)) not_whole(path);
}

}  // namespace keyway::platform
