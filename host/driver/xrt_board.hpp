// SPDX-License-Identifier: Apache-2.0
/// `--target hw_emu` and `--target hw`: the driver's Board over stock XRT.
///
/// XRT lives in a process of its own (xrt_process.cpp, started as libexec/keyway/keyway_xrt) and
/// this class speaks with it. That is so because of what XRT 2.13 does to the process that holds
/// it: it prints on standard output, writes into the current folder, wants environment variables
/// before it is loaded, calls exit when it fails, sends signals to its whole process group, and
/// hangs for good when its simulator dies. There all of that is harmless, and a call here always
/// returns. Both targets go through the same code; they differ in environment variables alone.
///
/// Errors: Error(kDevice) with XRT's or the simulator's own reason, or for a run with a cycle limit
/// that takes longer than that many cycles at the least clock; then the board is of no more use.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "driver/board.hpp"
#include "driver/message_channel.hpp"
#include "driver/run_folder.hpp"

namespace keyway::driver {

/// What the simulated board is, in hardware emulation. Paths as the caller sees them.
struct EmulationOptions {
  std::string core = "16x16";
  std::string device_file;  ///< .kwd, or empty for a blank device; opened by the simulator alone
  std::string memory;       ///< as --memory
  std::string wave, trace;  ///< files to write, or empty
  std::string simulator, xclbin;  ///< empty: the build's
  double least_hertz = 10e3;      ///< a simulation that makes fewer cycles a second hangs
};

struct CardOptions {
  std::string xclbin;
  unsigned index = 0;        ///< which card
  double least_hertz = 1e6;  ///< its clock has more
};

class XrtBoard final : public Board {
 public:
  explicit XrtBoard(const EmulationOptions& options);
  explicit XrtBoard(const CardOptions& options);
  ~XrtBoard() override;

  Buffer allocate(size_t bytes) override;
  void free(Buffer buffer) override;
  uint64_t address(Buffer buffer) const override;
  void write(Buffer buffer, size_t offset, const void* data, size_t bytes) override;
  void read(Buffer buffer, size_t offset, void* data, size_t bytes) override;
  void start(const KernelArguments& arguments) override;
  void wait() override;
  void abort() override;
  uint32_t read_register(uint32_t offset) override;
  void close() override;

 private:
  void launch(const std::vector<std::string>& environment);
  void open(const std::string& xclbin, unsigned index);
  std::string shut_down() noexcept;
  Message call(Operation operation, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0,
               const void* payload = nullptr, size_t bytes = 0);
  void send(Operation operation, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0,
            const void* payload = nullptr, size_t bytes = 0);
  Message receive();
  bool answered_within(int milliseconds);
  [[noreturn]] void fail(const std::string& reason);
  std::string obituary();

  RunFolder folder_;
  int socket_ = -1;
  pid_t process_ = -1;
  bool failed_ = false;
  double least_hertz_;
  unsigned seconds_ = 0;          ///< that the run under way may take; 0: any
  std::vector<uint8_t> payload_;  ///< of the last reply
  std::map<Buffer, uint64_t> addresses_;
};

}  // namespace keyway::driver
