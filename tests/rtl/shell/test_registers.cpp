// SPDX-License-Identifier: Apache-2.0
/// The register file as a host sees it, over AXI4-Lite with its protocol checker.
#include <VRegisters.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "platform/axi_checker.hpp"
#include "program/contract.hpp"

namespace keyway::rtl_test {
namespace {

using namespace contract;

class RegisterBench {
 public:
  explicit RegisterBench(uint64_t seed = 1)
      : top(std::make_unique<VRegisters>(&context_)), random_(seed) {
    top->rst_ni = 0;
    for (int i = 0; i < 3; ++i) step();
    top->rst_ni = 1;
    step();
  }

 private:
  VerilatedContext context_;

 public:
  std::unique_ptr<VRegisters> top;
  platform::ControlMaster master;
  platform::ControlSlave slave;

  void step() {
    VRegisters& t = *top;
    t.awvalid_i = master.awvalid;
    t.awaddr_i = static_cast<uint16_t>(master.awaddr);
    t.wvalid_i = master.wvalid;
    t.wdata_i = master.wdata;
    t.wstrb_i = master.wstrb;
    t.bready_i = master.bready;
    t.arvalid_i = master.arvalid;
    t.araddr_i = static_cast<uint16_t>(master.araddr);
    t.rready_i = master.rready;
    t.clk_i = 0;
    t.eval();
    slave = {t.awready_o != 0, t.wready_o != 0, t.bvalid_o != 0, t.arready_o != 0,
             t.rvalid_o != 0,  t.bresp_o,       t.rresp_o,       t.rdata_o};
    if (cycle_ > 0) checker_.sample(cycle_, t.rst_ni, master, slave);
    t.clk_i = 1;
    t.eval();
    ++cycle_;
  }

  /// Address and data arrive in any order, the answer is taken at any time.
  void write(uint32_t address, uint32_t data, uint8_t strobe = 15) {
    unsigned address_delay = pick(), data_delay = pick(), answer_delay = pick();
    bool address_done = false, data_done = false, answered = false;
    for (int i = 0; !answered; ++i) {
      REQUIRE(i < 100);
      if (!address_done && address_delay == 0) master.awvalid = true;
      if (!data_done && data_delay == 0) master.wvalid = true;
      master.awaddr = address;
      master.wdata = data;
      master.wstrb = strobe;
      master.bready = answer_delay == 0;
      step();
      if (master.awvalid && slave.awready) {
        address_done = true;
        master.awvalid = false;
      }
      if (master.wvalid && slave.wready) {
        data_done = true;
        master.wvalid = false;
      }
      answered = slave.bvalid && master.bready;
      REQUIRE((!slave.bvalid || slave.bresp == platform::kOkay));
      if (address_delay > 0) --address_delay;
      if (data_delay > 0) --data_delay;
      if (answer_delay > 0) --answer_delay;
    }
    master.bready = false;
  }

  uint32_t read(uint32_t address) {
    unsigned answer_delay = pick();
    master.arvalid = true;
    master.araddr = address;
    for (int i = 0;; ++i) {
      REQUIRE(i < 100);
      master.rready = answer_delay == 0;
      step();
      if (slave.arready) master.arvalid = false;
      if (slave.rvalid && master.rready) break;
      if (answer_delay > 0) --answer_delay;
    }
    master.rready = false;
    REQUIRE(slave.rresp == platform::kOkay);
    return slave.rdata;
  }

  void done(Status status) {
    top->done_i = 1;
    top->status_i = static_cast<uint8_t>(status);
    step();
    top->done_i = 0;
  }

