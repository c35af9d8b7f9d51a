// SPDX-License-Identifier: Apache-2.0
#include "tool/kept_results.hpp"

#include <openssl/sha.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/error.hpp"
#include "common/file.hpp"
#include "lock/bytes.hpp"

namespace keyway::tool {
namespace {

using Digest = std::array<uint8_t, SHA256_DIGEST_LENGTH>;

Digest digest(const void* data, size_t size) {
  Digest result;
  SHA256(static_cast<const uint8_t*>(data), size, result.data());
  return result;
}

}  // namespace

Fingerprint& Fingerprint::add(const void* data, size_t size) {
  const Digest piece = digest(data, size);
  pieces_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  return *this;
}

Fingerprint& Fingerprint::add_file(const std::string& path) {
  if (path.empty()) return *this;
  const auto bytes = common::read_file(path);
  return add(bytes.data(), bytes.size());
}

Fingerprint& Fingerprint::add_this_program() {
  static const Digest program = [] {
    const auto bytes = common::read_file("/proc/self/exe");
    return digest(bytes.data(), bytes.size());
  }();
  return add(program.data(), program.size());
}

std::string Fingerprint::name() const {
  return lock::to_hex(digest(pieces_.data(), pieces_.size()));
}

KeptResults::KeptResults(std::string folder) : folder_(std::move(folder)) {
  if (folder_.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw Error(ErrorKind::kFile, folder_ + ": " + error.message());
}

std::string KeptResults::path(const std::string& file) const {
  return (std::filesystem::path(folder_) / file).string();
}

std::optional<nlohmann::ordered_json> KeptResults::find(const std::string& name) const {
  if (!keeps() || !std::filesystem::exists(path(name + ".json"))) return std::nullopt;
  const auto bytes = common::read_file(path(name + ".json"));
  auto result = nlohmann::ordered_json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (result.is_discarded()) {
    throw Error(ErrorKind::kFile, path(name + ".json") + ": is no result that was kept");
  }
  return result;
}

void KeptResults::keep(const std::string& name, const nlohmann::ordered_json& result) const {
  if (keeps()) common::write_file(path(name + ".json"), result.dump(2) + "\n");
}

}  // namespace keyway::tool
