// SPDX-License-Identifier: Apache-2.0
#include "bus_memory.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace keyway::rtl_test {

BusMemory::BusMemory(uint64_t base, size_t size, unsigned bus_bytes, uint64_t seed)
    : bytes(size), base_(base), bus_bytes_(bus_bytes), random_(seed) {}

uint8_t& BusMemory::at(uint64_t address) {
  if (address < base_ || address - base_ >= bytes.size()) {
    throw std::out_of_range("access outside the memory: " + std::to_string(address));
  }
  return bytes[address - base_];
}

bool BusMemory::pause() {
  return timing.stall > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < timing.stall;
}

uint64_t BusMemory::latency() {
  return std::uniform_int_distribution<uint64_t>(timing.latency_min, timing.latency_max)(random_);
}

uint8_t BusMemory::response(uint64_t address, uint64_t length) const {
  for (uint64_t page : error_pages) {
    if (address / 4096 <= page / 4096 && page / 4096 <= (address + length - 1) / 4096) {
      return platform::kSlverr;
    }
  }
  return platform::kOkay;
}

void BusMemory::drive(platform::MemorySlave& pins) {
  pins.arready = !pause();
  pins.awready = !pause();
  pins.wready = !writes_.empty() && !pause();
  if (!offering_read_) {
    offering_read_ = !reads_.empty() && reads_.front().ready_cycle <= cycle_ && !pause();
  }
  pins.rvalid = offering_read_;
  if (offering_read_) {
    const Read& read = reads_.front();
    std::copy_n(read.data.begin() + read.next * bus_bytes_, bus_bytes_, pins.rdata.begin());
    pins.rlast = read.next + 1 == read.beats;
    pins.rresp = read.response;
  }
  if (!offering_response_) {
    offering_response_ =
        !responses_.empty() && responses_.front().ready_cycle <= cycle_ && !pause();
  }
  pins.bvalid = offering_response_;
  if (offering_response_) pins.bresp = responses_.front().response;
}

void BusMemory::sample(const platform::MemoryMaster& master, const platform::MemorySlave& slave) {
  if (slave.rvalid && master.rready) {
    offering_read_ = false;
    if (++reads_.front().next == reads_.front().beats) reads_.pop_front();
  }
  if (slave.bvalid && master.bready) {
    offering_response_ = false;
    responses_.pop_front();
  }
  if (master.wvalid && slave.wready) {
    Write& write = writes_.front();
    for (unsigned i = 0; i < bus_bytes_; ++i) {
      if (master.wstrb >> i & 1) at(write.address + write.next * bus_bytes_ + i) = master.wdata[i];
    }
    if (++write.next == write.beats) {
      responses_.push_back({cycle_ + latency(), write.response});
      writes_.pop_front();
    }
  }
  if (master.awvalid && slave.awready) {
    const unsigned beats = master.awlen + 1U;
    const uint64_t length = uint64_t{beats} * bus_bytes_;
    writes.push_back({cycle_, master.awaddr, length});
    writes_.push_back({master.awaddr, beats, 0, response(master.awaddr, length)});
  }
  if (master.arvalid && slave.arready) {
    const unsigned beats = master.arlen + 1U;
    const uint64_t length = uint64_t{beats} * bus_bytes_;
    if (on_read) on_read(master.araddr, length);
    reads.push_back({cycle_, master.araddr, length});
    const uint8_t answer = response(master.araddr, length);
    Read read{cycle_ + latency(), beats, 0, answer, std::vector<uint8_t>(length)};
    if (answer == platform::kOkay) {
      at(master.araddr + length - 1);
      at(master.araddr);
      std::copy_n(&at(master.araddr), length, read.data.begin());
    }
    reads_.push_back(std::move(read));
  }
  ++cycle_;
}

}  // namespace keyway::rtl_test
