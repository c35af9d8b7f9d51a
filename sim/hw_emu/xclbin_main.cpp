// SPDX-License-Identifier: Apache-2.0
/// keyway_xclbin CORE FILE: writes the hardware-emulation xclbin of a core. Run by the build.
#include <cstdio>
#include <cstdlib>

#include "common/file.hpp"
#include "common/printable.hpp"
#include "hw_emu/xclbin.hpp"

using namespace keyway;

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: keyway_xclbin CORE FILE\n");
    return 2;
  }
  try {
    const auto file = hw_emu::make_xclbin(argv[1]);
    common::write_file(argv[2], file.data(), file.size());
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "keyway_xclbin: %s\n",
                 common::printable(error.what(), common::kAllShown).c_str());
    return EXIT_FAILURE;
  }
}
