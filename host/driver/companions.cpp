// SPDX-License-Identifier: Apache-2.0
#include "driver/companions.hpp"

#include <filesystem>

#include "common/error.hpp"

namespace keyway::driver {
namespace {

std::string place(const std::string& relative) {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw Error(ErrorKind::kDevice, "this program cannot find itself: " + error.message());
  return (program.parent_path().parent_path() / relative).string();
}

}  // namespace

std::string companion(const std::string& relative) {
  const std::string path = place(relative);
  if (!std::filesystem::exists(path))
    throw Error(ErrorKind::kDevice, path + " is missing; the installation is not whole");
  return path;
}

std::string xrt_program() { return companion(KEYWAY_LIBEXEC_FOLDER "/keyway_xrt"); }
std::string simulator_program() { return companion(KEYWAY_LIBEXEC_FOLDER "/keyway_hw_emu"); }

std::string emulation_xclbin(const std::string& core) {
  const std::string path = place(KEYWAY_SHARE_FOLDER "/keyway_" + core + ".xclbin");
  if (!std::filesystem::exists(path))
    throw Error(ErrorKind::kFit, "this build has no core " + core + " (" + path + " is missing)");
  return path;
}

std::string zoo_folder() { return companion(KEYWAY_SHARE_FOLDER "/zoo"); }

}  // namespace keyway::driver
