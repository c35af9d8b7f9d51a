// SPDX-License-Identifier: Apache-2.0
#include "platform/simulation.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "common/error.hpp"

namespace keyway::platform {

Simulation& Simulation::instance() {
  // Never destroyed: SystemC's kernel, which the modules refer to, is not either.
  static Simulation* rack = new Simulation;
  return *rack;
}

Simulation::Simulation() {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  for (size_t slot = 0; slot < kSlots; ++slot)
    devices_[slot] = std::make_unique<Device>(("device" + std::to_string(slot)).c_str());
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
}

void Simulation::step(Device& device) {
  sc_core::sc_start(Device::kQuantum * Device::period(), sc_core::SC_RUN_TO_TIME);
  device.check();
}

Simulation::Board::Board(const DeviceConfig& config) : rack_(instance()), slot_(kSlots) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  for (slot_ = 0; slot_ < kSlots && rack_.devices_[slot_]->powered();) ++slot_;
  if (slot_ == kSlots)
    throw Error(ErrorKind::kDevice,
                "at most " + std::to_string(kSlots) + " simulated devices in one process");
  rack_.devices_[slot_]->power_on(config);
}

Simulation::Board::~Board() {
  try {
    power_off();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "keyway: %s\n", error.what());  // a trace that could not be written
  }
}

void Simulation::Board::power_off() {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  if (!std::exchange(powered_, false)) return;  // the slot may be another board's by now
  rack_.devices_[slot_]->power_off();
}

void Simulation::Board::power_cycle(const DeviceConfig& config) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  rack_.devices_[slot_]->power_on(config);
}

void Simulation::Board::write_memory(uint64_t address, const void* data, size_t bytes) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  if (!rack_.devices_[slot_]->memory().write(address, data, bytes))
    throw Error(ErrorKind::kDevice, "a write outside the device's memory");
}

void Simulation::Board::read_memory(uint64_t address, void* data, size_t bytes) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  if (!rack_.devices_[slot_]->memory().read(address, data, bytes))
    throw Error(ErrorKind::kDevice, "a read outside the device's memory");
}

uint32_t Simulation::Board::read_register(uint32_t offset) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  Device& device = *rack_.devices_[slot_];
  device.check();
  device.post({false, offset, 0});
  while (device.control_busy()) rack_.step(device);
  return device.read_value();
}

void Simulation::Board::write_register(uint32_t offset, uint32_t value) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  Device& device = *rack_.devices_[slot_];
  device.check();
  device.post({true, offset, value});
  while (device.control_busy()) rack_.step(device);
}

bool Simulation::Board::running() const {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  return rack_.devices_[slot_]->running();
}

void Simulation::Board::advance(uint64_t cycles) {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  Device& device = *rack_.devices_[slot_];
  const uint64_t end = device.cycles() + cycles;
  while (device.running() && device.cycles() < end) rack_.step(device);
  device.check();
}

void Simulation::Board::wait() {
  constexpr uint64_t kTurn = 4096;  // cycles until another thread may have the rack
  while (running()) advance(kTurn);
}

uint64_t Simulation::Board::cycles() const {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  return rack_.devices_[slot_]->cycles();
}

CycleAccount Simulation::Board::account() const {
  const std::lock_guard<std::mutex> lock(rack_.mutex_);
  return rack_.devices_[slot_]->account();
}

}  // namespace keyway::platform
