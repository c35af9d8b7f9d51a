// SPDX-License-Identifier: Apache-2.0
#include "lock/package_format.hpp"

#include <algorithm>
#include <cstring>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "lock/cipher.hpp"

namespace keyway::lock {

namespace {

using contract::FrameKind;

constexpr char kDigestLabel[] = "plain package";

void put32(uint8_t* p, uint32_t value) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint32_t frames_for(size_t bytes) {
  return static_cast<uint32_t>(common::ceil_div(bytes, kPayload));
}

}  // namespace

FrameKind kind_of(const Header& header, uint32_t index) {
  return index < header.program_frames ? FrameKind::kProgram : FrameKind::kWeights;
}

Bytes16 header_tag(const PackageView& package, const Key& mac_key) {
  const ByteView pages = package.header_pages;
  constexpr uint32_t kAfterTag = contract::kHeaderTagOffset + contract::kHeaderTagBytes;
  return gmac(mac_key, frame_iv(FrameKind::kHeader, 0, package.header.total_frames),
              {ByteView(pages.data, contract::kHeaderTagOffset),
               ByteView(pages.data + kAfterTag, pages.size - kAfterTag)});
}

Bytes16 plain_digest(ByteView bytes) {
  constexpr uint32_t kAfterTag = contract::kHeaderTagOffset + contract::kHeaderTagBytes;
  const Key digest = kdf(kDigestLabel, {ByteView(bytes.data, contract::kHeaderTagOffset),
                                        ByteView(bytes.data + kAfterTag, bytes.size - kAfterTag)});
  Bytes16 out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

std::vector<uint8_t> lay_out(const program::Program& program, Policy policy, const Bytes16& id) {
  const std::string manifest = manifest_text(program, policy, id);
  const auto header_pages =
      static_cast<uint32_t>(common::ceil_div(contract::kManifestOffset + manifest.size(), kPage));
  const uint32_t weight_frames = frames_for(program.weight_image.size());
  uint32_t program_frames = std::max(1U, frames_for(program.program_image.size()));
  // What a short program's frames add beyond its image lands where the weights are loaded later.
  program_frames =
      std::max(program_frames, kFramesPerHeaderPage * header_pages -
                                   std::min(weight_frames, kFramesPerHeaderPage * header_pages));
  if (size_t{program_frames} * kPayload > program.core.weight_bytes) {
    throw Error(ErrorKind::kFit,
                "a manifest of " + std::to_string(manifest.size()) +
                    " bytes, which lists every input and output channel, asks for " +
                    std::to_string(size_t{program_frames} * kPayload) +
                    " bytes of program frames; the weight memory has " +
                    std::to_string(program.core.weight_bytes));
  }
  const uint32_t total_frames = program_frames + weight_frames;
  std::vector<uint8_t> bytes((size_t{header_pages} + total_frames) * kPage);

  uint8_t* head = bytes.data();
  std::memcpy(head + contract::kHeaderMagicOffset, contract::kPackageMagic,
              contract::kHeaderMagicBytes);
  head[contract::kHeaderPolicyOffset] = static_cast<uint8_t>(policy);
  head[contract::kHeaderLanesOffset] = static_cast<uint8_t>(program.core.lanes);
  head[contract::kHeaderDepthOffset] = static_cast<uint8_t>(program.core.depth);
  head[contract::kHeaderArrayKindOffset] = static_cast<uint8_t>(program.core.array_kind);
  head[contract::kHeaderResidentOffset] = program.resident ? 1 : 0;
  put32(head + contract::kHeaderActivationBytesOffset, program.core.activation_bytes);
  put32(head + contract::kHeaderWeightBytesOffset, program.core.weight_bytes);
  put32(head + contract::kHeaderContractOffset, contract::kContractHash);
  std::memcpy(head + contract::kHeaderIdOffset, id.data(), id.size());
  put32(head + contract::kHeaderManifestBytesOffset, static_cast<uint32_t>(manifest.size()));
  put32(head + contract::kHeaderHeaderPagesOffset, header_pages);
  put32(head + contract::kHeaderProgramFramesOffset, program_frames);
  put32(head + contract::kHeaderTotalFramesOffset, total_frames);
  std::memcpy(head + contract::kManifestOffset, manifest.data(), manifest.size());

  const auto fill = [&](const std::vector<uint8_t>& image, uint32_t first, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      uint8_t* frame = bytes.data() + (size_t{header_pages} + first + i) * kPage;
      const size_t from = std::min(image.size(), size_t{i} * kPayload);
      const size_t size = std::min<size_t>(kPayload, image.size() - from);
      std::copy_n(image.begin() + static_cast<std::ptrdiff_t>(from), size, frame);
      fill_random(frame + size, kPayload - size);
    }
  };
  fill(program.program_image, 0, program_frames);
  fill(program.weight_image, program_frames, weight_frames);
  return bytes;
}

}  // namespace keyway::lock
