// SPDX-License-Identifier: Apache-2.0
// Parameter store: the parameter records of JobSlots jobs, and those of the job that each stage of
// post-processing works on.
//
// Mathematics: a job's records are three weight words; bits 32k+31..32k of lane l's record
//   (parameter_record_t) are bytes 4l..4l+3 of word k. With short_i the third word is not read: it comes
//   with the second one, as mr = 0, lo = -128 (signed_i) or 0, hi not negative.
// Timing: a word is written the cycle after it came. A stage's fields are loaded in the cycle before the
//   first pixel of a job is there: bias for t + 9, m and mr for t + 10, shift for t + 11 (rounding), its
//   upper bits for t + 12, its lower ones with lo and hi for t + 13.
// Contract: a slot is written only before its job's pixels come (the feeder writes parameters before
//   tiles). clear_i overwrites the registers and slot clear_address_i mod JobSlots with zeros.
// Test: tests/rtl/engine.

module parameter_store
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Lanes = 16
) (
    input  logic                             clk_i,
    input  logic                             clear_i,
    input  logic        [        19:0]       clear_address_i,
    input  logic                             write_valid_i,
    input  logic        [SlotBits-1:0]       write_slot_i,
    input  logic        [         1:0]       write_word_i,
    input  logic                             write_short_i,
    input  logic                             write_signed_i,
    input  logic        [32*Lanes-1:0]       write_data_i,
    input  token_t                           token_t7_i,
    input  token_t                           token_t8_i,
    input  token_t                           token_t9_i,
    input  token_t                           token_t10_i,
    input  token_t                           token_t11_i,
    input  token_t                           token_t12_i,
    output logic signed [   Lanes-1:0][31:0] bias_o,
    output logic signed [   Lanes-1:0][17:0] m_o,
    output logic signed [   Lanes-1:0][17:0] mr_o,
    output logic        [   Lanes-1:0][ 5:0] round_shift_o,
    output logic        [   Lanes-1:0][ 2:0] coarse_shift_o,
    output logic        [   Lanes-1:0][ 2:0] fine_shift_o,
    output logic signed [   Lanes-1:0][ 8:0] lo_o,
    output logic signed [   Lanes-1:0][ 8:0] hi_o
);

  (* ram_style = "distributed" *)
  logic [32*Lanes-1:0] word0_q[JobSlots];
  (* ram_style = "distributed" *)
  logic [32*Lanes-1:0] word1_q[JobSlots];
  (* ram_style = "distributed" *)
  logic [32*Lanes-1:0] word2_q[JobSlots];

  // Words come from memories all over a device: they go into registers first.
  logic [2:0] write_q;  // which words
  logic fill_q, signed_q;  // the third one of a short record
  logic [SlotBits-1:0] slot_q;
  logic [32*Lanes-1:0] data_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      write_q <= '1;
      fill_q  <= 1'b0;
      slot_q  <= clear_address_i[SlotBits-1:0];
      data_q  <= '0;
    end else begin
      write_q <= write_valid_i ? 3'b001 << write_word_i : '0;
      if (write_valid_i && write_short_i && write_word_i == 2'd1) write_q[2] <= 1'b1;
      fill_q <= write_short_i;
      slot_q <= write_slot_i;
      data_q <= write_data_i;
    end
    signed_q <= write_signed_i;
  end

  // The third word of a short record: all zero but for a negative lo.
  parameter_record_t short_record;
  logic [32*Lanes-1:0] write_last;
  always_comb begin
    short_record = '0;
    if (signed_q) short_record.lo = -9'sd128;
    write_last = fill_q ? {Lanes{short_record[95:64]}} : data_q;
  end

  always_ff @(posedge clk_i) begin
    if (write_q[0]) word0_q[slot_q] <= data_q;
    if (write_q[1]) word1_q[slot_q] <= data_q;
    if (write_q[2]) word2_q[slot_q] <= write_last;
  end

  function automatic parameter_record_t [Lanes-1:0] records_of(
      logic [32*Lanes-1:0] word0, logic [32*Lanes-1:0] word1, logic [32*Lanes-1:0] word2);
    for (int l = 0; l < int'(Lanes); l++) begin
      records_of[l] = {word2[32*l+:32], word1[32*l+:32], word0[32*l+:32]};
    end
  endfunction

  // A job's first result, known a cycle ahead: it has far to go.
  logic start_t8_q, start_t9_q, start_t10_q, start_t11_q, start_t12_q;
  always_ff @(posedge clk_i) begin
    start_t8_q  <= !clear_i && token_t7_i.valid && token_t7_i.last && token_t7_i.pixel == '0;
    start_t9_q  <= !clear_i && start_t8_q;
    start_t10_q <= !clear_i && start_t9_q;
    start_t11_q <= !clear_i && start_t10_q;
    start_t12_q <= !clear_i && start_t11_q;
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      bias_o         <= '0;
      m_o            <= '0;
      mr_o           <= '0;
      round_shift_o  <= '0;
      coarse_shift_o <= '0;
      fine_shift_o   <= '0;
      lo_o           <= '0;
      hi_o           <= '0;
    end else begin
      if (start_t8_q) begin
        parameter_record_t [Lanes-1:0] records;
        records = records_of(word0_q[token_t8_i.slot], word1_q[token_t8_i.slot],
                             word2_q[token_t8_i.slot]);
        for (int l = 0; l < int'(Lanes); l++) bias_o[l] <= records[l].bias;
      end
      if (start_t9_q) begin
        parameter_record_t [Lanes-1:0] records;
        records = records_of(word0_q[token_t9_i.slot], word1_q[token_t9_i.slot],
                             word2_q[token_t9_i.slot]);
        for (int l = 0; l < int'(Lanes); l++) begin
          m_o[l]  <= records[l].m;
          mr_o[l] <= records[l].mr;
        end
      end
      if (start_t10_q) begin
        parameter_record_t [Lanes-1:0] records;
        records = records_of(word0_q[token_t10_i.slot], word1_q[token_t10_i.slot],
                             word2_q[token_t10_i.slot]);
        for (int l = 0; l < int'(Lanes); l++) round_shift_o[l] <= records[l].shift;
      end
      if (start_t11_q) begin
        parameter_record_t [Lanes-1:0] records;
        records = records_of(word0_q[token_t11_i.slot], word1_q[token_t11_i.slot],
                             word2_q[token_t11_i.slot]);
        for (int l = 0; l < int'(Lanes); l++) coarse_shift_o[l] <= records[l].shift[5:3];
      end
      if (start_t12_q) begin
        parameter_record_t [Lanes-1:0] records;
        records = records_of(word0_q[token_t12_i.slot], word1_q[token_t12_i.slot],
                             word2_q[token_t12_i.slot]);
        for (int l = 0; l < int'(Lanes); l++) begin
          fine_shift_o[l] <= records[l].shift[2:0];
          lo_o[l]         <= records[l].lo;
          hi_o[l]         <= records[l].hi;
        end
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^{
    clear_address_i, short_record, token_t7_i, token_t8_i, token_t9_i, token_t10_i, token_t11_i, token_t12_i
  };

endmodule
