// SPDX-License-Identifier: Apache-2.0
// Word generator: the order in which input and output words stand on the bus.
//
// Mathematics: for row, for block, for column: the word's bank and in-bank address (contract.toml).
// Timing: start_i sets the first word, next_i the following one; outputs are of the word at hand. What is
//   left is counted down, and ends of loops are known a word ahead, since the bus waits for last_o.
// Contract: the fields of the instruction come with start_i.
// Test: tests/rtl/engine, through load_unit and store_unit.

module word_generator
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned BlockBanks = 1,
    localparam int unsigned BlockBits  = (BlockBanks > 1) ? $clog2(BlockBanks) : 1
) (
    input  logic                                clk_i,
    input  logic                                rst_ni,
    input  logic                                start_i,
    input  logic                                next_i,
    input  row_bank_t                           phase_i,
    input  activation_address_t                 base_i,
    input  extent_t                             rows_i,
    input  extent_t                             blocks_i,
    input  extent_t                             width_i,
    input  activation_address_t                 row_pitch_i,
    input  activation_address_t                 block_pitch_i,
    output place_t                              place_o,
    output logic                [BlockBits-1:0] block_o,
    output logic                                row_last_o,
    output logic                                last_o
);

  extent_t x_q, width_q, blocks_q;  // width and blocks less one
  extent_t columns_left_q, blocks_left_q, rows_left_q;  // behind the one at hand
  logic [BlockBits-1:0] block_q;
  row_bank_t bank_q;
  activation_address_t row_address_q, block_address_q, row_pitch_q, block_pitch_q;
  logic last_x_q, last_block_q, last_row_q;  // of their loops
  logic last_bank;

  assign last_bank  = block_q == BlockBits'(BlockBanks - 1);
  assign row_last_o = last_x_q && last_block_q;
  assign last_o     = row_last_o && last_row_q;
  assign block_o    = block_q;
  assign place_o    = '{bank: bank_q, address: block_address_q + 16'(x_q)};

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      x_q             <= '0;
      width_q         <= '0;
      blocks_q        <= '0;
      columns_left_q  <= '0;
      blocks_left_q   <= '0;
      rows_left_q     <= '0;
      last_x_q        <= 1'b0;
      last_block_q    <= 1'b0;
      last_row_q      <= 1'b0;
      block_q         <= '0;
      bank_q          <= '0;
      row_address_q   <= '0;
      block_address_q <= '0;
      row_pitch_q     <= '0;
      block_pitch_q   <= '0;
    end else if (start_i) begin
      x_q             <= '0;
      width_q         <= width_i - 12'd1;
      blocks_q        <= blocks_i - 12'd1;
      columns_left_q  <= width_i - 12'd1;
      blocks_left_q   <= blocks_i - 12'd1;
      rows_left_q     <= rows_i - 12'd1;
      last_x_q        <= width_i == 12'd1;
      last_block_q    <= blocks_i == 12'd1;
      last_row_q      <= rows_i == 12'd1;
      block_q         <= '0;
      bank_q          <= phase_i;
      row_address_q   <= base_i;
      block_address_q <= base_i;
      row_pitch_q     <= row_pitch_i;
      block_pitch_q   <= block_pitch_i;
    end else if (next_i) begin
      x_q            <= last_x_q ? '0 : x_q + 12'd1;
      columns_left_q <= last_x_q ? width_q : columns_left_q - 12'd1;
      last_x_q       <= last_x_q ? width_q == '0 : columns_left_q == 12'd1;
      if (last_x_q) begin
        block_q       <= (last_bank || last_block_q) ? '0 : block_q + BlockBits'(1);
        blocks_left_q <= last_block_q ? blocks_q : blocks_left_q - 12'd1;
        last_block_q  <= last_block_q ? blocks_q == '0 : blocks_left_q == 12'd1;
        if (last_bank) block_address_q <= block_address_q + block_pitch_q;
      end
      if (row_last_o) begin
        activation_address_t row_address;
        row_address = (bank_q == 2'd3) ? row_address_q + row_pitch_q : row_address_q;
        rows_left_q     <= rows_left_q - 12'd1;
        last_row_q      <= rows_left_q == 12'd1;
        bank_q          <= bank_q + 2'd1;
        row_address_q   <= row_address;
        block_address_q <= row_address;
      end
    end
  end

endmodule
