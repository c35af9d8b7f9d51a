// SPDX-License-Identifier: Apache-2.0
// Residual reader: fetches the residual of each output pixel so that it meets the pixel's sum.
//
// Mathematics: output pixel (y, x) adds word (y * residual_stride_y, x * residual_stride_x) of the
//   residual tensor, one word for each WordChannels lanes (all block banks at one address). The row's
//   address grows with the rows, by a pitch for every four of them; there is nothing to multiply.
// Timing: addresses at t + 6, read at t + 7, operands stand at t + 9. It cannot wait: the activation
//   memory gives it the bank and holds the array.
// Contract: operands are zero for jobs without a residual.
// Test: tests/rtl/engine (strides, phases, in place, every bank against the array's).

module residual_reader
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes        = 16,
    parameter  int unsigned Depth        = 16,
    localparam int unsigned WordChannels = word_channels(Depth),
    localparam int unsigned BlockBanks   = block_banks(Lanes, Depth)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input job_t jobs_i[JobSlots],
    input token_t token_t6_i,
    output logic enable_o,
    output logic [1:0] bank_o,
    output logic [15:0] address_o,
    input logic [3:0][BlockBanks-1:0][8*WordChannels-1:0] read_data_i,
    input token_t token_t8_i,
    output logic signed [Lanes-1:0][ActivationBits-1:0] residual_o
);

  logic [15:0] row_address_q, column_q;
  logic [1:0] row_bank_q;
  logic [9:0] x_q;
  logic read, read_t8_q;
  logic [1:0] bank_t8_q;

  assign read = token_t6_i.valid && token_t6_i.last && jobs_i[token_t6_i.slot].multiply.residual;

  // ------------------------------------------------------------------ t + 6: address
  always_ff @(posedge clk_i) begin
    enable_o <= 1'b0;
    if (!rst_ni || clear_i) begin
      row_address_q <= '0;
      row_bank_q    <= '0;
      column_q      <= '0;
      x_q           <= '0;
      bank_o        <= '0;
      address_o     <= '0;
    end else if (read) begin
      logic first;
      logic [15:0] row_address, column, pitch;
      logic [1:0] bank;
      logic [4:0] next;  // row in its four rows, and how many fours further on
      logic [9:0] x;
      first = token_t6_i.pixel == '0;
      row_address = first ? jobs_i[token_t6_i.slot].multiply.residual_base : row_address_q;
      bank = first ? jobs_i[token_t6_i.slot].multiply.residual_phase : row_bank_q;
      column = first ? '0 : column_q;
      x = first ? '0 : x_q;
      pitch = jobs_i[token_t6_i.slot].layer.residual_row_pitch;
      next = 5'(bank) + 5'(jobs_i[token_t6_i.slot].layer.residual_stride_y);
      enable_o <= 1'b1;
      bank_o <= bank;
      address_o <= row_address + column;
      x_q <= x + 10'd1;
      column_q <= column + 16'(jobs_i[token_t6_i.slot].layer.residual_stride_x);
      row_bank_q <= bank;
      row_address_q <= row_address;
      if (x == jobs_i[token_t6_i.slot].multiply.width - 10'd1) begin
        x_q <= '0;
        column_q <= '0;
        row_bank_q <= next[1:0];
        row_address_q <= row_address + (next[2] ? pitch : '0) + (next[3] ? pitch << 1 : '0) +
                         (next[4] ? pitch << 2 : '0);
      end
    end
  end

  // ------------------------------------------------------------------ t + 8: operands
  always_ff @(posedge clk_i) begin
    read_t8_q <= enable_o && rst_ni && !clear_i;
    if (enable_o) bank_t8_q <= bank_o;
    if (!rst_ni || clear_i) begin
      residual_o <= '0;
    end else if (token_t8_i.valid && token_t8_i.last) begin
      for (int l = 0; l < int'(Lanes); l++) begin
        logic [7:0] value;
        value = read_data_i[bank_t8_q][l/WordChannels][8*(l%WordChannels)+:8];
        residual_o[l] <= !read_t8_q ? '0
            : {jobs_i[token_t8_i.slot].layer.residual_signed && value[7], value};
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^{token_t6_i, token_t8_i};

endmodule
