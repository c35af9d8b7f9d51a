// SPDX-License-Identifier: Apache-2.0
#include "lock/package.hpp"

#include <algorithm>
#include <cstring>

#include "lock/cipher.hpp"
#include "lock/licence.hpp"
#include "program/verdict.hpp"

namespace keyway::lock {

namespace {

using contract::FrameKind;
using contract::Status;

constexpr uint32_t kPage = contract::kFrameBytes;
constexpr uint32_t kPayload = contract::kPayloadBytes;
// The header's manifest is at most a quarter of the file.
constexpr uint32_t kFramesPerHeaderPage = 3;
constexpr char kDigestLabel[] = "plain package";

uint32_t get32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) | static_cast<uint32_t>(p[1]) << 8 |
         static_cast<uint32_t>(p[2]) << 16 | static_cast<uint32_t>(p[3]) << 24;
}

void put32(uint8_t* p, uint32_t value) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint32_t frames_for(size_t bytes) {
  return static_cast<uint32_t>((bytes + kPayload - 1) / kPayload);
}

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

/// A plain package has no owner, so its tag field holds the digest of all other bytes.
Bytes16 plain_digest(ByteView bytes) {
  constexpr uint32_t kAfterTag = contract::kHeaderTagOffset + contract::kHeaderTagBytes;
  const Key digest = kdf(kDigestLabel, {ByteView(bytes.data, contract::kHeaderTagOffset),
                                        ByteView(bytes.data + kAfterTag, bytes.size - kAfterTag)});
  Bytes16 out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

/// Header pages and frames in the clear, tags empty; the last payload of an image and what the
/// quarter rule adds are random.
std::vector<uint8_t> lay_out(const program::Program& program, Policy policy, const Bytes16& id) {
  const std::string manifest = manifest_text(program, policy, id);
  const auto header_pages =
      static_cast<uint32_t>((contract::kManifestOffset + manifest.size() + kPage - 1) / kPage);
  const uint32_t weight_frames = frames_for(program.weight_image.size());
  uint32_t program_frames = std::max(1U, frames_for(program.program_image.size()));
  // What a short program's frames add beyond its image lands where the weights are loaded later.
  program_frames =
      std::max(program_frames, kFramesPerHeaderPage * header_pages -
                                   std::min(weight_frames, kFramesPerHeaderPage * header_pages));
  if (size_t{program_frames} * kPayload > program.core.weight_bytes) {
    throw Error(ErrorKind::kFit, "the program's frames need " +
                                     std::to_string(size_t{program_frames} * kPayload) +
                                     " bytes of weight memory, which has " +
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

}  // namespace

ByteView PackageView::frame(uint32_t index) const {
  return {bytes.data + (size_t{header.header_pages} + index) * kPage, kPage};
}

PackageView parse_package(ByteView bytes, const std::string& name) {
  const auto bad = [&](ErrorKind kind, const std::string& why) {
    return Error(kind, name + ": " + why);
  };
  if (bytes.size < contract::kHeaderMagicBytes ||
      std::memcmp(bytes.data, contract::kPackageMagic, contract::kHeaderMagicBytes) != 0) {
    throw bad(ErrorKind::kFile, "not a Keyway package");
  }
  if (bytes.size < kPage || bytes.size % kPage != 0) {
    throw bad(ErrorKind::kFile, "the package is cut: " + std::to_string(bytes.size) +
                                    " bytes are no whole number of frames");
  }
  const uint8_t* head = bytes.data;
  if (get32(head + contract::kHeaderContractOffset) != contract::kContractHash) {
    throw bad(ErrorKind::kFile,
              "made by another version of Keyway; compile or lock the model again");
  }
  PackageView view;
  view.bytes = bytes;
  Header& header = view.header;
  if (head[contract::kHeaderPolicyOffset] > static_cast<uint8_t>(Policy::kBlind) ||
      head[contract::kHeaderResidentOffset] > 1) {
    throw bad(ErrorKind::kFile, "the header holds values that no package has");
  }
  header.policy = static_cast<Policy>(head[contract::kHeaderPolicyOffset]);
  header.lanes = head[contract::kHeaderLanesOffset];
  header.depth = head[contract::kHeaderDepthOffset];
  header.array_kind = static_cast<contract::ArrayKind>(head[contract::kHeaderArrayKindOffset]);
  header.activation_bytes = get32(head + contract::kHeaderActivationBytesOffset);
  header.weight_bytes = get32(head + contract::kHeaderWeightBytesOffset);
  header.resident = head[contract::kHeaderResidentOffset] != 0;
  std::memcpy(header.id.data(), head + contract::kHeaderIdOffset, header.id.size());
  header.manifest_bytes = get32(head + contract::kHeaderManifestBytesOffset);
  header.header_pages = get32(head + contract::kHeaderHeaderPagesOffset);
  header.program_frames = get32(head + contract::kHeaderProgramFramesOffset);
  header.total_frames = get32(head + contract::kHeaderTotalFramesOffset);
  std::memcpy(header.tag.data(), head + contract::kHeaderTagOffset, header.tag.size());

  const uint64_t pages = bytes.size / kPage;
  if (header.header_pages == 0 || header.program_frames == 0 ||
      header.program_frames > header.total_frames ||
      uint64_t{header.header_pages} + header.total_frames != pages ||
      uint64_t{header.header_pages} * (kFramesPerHeaderPage + 1) > pages ||
      uint64_t{contract::kManifestOffset} + header.manifest_bytes >
          uint64_t{header.header_pages} * kPage) {
    throw bad(ErrorKind::kFile, "the sizes in the package's header do not fit the file");
  }
  view.header_pages = {bytes.data, size_t{header.header_pages} * kPage};
  view.manifest = {bytes.data + contract::kManifestOffset, header.manifest_bytes};
  if (header.policy == Policy::kPlain && !equal(header.tag, plain_digest(bytes))) {
    throw bad(ErrorKind::kAuthentication, "the package is damaged: its digest does not match");
  }
  return view;
}

program::Program describe(const PackageView& package, const std::string& name) {
  program::Program program = parse_manifest(package.manifest, name);
  const Header& header = package.header;
  if (header.lanes != program.core.lanes || header.depth != program.core.depth ||
      header.array_kind != program.core.array_kind ||
      header.activation_bytes != program.core.activation_bytes ||
      header.weight_bytes != program.core.weight_bytes || header.resident != program.resident) {
    throw Error(ErrorKind::kFile, name + ": header and manifest are not of the same package");
  }
  return program;
}

std::vector<uint8_t> make_plain_package(const program::Program& program) {
  std::vector<uint8_t> bytes = lay_out(program, Policy::kPlain, Bytes16{});
  const Bytes16 digest = plain_digest(bytes);
  std::memcpy(bytes.data() + contract::kHeaderTagOffset, digest.data(), digest.size());
  return bytes;
}

std::vector<uint8_t> make_locked_package(const program::Program& program, Policy policy,
                                         const Owner& owner) {
  if (policy == Policy::kPlain) throw Error(ErrorKind::kUsage, "'plain' is no policy of a lock");
  const auto id = random_bytes<Bytes16>();
  std::vector<uint8_t> bytes = lay_out(program, policy, id);
  PackageView view = parse_package(bytes, program.name);
  const FrameKeys keys = frame_keys(owner_key(owner.root), package_key(owner.root, id), id, policy);
  for (uint32_t i = 0; i < view.header.total_frames; ++i) {
    uint8_t* frame = bytes.data() + (size_t{view.header.header_pages} + i) * kPage;
    const FrameKind kind = kind_of(view.header, i);
    const Iv iv = frame_iv(kind, i, view.header.total_frames);
    ctr(kind == FrameKind::kProgram ? keys.program : keys.weights, iv, frame, kPayload);
    const Bytes16 tag = gmac(keys.mac, iv, {ByteView(frame, kPayload)});
    std::memcpy(frame + kPayload, tag.data(), tag.size());
  }
  const Bytes16 tag = header_tag(view, keys.mac);
  std::memcpy(bytes.data() + contract::kHeaderTagOffset, tag.data(), tag.size());
  return bytes;
}

void verify_header(const PackageView& package, const FrameKeys& keys) {
  if (!equal(header_tag(package, keys.mac), package.header.tag))
    throw verdict(Status::kAuthentication);
}

Images open_package(const PackageView& package, const std::optional<std::vector<uint8_t>>& licence,
                    const std::optional<Device>& device) {
  const Header& header = package.header;
  const bool locked = header.policy != Policy::kPlain;
  FrameKeys keys{};
  if (locked) {
    const Key key = open_licence(package, licence, device);
    keys = frame_keys(*device->owner_key, key, header.id, header.policy);
    verify_header(package, keys);
  }
  Images images;
  for (uint32_t i = 0; i < header.total_frames; ++i) {
    const ByteView frame = package.frame(i);
    const FrameKind kind = kind_of(header, i);
    std::vector<uint8_t>& image = kind == FrameKind::kProgram ? images.program : images.weights;
    const size_t at = image.size();
    image.insert(image.end(), frame.data, frame.data + kPayload);
    if (!locked) continue;
    const Iv iv = frame_iv(kind, i, header.total_frames);
    Bytes16 tag;
    std::memcpy(tag.data(), frame.data + kPayload, tag.size());
    if (!equal(tag, gmac(keys.mac, iv, {ByteView(frame.data, kPayload)}))) {
      throw verdict(Status::kAuthentication);
    }
    ctr(kind == FrameKind::kProgram ? keys.program : keys.weights, iv, image.data() + at, kPayload);
  }
  return images;
}

}  // namespace keyway::lock
