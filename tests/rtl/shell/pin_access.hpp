// SPDX-License-Identifier: Apache-2.0
/// Copies the bus pins of a Verilated shell or bench to and from platform/pins.hpp. Ports there are
/// named as in rtl/shell/shell.sv; constants that only the kernel wrapper drives are filled in.
#pragma once

#include <cstring>

#include "platform/pins.hpp"

namespace keyway::rtl_test {

template <typename Top>
constexpr unsigned bus_bytes() {
  return sizeof(Top::rdata_i);
}

template <typename Top>
void drive_memory(Top& top, const platform::MemorySlave& pins) {
  top.awready_i = pins.awready;
  top.wready_i = pins.wready;
  top.bvalid_i = pins.bvalid;
  top.bresp_i = pins.bresp;
  top.arready_i = pins.arready;
  top.rvalid_i = pins.rvalid;
  top.rresp_i = pins.rresp;
  top.rlast_i = pins.rlast;
  std::memcpy(&top.rdata_i, pins.rdata.data(), sizeof(top.rdata_i));
}

template <typename Top>
void observe_memory(const Top& top, platform::MemoryMaster& pins) {
  uint8_t size = 0;
  while ((1U << size) < sizeof(top.rdata_i)) ++size;
  pins.awvalid = top.awvalid_o;
  pins.awaddr = top.awaddr_o;
  pins.awlen = top.awlen_o;
  pins.awsize = pins.arsize = size;
  pins.awburst = pins.arburst = platform::kIncrementingBurst;
  pins.wvalid = top.wvalid_o;
  std::memcpy(pins.wdata.data(), &top.wdata_o, sizeof(top.wdata_o));
  pins.wstrb = top.wstrb_o;
  pins.wlast = top.wlast_o;
  pins.bready = top.bready_o;
  pins.arvalid = top.arvalid_o;
  pins.araddr = top.araddr_o;
  pins.arlen = top.arlen_o;
  pins.rready = top.rready_o;
}

}  // namespace keyway::rtl_test
