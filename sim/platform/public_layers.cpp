// SPDX-License-Identifier: Apache-2.0
#include "platform/public_layers.hpp"

#include <algorithm>
#include <cstring>

#include "common/error.hpp"
#include "lock/manifest.hpp"
#include "program/contract.hpp"

namespace keyway::platform {
namespace {

constexpr size_t kLargestManifest = 1 << 24;

std::vector<uint8_t> read_manifest(const Ddr& memory, uint64_t package) {
  std::array<uint8_t, contract::kHeaderBlockBytes> header{};
  if (!memory.read(package, header.data(), header.size()) ||
      std::memcmp(header.data() + contract::kHeaderMagicOffset, contract::kPackageMagic,
                  contract::kHeaderMagicBytes) != 0)
    return {};
  size_t bytes = 0;
  for (size_t i = contract::kHeaderManifestBytesBytes; i-- > 0;)
    bytes = bytes << 8 | header[contract::kHeaderManifestBytesOffset + i];
  if (bytes > kLargestManifest) return {};
  std::vector<uint8_t> manifest(bytes);
  if (!memory.read(package + contract::kManifestOffset, manifest.data(), bytes)) return {};
  return manifest;
}

}  // namespace

PublicLayers::PublicLayers(const Ddr& memory, uint64_t package) {
  const std::vector<uint8_t> manifest = read_manifest(memory, package);
  if (manifest.empty()) return;
  try {
    const program::Program program = lock::parse_manifest(manifest, "package");
    for (const program::LayerInfo& layer : program.layers) names_.push_back(layer.name);
    size_t end = 0;
    for (const program::ProductRun& run : program.products)
      runs_.push_back({end += run.count, run.layer});
  } catch (const Error&) {  // the core is the judge of packages; a trace goes on without names
    names_.clear();
    runs_.clear();
  }
}

const std::string* PublicLayers::of_product(size_t product) const {
  if (runs_.empty()) return nullptr;
  const size_t place = product % runs_.back().end;
  const auto run = std::upper_bound(runs_.begin(), runs_.end(), place,
                                    [](size_t value, const Run& r) { return value < r.end; });
  return &names_[run->layer];
}

}  // namespace keyway::platform
