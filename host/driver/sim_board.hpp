// SPDX-License-Identifier: Apache-2.0
/// `--target sim`: a Board that is simulated in this process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "driver/board.hpp"
#include "platform/cycle_account.hpp"
#include "platform/kernel_model.hpp"
#include "platform/memory_options.hpp"

namespace keyway::driver {

struct SimOptions {
  std::string core = "16x16";
  std::string device_file;  ///< .kwd, or empty for a blank device
  platform::MemoryOptions memory;
  std::string wave;   ///< FST waveform, or empty. It holds secrets.
  std::string trace;  ///< Chrome/Perfetto trace, or empty. It holds none.
};

class SimBoard final : public Board {
 public:
  /// Throws Error(kFit) for a core that this build lacks, Error(kFile) for the device file. Needs a
  /// library of kernels (keyway_kernels).
  explicit SimBoard(const SimOptions& options)
      : SimBoard(options, platform::kernel_factory(options.core)) {}
  /// With another kernel than the build's.
  SimBoard(const SimOptions& options, const platform::KernelFactory& kernel);
  ~SimBoard() override;

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

  /// Beyond Board: where the cycles of the last start went, for benchmarks.
  platform::CycleAccount account() const;

  /// Beyond Board, for tests that play a malicious host.
  void write_register(uint32_t offset, uint32_t value);
  void advance(uint64_t cycles);  ///< lets a started run go on for about so long
  bool running() const;
  uint64_t cycles() const;  ///< clock cycles made since power-on

 private:
  struct Region {
    uint64_t address = 0;
    size_t bytes = 0;
  };
  const Region& region(Buffer buffer, size_t offset, size_t bytes) const;

  class Impl;
  std::unique_ptr<Impl> impl_;
  std::map<Buffer, Region> regions_;
  Buffer next_ = 1;
};

}  // namespace keyway::driver
