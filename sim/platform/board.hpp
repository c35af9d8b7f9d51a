// SPDX-License-Identifier: Apache-2.0
/// One simulated board: Verilated kernel, DDR memory, bridge, protocol checkers on both buses, the
/// host's register port and an interrupt controller that notices the end of a run.
///
/// A SystemC module whose one process makes all clock cycles. Time passes only while there is
/// something to do: reset, a register access, a run, bursts on their way. Boards share nothing, so
/// a process activation makes up to `kQuantum` cycles (temporal decoupling, IEEE 1666, 12).
///
/// Whatever goes wrong inside the simulation (a broken protocol rule, an RTL assertion, a kernel
/// that hangs) stops the board; `check` then throws it as Error(kDevice) until the next power_on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <systemc>

#include "platform/activity_trace.hpp"
#include "platform/axi_bridge.hpp"
#include "platform/axi_checker.hpp"
#include "platform/control_port.hpp"
#include "platform/cycle_account.hpp"
#include "platform/ddr.hpp"
#include "platform/kernel_model.hpp"

namespace keyway::platform {

struct BoardConfig {
  KernelFactory kernel;
  Identity identity;
  MemoryOptions memory;
  std::string wave;                   ///< FST file, or empty; shows secrets
  std::string trace;                  ///< Chrome trace file, or empty; shows none
  uint64_t hang_cycles = 50'000'000;  ///< a run without a bus transfer for so long is taken to hang
};

class Board : public sc_core::sc_module {
 public:
  static const sc_core::sc_time& period();  ///< of the clock
  static constexpr unsigned kQuantum = 64;

  explicit Board(const sc_core::sc_module_name& name);
  ~Board() override;

  /// A fresh board: memory zero, kernel in reset. Power_off writes out trace and waveform.
  void power_on(const BoardConfig& config);
  void power_off();
  bool powered() const { return kernel_ != nullptr; }

  Ddr& memory() { return ddr_; }

  /// Register accesses are made in order while simulated time passes.
  void post(const ControlPort::Access& access);
  bool control_busy() const { return reset_left_ > 0 || control_.busy(); }
  uint32_t read_value() const { return read_value_; }  ///< of the last read that completed
  /// From the write that starts the kernel until its interrupt.
  bool running() const { return running_; }
  uint64_t cycles() const { return cycle_; }
  /// Of the last start.
  const CycleAccount& account() const { return account_; }

  /// Throws what stopped the board.
  void check() const;

 private:
  void make_cycles();
  void make_cycle();
  bool active() const;
  void begin_account();
  void watch_control();
  void watch_hang();

  Ddr ddr_;
  AxiBridge bridge_;
  ControlPort control_;
  std::unique_ptr<KernelModel> kernel_;
  std::optional<MemoryChecker> memory_checker_;
  ControlChecker control_checker_;
  std::unique_ptr<ActivityTrace> trace_;
  CycleAccount account_;
  uint64_t package_ = 0;  ///< kernel argument, as far as it was written
  KernelInputs in_;
  KernelOutputs out_;
  sc_core::sc_event wake_;
  unsigned reset_left_ = 0;
  bool running_ = false;
  uint32_t read_value_ = 0;
  uint64_t cycle_ = 0;
  uint64_t hang_cycles_ = 0, last_handshakes_ = 0, last_progress_ = 0;
  std::string failure_;
};

}  // namespace keyway::platform
