// SPDX-License-Identifier: Apache-2.0
/// keyway_xclbin CORE FILE: writes the hardware-emulation xclbin of a core. Run by the build.
#include <cstdio>
#include <cstdlib>

#include "common/file.hpp"
#include "hw_emu/xclbin.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: keyway_xclbin CORE FILE\n");
    return 2;
  }
  try {
    const auto file = keyway::hw_emu::make_xclbin(argv[1]);
    keyway::common::write_file(argv[2], file.data(), file.size());
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "keyway_xclbin: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
