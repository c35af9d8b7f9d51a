// SPDX-License-Identifier: Apache-2.0
#include "driver/companions.hpp"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "common/error.hpp"

namespace keyway::driver {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCorePrefix = "keyway_";

/// The folder above bin/ and lib/: this code is in a program, or in libkeyway.
fs::path root() {
  Dl_info info;
  link_map* module = nullptr;
  std::error_code error;
  if (dladdr1(&kCorePrefix, &info, reinterpret_cast<void**>(&module), RTLD_DL_LINKMAP) != 0 &&
      module->l_name[0] != '\0') {
    const fs::path library = fs::canonical(module->l_name, error);
    if (!error) return (library.parent_path() / KEYWAY_LIBRARY_TO_ROOT).lexically_normal();
  } else {
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) return program.parent_path().parent_path();
  }
  throw Error(ErrorKind::kDevice, "Keyway cannot find its own files: " + error.message());
}

std::string place(const std::string& relative) { return (root() / relative).string(); }

std::string companion(const std::string& relative) {
  const std::string path = place(relative);
  if (!fs::exists(path))
    throw Error(ErrorKind::kDevice, path + " is missing; the installation is not whole");
  return path;
}

}  // namespace

std::string xrt_program() { return companion(KEYWAY_LIBEXEC_FOLDER "/keyway_xrt"); }
std::string simulator_program() { return companion(KEYWAY_LIBEXEC_FOLDER "/keyway_hw_emu"); }

std::string tune_program() {
  const std::string path = place(KEYWAY_LIBEXEC_FOLDER "/keyway_tune");
  if (!fs::exists(path)) {
    throw Error(
        ErrorKind::kFit,
        "this build cannot tune: it needs LibTorch; install libtorch-dev (scripts/bootstrap.sh "
        "does) and build again");
  }
  return path;
}

std::string emulation_xclbin(const std::string& core) {
  const std::string path =
      place(KEYWAY_SHARE_FOLDER "/" + std::string(kCorePrefix) + core + ".xclbin");
  if (!fs::exists(path))
    throw Error(ErrorKind::kFit, "this build has no core " + core + " (" + path + " is missing)");
  return path;
}

std::vector<std::string> emulated_cores() {
  const std::string folder = place(KEYWAY_SHARE_FOLDER);
  std::vector<std::string> cores;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string stem = entry.path().stem().string();
    if (entry.path().extension() == ".xclbin" && stem.rfind(kCorePrefix, 0) == 0)
      cores.push_back(stem.substr(kCorePrefix.size()));
  }
  if (cores.empty())
    throw Error(ErrorKind::kFit, folder + ": there is no core's emulation (keyway_*.xclbin)");
  std::sort(cores.begin(), cores.end());
  return cores;
}

std::string zoo_folder() { return companion(KEYWAY_SHARE_FOLDER "/zoo"); }

}  // namespace keyway::driver
