// SPDX-License-Identifier: Apache-2.0
#include "platform/axi_checker.hpp"

#include <cstring>
#include <string>

#include "common/error.hpp"

namespace keyway::platform {
namespace {

constexpr uint64_t kBoundary = 4096;

[[noreturn]] void fail(const char* bus, const char* channel, const char* rule, uint64_t cycle) {
  throw Error(ErrorKind::kDevice, std::string(bus) + " protocol: rule " + channel + rule +
                                      " is broken in cycle " + std::to_string(cycle));
}

}  // namespace

void MemoryChecker::require(bool good, const char* channel, const char* rule) const {
  if (!good) fail("AXI4 (m_axi_gmem)", channel, rule, cycle_);
}

void MemoryChecker::sample(uint64_t cycle, bool reset_n, const MemoryMaster& master,
                           const MemorySlave& slave) {
  cycle_ = cycle;
  if (!reset_n || was_in_reset_) {
    require(!master.awvalid, "AW", "_RESET");
    require(!master.wvalid, "W", "_RESET");
    require(!master.arvalid, "AR", "_RESET");
    require(!slave.bvalid, "B", "_RESET");
    require(!slave.rvalid, "R", "_RESET");
    write_beats_.clear();
    read_beats_.clear();
    responses_due_ = 0;
  } else {
    check_stable(master, slave);
  }
  track(master, slave);
  was_in_reset_ = !reset_n;

  // Data are copied only where they will be compared.
  const bool hold_w = master.wvalid && !slave.wready;
  const bool hold_r = slave.rvalid && !master.rready;
  last_master_.awvalid = master.awvalid && !slave.awready;
  last_master_.awaddr = master.awaddr;
  last_master_.awlen = master.awlen;
  last_master_.awsize = master.awsize;
  last_master_.awburst = master.awburst;
  last_master_.arvalid = master.arvalid && !slave.arready;
  last_master_.araddr = master.araddr;
  last_master_.arlen = master.arlen;
  last_master_.arsize = master.arsize;
  last_master_.arburst = master.arburst;
  last_master_.wvalid = hold_w;
  last_master_.wlast = master.wlast;
  last_master_.wstrb = master.wstrb;
  if (hold_w) last_master_.wdata = master.wdata;
  last_slave_.bvalid = slave.bvalid && !master.bready;
  last_slave_.bresp = slave.bresp;
  last_slave_.rvalid = hold_r;
  last_slave_.rlast = slave.rlast;
  last_slave_.rresp = slave.rresp;
  if (hold_r) last_slave_.rdata = slave.rdata;
}

/// `last_*` hold a channel's valid only where it was not taken, so VALID there means "must stay".
void MemoryChecker::check_stable(const MemoryMaster& master, const MemorySlave& slave) const {
  if (last_master_.awvalid) {
    require(master.awvalid, "AW", "VALID_STABLE");
    require(master.awaddr == last_master_.awaddr && master.awlen == last_master_.awlen &&
                master.awsize == last_master_.awsize && master.awburst == last_master_.awburst,
            "AW", "_STABLE");
  }
  if (last_master_.arvalid) {
    require(master.arvalid, "AR", "VALID_STABLE");
    require(master.araddr == last_master_.araddr && master.arlen == last_master_.arlen &&
                master.arsize == last_master_.arsize && master.arburst == last_master_.arburst,
            "AR", "_STABLE");
  }
  if (last_master_.wvalid) {
    require(master.wvalid, "W", "VALID_STABLE");
    require(master.wlast == last_master_.wlast && master.wstrb == last_master_.wstrb &&
                std::memcmp(master.wdata.data(), last_master_.wdata.data(), bus_bytes_) == 0,
            "W", "_STABLE");
  }
  if (last_slave_.bvalid) {
    require(slave.bvalid, "B", "VALID_STABLE");
    require(slave.bresp == last_slave_.bresp, "B", "_STABLE");
  }
  if (last_slave_.rvalid) {
    require(slave.rvalid, "R", "VALID_STABLE");
    require(slave.rlast == last_slave_.rlast && slave.rresp == last_slave_.rresp &&
                std::memcmp(slave.rdata.data(), last_slave_.rdata.data(), bus_bytes_) == 0,
            "R", "_STABLE");
  }
}

void MemoryChecker::check_burst(const char* channel, uint64_t address, uint8_t length, uint8_t size,
                                uint8_t burst) const {
  require(burst == kIncrementingBurst, channel, "_BURST");
  require((1U << size) == bus_bytes_, channel, "_SIZE");
  require(address % bus_bytes_ == 0, channel, "_ALIGNED");
  const uint64_t bytes = (uint64_t{length} + 1) * bus_bytes_;
  require(address % kBoundary + bytes <= kBoundary, channel, "_BOUNDARY");
}

/// Bursts under way. Responses are judged against what was accepted in earlier cycles.
void MemoryChecker::track(const MemoryMaster& master, const MemorySlave& slave) {
  if (slave.bvalid) {
    require(responses_due_ > 0, "B", "_WITHOUT_W");
    require(slave.bresp != kExokay, "B", "RESP");
    if (master.bready) --responses_due_;
  }
  if (slave.rvalid) {
    require(!read_beats_.empty(), "R", "_WITHOUT_AR");
    require(slave.rlast == (read_beats_.front() == 1), "R", "LAST");
    require(slave.rresp != kExokay, "R", "RESP");
    if (master.rready && --read_beats_.front() == 0) read_beats_.pop_front();
  }
  if (master.wvalid) {
    if (write_beats_.empty()) {
      require(!slave.wready, "W", "_WITHOUT_AW");
    } else {
      require(master.wlast == (write_beats_.front() == 1), "W", "LAST");
      if (slave.wready && --write_beats_.front() == 0) {
        write_beats_.pop_front();
        ++responses_due_;
      }
    }
  }
  if (master.awvalid) {
    check_burst("AW", master.awaddr, master.awlen, master.awsize, master.awburst);
    if (slave.awready) write_beats_.push_back(master.awlen + 1U);
  }
  if (master.arvalid) {
    check_burst("AR", master.araddr, master.arlen, master.arsize, master.arburst);
    if (slave.arready) read_beats_.push_back(master.arlen + 1U);
  }
}

void ControlChecker::require(bool good, const char* channel, const char* rule) const {
  if (!good) fail("AXI4-Lite (s_axi_control)", channel, rule, cycle_);
}

void ControlChecker::sample(uint64_t cycle, bool reset_n, const ControlMaster& master,
                            const ControlSlave& slave) {
  cycle_ = cycle;
  if (!reset_n || was_in_reset_) {
    require(!master.awvalid, "AW", "_RESET");
    require(!master.wvalid, "W", "_RESET");
    require(!master.arvalid, "AR", "_RESET");
    require(!slave.bvalid, "B", "_RESET");
    require(!slave.rvalid, "R", "_RESET");
    addresses_ = data_ = reads_ = 0;
  } else {
    check_stable(master, slave);
  }
  track(master, slave);
  was_in_reset_ = !reset_n;
  last_master_ = master;
  last_slave_ = slave;
}

void ControlChecker::check_stable(const ControlMaster& master, const ControlSlave& slave) const {
  if (last_master_.awvalid && !last_slave_.awready) {
    require(master.awvalid, "AW", "VALID_STABLE");
    require(master.awaddr == last_master_.awaddr, "AW", "_STABLE");
  }
  if (last_master_.wvalid && !last_slave_.wready) {
    require(master.wvalid, "W", "VALID_STABLE");
    require(master.wdata == last_master_.wdata && master.wstrb == last_master_.wstrb, "W",
            "_STABLE");
  }
  if (last_master_.arvalid && !last_slave_.arready) {
    require(master.arvalid, "AR", "VALID_STABLE");
    require(master.araddr == last_master_.araddr, "AR", "_STABLE");
  }
  if (last_slave_.bvalid && !last_master_.bready) {
    require(slave.bvalid, "B", "VALID_STABLE");
    require(slave.bresp == last_slave_.bresp, "B", "_STABLE");
  }
  if (last_slave_.rvalid && !last_master_.rready) {
    require(slave.rvalid, "R", "VALID_STABLE");
    require(slave.rdata == last_slave_.rdata && slave.rresp == last_slave_.rresp, "R", "_STABLE");
  }
}

void ControlChecker::track(const ControlMaster& master, const ControlSlave& slave) {
  if (slave.bvalid) {
    require(addresses_ > 0 && data_ > 0, "B", "_WITHOUT_W");
    require(slave.bresp != kExokay, "B", "RESP");
    if (master.bready) {
      --addresses_;
      --data_;
    }
  }
  if (slave.rvalid) {
    require(reads_ > 0, "R", "_WITHOUT_AR");
    require(slave.rresp != kExokay, "R", "RESP");
    if (master.rready) --reads_;
  }
  if (master.awvalid && slave.awready) ++addresses_;
  if (master.wvalid && slave.wready) ++data_;
  if (master.arvalid && slave.arready) ++reads_;
}

}  // namespace keyway::platform
