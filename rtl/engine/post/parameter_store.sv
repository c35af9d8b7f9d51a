// SPDX-License-Identifier: Apache-2.0
// Parameter store: the parameter records of JobSlots jobs, and those of the job that each stage of
// post-processing works on.
//
// Mathematics: a job's records are three weight words; bits 32k+31..32k of lane l's record
//   (parameter_record_t) are bytes 4l..4l+3 of word k. With short_i the third word is not read: it comes
//   with the second one, as mr = 0, lo = -128 (signed_i) or 0, hi not negative.
// Timing: a word is written the cycle after it came. A stage's fields are loaded in the cycle before the
//   first pixel of a job is there: bias for t + 8 of its first pass; of its last pass m and mr for t + 10,
//   the upper bits of shift for t + 12, its lower ones with lo and hi for t + 13.
// Contract: a slot is written only before its job's pixels come (weight_reader writes parameters before
//   tiles). clear_i overwrites the registers and slot clear_address_i mod JobSlots with zeros.
// Test: tests/rtl/engine.

module parameter_store
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Lanes = 16
) (
    input  logic                           clk_i,
    input  logic                           clear_i,
    input  weight_address_t                clear_address_i,
    input  logic                           write_valid_i,
    input  parameter_word_t                write_i,
    input  logic            [32*Lanes-1:0] write_data_i,
    input  token_pipe_t                    tokens_i,
    output logic signed     [        31:0] bias_o         [Lanes],
    output logic signed     [        17:0] m_o            [Lanes],
    output logic signed     [        17:0] mr_o           [Lanes],
    output logic            [         2:0] coarse_shift_o [Lanes],
    output logic            [         2:0] fine_shift_o   [Lanes],
    output logic signed     [         8:0] lo_o           [Lanes],
    output logic signed     [         8:0] hi_o           [Lanes]
);

  token_t sum, result;
  logic bias_start, start;
  assign sum        = tokens_i[StagePair];
  assign result     = tokens_i[StageSum];
  assign bias_start = sum.valid && sum.first && sum.pixel == '0;
  assign start      = gives_result(result) && result.pixel == '0;

  for (genvar f = 0; f < int'(Lanes) / 4; f++) begin : gen_four
    parameter_lanes #(
        .Lanes(4)
    ) u_parameter_lanes (
        .clk_i,
        .clear_i,
        .clear_slot_i  (clear_address_i[SlotBits-1:0]),
        .write_valid_i,
        .write_i,
        .write_data_i  (write_data_i[128*f+:128]),
        .bias_start_i  (bias_start),
        .bias_slot_i   (sum.slot),
        .start_i       (start),
        .slot_i        (result.slot),
        .bias_o        (bias_o[4*f+:4]),
        .m_o           (m_o[4*f+:4]),
        .mr_o          (mr_o[4*f+:4]),
        .coarse_shift_o(coarse_shift_o[4*f+:4]),
        .fine_shift_o  (fine_shift_o[4*f+:4]),
        .lo_o          (lo_o[4*f+:4]),
        .hi_o          (hi_o[4*f+:4])
    );
  end

  logic unused_bits;
  assign unused_bits = ^{clear_address_i, sum, result};

endmodule
