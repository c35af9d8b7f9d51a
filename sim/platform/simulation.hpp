// SPDX-License-Identifier: Apache-2.0
/// The rack: the process's one SystemC simulation and the boards in it.
///
/// SystemC (IEEE 1666) has one simulation per process, whose modules are fixed once time has begun.
/// So there is one rack with a fixed number of slots, made at its first use, and a board is plugged
/// into a slot, powered and unplugged at any time; what differs between boards (kernel, identity,
/// memory timing) is not a module. Threads may hold boards of their own: every call takes the
/// rack's lock, and whoever waits moves the whole rack forward.
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "platform/device.hpp"

namespace keyway::platform {

class Simulation {
 public:
  static constexpr size_t kSlots = 16;

  static Simulation& instance();

  /// A board in a free slot, powered on; its power goes off with the handle. Throws Error(kDevice)
  /// when no slot is free.
  class Board {
   public:
    explicit Board(const DeviceConfig& config);
    ~Board();
    Board(const Board&) = delete;
    Board& operator=(const Board&) = delete;

    void power_cycle(const DeviceConfig& config);
    /// Writes out trace and waveform; only the destructor may follow. Throws Error(kFile).
    void power_off();

    /// Device memory. Throws Error(kDevice) outside of it.
    void write_memory(uint64_t address, const void* data, size_t bytes);
    void read_memory(uint64_t address, void* data, size_t bytes);

    uint32_t read_register(uint32_t offset);
    void write_register(uint32_t offset, uint32_t value);

    bool running() const;
    /// Lets at most about `cycles` pass, less when the run ends. Throws when the device failed.
    void advance(uint64_t cycles);
    void wait();  ///< until the run ends
    uint64_t cycles() const;
    CycleAccount account() const;  ///< of the last start

   private:
    Simulation& rack_;
    size_t slot_;
    bool powered_ = true;
  };

 private:
  Simulation();
  void step(Device& device);  ///< one quantum, with the lock held

  std::mutex mutex_;
  std::array<std::unique_ptr<Device>, kSlots> devices_;
};

}  // namespace keyway::platform
