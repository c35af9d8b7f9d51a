// SPDX-License-Identifier: Apache-2.0
// Decode tables: TableBanks banks of 256 operands that TABLE loads, and beside them the operands of number
// systems whose codes always stand for the same, read by every decoder at once.
//
// Mathematics: word_o[p] = word address_i[p] (table_word_address): TableGroup consecutive entries of a bank,
//   which are written in a cycle, and a stored operand (stored_operands). That one is always the same, and
//   goes with every write, clearing included, since a block memory has no narrower one.
// Timing: with read_i, words stand one cycle later and stay until the next read_i; a write shows two cycles
//   later. Synthesis makes a block memory of 18 Kbit for each reader, of 512 words of 36 bits.
// Contract: nobody reads entries of a bank while it is written (table_banks and weight_reader see to it). A
//   stored operand may be read then: a word that is read while it is written gives what it held, as in block
//   memories of one clock, and of that the stored operand is what it was.
//   clear_i overwrites the entries of word clear_address_i with zeros, and what was read last.
// Test: tests/rtl/engine.

module decode_table
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter array_kind_e ArrayKind = ArrayKindMultiplier,
    parameter int unsigned Ports = 64,
    parameter int unsigned Readers = 4  // of one memory; synthesis copies it for each of them
) (
    input  logic                                clk_i,
    input  logic                                clear_i,
    input  table_address_t                      clear_address_i,
    input  logic                                write_valid_i,
    input  table_bank_t                         write_bank_i,
    input  logic           [TableGroupBits-1:0] write_group_i,
    input  operand_t       [    TableGroup-1:0] write_entries_i,
    input  logic                                read_i,
    input  table_address_t [         Ports-1:0] address_i,
    output table_word_t    [         Ports-1:0] word_o
);

  table_address_t address;
  operand_t stored;
  logic write_q;
  table_address_t address_q;
  table_word_t word_q;

  assign address = clear_i ? clear_address_i : {write_bank_i, write_group_i};

  stored_operands #(
      .ArrayKind(ArrayKind)
  ) u_stored_operands (
      .address_i(address),
      .stored_o (stored)
  );

  always_ff @(posedge clk_i) begin
    write_q        <= clear_i || write_valid_i;
    address_q      <= address;
    word_q.stored  <= stored;
    word_q.entries <= clear_i ? '0 : write_entries_i;
  end

  for (genvar c = 0; c < int'(Ports / Readers); c++) begin : gen_copy
    (* ram_style = "block" *)
    table_word_t table_q[2**$bits(table_address_t)];

    always_ff @(posedge clk_i) begin
      if (write_q) table_q[address_q] <= word_q;
    end

    for (genvar r = 0; r < int'(Readers); r++) begin : gen_reader
      localparam int P = c * int'(Readers) + r;

      always_ff @(posedge clk_i) begin
        if (clear_i) word_o[P] <= '0;
        else if (read_i) word_o[P] <= table_q[address_i[P]];
      end
    end
  end

endmodule
