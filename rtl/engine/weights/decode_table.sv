// SPDX-License-Identifier: Apache-2.0
// Decode tables: TableBanks banks of 256 operands, read by every decoder at once.
//
// Mathematics: entry_o[p] = table(bank_i, code_i[p]). TableGroup consecutive entries are written in a cycle.
// Timing: with read_i, entries stand one cycle later and stay until the next read_i; writes show in the
//   next cycle. Synthesis makes a block memory of 18 Kbit for each reader, whose port is as wide as an entry
//   for reading and as TableGroup of them for writing.
// Contract: nobody reads a bank while it is written (table_banks and weight_reader see to it).
//   clear_i overwrites group clear_address_i with zeros, and what was read last.
// Test: tests/rtl/engine.

module decode_table
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Ports   = 64,
    parameter int unsigned Readers = 4    // of one memory; synthesis copies it for each of them
) (
    input  logic                                              clk_i,
    input  logic                                              clear_i,
    input  logic        [TableGroupBits+1:0]                  clear_address_i,
    input  logic                                              write_valid_i,
    input  table_bank_t                                       write_bank_i,
    input  logic        [TableGroupBits-1:0]                  write_group_i,
    input  logic        [    TableGroup-1:0][OperandBits-1:0] write_entries_i,
    input  logic                                              read_i,
    input  table_bank_t                                       bank_i,
    input  logic        [         Ports-1:0][            7:0] code_i,
    output logic        [         Ports-1:0][OperandBits-1:0] entry_o
);

  localparam int unsigned PlaceBits = $clog2(TableGroup);  // of an entry in its group

  logic write;
  logic [TableGroupBits+1:0] address;
  logic [TableGroup-1:0][OperandBits-1:0] entries;

  assign write   = clear_i || write_valid_i;
  assign address = clear_i ? clear_address_i : {write_bank_i, write_group_i};
  assign entries = clear_i ? '0 : write_entries_i;

  for (genvar c = 0; c < int'(Ports / Readers); c++) begin : gen_copy
    (* ram_style = "block" *)
    logic [OperandBits-1:0] table_q[TableBanks*TableEntries];

    always_ff @(posedge clk_i) begin
      if (write) begin
        for (int e = 0; e < int'(TableGroup); e++) table_q[{address, PlaceBits'(e)}] <= entries[e];
      end
    end

    for (genvar r = 0; r < int'(Readers); r++) begin : gen_reader
      localparam int P = c * int'(Readers) + r;

      always_ff @(posedge clk_i) begin
        if (clear_i) entry_o[P] <= '0;
        else if (read_i) entry_o[P] <= table_q[{bank_i, code_i[P]}];
      end
    end
  end

endmodule
