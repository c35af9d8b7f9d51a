// SPDX-License-Identifier: Apache-2.0
// Every addition is an adder of two, for Yosys' techmap. For synth_ultrascale.sh.
//
// Where sums are added up, alumacc would join them and make rows of full adders of them, three tables a bit for
// a third summand. An adder of its own takes one, with whatever chooses or turns its summand in the same table
// of six inputs: a carry chain's S is a ^ b, and its DI, which counts where S is 0, is a. So in RTL the summand
// that a table chooses stands on the right. That is how vendors' tools build sums.
// Test: tests/scripts/test_adders.py, which proves them.

(* techmap_celltype = "$add $sub" *)
module keyway_sum (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  wire _TECHMAP_FAIL_ = A_WIDTH == 0 || B_WIDTH == 0;
  localparam SUBTRACT = _TECHMAP_CELLTYPE_ == "$sub";
  localparam SIGNED = A_SIGNED && B_SIGNED;
  wire [Y_WIDTH-1:0] X, CO;
  \$alu #(.A_SIGNED(SIGNED), .B_SIGNED(SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) alu (
    .A(A), .B(B), .BI(SUBTRACT), .CI(SUBTRACT), .X(X), .Y(Y), .CO(CO));
endmodule

(* techmap_celltype = "$neg" *)
module keyway_negation (A, Y);
  parameter A_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  output [Y_WIDTH-1:0] Y;

  wire _TECHMAP_FAIL_ = A_WIDTH == 0;
  wire [Y_WIDTH-1:0] X, CO;
  \$alu #(.A_SIGNED(A_SIGNED), .B_SIGNED(A_SIGNED), .A_WIDTH(1), .B_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) alu (
    .A(1'b0), .B(A), .BI(1'b1), .CI(1'b1), .X(X), .Y(Y), .CO(CO));
endmodule
