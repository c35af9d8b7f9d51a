// SPDX-License-Identifier: Apache-2.0
#include "driver/sim_board.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "common/interrupt.hpp"
#include "platform/address_map.hpp"
#include "platform/rack.hpp"
#include "program/contract.hpp"

namespace keyway::driver {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint32_t kStart = 1;

platform::BoardConfig config_of(const SimOptions& options, const platform::KernelFactory& kernel) {
  return {kernel, platform::load_identity(options.device_file), options.memory, options.wave,
          options.trace};
}

}  // namespace

class SimBoard::Impl {
 public:
  explicit Impl(const platform::BoardConfig& config) : board(config) {}
  platform::Rack::Slot board;
};

SimBoard::SimBoard(const SimOptions& options, const platform::KernelFactory& kernel)
    : impl_(std::make_unique<Impl>(config_of(options, kernel))) {}

SimBoard::~SimBoard() = default;

/// First fit between the regions in use, in whole pages.
SimBoard::Buffer SimBoard::allocate(size_t bytes) {
  std::vector<Region> used;
  for (const auto& [buffer, region] : regions_) used.push_back(region);
  std::sort(used.begin(), used.end(),
            [](const Region& a, const Region& b) { return a.address < b.address; });
  const size_t size = std::max(common::round_up(bytes, kPage), kPage);
  uint64_t address = platform::kMemoryBase;
  for (const Region& region : used) {
    if (region.address - address >= size) break;
    address = region.address + region.bytes;
  }
  if (size > platform::kMemoryBytes ||
      address - platform::kMemoryBase > platform::kMemoryBytes - size)
    throw Error(ErrorKind::kDevice,
                "the device's memory has no room for " + std::to_string(bytes) + " bytes");
  const std::vector<uint8_t> zeros(size);
  impl_->board.write_memory(address, zeros.data(), size);
  regions_[next_] = {address, size};
  return next_++;
}

void SimBoard::free(Buffer buffer) { regions_.erase(buffer); }

const SimBoard::Region& SimBoard::region(Buffer buffer, size_t offset, size_t bytes) const {
  const auto found = regions_.find(buffer);
  if (found == regions_.end() || offset > found->second.bytes ||
      bytes > found->second.bytes - offset)
    throw Error(ErrorKind::kDevice, "access outside a device buffer");
  return found->second;
}

uint64_t SimBoard::address(Buffer buffer) const { return region(buffer, 0, 0).address; }

void SimBoard::write(Buffer buffer, size_t offset, const void* data, size_t bytes) {
  impl_->board.write_memory(region(buffer, offset, bytes).address + offset, data, bytes);
}

void SimBoard::read(Buffer buffer, size_t offset, void* data, size_t bytes) {
  impl_->board.read_memory(region(buffer, offset, bytes).address + offset, data, bytes);
}

void SimBoard::start(const KernelArguments& arguments) {
  KernelArguments::visit(arguments, [this](const contract::Argument& argument, uint64_t value) {
    write_register(argument.offset, static_cast<uint32_t>(value));
    if (argument.is_pointer) {
      write_register(argument.offset + 4, static_cast<uint32_t>(value >> 32));
    }
  });
  write_register(contract::kRegControl, kStart);
}

void SimBoard::wait() {
  for (bool aborted = false; running(); advance(platform::Rack::kTurn))
    if (common::interrupted() && !std::exchange(aborted, true)) abort();
  read_register(contract::kRegControl);  // clears `done`
}

void SimBoard::abort() { write_register(contract::kRegAbort, 1); }

uint32_t SimBoard::read_register(uint32_t offset) { return impl_->board.read_register(offset); }

void SimBoard::close() { impl_->board.power_off(); }

void SimBoard::write_register(uint32_t offset, uint32_t value) {
  impl_->board.write_register(offset, value);
}

void SimBoard::advance(uint64_t cycles) { impl_->board.advance(cycles); }

bool SimBoard::running() const { return impl_->board.running(); }

uint64_t SimBoard::cycles() const { return impl_->board.cycles(); }

platform::CycleAccount SimBoard::account() const { return impl_->board.account(); }

}  // namespace keyway::driver
