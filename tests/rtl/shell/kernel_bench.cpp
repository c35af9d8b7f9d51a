// SPDX-License-Identifier: Apache-2.0
#include "kernel_bench.hpp"

#include <algorithm>
#include <stdexcept>

namespace keyway::rtl_test {

using namespace contract;

KernelBench::KernelBench(std::unique_ptr<platform::KernelModel> kernel, uint64_t seed)
    : memory(kBase, kMemoryBytes, kernel->bus_bytes(), seed),
      kernel_(std::move(kernel)),
      memory_checker_(kernel_->bus_bytes()) {
  for (int i = 0; i < 4; ++i) step();
  in_.reset_n = true;
  step();
}

void KernelBench::put(uint64_t address, const std::vector<uint8_t>& bytes) {
  if (bytes.empty()) return;
  memory.at(address + bytes.size() - 1);
  std::copy(bytes.begin(), bytes.end(), &memory.at(address));
}

void KernelBench::step() {
  in_.control.bready = in_.control.rready = true;
  if (in_.reset_n) memory.drive(in_.memory);
  kernel_->settle(in_, out_);
  if (cycle_ > 0) {
    memory_checker_.sample(cycle_, in_.reset_n, out_.memory, in_.memory);
    control_checker_.sample(cycle_, in_.reset_n, in_.control, out_.control);
  }
  if (in_.reset_n) memory.sample(out_.memory, in_.memory);
  if (in_.reset_n && watch) watch(out_);
  kernel_->clock();
  ++cycle_;
}

void KernelBench::write(uint32_t address, uint32_t data) {
  platform::ControlMaster& c = in_.control;
  c.awvalid = c.wvalid = true;
  c.awaddr = address;
  c.wdata = data;
  c.wstrb = 15;
  do {
    step();
    if (out_.control.awready) c.awvalid = false;
    if (out_.control.wready) c.wvalid = false;
  } while (!out_.control.bvalid);
}

uint32_t KernelBench::read(uint32_t address) {
  in_.control.arvalid = true;
  in_.control.araddr = address;
  do {
    step();
    if (out_.control.arready) in_.control.arvalid = false;
  } while (!out_.control.rvalid);
  return out_.control.rdata;
}

void KernelBench::reset(unsigned cycles) {
  in_.reset_n = false;
  memory.reset();
  in_.memory = {};
  in_.control = {};
  advance(cycles);
  in_.reset_n = true;
  step();
}

void KernelBench::start(const std::vector<uint64_t>& given) {
  std::vector<uint64_t> arguments = given;
  arguments.resize(kArguments.size());
  for (size_t i = 0; i < kArguments.size(); ++i) {
    write(kArguments[i].offset, static_cast<uint32_t>(arguments[i]));
    if (kArguments[i].is_pointer) {
      write(kArguments[i].offset + 4, static_cast<uint32_t>(arguments[i] >> 32));
    }
  }
  memory.reads.clear();
  memory.writes.clear();
  write(kRegInterruptGlobal, 1);
  write(kRegInterruptEnable, 1);
  write(kRegInterruptStatus, 1);
  write(kRegControl, 1);
}

Status KernelBench::finish() {
  for (int i = 0; !out_.interrupt; ++i) {
    if (i > 3'000'000) throw std::logic_error("the kernel is not done after 3000000 cycles");
    step();
  }
  if (read(kRegControl) != 6) throw std::logic_error("CONTROL does not read done and idle");
  return static_cast<Status>(read(kRegStatus));
}

uint64_t KernelBench::counter(Counter which) {
  const uint32_t address = kCounterBase + 8 * static_cast<uint32_t>(which);
  const uint64_t low = read(address);
  return low | uint64_t{read(address + 4)} << 32;
}

}  // namespace keyway::rtl_test
