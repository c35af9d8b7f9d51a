// SPDX-License-Identifier: Apache-2.0
#include "platform/board.hpp"

#include "common/error.hpp"
#include "platform/address_map.hpp"
#include "program/contract.hpp"

namespace keyway::platform {
namespace {

constexpr unsigned kResetCycles = 16;
constexpr uint32_t kStartBit = 1;

bool is_start(const ControlPort::Access& access) {
  return access.write && access.offset == contract::kRegControl && (access.value & kStartBit) != 0;
}

}  // namespace

const sc_core::sc_time& Board::period() {
  static const sc_core::sc_time period(4, sc_core::SC_NS);
  return period;
}

Board::Board(const sc_core::sc_module_name& name)
    : sc_module(name),
      ddr_("ddr", kMemoryBase, kMemoryBytes, period()),
      bridge_("bridge", period()),
      wake_("wake") {
  bridge_.socket.bind(ddr_.socket);
  SC_HAS_PROCESS(Board);
  SC_METHOD(make_cycles);
}

Board::~Board() = default;

void Board::power_on(const BoardConfig& config) {
  power_off();
  std::unique_ptr<KernelModel> kernel = config.kernel();
  kernel->set_identity(config.identity);
  if (!config.wave.empty()) kernel->open_wave(config.wave);
  if (!config.trace.empty()) trace_ = std::make_unique<ActivityTrace>(config.trace, name());
  ddr_.clear();
  ddr_.set_latency(config.memory.latency);
  bridge_.reset(kernel->bus_bytes(), config.memory);
  control_.reset();
  memory_checker_.emplace(kernel->bus_bytes());
  control_checker_ = {};
  account_ = {};
  package_ = 0;
  in_ = {};
  out_ = {};
  cycle_ = last_handshakes_ = last_progress_ = 0;
  running_ = false;
  failure_.clear();
  hang_cycles_ = config.hang_cycles;
  reset_left_ = kResetCycles;
  kernel_ = std::move(kernel);
  post({true, contract::kRegInterruptGlobal, 1});
  post({true, contract::kRegInterruptEnable, 1});
}

void Board::power_off() {
  const std::unique_ptr<KernelModel> kernel = std::move(kernel_);
  const std::unique_ptr<ActivityTrace> trace = std::move(trace_);
  if (kernel) kernel->close_wave();
  if (trace) trace->close();
}

void Board::post(const ControlPort::Access& access) {
  constexpr uint64_t kLow = 0xffffffff;
  if (access.write && access.offset == contract::kArgPackage)
    package_ = (package_ & ~kLow) | access.value;
  if (access.write && access.offset == contract::kArgPackage + 4)
    package_ = (package_ & kLow) | uint64_t{access.value} << 32;
  if (is_start(access)) begin_account();
  control_.post(access);
  wake_.notify(sc_core::SC_ZERO_TIME);
}

/// The core may begin before the write that starts it is answered, so this comes ahead of it.
void Board::begin_account() {
  account_.restart();
  if (trace_) trace_->name_layers(PublicLayers(ddr_, package_));
}

void Board::check() const {
  if (!failure_.empty()) throw Error(ErrorKind::kDevice, failure_);
}

bool Board::active() const {
  return kernel_ && failure_.empty() && (control_busy() || running_ || bridge_.busy());
}

void Board::make_cycles() {
  try {
    for (unsigned i = 0; i < kQuantum && active(); ++i) make_cycle();
  } catch (const std::exception& error) {
    failure_ = error.what();
  }
  if (active())
    next_trigger(kQuantum * period());
  else
    next_trigger(wake_);
}

void Board::make_cycle() {
  const bool quiet = reset_left_ > 0;  // the first cycle out of reset belongs to it
  in_.reset_n = reset_left_ <= 1;
  if (quiet) {
    --reset_left_;
  } else {
    control_.drive(in_.control);
    bridge_.drive(cycle_, in_.memory);
  }
  kernel_->settle(in_, out_);
  memory_checker_->sample(cycle_, in_.reset_n, out_.memory, in_.memory);
  control_checker_.sample(cycle_, in_.reset_n, in_.control, out_.control);
  if (trace_) trace_->sample(cycle_, running_, account_.current(), in_, out_);
  account_.sample(out_.events);
  if (!quiet) {
    bridge_.sample(cycle_, out_.memory, in_.memory);
    watch_control();
  }
  kernel_->clock();
  ++cycle_;
  if (running_ && cycle_ % (1 << 16) == 0) watch_hang();
}

void Board::watch_control() {
  if (const auto done = control_.sample(in_.control, out_.control)) {
    if (!done->write) read_value_ = done->value;
    if (is_start(*done)) {
      running_ = true;
      last_progress_ = cycle_;
    }
  } else if (running_ && out_.interrupt) {
    running_ = false;
    control_.post({true, contract::kRegInterruptStatus, 1});
  }
}

void Board::watch_hang() {
  if (bridge_.handshakes() != last_handshakes_) {
    last_handshakes_ = bridge_.handshakes();
    last_progress_ = cycle_;
  } else if (cycle_ - last_progress_ > hang_cycles_) {
    throw Error(ErrorKind::kDevice, "the kernel hangs: not done, and no bus transfer for " +
                                        std::to_string(cycle_ - last_progress_) + " cycles");
  }
}

}  // namespace keyway::platform
