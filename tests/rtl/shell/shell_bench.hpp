// SPDX-License-Identifier: Apache-2.0
/// The shell (rtl/shell/shell.sv) between stand-ins for engine and lock unit, a memory and a host.
/// Protocol checkers watch both buses in every cycle.
#pragma once

#ifdef KEYWAY_UNCHECKED
#include <VShellUnchecked.h>
#else
#include <VShell.h>
#endif

#include <functional>
#include <memory>

#include "bus_memory.hpp"
#include "platform/axi_checker.hpp"
#include "stand_ins.hpp"

namespace keyway::rtl_test {

#ifdef KEYWAY_UNCHECKED
using ShellModel = VShellUnchecked;
#else
using ShellModel = VShell;
#endif

using Arguments = contract::KernelArguments;

class ShellBench {
 public:
  static constexpr uint64_t kBase = 0x40'0000'0000;
  static constexpr size_t kMemoryBytes = 512 * 1024;
  static constexpr size_t kWeightBytes = 32 * 1024;
  static constexpr unsigned kStallCycles = 2048;  ///< of the watchdog, as verilated

  explicit ShellBench(uint64_t seed);

  void step();
  void write(uint32_t address, uint32_t data);
  uint32_t read(uint32_t address);
  void start(const Arguments& arguments);
  /// Steps until done. `each`, when given, is called before every step.
  contract::Status finish(const std::function<void()>& each = {});
  contract::Status run(const Arguments& arguments) {
    start(arguments);
    return finish();
  }
  uint64_t counter(contract::Counter which);

 private:
  VerilatedContext context_;
  std::unique_ptr<ShellModel> top_;

 public:
  BusMemory memory;
  LockStandIn lock;
  EngineStandIn engine;
  uint64_t cycle = 0;
  uint64_t begun = 0;  ///< cycle of the last start write's effect
  uint64_t done = 0;   ///< cycle of the last done
  LockPins lock_pins;
  EnginePins engine_pins;
  bool interrupt() const;

 private:
  platform::MemoryChecker memory_checker_;
  platform::ControlChecker control_checker_;
  platform::ControlMaster master_;
  platform::ControlSlave slave_;
};

}  // namespace keyway::rtl_test
