// SPDX-License-Identifier: Apache-2.0
/// The kernel's pins during one clock cycle, named as on the Verilog top
/// (rtl/keyway_kernel.sv) without the bus prefix. `...Master` is what the bus's master
/// drives, `...Slave` what its slave drives. Data travel low byte first; of a data field only the
/// bytes of the bus width mean anything, and only while its valid is high.
#pragma once

#include <array>
#include <cstdint>

namespace keyway::platform {

inline constexpr unsigned kMaxBusBytes = 64;  ///< AXI data width of at most 512 bits
using BusData = std::array<uint8_t, kMaxBusBytes>;

enum AxiResponse : uint8_t { kOkay = 0, kExokay = 1, kSlverr = 2, kDecerr = 3 };
inline constexpr uint8_t kIncrementingBurst = 1;

/// s_axi_control_*, AXI4-Lite: the host is the master.
struct ControlMaster {
  bool awvalid = false, wvalid = false, bready = false, arvalid = false, rready = false;
  uint8_t wstrb = 0;
  uint32_t awaddr = 0, wdata = 0, araddr = 0;
};
struct ControlSlave {
  bool awready = false, wready = false, bvalid = false, arready = false, rvalid = false;
  uint8_t bresp = 0, rresp = 0;
  uint32_t rdata = 0;
};

/// m_axi_gmem_*, AXI4 with one identifier: the kernel is the master.
struct MemoryMaster {
  bool awvalid = false, wvalid = false, wlast = false, bready = false, arvalid = false,
       rready = false;
  uint8_t awlen = 0, awsize = 0, awburst = 0, arlen = 0, arsize = 0, arburst = 0;
  uint64_t awaddr = 0, araddr = 0, wstrb = 0;
  BusData wdata{};
};
struct MemorySlave {
  bool awready = false, wready = false, bvalid = false, arready = false, rvalid = false,
       rlast = false;
  uint8_t bresp = 0, rresp = 0;
  BusData rdata{};
};

/// What the board drives into the kernel, and what the kernel drives.
struct KernelInputs {
  bool reset_n = false;
  ControlMaster control;
  MemorySlave memory;
};
struct KernelOutputs {
  bool interrupt = false;
  uint32_t events = 0;  ///< bits: contract::KernelEvent
  ControlSlave control;
  MemoryMaster memory;
};

}  // namespace keyway::platform
