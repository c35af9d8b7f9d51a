// SPDX-License-Identifier: Apache-2.0
// Address generator: from rows and columns of a step to bank reads, and the hold of the front end.
//
// Mathematics: word (block, y, x) is in row bank (y + phase) mod 4 at
//   base + ((y + phase) / 4) * row_pitch + x; all but x comes with the step. A step reads up to three
//   consecutive rows, so with p = y + phase the banks from p mod 4 upwards have the address of p, those
//   below it (they hold rows of the next four) one row_pitch more. Rows and columns outside the image are not
//   read.
// Timing: a step comes in at t + 1, its reads stand at t + 2. While the residual takes one of its banks
//   (hold_i) both stages and the step generator hold, and what follows gets an empty cycle.
// Contract: feed_o.valid one cycle after the read was granted, with the data (see operand_feed).
// Test: tests/rtl/engine (padding on all sides, phases, strides, residual in the same bank).

module address_generator
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes      = 16,
    parameter  int unsigned Depth      = 16,
    localparam int unsigned BlockBanks = block_banks(Lanes, Depth),
    localparam int unsigned ReadWords  = read_words(Depth),
    localparam int unsigned LaneWords  = lane_words(Lanes, Depth)
) (
    input  logic                                      clk_i,
    input  logic                                      rst_ni,
    input  logic                                      clear_i,
    input  logic                                      step_valid_i,
    input  step_t                                     step_i,
    // Activation memory
    input  logic                                      hold_i,
    output logic                [3:0][BlockBanks-1:0] enable_next_o,  // enable_o of the next cycle
    output logic                [3:0][BlockBanks-1:0] enable_o,
    output activation_address_t [3:0]                 address_o,
    // For what was read in the cycle before
    output feed_t                                     feed_o
);

  logic step_valid_q, read_valid_q;
  step_t step_q;
  logic [3:0][BlockBanks-1:0] enable_d, enable_q;
  activation_address_t [3:0] address_d, address_q;
  feed_t feed_d, read_q;

  // ------------------------------------------------------------------ t + 1: addresses
  pass_t pass;
  scan_t scan;
  row_bank_t bank;  // of the first row
  activation_address_t address_low;  // in it
  logic [2:0] row_live;
  logic column_live, window;
  logic [BlockBanks-1:0] first_word, second_word;

  assign pass        = step_q.pass;
  assign scan        = step_q.scan;
  assign window      = scan.mode != ModeDense;
  assign bank        = step_q.bank;
  assign address_low = step_q.row_address + step_q.column;
  assign column_live = step_q.column >= 0 && step_q.column < 16'(scan.input_width);

  always_comb begin
    for (int k = 0; k < 3; k++) begin
      row_live[k] = column_live && step_q.row + 16'(k) >= 0 &&
                    step_q.row + 16'(k) < 16'(scan.input_height);
    end
    if (window) begin
      row_live[1] &= pass.rows > 2'd1;
      row_live[2] &= pass.rows > 2'd2;
    end else begin
      row_live[1] = scan.pair_rows && pass.second && row_live[1];
      row_live[2] = 1'b0;
    end
  end

  // Which block banks the words of one row are in.
  if (BlockBanks > 1) begin : gen_block_banks
    always_comb begin
      if (window) first_word = BlockBanks'((1 << LaneWords) - 1);
      else if (ReadWords == 2 && !scan.pair_rows) first_word = {pass.second, 1'b1};
      else first_word = BlockBanks'(1) << pass.block_odd;
      second_word = first_word;
    end
  end else begin : gen_one_block_bank
    assign first_word  = 1'b1;
    assign second_word = 1'b1;
  end

  always_comb begin
    for (int r = 0; r < 4; r++) begin
      logic [1:0] k;
      k = 2'(r) - bank;
      address_d[r] = (2'(r) >= bank) ? address_low : address_low + scan.row_pitch;
      enable_d[r] = '0;
      if (step_valid_q && k != 2'd3 && row_live[k])
        enable_d[r] = (k == 2'd0) ? first_word : second_word;
    end
  end

  assign feed_d = '{
          valid: step_valid_q,
          tile_first: step_q.tile_first,
          row_first: step_q.row_first,
          mode: scan.mode,
          input_signed: scan.input_signed,
          logarithms: scan.logarithms,
          pair_rows: scan.pair_rows,
          block_odd: pass.block_odd,
          rotate: bank,
          live:
          (
          ReadWords == 2 && !window && !scan.pair_rows
          ) ?
          {1'b0, row_live[0] && pass.second, row_live[0]}
          :
          row_live,
          columns: pass.columns,
          token: step_q.token
      };

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      step_valid_q <= 1'b0;
      read_valid_q <= 1'b0;
      step_q       <= '0;
      enable_q     <= '0;
      address_q    <= '0;
      read_q       <= '0;
    end else if (!hold_i) begin
      step_valid_q <= step_valid_i;
      read_valid_q <= step_valid_q;
      enable_q     <= enable_d;
      if (step_valid_i) step_q <= step_i;
      if (step_valid_q) begin
        address_q <= address_d;
        read_q    <= feed_d;
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^{pass, scan};

  // ------------------------------------------------------------------ t + 2: read
  assign enable_next_o = hold_i ? enable_q : enable_d;
  assign enable_o = enable_q;
  assign address_o = address_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      feed_o <= '0;
    end else begin
      if (read_valid_q && !hold_i) feed_o <= read_q;
      else feed_o.valid <= 1'b0;
    end
  end

endmodule
