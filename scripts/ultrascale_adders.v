// SPDX-License-Identifier: Apache-2.0
// Adders of UltraScale+ for Yosys' techmap, with one look-up table a bit. For synth_ultrascale.sh.
//
// Yosys' own rules take two tables a bit, one for the carry chain's S (a ^ b) and one for its DI (a & b), and
// make a sum of three a row of full adders before that. But where S is 0, a and b are the same, so DI may be a;
// then what chooses or turns b is in the table of S, and only what makes a has tables of its own. That is what
// vendors' tools do. So in RTL the summand that a table chooses stands on the right.
// Test: tests/scripts/test_adders.py, which proves them.

// Every addition is an adder of two, before alumacc would join several.
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

(* techmap_celltype = "$alu" *)
module keyway_carry (A, B, CI, BI, X, Y, CO);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  input CI, BI;
  output [Y_WIDTH-1:0] X, Y, CO;

  wire _TECHMAP_FAIL_ = Y_WIDTH <= 2;  // shorter without a chain
  localparam CHAINS = (Y_WIDTH + 3) / 4;
  wire [Y_WIDTH-1:0] a, b;
  generate
    if (A_WIDTH == 0) assign a = 0;
    else \$pos #(.A_SIGNED(A_SIGNED), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_a (.A(A), .Y(a));
    if (B_WIDTH == 0) assign b = 0;
    else \$pos #(.A_SIGNED(B_SIGNED), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_b (.A(B), .Y(b));
  endgenerate
  wire [4*CHAINS-1:0] di = a;
  wire [4*CHAINS-1:0] s = a ^ b ^ {Y_WIDTH{BI}};
  wire [4*CHAINS-1:0] o, co;
  assign X = s;
  assign Y = o;
  assign CO = co;
  genvar i;
  generate
    for (i = 0; i < CHAINS; i = i + 1) begin : chain
      CARRY4 carry (
        .CYINIT(i == 0 ? CI : 1'b0), .CI(i == 0 ? 1'b0 : co[4*i-1]),
        .DI(di[4*i+:4]), .S(s[4*i+:4]), .O(o[4*i+:4]), .CO(co[4*i+:4]));
    end
  endgenerate
endmodule
