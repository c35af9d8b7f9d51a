// SPDX-License-Identifier: Apache-2.0
// Nibble tables: TableBanks banks of 16 operands, read by every decoder for codes in upper half bytes.
//
// Mathematics: entry_o[p] = table(bank_i, code_i[p]). One entry is written in a cycle.
// Timing: with read_i, entries stand one cycle later and stay until the next read_i; writes show in the next
//   cycle. Synthesis makes LUT memory of 64 entries for each reader.
// Contract: nobody reads a bank while it is written (table_banks and weight_reader see to it).
//   clear_i overwrites entry clear_address_i with zeros, and what was read last.
// Test: tests/rtl/engine.

module nibble_table
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Ports       = 64,
    localparam int unsigned AddressBits = $clog2(TableBanks * ShortTableEntries)
) (
    input  logic                                           clk_i,
    input  logic                                           clear_i,
    input  logic        [AddressBits-1:0]                  clear_address_i,
    input  logic                                           write_valid_i,
    input  table_bank_t                                    write_bank_i,
    input  logic        [            3:0]                  write_code_i,
    input  logic        [OperandBits-1:0]                  write_entry_i,
    input  logic                                           read_i,
    input  table_bank_t                                    bank_i,
    input  logic        [      Ports-1:0][            3:0] code_i,
    output logic        [      Ports-1:0][OperandBits-1:0] entry_o
);

  logic write;
  logic [AddressBits-1:0] address;
  logic [OperandBits-1:0] entry;

  assign write   = clear_i || write_valid_i;
  assign address = clear_i ? clear_address_i : {write_bank_i, write_code_i};
  assign entry   = clear_i ? '0 : write_entry_i;

  for (genvar p = 0; p < int'(Ports); p++) begin : gen_reader
    (* ram_style = "distributed" *)
    logic [OperandBits-1:0] table_q[TableBanks*ShortTableEntries];

    always_ff @(posedge clk_i) begin
      if (write) table_q[address] <= entry;
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) entry_o[p] <= '0;
      else if (read_i) entry_o[p] <= table_q[{bank_i, code_i[p]}];
    end
  end

endmodule
