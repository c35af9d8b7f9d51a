// SPDX-License-Identifier: Apache-2.0
#include "platform/rack.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::platform {

Rack& Rack::instance() {
  // Never destroyed: SystemC's kernel, which the modules refer to, is not either.
  static Rack* rack = new Rack;
  return *rack;
}

Rack::Rack() {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  for (size_t slot = 0; slot < kSlots; ++slot)
    boards_[slot] = std::make_unique<Board>(("board" + std::to_string(slot)).c_str());
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

void Rack::step(Board& board) {
  sc_core::sc_start(Board::kQuantum * Board::period(), sc_core::SC_RUN_TO_TIME);
  board.check();
}

Rack::Slot::Slot(const BoardConfig& config) : rack_(instance()), slot_(kSlots) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  for (slot_ = 0; slot_ < kSlots && rack_.boards_[slot_]->powered();) ++slot_;
  if (slot_ == kSlots)
    throw Error(ErrorKind::kDevice,
                "at most " + std::to_string(kSlots) + " simulated devices in one process");
  rack_.boards_[slot_]->power_on(config);
}

Rack::Slot::~Slot() {
  try {
    power_off();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "keyway: %s\n",  // a trace that could not be written
                 common::printable(error.what(), common::kAllShown).c_str());
  }
}

void Rack::Slot::power_off() {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  if (!std::exchange(powered_, false)) return;  // the slot may be another board's by now
  rack_.boards_[slot_]->power_off();
}

void Rack::Slot::write_memory(uint64_t address, const void* data, size_t bytes) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  if (!rack_.boards_[slot_]->memory().write(address, data, bytes))
    throw Error(ErrorKind::kDevice, "a write outside the board's memory");
}

void Rack::Slot::read_memory(uint64_t address, void* data, size_t bytes) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  if (!rack_.boards_[slot_]->memory().read(address, data, bytes))
    throw Error(ErrorKind::kDevice, "a read outside the board's memory");
}

uint32_t Rack::Slot::read_register(uint32_t offset) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  Board& board = *rack_.boards_[slot_];
  board.check();
  board.post({false, offset, 0});
  while (board.control_busy()) rack_.step(board);
  return board.read_value();
}

void Rack::Slot::write_register(uint32_t offset, uint32_t value) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  Board& board = *rack_.boards_[slot_];
  board.check();
  board.post({true, offset, value});
  while (board.control_busy()) rack_.step(board);
}

bool Rack::Slot::running() const {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  return rack_.boards_[slot_]->running();
}

void Rack::Slot::advance(uint64_t cycles) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  Board& board = *rack_.boards_[slot_];
  const uint64_t end = board.cycles() + cycles;
  while (board.running() && board.cycles() < end) rack_.step(board);
  board.check();
}

uint64_t Rack::Slot::cycles() const {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  return rack_.boards_[slot_]->cycles();
}

CycleAccount Rack::Slot::account() const {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  return rack_.boards_[slot_]->account();
}

}  // namespace keyway::platform
