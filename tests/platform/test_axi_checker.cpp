// SPDX-License-Identifier: Apache-2.0
/// Every rule of the protocol checkers: a legal exchange passes, and the same exchange with one
/// planted fault is stopped with that rule's name and cycle.
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "platform/axi_checker.hpp"

using namespace keyway;
using namespace keyway::platform;

namespace {

constexpr unsigned kBusBytes = 16;
constexpr uint8_t kSize = 4;  // 2^4 bytes a beat

struct MemoryCycle {
  bool reset_n = true;
  MemoryMaster master;
  MemorySlave slave;
};
struct ControlCycle {
  bool reset_n = true;
  ControlMaster master;
  ControlSlave slave;
};

/// A read of two beats and a write of two beats, side by side; every channel waits once for its
/// ready.
std::vector<MemoryCycle> legal_memory() {
  std::vector<MemoryCycle> run(12);
  run[0].reset_n = false;
  for (const size_t i : {2, 3}) {
    MemoryMaster& m = run[i].master;
    m.arvalid = m.awvalid = true;
    m.araddr = 0x10000fe0;
    m.awaddr = 0x20000000;
    m.arlen = m.awlen = 1;
    m.arsize = m.awsize = kSize;
    m.arburst = m.awburst = kIncrementingBurst;
    run[i].slave.arready = run[i].slave.awready = i == 3;
  }
  for (const size_t i : {4, 5, 6}) {
    MemorySlave& s = run[i].slave;
    s.rvalid = true;
    s.rlast = i == 6;
    s.rdata[3] = i == 6 ? 9 : 7;
    run[i].master.rready = i != 4;
    MemoryMaster& m = run[i].master;
    m.wvalid = true;
    m.wstrb = 0xffff;
    m.wlast = i == 6;
    m.wdata[5] = i == 6 ? 2 : 1;
    run[i].slave.wready = i != 4;
  }
  for (const size_t i : {8, 9}) {
    run[i].slave.bvalid = true;
    run[i].master.bready = i == 9;
  }
  return run;
}

std::vector<ControlCycle> legal_control() {
  std::vector<ControlCycle> run(12);
  run[0].reset_n = false;
  for (const size_t i : {2, 3}) {
    ControlMaster& m = run[i].master;
    m.awvalid = m.wvalid = m.arvalid = true;
    m.awaddr = 0x10;
    m.araddr = 0x20;
    m.wdata = 5;
    m.wstrb = 0xf;
    run[i].slave.awready = run[i].slave.wready = run[i].slave.arready = i == 3;
  }
  for (const size_t i : {5, 6}) {
    run[i].slave.bvalid = run[i].slave.rvalid = true;
    run[i].slave.rdata = 77;
    run[i].master.bready = run[i].master.rready = i == 6;
  }
  return run;
}

/// What the checker says of the run, or nothing.
template <typename Checker, typename Cycle>
std::string verdict(Checker checker, const std::vector<Cycle>& run) {
  try {
    for (size_t i = 0; i < run.size(); ++i)
      checker.sample(100 + i, run[i].reset_n, run[i].master, run[i].slave);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kDevice);
    return error.what();
  }
  return "";
}

template <typename Cycle>
struct Fault {
  const char* rule;
  size_t cycle;  ///< in which the checker must notice
  std::function<void(std::vector<Cycle>&)> plant;
};

template <typename Checker, typename Cycle>
void check_fault(const Checker& checker, std::vector<Cycle> run, const Fault<Cycle>& fault) {
  fault.plant(run);
  const std::string text = verdict(checker, run);
  INFO("rule " << fault.rule << ", verdict: " << text);
  CHECK(text.find(std::string("rule ") + fault.rule + " is broken in cycle " +
                  std::to_string(100 + fault.cycle)) != std::string::npos);
}

}  // namespace

TEST_CASE("a legal AXI4 exchange passes") {
  CHECK(verdict(MemoryChecker(kBusBytes), legal_memory()) == "");
}

