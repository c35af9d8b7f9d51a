// SPDX-License-Identifier: Apache-2.0
/// Coverage-guided fuzzing of the package parser: whatever the bytes are, it gives a view whose
/// sizes are consistent, or throws keyway::Error of kind kFile or kAuthentication. The first byte
/// says whether the rest is a whole package or a manifest alone (which random bytes of a package,
/// with its fixed header and digest, would rarely reach).
#include <cstdlib>

#include "common/error.hpp"
#include "lock/licence.hpp"
#include "lock/package.hpp"

namespace {

/// Reads every byte that the view lets one read.
unsigned touch(const keyway::lock::PackageView& view) {
  unsigned sum = 0;
  const auto read = [&](keyway::lock::ByteView bytes) {
    for (size_t i = 0; i < bytes.size; ++i) sum += bytes.data[i];
  };
  read(view.header_pages);
  read(view.manifest);
  for (uint32_t i = 0; i < view.header.total_frames; ++i) read(view.frame(i));
  return sum;
}

/// What the command does with a manifest: every index in it is used.
void use(const keyway::program::Program& program) {
  if (program.input_image.lanes.size() !=
          size_t{program.input_image.blocks} * program.input_image.word_channels ||
      program.output_image.channels.size() !=
          size_t{program.output_image.blocks} * program.output_image.word_channels) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace keyway;
  if (size == 0) return 0;
  try {
    const lock::ByteView rest(data + 1, size - 1);
    if (data[0] % 2 == 0) {
      use(lock::parse_manifest(rest, "fuzz"));
    } else {
      const lock::PackageView view = lock::parse_package(rest, "fuzz");
      volatile unsigned sink = touch(view);
      (void)sink;
      use(lock::parse_manifest(view.manifest, "fuzz"));
    }
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kFile && e.kind() != ErrorKind::kAuthentication) std::abort();
  }
  return 0;
}
