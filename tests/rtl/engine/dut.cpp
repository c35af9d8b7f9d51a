// SPDX-License-Identifier: Apache-2.0
// Compiled once a shape: KEYWAY_ENGINE_CLASS is the Verilated class, KEYWAY_ENGINE_HEADER its
// header.
#include "dut.hpp"

#include "verilated.h"
#include KEYWAY_ENGINE_HEADER

namespace keyway::test {

namespace {

using Top = KEYWAY_ENGINE_CLASS;

template <typename Wide>
void set_beat(Wide& pins, const Beat& beat) {
  for (size_t i = 0; i < beat.size(); ++i) pins[i] = beat[i];
}

class VerilatedDut final : public Dut {
 public:
  VerilatedDut() : top_(&context_) {
    Pins inputs;
    Outputs outputs;
    inputs.rst_n = false;
    for (int i = 0; i < 4; ++i) {
      settle(inputs, outputs);
      clock();
    }
  }
  ~VerilatedDut() override { top_.final(); }

  void settle(const Pins& in, Outputs& out) override {
    top_.clk_i = 0;
    top_.rst_ni = in.rst_n;
    top_.clear_i = in.clear;
    top_.run_i = in.run;
    top_.warm_i = in.warm;
    top_.inputs_i = static_cast<uint16_t>(in.inputs.count);
    top_.input_stride_i = in.inputs.input_stride / 16;
    top_.output_stride_i = in.inputs.output_stride / 16;
    top_.weight_write_valid_i = in.weight_write_valid;
    top_.weight_write_address_i = in.weight_write_address;
    if (in.weight_write_valid) set_beat(top_.weight_write_data_i, in.weight_write_data);
    top_.frames_ready_i = in.frames_ready;
    top_.frame_verified_i = in.frame_verified;
    top_.input_request_ready_i = in.input_request_ready;
    top_.input_valid_i = in.input_valid;
    if (in.input_valid) set_beat(top_.input_data_i, in.input_data);
    top_.output_request_ready_i = in.output_request_ready;
    top_.output_ready_i = in.output_ready;
    top_.eval();

    out.clear_done = top_.clear_done_o != 0;
    out.done = top_.done_o != 0;
    out.error = top_.error_o != 0;
    out.frames_valid = top_.frames_valid_o != 0;
    out.frames_count = top_.frames_count_o;
    out.frames_destination = top_.frames_destination_o;
    out.input_request_valid = top_.input_request_valid_o != 0;
    out.input_request_offset = top_.input_request_offset_o;
    out.input_request_bytes = top_.input_request_bytes_o;
    out.input_ready = top_.input_ready_o != 0;
    out.output_request_valid = top_.output_request_valid_o != 0;
    out.output_request_offset = top_.output_request_offset_o;
    out.output_request_bytes = top_.output_request_bytes_o;
    out.output_valid = top_.output_valid_o != 0;
    if (out.output_valid) {
      for (size_t i = 0; i < 4; ++i) out.output_data[i] = top_.output_data_o[i];
    }
    for (size_t i = 0; i < out.events.size(); ++i) out.events[i] = ((top_.events_o >> i) & 1) != 0;
  }

  void clock() override {
    top_.clk_i = 1;
    top_.eval();
    context_.timeInc(1);
  }

 private:
  VerilatedContext context_;
  Top top_;
};

}  // namespace

Shape dut_shape() {
  return {KEYWAY_ENGINE_LANES,
          KEYWAY_ENGINE_DEPTH,
          KEYWAY_ENGINE_ACTIVATION_BYTES,
          KEYWAY_ENGINE_WEIGHT_BYTES,
          KEYWAY_ENGINE_STEP_CYCLES,
          static_cast<contract::ArrayKind>(KEYWAY_ENGINE_ARRAY_KIND)};
}

std::unique_ptr<Dut> make_dut() { return std::make_unique<VerilatedDut>(); }

}  // namespace keyway::test
