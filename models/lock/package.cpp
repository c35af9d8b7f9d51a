// SPDX-License-Identifier: Apache-2.0
#include "lock/package.hpp"

#include <algorithm>
#include <cstring>

#include "lock/cipher.hpp"
#include "lock/licence.hpp"
#include "lock/package_format.hpp"
#include "program/verdict.hpp"

namespace keyway::lock {

namespace {

using contract::FrameKind;
using contract::Status;

uint32_t get32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) | static_cast<uint32_t>(p[1]) << 8 |
         static_cast<uint32_t>(p[2]) << 16 | static_cast<uint32_t>(p[3]) << 24;
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
      std::memcmp(bytes.data, contract::kPackageMagic, contract::kMagicNameBytes) != 0) {
    throw bad(ErrorKind::kFile, "not a Keyway package");
  }
  const auto other_version = [&] {
    return bad(ErrorKind::kFile,
               "made by another version of Keyway; compile or lock the model again");
  };
  if (std::memcmp(bytes.data, contract::kPackageMagic, contract::kHeaderMagicBytes) != 0) {
    throw other_version();
  }
  if (bytes.size < kPage || bytes.size % kPage != 0) {
    throw bad(ErrorKind::kFile, "the package is cut: " + std::to_string(bytes.size) +
                                    " bytes are no whole number of frames");
  }
  const uint8_t* head = bytes.data;
  if (get32(head + contract::kHeaderContractOffset) != contract::kContractHash) {
    throw other_version();
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

void verify_header(const PackageView& package, const FrameKeys& keys) {
  if (!equal(header_tag(package, keys.mac), package.header.tag))
    throw verdict(Status::kAuthentication);
}

Images read_frames(const PackageView& package, const FrameKeys* keys) {
  const Header& header = package.header;
  Images images;
  for (uint32_t i = 0; i < header.total_frames; ++i) {
    const ByteView frame = package.frame(i);
    const FrameKind kind = kind_of(header, i);
    std::vector<uint8_t>& image = kind == FrameKind::kProgram ? images.program : images.weights;
    const size_t at = image.size();
    image.insert(image.end(), frame.data, frame.data + kPayload);
    if (keys == nullptr) continue;
    const Iv iv = frame_iv(kind, i, header.total_frames);
    Bytes16 tag;
    std::memcpy(tag.data(), frame.data + kPayload, tag.size());
    if (!equal(tag, gmac(keys->mac, iv, {ByteView(frame.data, kPayload)}))) {
      throw verdict(Status::kAuthentication);
    }
    ctr(kind == FrameKind::kProgram ? keys->program : keys->weights, iv, image.data() + at,
        kPayload);
  }
  return images;
}

Images open_package(const PackageView& package, const std::optional<std::vector<uint8_t>>& licence,
                    const std::optional<Device>& device,
                    const std::optional<ClassFingerprints>& of_class) {
  const Header& header = package.header;
  if (header.policy == Policy::kPlain) return read_frames(package, nullptr);
  const Key key = open_licence(package, licence, device, of_class);
  const FrameKeys keys = frame_keys(*device->owner_key, key, header.id, header.policy);
  verify_header(package, keys);
  return read_frames(package, &keys);
}

}  // namespace keyway::lock
