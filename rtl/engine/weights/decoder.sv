// SPDX-License-Identifier: Apache-2.0
// Decoder: a weight code's operand, between two registers.
//
// Mathematics: operand_o = the LAYER's number system applied to code_i; entry_i is the decode table's
//   entry for it, digits_i how many of its digits count, less one. The systems and the choice among them: rtl/arith.
// Timing: system, digits and code are taken with read_i, like the table's entry, which stands a cycle later; then
//   with enable_i, the operand stands another cycle later and stays.
// Test: tests/rtl/engine; the systems themselves: tests/arith.

module decoder
  import keyway_contract_pkg::*;
#(
    parameter array_kind_e ArrayKind = ArrayKindMultiplier
) (
    input  logic                             clk_i,
    input  logic                             clear_i,
    input  logic                             read_i,
    input  logic                             enable_i,
    input  number_system_t                   system_i,
    input  digits_t                          digits_i,
    input  logic           [            7:0] code_i,
    input  logic           [OperandBits-1:0] entry_i,
    output logic signed    [OperandBits-1:0] operand_o
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

  always_ff @(posedge clk_i) begin
    if (clear_i) operand_o <= '0;
    else if (enable_i) operand_o <= operand;
  end

endmodule
