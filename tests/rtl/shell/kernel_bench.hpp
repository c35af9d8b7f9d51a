// SPDX-License-Identifier: Apache-2.0
/// The whole Verilated kernel with a memory, a host and protocol checkers, without SystemC.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "bus_memory.hpp"
#include "platform/axi_checker.hpp"
#include "platform/kernel_model.hpp"
#include "program/contract.hpp"

namespace keyway::rtl_test {

class KernelBench {
 public:
  static constexpr uint64_t kBase = 0x8000'0000;
  static constexpr size_t kMemoryBytes = 4 << 20;

  KernelBench(std::unique_ptr<platform::KernelModel> kernel, uint64_t seed);

  BusMemory memory;
  /// Called in every cycle out of reset, with what the kernel drives.
  std::function<void(const platform::KernelOutputs&)> watch;
  void set_identity(const platform::Identity& identity) { kernel_->set_identity(identity); }
  void put(uint64_t address, const std::vector<uint8_t>& bytes);
  /// Writes the arguments (in the contract's order; those left out are zero) and start, steps until
  /// the interrupt, gives the status.
  contract::Status run(const std::vector<uint64_t>& arguments) {
    start(arguments);
    return finish();
  }
  void start(const std::vector<uint64_t>& arguments);
  contract::Status finish();
  /// Cycles in which nothing is asked of the kernel's registers.
  void advance(uint64_t cycles) {
    while (cycles-- > 0) step();
  }
  /// The kernel and the memory's side of its bus, not what lies in memory.
  void reset(unsigned cycles);
  uint64_t counter(contract::Counter which);
  uint32_t read(uint32_t address);
  void write(uint32_t address, uint32_t data);
  uint64_t cycle() const { return cycle_; }

 private:
  void step();
  std::unique_ptr<platform::KernelModel> kernel_;
  platform::KernelInputs in_;
  platform::KernelOutputs out_;
  platform::MemoryChecker memory_checker_;
  platform::ControlChecker control_checker_;
  uint64_t cycle_ = 0;
};

/// The named cores "8x8" and "16x16"; "narrow" and "wide" are 8x8 with 64 KiB of activations and
/// 256 KiB of weights, the one with a 64-bit bus and the iterative unsealer, the other with 512
/// bits.
std::unique_ptr<platform::KernelModel> make_kernel(const std::string& name);

}  // namespace keyway::rtl_test
