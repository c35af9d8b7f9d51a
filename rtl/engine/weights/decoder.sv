// SPDX-License-Identifier: Apache-2.0
// Decoder: the one place that chooses the number system of a weight code.
//
// Mathematics: operand_o = the LAYER's number system applied to code_i; entry_i is the decode table's
//   entry for it. The systems are rtl/arith, one module each with the same ports; a new one is
//   instantiated here and named in number_system_e (keyway_pkg) and models/arith/number_system.hpp.
// Timing: system and code are taken with read_i, like the table's entry, which stands a cycle later; then
//   with enable_i, the operand stands another cycle later and stays.
// Contract: an unknown number system decodes to zero.
// Twin: models/arith/number_system.cpp. Test: tests/rtl/engine; the systems themselves: tests/arith.

module decoder
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
(
    input  logic                          clk_i,
    input  logic                          clear_i,
    input  logic                          read_i,
    input  logic                          enable_i,
    input  logic        [            2:0] system_i,
    input  logic        [            7:0] code_i,
    input  logic        [OperandBits-1:0] entry_i,
    output logic signed [OperandBits-1:0] operand_o
);

  logic signed [OperandBits-1:0] operand_int8, operand_qf8;
  logic [2:0] system_q;  // each decoder's own, since all of them together are far apart
  logic [7:0] code_q;

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      system_q <= '0;
      code_q   <= '0;
    end else if (read_i) begin
      system_q <= system_i;
      code_q   <= code_i;
    end
  end

  int8 u_int8 (
      .code_i(code_q),
      .entry_i,
      .operand_o(operand_int8)
  );

  qf8 u_qf8 (
      .code_i(code_q),
      .entry_i,
      .operand_o(operand_qf8)
  );

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      operand_o <= '0;
    end else if (enable_i) begin
      case (system_q)
        SystemInt8: operand_o <= operand_int8;
        SystemQf8: operand_o <= operand_qf8;
        default: operand_o <= '0;
      endcase
    end
  end

endmodule