 private:
  unsigned pick() { return static_cast<unsigned>(random_() % 4); }
  std::mt19937_64 random_;
  platform::ControlChecker checker_;
  uint64_t cycle_ = 0;
};

}  // namespace

TEST_CASE("identification registers hold what the contract says") {
  RegisterBench bench;
  CHECK(bench.read(kRegId) == kCoreId);
  CHECK(bench.read(kRegVersion) == kCoreVersion);
  CHECK(bench.read(kRegContract) == kContractHash);
  const uint32_t shape_register = bench.read(kRegShape);
  const auto part = [&](const Field& field) {
    return shape_register >> field.lsb & ((1U << field.bits) - 1);
  };
  CHECK(part(shape::kLanes) == 16);
  CHECK(part(shape::kDepth) == 16);
  CHECK(part(shape::kLog2AxiBits) == 7);
  CHECK(part(shape::kUnsealerKind) == 1);
  CHECK(part(shape::kArrayKind) == 2);
  CHECK(bench.read(kRegActivationBytes) == 262144);
  CHECK(bench.read(kRegWeightBytes) == 524288);
}

TEST_CASE("start, done and idle follow ap_ctrl_hs") {
  RegisterBench bench;
  CHECK(bench.read(kRegControl) == 4);
  CHECK(bench.read(kRegStatus) == 0);
  bench.write(kRegControl, 1, 0xe);  // the strobe keeps bit 0 out
  CHECK(bench.read(kRegControl) == 4);
  bench.write(kRegControl, 1);
  CHECK(bench.top->start_o == 1);
  CHECK(bench.read(kRegControl) == 1);
  CHECK(bench.read(kRegStatus) == 0);
  bench.write(kRegControl, 1);  // busy: nothing happens
  CHECK(bench.read(kRegControl) == 1);
  bench.done(Status::kOk);
  CHECK(bench.top->start_o == 0);
  CHECK(bench.read(kRegStatus) == 1);
  CHECK(bench.read(kRegControl) == 6);
  CHECK(bench.read(kRegControl) == 4);
  CHECK(bench.read(kRegStatus) == 1);

  // A done that nobody read does not survive the next start.
  bench.write(kRegControl, 1);
  bench.done(Status::kAuthentication);
  bench.write(kRegControl, 1);
  CHECK(bench.read(kRegControl) == 1);
  CHECK(bench.read(kRegStatus) == 0);
  bench.done(Status::kBusError);
  CHECK(bench.read(kRegStatus) == 9);
  bench.write(kRegControl, 0x80);
  CHECK(bench.read(kRegControl) == 6);
  bench.write(kRegControl, 0x80);
  CHECK(bench.read(kRegControl) == 4);
}

TEST_CASE("a done in the cycle of a control read is not lost") {
  for (int offset = 0; offset < 6; ++offset) {
    CAPTURE(offset);
    RegisterBench bench(2);
    bench.write(kRegControl, 1);
    bench.master.arvalid = true;
    bench.master.araddr = kRegControl;
    bench.master.rready = true;
    uint32_t seen = 0;
    for (int i = 0; i < 8; ++i) {
      bench.top->done_i = i == offset;
      bench.top->status_i = 1;
      bench.step();
      if (bench.slave.arready && bench.master.arvalid) bench.master.arvalid = i < 4;
      if (bench.slave.rvalid) seen |= bench.slave.rdata;
    }
    bench.master.arvalid = false;
    bench.step();
    if (bench.slave.rvalid) seen |= bench.slave.rdata;
    bench.master.rready = false;
    seen |= bench.read(kRegControl);
    CHECK((seen & 2) != 0);
  }
}

bool is_argument_word(uint32_t address) {
  return std::any_of(kArguments.begin(), kArguments.end(), [address](const auto& argument) {
    return address == argument.offset || (argument.is_pointer && address == argument.offset + 4);
  });
}

TEST_CASE("arguments are latched at start") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    RegisterBench bench(seed);
    std::mt19937_64 random(seed);
    uint64_t value[kArguments.size()];
    for (size_t i = 0; i < kArguments.size(); ++i) {
      value[i] = kArguments[i].is_pointer ? random() : random() & 0xffffffff;
      bench.write(kArguments[i].offset, static_cast<uint32_t>(value[i]));
      if (kArguments[i].is_pointer) {
        bench.write(kArguments[i].offset + 4, static_cast<uint32_t>(value[i] >> 32));
      }
    }
    bench.write(kRegControl, 1);
    const auto check = [&] {
      // In the order of the list, from the lowest bits of the packed struct upwards.
      size_t word = 0;
      for (size_t i = 0; i < kArguments.size(); ++i) {
        uint64_t latched = bench.top->arguments_o[word++];
        if (kArguments[i].is_pointer) latched |= uint64_t{bench.top->arguments_o[word++]} << 32;
        CHECK(latched == value[i]);
      }
    };
    check();
    for (const auto& argument : kArguments) {
      bench.write(argument.offset, 0xdeadbeef);
      CHECK(bench.read(argument.offset) == 0xdeadbeef);
    }
    check();
    bench.done(Status::kOk);
    check();
  }
}

