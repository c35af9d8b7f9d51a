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

#include "platform/board.hpp"

namespace keyway::platform {

class Rack {
 public:
  static constexpr size_t kSlots = 16;
  static constexpr uint64_t kTurn = 4096;  ///< cycles until another thread may have the rack

  static Rack& instance();

  /// A board in a free slot, powered on; its power goes off with the handle. Throws Error(kDevice)
  /// when no slot is free.
  class Slot {
   public:
    explicit Slot(const BoardConfig& config);
    ~Slot();
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

    /// Writes out trace and waveform; only the destructor may follow. Throws Error(kFile).
    void power_off();

    /// Device memory. Throws Error(kDevice) outside of it.
    void write_memory(uint64_t address, const void* data, size_t bytes);
    void read_memory(uint64_t address, void* data, size_t bytes);

    uint32_t read_register(uint32_t offset);
    void write_register(uint32_t offset, uint32_t value);

    bool running() const;
    /// Lets at most about `cycles` pass, less when the run ends. Throws when the board failed.
    void advance(uint64_t cycles);
    uint64_t cycles() const;
    CycleAccount account() const;  ///< of the last start

   private:
    Rack& rack_;
    size_t slot_;
    bool powered_ = true;
  };

 private:
  Rack();
  void step(Board& board);  ///< one quantum, with the lock held

  std::mutex mutex_;
  std::array<std::unique_ptr<Board>, kSlots> boards_;
};

}  // namespace keyway::platform
