// SPDX-License-Identifier: Apache-2.0
// Decoder: the operands of a weight byte, which is one code of eight bits or two of four.
//
// Mathematics: operand_o = the LAYER's number system applied to code_i, of four bits to its lower half;
//   word_i is the decode table's word for it, of whose entries its lowest bit chooses one, digits_i how many
//   of its digits count, less one.
//   operand_late_o = the same, but for codes of four bits that of the upper half, with its entry
//   upper_entry_i. The systems and the choice among them: rtl/arith.
//   Where products are corrected, corrections_i stand above the operand.
// Timing: system, digits and code are taken with read_i, like the tables' words and corrections, which
//   stand a cycle later; then with enable_i, operand_o stands another cycle later and stays. operand_late_o
//   follows it in every cycle, a cycle behind; what it needs of an upper half is kept until then.
// Test: tests/rtl/engine; the systems themselves: tests/arith.

module decoder
  import keyway_contract_pkg::*;
  import keyway_logarithm_pkg::*;
  import keyway_pkg::*;
#(
    parameter  array_kind_e ArrayKind  = ArrayKindMultiplier,
    localparam int unsigned WeightBits = weight_bits(ArrayKind)
) (
    input  logic                            clk_i,
    input  logic                            clear_i,
    input  logic                            read_i,
    input  logic                            enable_i,
    input  number_system_t                  system_i,
    input  digits_t                         digits_i,
    input  logic           [           7:0] code_i,
    input  table_word_t                     word_i,
    input  operand_t                        upper_entry_i,
    input  corrections_t                    corrections_i,
    output logic           [WeightBits-1:0] operand_o,
    output logic           [WeightBits-1:0] operand_late_o
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
      .entry_i  (word_i.entries[code_q[$clog2(TableGroup)-1:0]]),
      .stored_i (word_i.stored),
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
    number_system_t late_system_q;
    logic [3:0] upper_code_q;
    operand_t upper_entry_q;
    logic signed [OperandBits-1:0] upper;

    always_ff @(posedge clk_i) begin
      if (clear_i) begin
        late_system_q <= '0;
        upper_code_q  <= '0;
        upper_entry_q <= '0;
      end else if (enable_i) begin
        late_system_q <= system_q;
        upper_code_q  <= code_q[7:4];
        upper_entry_q <= upper_entry_i;
      end
    end

    number_systems #(
        .ArrayKind(ArrayKind),
        .Nibbles  (1'b1)
    ) u_number_systems (
        .system_i (late_system_q),
        .digits_i ('0),
        .code_i   ({4'd0, upper_code_q}),
        .entry_i  (upper_entry_q),
        .stored_i ('0),
        .operand_o(upper)
    );

    assign late = has_nibbles(late_system_q) ? WeightBits'(upper) : operand_o;
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
