// SPDX-License-Identifier: Apache-2.0
// Array: from words of activation memory and tiles of weights to the accumulated sums of output pixels.
//
// Structure: operand_feed (bank words -> operands), activation_logarithm (where the kind takes them), lanes
//   (products and sums), accumulator (sums over the passes), and the token pipe beside them, which goes on
//   beside post-processing.
// Timing: bank words at t + 3, results at t + 10; one step a cycle, and nothing stalls.
// Contract: see the modules.
// Test: tests/rtl/engine.

module array
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes        = 16,
    parameter  int unsigned Depth        = 16,
    parameter  array_kind_e ArrayKind    = ArrayKindMultiplier,
    localparam int unsigned WeightBits   = weight_bits(ArrayKind),
    localparam int unsigned FactorBits   = factor_bits(ArrayKind),
    localparam int unsigned WordChannels = word_channels(Depth),
    localparam int unsigned BlockBanks   = block_banks(Lanes, Depth)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input weight_address_t clear_address_i,
    // Weights
    input logic operand_valid_i,
    output logic operand_ready_o,
    input tile_word_t operand_tile_i,
    input logic [4*Lanes-1:0][WeightBits-1:0] operand_i,
    input logic [4*Lanes-1:0][WeightBits-1:0] operand_late_i,  // a cycle later, see tile_decoder
    // Of the next cycle
    output logic operand_ready_next_o,
    input logic operand_valid_next_i,
    input tile_word_t operand_tile_next_i,
    // Activations
    input feed_t feed_i,
    input logic [3:0][BlockBanks-1:0][8*WordChannels-1:0] read_data_i,
    // Results
    output token_pipe_t tokens_o,
    input logic signed [31:0] bias_i[Lanes],
    output logic signed [AccumulatorBits-1:0] result_o[Lanes]
);

  localparam int unsigned MaxColumns = max_columns(Depth);
  localparam int unsigned SumBits = weighed_bits(ArrayKind, Depth);

  logic tile_start, column_valid, logarithms;
  mode_e mode;
  logic [MaxColumns-1:0] columns_live;
  logic [ActivationBits-1:0] dense[Depth];
  logic [WindowRows-1:0][Lanes-1:0][ActivationBits-1:0] column;
  logic [FactorBits-1:0] dense_factor[Depth];
  logic [WindowRows-1:0][Lanes-1:0][FactorBits-1:0] column_factor;
  token_t token;
  logic signed [ActivationBits-1:0] maximum_before[Lanes];
  logic signed [SumBits-1:0] sums[Lanes];

  operand_feed #(
      .Lanes(Lanes),
      .Depth(Depth)
  ) u_operand_feed (
      .clk_i,
      .rst_ni,
      .clear_i,
      .feed_i,
      .read_data_i,
      .tile_start_o  (tile_start),
      .column_valid_o(column_valid),
      .mode_o        (mode),
      .logarithms_o  (logarithms),
      .columns_live_o(columns_live),
      .dense_o       (dense),
      .column_o      (column),
      .token_o       (token)
  );

  if (takes_corrections(ArrayKind)) begin : gen_logarithms
    for (genvar d = 0; d < int'(Depth); d++) begin : gen_depth
      activation_logarithm u_activation_logarithm (
          .logarithms_i(logarithms),
          .activation_i(dense[d]),
          .factor_o    (dense_factor[d])
      );
    end
    for (genvar l = 0; l < int'(Lanes); l++) begin : gen_lane
      for (genvar r = 0; r < int'(WindowRows); r++) begin : gen_row
        activation_logarithm u_activation_logarithm (
            .logarithms_i(logarithms),
            .activation_i(column[r][l]),
            .factor_o    (column_factor[r][l])
        );
      end
    end
  end else begin : gen_no_logarithms
    assign dense_factor  = dense;
    assign column_factor = column;
    logic unused_logarithms;
    assign unused_logarithms = logarithms;
  end

  token_pipe u_token_pipe (
      .clk_i,
      .rst_ni,
      .clear_i,
      .token_i(token),
      .tokens_o
  );

  lanes #(
      .Lanes    (Lanes),
      .Depth    (Depth),
      .ArrayKind(ArrayKind)
  ) u_lanes (
      .clk_i,
      .rst_ni,
      .clear_i,
      .operand_valid_i,
      .operand_ready_o,
      .operand_tile_i,
      .operand_i,
      .operand_late_i,
      .operand_ready_next_o,
      .operand_valid_next_i,
      .operand_tile_next_i,
      .tile_start_i    (tile_start),
      .column_valid_i  (column_valid),
      .mode_i          (mode),
      .columns_live_i  (columns_live),
      .dense_i         (dense_factor),
      .column_i        (column_factor),
      .tokens_i        (tokens_o),
      .maximum_before_i(maximum_before),
      .sum_o           (sums)
  );

  accumulator #(
      .Lanes  (Lanes),
      .SumBits(SumBits)
  ) u_accumulator (
      .clk_i,
      .rst_ni,
      .clear_i,
      .clear_address_i,
      .tokens_i        (tokens_o),
      .bias_i,
      .maximum_before_o(maximum_before),
      .sum_i           (sums),
      .result_o
  );

endmodule
