// SPDX-License-Identifier: Apache-2.0
// Post-processing: sums of a job's last pass become bytes in activation memory, all lanes every cycle.
//
// Mathematics: q = clamp((m * acc + mr * residual + 2^(shift-1)) >> shift, lo, hi), acc with the bias that
//   went out for it; see post_lane.
// Timing: bias at t + 8, acc at t + 10, byte written at t + 14; the residual at t + 8. It never stalls.
// Contract: job_done_o in the cycle of a job's last write; see the modules inside.
// Test: tests/rtl/engine.

module post_process
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
    input weight_address_t clear_address_i,
    input job_t jobs_i[JobSlots],
    // Parameters
    input logic parameter_valid_i,
    input parameter_word_t parameter_i,
    input logic [32*Lanes-1:0] parameter_data_i,
    // Sums
    input token_pipe_t tokens_i,
    output logic signed [31:0] bias_o[Lanes],
    input logic signed [AccumulatorBits-1:0] acc_i[Lanes],
    // Residual words
    output logic residual_enable_next_o,
    output row_bank_t residual_bank_next_o,
    output logic residual_enable_o,
    output place_t residual_o,
    input logic [3:0][BlockBanks-1:0][8*WordChannels-1:0] residual_data_i,
    // Results
    output logic result_valid_o,
    output place_t result_o,
    output logic [Lanes-1:0][7:0] result_data_o,
    output logic job_done_o
);

  logic signed [17:0] m[Lanes], mr[Lanes];
  logic [2:0] coarse_shift[Lanes], fine_shift[Lanes];
  logic signed [8:0] lo[Lanes], hi[Lanes];
  logic signed [Lanes-1:0][ActivationBits-1:0] residuals;

  post_steps_t steps;

  assign steps = '{
          scale: gives_result(tokens_i[StageScale]),
          total: gives_result(tokens_i[StageTotal]),
          shift: gives_result(tokens_i[StageShift]),
          clamp: gives_result(tokens_i[StageClamp])
      };

  parameter_store #(
      .Lanes(Lanes)
  ) u_parameter_store (
      .clk_i,
      .clear_i,
      .clear_address_i,
      .write_valid_i (parameter_valid_i),
      .write_i       (parameter_i),
      .write_data_i  (parameter_data_i),
      .tokens_i,
      .bias_o        (bias_o),
      .m_o           (m),
      .mr_o          (mr),
      .coarse_shift_o(coarse_shift),
      .fine_shift_o  (fine_shift),
      .lo_o          (lo),
      .hi_o          (hi)
  );

  residual_reader #(
      .Lanes(Lanes),
      .Depth(Depth)
  ) u_residual_reader (
      .clk_i,
      .rst_ni,
      .clear_i,
      .jobs_i       (jobs_i),
      .tokens_i,
      .enable_next_o(residual_enable_next_o),
      .bank_next_o  (residual_bank_next_o),
      .enable_o     (residual_enable_o),
      .place_o      (residual_o),
      .read_data_i  (residual_data_i),
      .residual_o   (residuals)
  );

  for (genvar l = 0; l < int'(Lanes); l++) begin : gen_post_lane
    post_lane u_post_lane (
        .clk_i,
        .clear_i,
        .steps_i       (steps),
        .acc_i         (acc_i[l]),
        .m_i           (m[l]),
        .mr_i          (mr[l]),
        .residual_i    (residuals[l]),
        .coarse_shift_i(coarse_shift[l]),
        .fine_shift_i  (fine_shift[l]),
        .lo_i          (lo[l]),
        .hi_i          (hi[l]),
        .q_o           (result_data_o[l])
    );
  end

  result_writer u_result_writer (
      .clk_i,
      .rst_ni,
      .clear_i,
      .jobs_i (jobs_i),
      .tokens_i,
      .valid_o(result_valid_o),
      .place_o(result_o),
      .done_o (job_done_o)
  );

endmodule