TEST_CASE("an abort lasts from its write to done, and is of this start alone") {
  RegisterBench bench;
  bench.write(kRegAbort, 1);
  CHECK(bench.top->abort_o == 0);  // nothing runs
  bench.write(kRegControl, 1);
  CHECK(bench.top->abort_o == 0);
  bench.write(kRegAbort, 2);
  bench.write(kRegAbort, 1, 0xe);
  CHECK(bench.top->abort_o == 0);
  bench.write(kRegAbort, 1);
  CHECK(bench.top->abort_o == 1);
  CHECK(bench.read(kRegAbort) == 0);
  bench.write(kRegAbort, 0);
  CHECK(bench.top->abort_o == 1);
  bench.done(Status::kAborted);
  CHECK(bench.top->abort_o == 0);
  CHECK(bench.read(kRegStatus) == static_cast<uint32_t>(Status::kAborted));
  bench.write(kRegControl, 1);
  CHECK(bench.top->abort_o == 0);
  bench.done(Status::kOk);
}

TEST_CASE("byte strobes write single bytes") {
  RegisterBench bench;
  bench.write(kArgInput, 0x11223344);
  bench.write(kArgInput, 0xaabbccdd, 0b0101);
  CHECK(bench.read(kArgInput) == 0x11bb33dd);
}

TEST_CASE("interrupt is level, enabled, and cleared by writing one") {
  RegisterBench bench;
  bench.write(kRegControl, 1);
  bench.done(Status::kOk);
  CHECK(bench.top->interrupt_o == 0);
  CHECK(bench.read(kRegInterruptStatus) == 0);
  bench.write(kRegInterruptEnable, 1);
  bench.write(kRegControl, 1);
  bench.done(Status::kOk);
  CHECK(bench.read(kRegInterruptStatus) == 1);
  CHECK(bench.top->interrupt_o == 0);
  bench.write(kRegInterruptGlobal, 1);
  CHECK(bench.top->interrupt_o == 1);
  bench.write(kRegInterruptStatus, 0);
  CHECK(bench.top->interrupt_o == 1);
  bench.write(kRegInterruptStatus, 1);
  CHECK(bench.top->interrupt_o == 0);
  CHECK(bench.read(kRegInterruptStatus) == 0);
}

TEST_CASE("counters read as two halves, low word first") {
  RegisterBench bench;
  for (int i = 0; i < 2 * static_cast<int>(kCounters.size()); ++i) {
    bench.top->counters_i[i] = 0x01010101U * static_cast<unsigned>(i + 1);
  }
  for (uint32_t i = 0; i < 2 * kCounters.size(); ++i) {
    CHECK(bench.read(kCounterBase + 4 * i) == 0x01010101U * (i + 1));
  }
  CHECK(bench.read(kCounterBase + 8 * static_cast<uint32_t>(kCounters.size())) == 0);
}

TEST_CASE("every other address reads zero and ignores writes") {
  RegisterBench bench;
  for (uint32_t address = 0; address < 4096; address += 4)
    bench.write(address, address == 0 ? 0 : 0xffffffff);
  for (uint32_t address = 0; address < 4096; address += 4) {
    const bool argument = is_argument_word(address);
    const bool identification = (address >= kRegId && address <= kRegWeightBytes) || address == 0;
    const bool enables = address == kRegInterruptGlobal || address == kRegInterruptEnable;
    const uint32_t value = bench.read(address);
    CAPTURE(address);
    if (argument)
      CHECK(value == 0xffffffff);
    else if (enables)
      CHECK(value == 1);
    else if (!identification)
      CHECK(value == 0);
  }
  CHECK(bench.read(kRegControl) == 4);
}

}  // namespace keyway::rtl_test