TEST_CASE("every AXI4 rule is checked") {
  using Run = std::vector<MemoryCycle>;
  const std::vector<Fault<MemoryCycle>> faults = {
      {"AW_RESET", 0, [](Run& r) { r[0].master.awvalid = true; }},
      {"W_RESET", 0, [](Run& r) { r[0].master.wvalid = true; }},
      {"AR_RESET", 1, [](Run& r) { r[1].master.arvalid = true; }},
      {"B_RESET", 0, [](Run& r) { r[0].slave.bvalid = true; }},
      {"R_RESET", 1, [](Run& r) { r[1].slave.rvalid = true; }},
      {"AWVALID_STABLE", 3, [](Run& r) { r[3].master.awvalid = false; }},
      {"ARVALID_STABLE", 3, [](Run& r) { r[3].master.arvalid = false; }},
      {"WVALID_STABLE", 5, [](Run& r) { r[5].master.wvalid = false; }},
      {"RVALID_STABLE", 5, [](Run& r) { r[5].slave.rvalid = false; }},
      {"BVALID_STABLE", 9, [](Run& r) { r[9].slave.bvalid = false; }},
      {"AW_STABLE", 3, [](Run& r) { r[3].master.awaddr += kBusBytes; }},
      {"AW_STABLE", 3, [](Run& r) { r[3].master.awlen = 2; }},
      {"AR_STABLE", 3, [](Run& r) { r[3].master.araddr -= kBusBytes; }},
      {"W_STABLE", 5, [](Run& r) { r[5].master.wdata[15] ^= 0x80; }},
      {"W_STABLE", 5, [](Run& r) { r[5].master.wstrb = 0x7fff; }},
      {"R_STABLE", 5, [](Run& r) { r[5].slave.rdata[0] ^= 1; }},
      {"B_STABLE", 9, [](Run& r) { r[9].slave.bresp = kSlverr; }},
      {"AW_BURST", 2, [](Run& r) { r[2].master.awburst = 2; }},
      {"AR_BURST", 2, [](Run& r) { r[2].master.arburst = 0; }},
      {"AW_SIZE", 2, [](Run& r) { r[2].master.awsize = 3; }},
      {"AR_SIZE", 2, [](Run& r) { r[2].master.arsize = 5; }},
      {"AW_ALIGNED", 2, [](Run& r) { r[2].master.awaddr += 8; }},
      {"AR_ALIGNED", 2, [](Run& r) { r[2].master.araddr += 1; }},
      {"AR_BOUNDARY", 2, [](Run& r) { r[2].master.arlen = 2; }},
      {"AW_BOUNDARY", 2, [](Run& r) { r[2].master.awaddr = 0x20000ff0; }},
      {"WLAST", 4, [](Run& r) { r[4].master.wlast = true; }},
      {"WLAST", 6, [](Run& r) { r[6].master.wlast = false; }},
      {"RLAST", 4, [](Run& r) { r[4].slave.rlast = true; }},
      {"RLAST", 6, [](Run& r) { r[6].slave.rlast = false; }},
      {"W_WITHOUT_AW", 7,
       [](Run& r) {
         r[7].master.wvalid = true;
         r[7].slave.wready = true;
       }},
      {"R_WITHOUT_AR", 7, [](Run& r) { r[7].slave.rvalid = true; }},
      {"B_WITHOUT_W", 10, [](Run& r) { r[10].slave.bvalid = true; }},
      {"B_WITHOUT_W", 6, [](Run& r) { r[6].slave.bvalid = true; }},
      {"BRESP", 8, [](Run& r) { r[8].slave.bresp = kExokay; }},
      {"RRESP", 4, [](Run& r) { r[4].slave.rresp = kExokay; }},
  };
  for (const auto& fault : faults) check_fault(MemoryChecker(kBusBytes), legal_memory(), fault);
}

TEST_CASE("a reset ends the bursts under way") {
  auto run = legal_memory();
  run[7].reset_n = false;  // the write response is no longer due
  run[8].slave.bvalid = run[9].slave.bvalid = false;
  CHECK(verdict(MemoryChecker(kBusBytes), run) == "");
  run[10].slave.bvalid = true;
  CHECK(verdict(MemoryChecker(kBusBytes), run).find("B_WITHOUT_W") != std::string::npos);
}

TEST_CASE("a legal AXI4-Lite exchange passes") {
  CHECK(verdict(ControlChecker(), legal_control()) == "");
}

TEST_CASE("every AXI4-Lite rule is checked") {
  using Run = std::vector<ControlCycle>;
  const std::vector<Fault<ControlCycle>> faults = {
      {"AW_RESET", 0, [](Run& r) { r[0].master.awvalid = true; }},
      {"W_RESET", 1, [](Run& r) { r[1].master.wvalid = true; }},
      {"AR_RESET", 0, [](Run& r) { r[0].master.arvalid = true; }},
      {"B_RESET", 1, [](Run& r) { r[1].slave.bvalid = true; }},
      {"R_RESET", 0, [](Run& r) { r[0].slave.rvalid = true; }},
      {"AWVALID_STABLE", 3, [](Run& r) { r[3].master.awvalid = false; }},
      {"WVALID_STABLE", 3, [](Run& r) { r[3].master.wvalid = false; }},
      {"ARVALID_STABLE", 3, [](Run& r) { r[3].master.arvalid = false; }},
      {"BVALID_STABLE", 6, [](Run& r) { r[6].slave.bvalid = false; }},
      {"RVALID_STABLE", 6, [](Run& r) { r[6].slave.rvalid = false; }},
      {"AW_STABLE", 3, [](Run& r) { r[3].master.awaddr = 0x14; }},
      {"W_STABLE", 3, [](Run& r) { r[3].master.wdata = 6; }},
      {"W_STABLE", 3, [](Run& r) { r[3].master.wstrb = 7; }},
      {"AR_STABLE", 3, [](Run& r) { r[3].master.araddr = 0; }},
      {"B_STABLE", 6, [](Run& r) { r[6].slave.bresp = kSlverr; }},
      {"R_STABLE", 6, [](Run& r) { r[6].slave.rdata = 78; }},
      {"R_WITHOUT_AR", 8, [](Run& r) { r[8].slave.rvalid = true; }},
      {"B_WITHOUT_W", 8, [](Run& r) { r[8].slave.bvalid = true; }},
      {"BRESP", 5, [](Run& r) { r[5].slave.bresp = kExokay; }},
      {"RRESP", 5, [](Run& r) { r[5].slave.rresp = kExokay; }},
  };
  for (const auto& fault : faults) check_fault(ControlChecker(), legal_control(), fault);
}
