// SPDX-License-Identifier: Apache-2.0
#include "platform/axi_bridge.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace keyway::platform {

AxiBridge::AxiBridge(const sc_core::sc_module_name& name, const sc_core::sc_time& period)
    : sc_module(name), socket("socket"), period_(period) {}

void AxiBridge::reset(unsigned bus_bytes, const MemoryOptions& options) {
  bus_bytes_ = bus_bytes;
  stall_threshold_ = static_cast<uint64_t>(std::ldexp(options.stall, 32));
  // SplitMix64's finaliser, so that neighbouring seeds give unrelated streams; never zero.
  random_ = (options.seed + 1) * 0x9e3779b97f4a7c15ULL;
  random_ = ((random_ ^ (random_ >> 30)) * 0xbf58476d1ce4e5b9ULL) | 1;
  reads_.clear();
  writes_.clear();
  responses_.clear();
  offering_read_ = offering_response_ = false;
  handshakes_ = 0;
}

bool AxiBridge::stalled() {
  if (stall_threshold_ == 0) return false;
  random_ ^= random_ << 13;  // xorshift64, Marsaglia 2003
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return (random_ >> 32) < stall_threshold_;
}

void AxiBridge::drive(uint64_t cycle, MemorySlave& pins) {
  pins.arready = reads_.size() < kOutstanding && !stalled();
  pins.awready = writes_.size() + responses_.size() < kOutstanding && !stalled();
  pins.wready = !writes_.empty() && !stalled();

  if (!offering_read_ && !reads_.empty() && reads_.front().first_cycle <= cycle && !stalled()) {
    const Read& read = reads_.front();
    std::memcpy(pins.rdata.data(), read.data.data() + size_t{read.next} * bus_bytes_, bus_bytes_);
    pins.rlast = read.next + 1 == read.beats;
    pins.rresp = read.response;
    offering_read_ = true;
  }
  pins.rvalid = offering_read_;
  if (!offering_response_ && !responses_.empty() && responses_.front().cycle <= cycle &&
      !stalled()) {
    pins.bresp = responses_.front().response;
    offering_response_ = true;
  }
  pins.bvalid = offering_response_;
}

void AxiBridge::sample(uint64_t cycle, const MemoryMaster& master, const MemorySlave& slave) {
  if (slave.rvalid && master.rready) {
    offering_read_ = false;
    ++handshakes_;
    Read& read = reads_.front();
    if (++read.next == read.beats) {
      spare_.push_back(std::move(read.data));
      reads_.pop_front();
    }
  }
  if (slave.bvalid && master.bready) {
    offering_response_ = false;
    ++handshakes_;
    responses_.pop_front();
  }
  if (master.wvalid && slave.wready) accept_beat(cycle, master);
  if (master.awvalid && slave.awready) {
    ++handshakes_;
    Write write;
    write.address = master.awaddr;
    write.beats = master.awlen + 1U;
    write.data = buffer(size_t{write.beats} * bus_bytes_);
    write.enables = buffer(size_t{write.beats} * bus_bytes_);
    writes_.push_back(std::move(write));
  }
  if (master.arvalid && slave.arready) accept_read(cycle, master);
}

std::vector<uint8_t> AxiBridge::buffer(size_t bytes) {
  std::vector<uint8_t> data;
  if (!spare_.empty()) {
    data = std::move(spare_.back());
    spare_.pop_back();
  }
  data.resize(bytes);
  return data;
}

void AxiBridge::accept_read(uint64_t cycle, const MemoryMaster& master) {
  ++handshakes_;
  Read read;
  read.beats = master.arlen + 1U;
  read.data = buffer(size_t{read.beats} * bus_bytes_);
  read.first_cycle = cycle;
  read.response =
      transport(tlm::TLM_READ_COMMAND, master.araddr, read.data, nullptr, read.first_cycle);
  if (read.response != kOkay) std::fill(read.data.begin(), read.data.end(), uint8_t{0});
  reads_.push_back(std::move(read));
}

void AxiBridge::accept_beat(uint64_t cycle, const MemoryMaster& master) {
  ++handshakes_;
  Write& write = writes_.front();
  const size_t at = size_t{write.next} * bus_bytes_;
  std::memcpy(write.data.data() + at, master.wdata.data(), bus_bytes_);
  for (unsigned i = 0; i < bus_bytes_; ++i) {
    const bool enabled = (master.wstrb >> i) & 1;
    write.enables[at + i] = enabled ? TLM_BYTE_ENABLED : TLM_BYTE_DISABLED;
    write.partial |= !enabled;
  }
  if (++write.next < write.beats) return;
  Response response;
  response.cycle = cycle;
  response.response = transport(tlm::TLM_WRITE_COMMAND, write.address, write.data,
                                write.partial ? &write.enables : nullptr, response.cycle);
  responses_.push_back(response);
  spare_.push_back(std::move(write.data));
  spare_.push_back(std::move(write.enables));
  writes_.pop_front();
}

uint8_t AxiBridge::transport(tlm::tlm_command command, uint64_t address, std::vector<uint8_t>& data,
                             std::vector<uint8_t>* enables, uint64_t& cycle) {
  payload_.set_command(command);
  payload_.set_address(address);
  payload_.set_data_ptr(data.data());
  payload_.set_data_length(static_cast<unsigned>(data.size()));
  payload_.set_streaming_width(static_cast<unsigned>(data.size()));
  payload_.set_byte_enable_ptr(enables == nullptr ? nullptr : enables->data());
  payload_.set_byte_enable_length(enables == nullptr ? 0 : static_cast<unsigned>(enables->size()));
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  socket->b_transport(payload_, delay);
  cycle += static_cast<uint64_t>(delay / period_);
  if (payload_.is_response_ok()) return kOkay;
  return payload_.get_response_status() == tlm::TLM_ADDRESS_ERROR_RESPONSE ? kDecerr : kSlverr;
}

}  // namespace keyway::platform
