// SPDX-License-Identifier: Apache-2.0
/// keyway_hw_emu --core NAME: the simulator process of hardware emulation. XRT launches it out of
/// the xclbin; one process is one simulated board. What it simulates beyond the core's name comes
/// through the environment (hw_emu/emulation.hpp).
///
/// Ends with status 0 when its host closed or is gone, 8 when the simulation failed; the reason
/// goes to the driver on the lifeline, and to standard error.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/printable.hpp"
#include "hw_emu/emulation.hpp"
#include "hw_emu/server.hpp"
#include "hw_emu/stream_socket.hpp"
#include "platform/rack.hpp"

namespace {

using namespace keyway;

constexpr double kConnectSeconds = 60;  // XRT listens only after it has launched us

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void say(hw_emu::StreamSocket& lifeline, std::string line) {
  for (char& character : line)
    if (character == '\n') character = ' ';
  line += '\n';
  if (lifeline) lifeline.write(line.data(), line.size());
}

void simulate(const std::string& core, hw_emu::StreamSocket& lifeline) {
  platform::BoardConfig config;
  config.kernel = platform::kernel_factory(core);
  config.identity = platform::load_identity(variable(emulation::kDeviceVariable));
  config.memory = platform::parse_memory_options(variable(emulation::kMemoryVariable));
  config.wave = variable(emulation::kWaveVariable);
  config.trace = variable(emulation::kTraceVariable);
  platform::Rack::Slot board(config);
  hw_emu::StreamSocket xrt(hw_emu::xrt_socket_path(), kConnectSeconds);
  hw_emu::Server(board, std::move(xrt), lifeline).serve();
  board.power_off();  // says so when trace or waveform cannot be written
}

}  // namespace

int main(int argc, char** argv) {
  common::remove_unfinished_on_signals();
  hw_emu::StreamSocket lifeline;
  try {
    if (argc != 3 || std::string(argv[1]) != "--core")
      throw Error(ErrorKind::kUsage, "usage: keyway_hw_emu --core NAME (XRT launches it)");
    const std::string path = variable(emulation::kLifelineVariable);
    if (!path.empty()) lifeline = hw_emu::StreamSocket(path, 0);
    simulate(argv[2], lifeline);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "keyway_hw_emu: %s\n", common::printable(error.what()).c_str());
    try {
      say(lifeline, std::string(emulation::kErrorPrefix) + error.what());
    } catch (const std::exception&) {
      // The driver is gone; nobody is left to tell.
    }
    return static_cast<int>(ErrorKind::kDevice);
  }
}
