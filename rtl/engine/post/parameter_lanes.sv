// SPDX-License-Identifier: Apache-2.0
// Parameter records of some lanes side by side: those of JobSlots jobs, and the fields of the job that each
// stage of post-processing works on. They have registers of their own for what goes to every lane.
//
// Mathematics, timing, contract: see parameter_store, which has one for every four lanes.
// Test: tests/rtl/engine.

module parameter_lanes
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Lanes = 4
) (
    input logic clk_i,
    input logic clear_i,
    input logic [SlotBits-1:0] clear_slot_i,
    input logic write_valid_i,
    input parameter_word_t write_i,
    input logic [Lanes-1:0][31:0] write_data_i,
    input logic bias_start_i,  // a job's first sum is at StagePair
    input logic [SlotBits-1:0] bias_slot_i,
    input logic start_i,  // a job's first result is at StageSum
    input logic [SlotBits-1:0] slot_i,
    output logic signed [31:0] bias_o[Lanes],
    output logic signed [17:0] m_o[Lanes],
    output logic signed [17:0] mr_o[Lanes],
    output logic [2:0] coarse_shift_o[Lanes],
    output logic [2:0] fine_shift_o[Lanes],
    output logic signed [8:0] lo_o[Lanes],
    output logic signed [8:0] hi_o[Lanes]
);

  // ------------------------------------------------------------------ writing
  logic [2:0] write_q;  // which words
  logic fill_q, signed_q;  // the third one of a short record
  logic [SlotBits-1:0] write_slot_q;
  logic [Lanes-1:0][31:0] data_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      write_q      <= '1;
      fill_q       <= 1'b0;
      signed_q     <= 1'b0;
      write_slot_q <= clear_slot_i;
      data_q       <= '0;
    end else begin
      write_q <= write_valid_i ? 3'b001 << write_i.word : '0;
      if (write_valid_i && write_i.is_short && write_i.word == 2'd1) write_q[2] <= 1'b1;
      if (write_valid_i) begin
        fill_q       <= write_i.is_short;
        signed_q     <= write_i.is_signed;
        write_slot_q <= write_i.slot;
        data_q       <= write_data_i;
      end
    end
  end

  // The third word of a short record: all zero but for a negative lo.
  parameter_record_t short_record;
  always_comb begin
    short_record = '0;
    if (signed_q) short_record.lo = -9'sd128;
  end

  // ------------------------------------------------------------------ reading
  // Index k: k stages behind StageAccumulate.
  logic bias_start_q;
  logic [SlotBits-1:0] bias_slot_q;
  logic [3:0] start_q;
  logic [3:0][SlotBits-1:0] slot_q;

  always_ff @(posedge clk_i) begin
    bias_start_q <= !clear_i && bias_start_i;
    bias_slot_q  <= bias_slot_i;
    start_q      <= clear_i ? '0 : {start_q[2:0], start_i};
    slot_q       <= {slot_q[2:0], slot_i};
  end

  // ------------------------------------------------------------------ the lanes' records
  for (genvar l = 0; l < int'(Lanes); l++) begin : gen_lane
    (* ram_style = "distributed" *)
    logic [31:0] word0_q[JobSlots];
    (* ram_style = "distributed" *)
    logic [31:0] word1_q[JobSlots];
    (* ram_style = "distributed" *)
    logic [31:0] word2_q[JobSlots];

    always_ff @(posedge clk_i) begin
      if (write_q[0]) word0_q[write_slot_q] <= data_q[l];
      if (write_q[1]) word1_q[write_slot_q] <= data_q[l];
      if (write_q[2]) word2_q[write_slot_q] <= fill_q ? short_record[95:64] : data_q[l];
    end

    logic signed [31:0] bias_q;
    logic signed [17:0] m_q, mr_q;
    logic [2:0] coarse_shift_q, fine_shift_q;
    logic signed [8:0] lo_q, hi_q;

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        bias_q         <= '0;
        m_q            <= '0;
        mr_q           <= '0;
        coarse_shift_q <= '0;
        fine_shift_q   <= '0;
        lo_q           <= '0;
        hi_q           <= '0;
      end else begin
        // A record is put together where it is used: else simulation does it for every stage in every
        // cycle. Each stage takes some fields.
        // verilator lint_off UNUSEDSIGNAL
        parameter_record_t sum, scale, coarse, clamp;
        // verilator lint_on UNUSEDSIGNAL
        if (bias_start_q) begin
          sum = {word2_q[bias_slot_q], word1_q[bias_slot_q], word0_q[bias_slot_q]};
          bias_q <= sum.bias;
        end
        if (start_q[0]) begin
          scale = {word2_q[slot_q[0]], word1_q[slot_q[0]], word0_q[slot_q[0]]};
          m_q  <= scale.m;
          mr_q <= scale.mr;
        end
        if (start_q[2]) begin
          coarse = {word2_q[slot_q[2]], word1_q[slot_q[2]], word0_q[slot_q[2]]};
          coarse_shift_q <= coarse.shift[5:3];
        end
        if (start_q[3]) begin
          clamp = {word2_q[slot_q[3]], word1_q[slot_q[3]], word0_q[slot_q[3]]};
          fine_shift_q <= clamp.shift[2:0];
          lo_q         <= clamp.lo;
          hi_q         <= clamp.hi;
        end
      end
    end

    assign bias_o[l] = bias_q;
    assign m_o[l] = m_q;
    assign mr_o[l] = mr_q;
    assign coarse_shift_o[l] = coarse_shift_q;
    assign fine_shift_o[l] = fine_shift_q;
    assign lo_o[l] = lo_q;
    assign hi_o[l] = hi_q;
  end

  logic unused_bits;
  assign unused_bits = ^short_record;

endmodule
