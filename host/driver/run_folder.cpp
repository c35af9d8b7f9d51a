// SPDX-License-Identifier: Apache-2.0
#include "driver/run_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "common/error.hpp"

namespace keyway::driver {
namespace {

constexpr size_t kPacketBytes = 1 << 20;  // of one buffer-copy message
constexpr size_t kPaddingBytes = kPacketBytes + 4096;

constexpr const char* kEmulatedCard = R"({
  "Version": {"FileVersion": "2.0"},
  "Platform": {
    "UnifiedPlatform": "true",
    "ExpandedPR": "true",
    "Boards": [{
      "NumBoards": "1",
      "Devices": [{
        "Name": "keyway_simulated_platform",
        "HalMajorVersion": "1",
        "HalMinorVersion": "0",
        "VendorId": "4334",
        "DeviceVersion": "0",
        "NumDevices": "1",
        "DdrBanks": [{"Name": "DDR[0]", "Size": "16GB"}]
      }]
    }]
  }
}
)";

}  // namespace

RunFolder::RunFolder() {
  // XRT's sockets are in /tmp whatever TMPDIR says, and this folder is theirs.
  char name[] = "/tmp/keyway-XXXXXX";
  if (mkdtemp(name) == nullptr)
    throw Error(ErrorKind::kDevice,
                std::string("no folder for XRT in /tmp: ") + std::strerror(errno));
  path_ = name;
  std::ofstream(path_ + "/emconfig.json") << kEmulatedCard;
  std::ofstream(path_ + "/xrt.ini")
      << "[Runtime]\nruntime_log=console\nverbosity=3\n[Emulation]\npacket_size=" << kPacketBytes
      << "\nkeyway_padding=" << std::string(kPaddingBytes, 'x') << "\n";
  std::error_code error;
  std::filesystem::create_directory(path_ + "/xrt", error);
  std::filesystem::create_directory_symlink(KEYWAY_XRT_LIBRARY_FOLDER, path_ + "/xrt/lib", error);
  if (error) throw Error(ErrorKind::kDevice, path_ + ": " + error.message());
}

RunFolder::~RunFolder() {
  std::error_code ignored;  // nothing depends on it any more
  std::filesystem::remove_all(path_, ignored);
}

std::string RunFolder::adopt(const std::string& program) const {
  const std::string copy = path_ + "/" + std::filesystem::path(program).filename().string();
  std::error_code error;
  std::filesystem::copy_file(program, copy, error);
  if (error) throw Error(ErrorKind::kDevice, copy + ": " + error.message());
  return copy;
}

std::vector<std::string> RunFolder::environment(bool emulation) const {
  std::vector<std::string> variables = {"XRT_INI_PATH=" + path_ + "/xrt.ini"};
  // A user's own XRT wins where it has been set up.
  if (std::getenv("XILINX_XRT") == nullptr) variables.push_back("XILINX_XRT=" + path_ + "/xrt");
  if (!emulation) return variables;
  variables.push_back("XCL_EMULATION_MODE=hw_emu");
  variables.push_back("EMCONFIG_PATH=" + path_);
  variables.push_back("USER=" + std::filesystem::path(path_).filename().string());
  return variables;
}

std::string RunFolder::complaint() const {
  std::ifstream log(this->log());
  std::string found;
  for (std::string line; std::getline(log, line);)
    for (const char* word : {"ERROR", "rror:", "not found", "annot", "FATAL", "denied"})
      if (line.find(word) != std::string::npos) found = line;
  return found;
}

}  // namespace keyway::driver
