// SPDX-License-Identifier: Apache-2.0
// Decoder: the operands of a weight byte, which is one code of eight bits or two of four.
//
// Mathematics: operand_o = the LAYER's number system applied to code_i, of four bits to its lower half;
//   entry_i is the decode table's entry for it, digits_i how many of its digits count, less one.
//   operand_late_o = the same, but for codes of four bits that of the upper half, with its entry
//   upper_entry_i. The systems and the choice among them: rtl/arith.
//   Where products are corrected, corrections_i stand above the operand.
// Timing: system, digits and code are taken with read_i, like the tables' entries and corrections, which
//   stand a cycle later; then with enable_i, operand_o stands another cycle later and stays. operand_late_o
//   follows it in every cycle, a cycle behind.
// Test: tests/rtl/engine; the systems themselves: tests/arith.

module decoder
  import keyway_contract_pkg::*;
  import keyway_logarithm_pkg::*;
  import keyway_pkg::*;
#(
    parameter  array_kind_e ArrayKind  = ArrayKindMultiplier,
    localparam int unsigned WeightBits = weight_bits(ArrayKind)
) (
    input  logic                             clk_i,
    input  logic                             clear_i,
    input  logic                             read_i,
    input  logic                             enable_i,
    input  number_system_t                   system_i,
    input  digits_t                          digits_i,
    input  logic           [            7:0] code_i,
    input  logic           [OperandBits-1:0] entry_i,
    input  logic           [OperandBits-1:0] upper_entry_i,
    input  corrections_t                     corrections_i,
    output logic           [ WeightBits-1:0] operand_o,
    output logic           [ WeightBits-1:0] operand_late_o
);

  logic signed [OperandBits-1:0] operand;
  number_system_t system_q;  // each decoder's own, since all of them together are far apart
  digits_t digits_q;
  logic [7:0] code_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      system_q <= '0;
      digits_q <= '0;
      code_q   <= '0;
    end else if (read_i) begin
      system_q <= system_i;
      digits_q <= digits_i;
      code_q   <= code_i;
    end
  end

  number_systems #(
      .ArrayKind(ArrayKind)
  ) u_number_systems (
      .system_i (system_q),
      .digits_i (digits_q),
      .code_i   (code_q),
      .entry_i,
      .operand_o(operand)
  );

  if (takes_corrections(ArrayKind)) begin : gen_corrections
    always_ff @(posedge clk_i) begin
      if (clear_i) operand_o <= '0;
      else if (enable_i) operand_o <= {corrections_i, operand};
    end
  end else begin : gen_no_corrections
    always_ff @(posedge clk_i) begin
      if (clear_i) operand_o <= '0;
      else if (enable_i) operand_o <= operand;
    end
    logic unused_corrections;
    assign unused_corrections = ^corrections_i;
  end

  // ------------------------------------------------------------------ upper half, a cycle late
  logic [WeightBits-1:0] late;

  if (runs_nibbles(ArrayKind)) begin : gen_nibbles
    logic signed [OperandBits-1:0] upper, upper_q;
    logic nibbles_q;

    number_systems #(
        .ArrayKind(ArrayKind),
        .Nibbles  (1'b1)
    ) u_number_systems (
        .system_i (system_q),
        .digits_i (digits_q),
        .code_i   ({4'd0, code_q[7:4]}),
        .entry_i  (upper_entry_i),
        .operand_o(upper)
    );

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        upper_q   <= '0;
        nibbles_q <= 1'b0;
      end else if (enable_i) begin
        upper_q   <= upper;
        nibbles_q <= has_nibbles(system_q);
      end
    end

    assign late = nibbles_q ? WeightBits'(upper_q) : operand_o;
  end else begin : gen_no_nibbles
    assign late = operand_o;
    logic unused_entry;
    assign unused_entry = ^upper_entry_i;
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) operand_late_o <= '0;
    else operand_late_o <= late;
  end

endmodule
