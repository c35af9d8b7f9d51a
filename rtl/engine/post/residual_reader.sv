// SPDX-License-Identifier: Apache-2.0
// Residual reader: fetches the residual of each output pixel so that it meets the pixel's sum.
//
// Mathematics: output pixel (y, x) adds word (y * residual_stride_y, x * residual_stride_x) of the
//   residual tensor, one word for each WordChannels lanes (all block banks at one address). The row's
//   address grows with the rows, by a pitch for every four of them; there is nothing to multiply.
// Timing: addresses at t + 7, read at t + 8, operands stand at t + 10. It cannot wait: the activation
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
    input token_pipe_t tokens_i,
    output logic enable_next_o,  // enable_o and the bank of the next cycle
    output row_bank_t bank_next_o,
    output logic enable_o,
    output place_t place_o,
    input logic [3:0][BlockBanks-1:0][8*WordChannels-1:0] read_data_i,
    output logic signed [Lanes-1:0][ActivationBits-1:0] residual_o
);

  token_t coming, choosing;
  assign coming   = tokens_i[StagePair];
  assign choosing = tokens_i[StageAccumulate];

  // ------------------------------------------------------------------ t + 6: what the job says
  logic read_q, first_q;
  activation_address_t base_q, pitch_q;
  row_bank_t phase_q;
  logic [3:0] stride_y_q, stride_x_q;
  group_extent_t last_x_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      read_q     <= 1'b0;
      first_q    <= 1'b0;
      base_q     <= '0;
      pitch_q    <= '0;
      phase_q    <= '0;
      stride_y_q <= '0;
      stride_x_q <= '0;
      last_x_q   <= '0;
    end else begin
      read_q <= gives_result(coming) && jobs_i[coming.slot].multiply.residual;
      first_q <= coming.pixel == '0;
      base_q <= jobs_i[coming.slot].multiply.residual_base;
      pitch_q <= jobs_i[coming.slot].layer.residual_row_pitch;
      phase_q <= jobs_i[coming.slot].multiply.residual_phase;
      stride_y_q <= jobs_i[coming.slot].layer.residual_stride_y;
      stride_x_q <= jobs_i[coming.slot].layer.residual_stride_x;
      last_x_q <= jobs_i[coming.slot].multiply.width - 10'd1;
    end
  end

  // ------------------------------------------------------------------ t + 7: address
  activation_address_t row_address_q, column_q;
  row_bank_t row_bank_q;
  group_extent_t x_q;
  logic word_read_q;
  row_bank_t word_bank_q;

  assign enable_next_o = read_q;
  assign bank_next_o   = first_q ? phase_q : row_bank_q;

  always_ff @(posedge clk_i) begin
    enable_o <= 1'b0;
    if (!rst_ni || clear_i) begin
      row_address_q <= '0;
      row_bank_q    <= '0;
      column_q      <= '0;
      x_q           <= '0;
      place_o       <= '0;
    end else if (read_q) begin
      activation_address_t row_address, column;
      row_bank_t bank;
      logic [4:0] next;  // row in its four rows, and how many fours further on
      group_extent_t x;
      row_address = first_q ? base_q : row_address_q;
      bank = bank_next_o;
      column = first_q ? '0 : column_q;
      x = first_q ? '0 : x_q;
      next = 5'(bank) + 5'(stride_y_q);
      enable_o <= 1'b1;
      place_o <= '{bank: bank, address: row_address + column};
      x_q <= x + 10'd1;
      column_q <= column + 16'(stride_x_q);
      row_bank_q <= bank;
      row_address_q <= row_address;
      if (x == last_x_q) begin
        x_q <= '0;
        column_q <= '0;
        row_bank_q <= next[1:0];
        row_address_q <= row_address + (next[2] ? pitch_q : '0) +
                         (next[3] ? pitch_q << 1 : '0) + (next[4] ? pitch_q << 2 : '0);
      end
    end
  end

  // ------------------------------------------------------------------ t + 9: operands
  always_ff @(posedge clk_i) begin
    word_read_q <= enable_o && rst_ni && !clear_i;
    if (enable_o) word_bank_q <= place_o.bank;
    if (!rst_ni || clear_i) begin
      residual_o <= '0;
    end else if (gives_result(choosing)) begin
      for (int l = 0; l < int'(Lanes); l++) begin
        logic [7:0] value;
        value = read_data_i[word_bank_q][l/WordChannels][8*(l%WordChannels)+:8];
        residual_o[l] <= !word_read_q ? '0
            : {jobs_i[choosing.slot].layer.residual_signed && value[7], value};
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^{coming, choosing};

endmodule
