// SPDX-License-Identifier: Apache-2.0
/// Accelerator over anything with a kernel: the same code for card, hardware emulation and
/// in-process simulation, which differ in their Board alone.
///
/// The constructor refuses a core that speaks another contract than this driver. `open` examines
/// the package (package_facts.hpp), puts it and the licence into device memory and lets the core
/// verify them (mode 1). The core is told how large each buffer is, and how many cycles a start may
/// take. `run` has two
/// input and two output buffers: while the core works on the inputs of one start, those of the next
/// go in and the previous results come out.
///
/// Errors: kFile for a program that no core could run, or that needs larger images than it gets;
/// the core's verdict (STATUS) as kRefused, kAuthentication, kFit or kDevice, each with a
/// sentence that says what to do; kDevice from the board. After an error nothing of the output is
/// read.
#pragma once

#include <array>
#include <memory>

#include "driver/accelerator.hpp"
#include "driver/board.hpp"
#include "driver/package_facts.hpp"
#include "program/core_config.hpp"

namespace keyway::driver {

class KernelAccelerator final : public Accelerator {
 public:
  /// `most_cycles`: for an input, whatever its package's manifest says.
  explicit KernelAccelerator(std::unique_ptr<Board> board, uint64_t most_cycles = kMostCycles);
  ~KernelAccelerator() override;

  void open(const std::vector<uint8_t>& package,
            const std::optional<std::vector<uint8_t>>& licence) override;
  void run(const std::vector<std::vector<uint8_t>>& images, size_t output_bytes, const Done& done,
           size_t batch = 1) override;
  const Counters* open_counters() const override;
  void close() override;

  Board& board() { return *board_; }

 private:
  /// Frees itself with its board.
  class Memory;

  void check_contract();
  KernelArguments package_arguments(contract::StartMode mode, uint64_t cycles) const;
  Counters finish();
  Counters read_counters();
  [[noreturn]] void refuse(contract::Status status);

  std::unique_ptr<Board> board_;
  uint64_t most_cycles_;
  std::unique_ptr<Memory> package_, licence_;
  bool resident_ = false;             ///< the package's weights stay on chip
  bool warm_ = false;                 ///< and are there since a run that ended well
  program::CoreConfig package_core_;  ///< what the package asks for
  PackageFacts facts_;
  std::optional<Counters> open_counters_;
};

}  // namespace keyway::driver
