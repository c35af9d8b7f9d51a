// SPDX-License-Identifier: Apache-2.0
// Result writer: where each output pixel goes, and when a job is finished.
//
// Mathematics: output pixel (y, x) is word (y + phase) / 4 * row_pitch + base + x of row bank
//   (y + phase) mod 4, one word for each WordChannels lanes (all block banks at one address). Rows come in
//   order, so the row's address grows by a pitch when its bank wraps; there is nothing to multiply.
// Timing: address at t + 13, write at t + 14; done_o in the cycle of a job's last write. What the job says
//   is chosen a cycle before it is used.
// Contract: writes are always taken.
// Test: tests/rtl/engine.

module result_writer
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
(
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        clear_i,
    input  job_t        jobs_i  [JobSlots],
    input  token_pipe_t tokens_i,
    output logic        valid_o,
    output place_t      place_o,
    output logic        done_o
);

  group_extent_t x_q;
  row_bank_t bank_q;  // of the row
  activation_address_t row_address_q;
  token_t coming, token;
  assign coming = tokens_i[StageShift];
  assign token  = tokens_i[StageClamp];

  // Of its job.
  logic first_q;  // its first pixel
  row_bank_t phase_q;
  activation_address_t base_q, pitch_q;
  group_extent_t last_x_q;

  always_ff @(posedge clk_i) begin
    first_q  <= coming.pixel == '0;
    phase_q  <= jobs_i[coming.slot].multiply.output_phase;
    base_q   <= jobs_i[coming.slot].multiply.output_base;
    pitch_q  <= jobs_i[coming.slot].layer.output_row_pitch;
    last_x_q <= jobs_i[coming.slot].multiply.width - 10'd1;
  end

  always_ff @(posedge clk_i) begin
    valid_o <= 1'b0;
    done_o  <= 1'b0;
    if (!rst_ni || clear_i) begin
      x_q           <= '0;
      bank_q        <= '0;
      row_address_q <= '0;
      place_o       <= '0;
    end else if (gives_result(token)) begin
      group_extent_t x;
      row_bank_t bank;
      activation_address_t row_address;
      x           = first_q ? '0 : x_q;
      bank        = first_q ? phase_q : bank_q;
      row_address = first_q ? base_q : row_address_q;
      valid_o       <= 1'b1;
      done_o        <= token.job_last;
      place_o       <= '{bank: bank, address: row_address + 16'(x)};
      x_q           <= x + 10'd1;
      bank_q        <= bank;
      row_address_q <= row_address;
      if (x == last_x_q) begin
        x_q    <= '0;
        bank_q <= bank + 2'd1;
        if (bank == 2'd3) row_address_q <= row_address + pitch_q;
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^{coming, token};

endmodule
