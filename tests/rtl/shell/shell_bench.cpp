// SPDX-License-Identifier: Apache-2.0
#include "shell_bench.hpp"

#include <stdexcept>

#include "pin_access.hpp"

namespace keyway::rtl_test {

using namespace contract;

ShellBench::ShellBench(uint64_t seed)
    : top_(std::make_unique<ShellModel>(&context_)),
      memory(kBase, kMemoryBytes, rtl_test::bus_bytes<ShellModel>(), seed),
      lock(seed + 1),
      engine(kWeightBytes / 16, seed + 2),
      memory_checker_(rtl_test::bus_bytes<ShellModel>()) {
  top_->rst_ni = 0;
  for (int i = 0; i < 3; ++i) step();
  top_->rst_ni = 1;
  step();
}

void ShellBench::step() {
  ShellModel& t = *top_;
  const bool in_reset = !t.rst_ni;
  t.control_awvalid_i = master_.awvalid;
  t.control_awaddr_i = static_cast<uint16_t>(master_.awaddr);
  t.control_wvalid_i = master_.wvalid;
  t.control_wdata_i = master_.wdata;
  t.control_wstrb_i = 15;
  master_.wstrb = 15;
  t.control_bready_i = master_.bready = true;
  t.control_arvalid_i = master_.arvalid;
  t.control_araddr_i = static_cast<uint16_t>(master_.araddr);
  t.control_rready_i = master_.rready = true;

  platform::MemorySlave slave;
  platform::MemoryMaster master;
  if (!in_reset) memory.drive(slave);
  drive_memory(t, slave);

  LockPins& l = lock_pins;
  lock.drive(l);
  t.lock_idle_i = l.idle;
  t.lock_header_place_i = l.header_place;
  t.lock_licence_place_i = l.licence_place;
  t.lock_open_done_i = l.open_done;
  t.lock_open_status_i = l.open_status;
  t.lock_frame_ready_i = l.frame_ready;
  t.lock_data_ready_i = l.data_ready;
  t.lock_payload_valid_i = l.payload_valid;
  std::memcpy(&t.lock_payload_i, l.payload.data(), 16);
  t.lock_frame_done_i = l.frame_done;
  t.lock_frame_ok_i = l.frame_ok;

  EnginePins& e = engine_pins;
  engine.drive(e);
  t.engine_clear_done_i = e.clear_done;
  t.engine_done_i = e.done;
  t.engine_error_i = e.error;
  t.frames_valid_i = e.frames_valid;
  t.frames_count_i = static_cast<uint16_t>(e.frames_count);
  t.frames_destination_i = e.frames_destination;
  t.input_request_valid_i = e.input_request_valid;
  t.input_request_offset_i = e.input_offset;
  t.input_request_bytes_i = e.input_bytes;
  t.input_ready_i = e.input_ready;
  t.output_request_valid_i = e.output_request_valid;
  t.output_request_offset_i = e.output_offset;
  t.output_request_bytes_i = e.output_bytes;
  t.output_valid_i = e.output_valid;
  std::memcpy(&t.output_data_i, e.output.data(), 16);
  t.array_events_i = static_cast<uint8_t>((e.busy ? 1 << 0 : 0) | (e.stall_empty ? 1 << 6 : 0));

  t.clk_i = 0;
  t.eval();

  slave_ = {t.control_awready_o != 0, t.control_wready_o != 0, t.control_bvalid_o != 0,
            t.control_arready_o != 0, t.control_rvalid_o != 0, t.control_bresp_o,
            t.control_rresp_o,        t.control_rdata_o};
  observe_memory(t, master);
  if (cycle > 0) {
    memory_checker_.sample(cycle, !in_reset, master, slave);
    control_checker_.sample(cycle, !in_reset, master_, slave_);
  }
  l.clear = t.lock_clear_o;
  l.open_valid = t.lock_open_valid_o;
  l.policy = t.lock_policy_o;
  std::memcpy(l.header_word.data(), &t.lock_header_word_o, 16);
  std::memcpy(l.licence_word.data(), &t.lock_licence_word_o, 16);
  l.licence_present = t.lock_licence_present_o;
  l.frame_valid = t.lock_frame_valid_o;
  l.kind = t.lock_frame_kind_o;
  l.index = t.lock_frame_index_o;
  l.total = t.lock_total_frames_o;
  l.beats = t.lock_frame_beats_o;
  l.frame_plain = t.lock_frame_plain_o;
  l.data_valid = t.lock_data_valid_o;
  std::memcpy(l.data.data(), &t.lock_data_o, 16);
  e.clear = t.engine_clear_o;
  e.run = t.engine_run_o;
  e.warm = t.engine_warm_o;
  e.weight_valid = t.weight_write_valid_o;
  e.weight_address = t.weight_write_address_o;
  std::memcpy(e.weight_data.data(), &t.weight_write_data_o, 16);
  e.frames_ready = t.frames_ready_o;
  e.frame_verified = t.frame_verified_o;
  e.input_request_ready = t.input_request_ready_o;
  e.input_valid = t.input_valid_o;
  std::memcpy(e.input.data(), &t.input_data_o, 16);
  e.output_request_ready = t.output_request_ready_o;
  e.output_ready = t.output_ready_o;

  if (!in_reset) {
    memory.sample(master, slave);
    lock.clock(l);
    engine.clock(e);
  }
  t.clk_i = 1;
  t.eval();
  ++cycle;
}

void ShellBench::write(uint32_t address, uint32_t data) {
  master_.awvalid = master_.wvalid = true;
  master_.awaddr = address;
  master_.wdata = data;
  do {
    step();
    if (slave_.awready) master_.awvalid = false;
    if (slave_.wready) master_.wvalid = false;
  } while (!slave_.bvalid);
}

uint32_t ShellBench::read(uint32_t address) {
  master_.arvalid = true;
  master_.araddr = address;
  do {
    step();
    if (slave_.arready) master_.arvalid = false;
  } while (!slave_.rvalid);
  return slave_.rdata;
}

void ShellBench::start(const Arguments& arguments) {
  Arguments::visit(arguments, [this](const Argument& argument, uint64_t value) {
    write(argument.offset, static_cast<uint32_t>(value));
    if (argument.is_pointer) write(argument.offset + 4, static_cast<uint32_t>(value >> 32));
  });
  memory.reads.clear();
  memory.writes.clear();
  write(kRegInterruptGlobal, 1);
  write(kRegInterruptEnable, 1);
  write(kRegInterruptStatus, 1);
  write(kRegControl, 1);
  begun = cycle;
}

Status ShellBench::finish(const std::function<void()>& each) {
  for (int i = 0; !top_->interrupt_o; ++i) {
    if (i > 300'000) throw std::logic_error("the shell is not done after 300000 cycles");
    if (each) each();
    step();
  }
  done = cycle;
  const uint32_t control = read(kRegControl);
  if (control != 6) throw std::logic_error("CONTROL reads " + std::to_string(control));
  return static_cast<Status>(read(kRegStatus));
}

uint64_t ShellBench::counter(Counter which) {
  const uint32_t address = kCounterBase + 8 * static_cast<uint32_t>(which);
  const uint64_t low = read(address);
  return low | uint64_t{read(address + 4)} << 32;
}

bool ShellBench::interrupt() const { return top_->interrupt_o; }

}  // namespace keyway::rtl_test
