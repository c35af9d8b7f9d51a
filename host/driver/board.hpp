// SPDX-License-Identifier: Apache-2.0
/// What a card, the hardware emulation and the in-process simulation have in common: memory that
/// the kernel reads, kernel arguments, a start, registers. Everything above (`accelerator.hpp`) is
/// the same code for all of them. A board is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "program/contract.hpp"

namespace keyway::driver {

/// Addresses in it as `Board::address` gives them.
using contract::KernelArguments;

class Board {
 public:
  using Buffer = int;

  virtual ~Board() = default;

  /// Device memory, 4096-byte aligned, zeroed. Throws Error(kDevice).
  virtual Buffer allocate(size_t bytes) = 0;
  virtual void free(Buffer buffer) = 0;
  virtual uint64_t address(Buffer buffer) const = 0;
  virtual void write(Buffer buffer, size_t offset, const void* data, size_t bytes) = 0;
  virtual void read(Buffer buffer, size_t offset, void* data, size_t bytes) = 0;

  /// Starts the kernel and returns. Only one start may be under way.
  virtual void start(const KernelArguments& arguments) = 0;
  /// Returns when the kernel is done; aborts it when the user interrupts (common/interrupt.hpp).
  /// Throws Error(kDevice) when the simulator or card fails, or does not end in time.
  virtual void wait() = 0;
  /// Tells the kernel to end its run and to forget what it holds; `wait` then returns soon.
  virtual void abort() = 0;

  /// AXI4-Lite register of the kernel (32 bits).
  virtual uint32_t read_register(uint32_t offset) = 0;

  /// Ends the device and writes out what it recorded (trace, waveform); only the destructor may
  /// follow. Throws Error(kFile) when that cannot be written. Without it the destructor does the
  /// same, as well as it can.
  virtual void close() {}
};

}  // namespace keyway::driver
