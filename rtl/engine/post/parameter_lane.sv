// SPDX-License-Identifier: Apache-2.0
// Parameter records of one lane: those of JobSlots jobs, and the fields of the job that each stage of
// post-processing works on. It has registers of its own for all that goes to every lane.
//
// Mathematics, timing, contract: see parameter_store, which has one for each lane.
// Test: tests/rtl/engine.

module parameter_lane
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
(
    input  logic                       clk_i,
    input  logic                       clear_i,
    input  logic        [SlotBits-1:0] clear_slot_i,
    input  logic                       write_valid_i,
    input  logic        [SlotBits-1:0] write_slot_i,
    input  logic        [         1:0] write_word_i,
    input  logic                       write_short_i,
    input  logic                       write_signed_i,
    input  logic        [        31:0] write_data_i,
    input  logic                       start_i,         // a job's first result is at StageSum
    input  logic        [SlotBits-1:0] slot_i,
    output logic signed [        31:0] bias_o,
    output logic signed [        17:0] m_o,
    output logic signed [        17:0] mr_o,
    output logic        [         2:0] coarse_shift_o,
    output logic        [         2:0] fine_shift_o,
    output logic signed [         8:0] lo_o,
    output logic signed [         8:0] hi_o
);

  (* ram_style = "distributed" *)
  logic [31:0] word0_q[JobSlots];
  (* ram_style = "distributed" *)
  logic [31:0] word1_q[JobSlots];
  (* ram_style = "distributed" *)
  logic [31:0] word2_q[JobSlots];

  // ------------------------------------------------------------------ writing
  logic [2:0] write_q;  // which words
  logic fill_q, signed_q;  // the third one of a short record
  logic [SlotBits-1:0] write_slot_q;
  logic [31:0] data_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      write_q      <= '1;
      fill_q       <= 1'b0;
      write_slot_q <= clear_slot_i;
      data_q       <= '0;
    end else begin
      write_q <= write_valid_i ? 3'b001 << write_word_i : '0;
      if (write_valid_i && write_short_i && write_word_i == 2'd1) write_q[2] <= 1'b1;
      fill_q       <= write_short_i;
      write_slot_q <= write_slot_i;
      data_q       <= write_data_i;
    end
    signed_q <= write_signed_i;
  end

  // The third word of a short record: all zero but for a negative lo.
  parameter_record_t short_record;
  logic [31:0] third_word;
  always_comb begin
    short_record = '0;
    if (signed_q) short_record.lo = -9'sd128;
    third_word = fill_q ? short_record[95:64] : data_q;
  end

  always_ff @(posedge clk_i) begin
    if (write_q[0]) word0_q[write_slot_q] <= data_q;
    if (write_q[1]) word1_q[write_slot_q] <= data_q;
    if (write_q[2]) word2_q[write_slot_q] <= third_word;
  end

  // ------------------------------------------------------------------ reading
  // Index k: at t + 8 + k.
  logic [4:0] start_q;
  logic [4:0][SlotBits-1:0] slot_q;
  parameter_record_t [4:0] record;

  always_ff @(posedge clk_i) begin
    start_q <= clear_i ? '0 : {start_q[3:0], start_i};
    slot_q  <= {slot_q[3:0], slot_i};
  end

  for (genvar k = 0; k < 5; k++) begin : gen_record
    assign record[k] = {word2_q[slot_q[k]], word1_q[slot_q[k]], word0_q[slot_q[k]]};
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      bias_o         <= '0;
      m_o            <= '0;
      mr_o           <= '0;
      coarse_shift_o <= '0;
      fine_shift_o   <= '0;
      lo_o           <= '0;
      hi_o           <= '0;
    end else begin
      if (start_q[0]) bias_o <= record[0].bias;
      if (start_q[1]) begin
        m_o  <= record[1].m;
        mr_o <= record[1].mr;
      end
      if (start_q[3]) coarse_shift_o <= record[3].shift[5:3];
      if (start_q[4]) begin
        fine_shift_o <= record[4].shift[2:0];
        lo_o         <= record[4].lo;
        hi_o         <= record[4].hi;
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^{short_record, record};

endmodule
