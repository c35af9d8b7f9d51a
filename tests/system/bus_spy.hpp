// SPDX-License-Identifier: Apache-2.0
/// A kernel whose pins are watched: what it asks the bus for, and every pin that somebody outside
/// of the chip sees, cycle by cycle.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "platform/kernel_model.hpp"

namespace keyway::test {

struct Burst {
  uint64_t address = 0, bytes = 0;
  bool write = false;
  bool inside(uint64_t first, uint64_t size) const {
    return address >= first && address + bytes <= first + size;
  }
};

/// What was seen, kept by the test while the board owns the kernel.
struct BusRecord {
  std::vector<Burst> bursts;
};

class BusSpy final : public platform::KernelModel {
 public:
  BusSpy(std::unique_ptr<platform::KernelModel> kernel, BusRecord& record)
      : kernel_(std::move(kernel)), record_(record) {}

  /// A factory of spied kernels; `record` outlives them.
  static platform::KernelFactory factory(const std::string& core, BusRecord& record) {
    return [make = platform::kernel_factory(core), &record] {
      return std::make_unique<BusSpy>(make(), record);
    };
  }

  unsigned bus_bytes() const override { return kernel_->bus_bytes(); }
  void set_identity(const platform::Identity& identity) override {
    kernel_->set_identity(identity);
  }
  std::optional<lock::ClassFingerprints> class_fingerprints() const override {
    return kernel_->class_fingerprints();
  }
  void settle(const platform::KernelInputs& in, platform::KernelOutputs& out) override {
    kernel_->settle(in, out);
    const auto& m = out.memory;
    if (m.arvalid && in.memory.arready)
      record_.bursts.push_back({m.araddr, (m.arlen + uint64_t{1}) * bus_bytes(), false});
    if (m.awvalid && in.memory.awready)
      record_.bursts.push_back({m.awaddr, (m.awlen + uint64_t{1}) * bus_bytes(), true});
  }
  void clock() override { kernel_->clock(); }
  void open_wave(const std::string& path) override { kernel_->open_wave(path); }
  void close_wave() override { kernel_->close_wave(); }

 private:
  std::unique_ptr<platform::KernelModel> kernel_;
  BusRecord& record_;
};

}  // namespace keyway::test
