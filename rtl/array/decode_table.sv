// SPDX-License-Identifier: Apache-2.0
// Decode tables: two slots of 256 operands, read by every decoder at once.
//
// Mathematics: entry_o[p] = table(slot_i, code_i[p]). An entry is in bank code mod 4 at
//   (slot, code / 4), so that four are written a cycle.
// Timing: with read_i, entries stand one cycle later and stay until the next read_i; writes show in the
//   next cycle. It maps to LUT memory, a copy for each reader, with registers behind.
// Contract: nobody reads a slot while it is written (feeder and table_loader see to it).
//   clear_i overwrites entry clear_address_i of all banks with zeros.
// Test: tests/rtl/engine.

module decode_table
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Ports     = 64,
    localparam int unsigned GroupBits = $clog2(TableEntries / TableBanks),
    localparam int unsigned Groups    = 2 * TableEntries / TableBanks
) (
    input  logic                                   clk_i,
    input  logic                                   clear_i,
    input  logic [   GroupBits:0]                  clear_address_i,
    input  logic                                   write_valid_i,
    input  logic                                   write_slot_i,
    input  logic [ GroupBits-1:0]                  write_group_i,
    input  logic [TableBanks-1:0][OperandBits-1:0] write_entries_i,
    input  logic                                   read_i,
    input  logic                                   slot_i,
    input  logic [     Ports-1:0][            7:0] code_i,
    output logic [     Ports-1:0][OperandBits-1:0] entry_o
);

  (* ram_style = "distributed" *)
  logic [OperandBits-1:0] bank0_q[Groups];
  (* ram_style = "distributed" *)
  logic [OperandBits-1:0] bank1_q[Groups];
  (* ram_style = "distributed" *)
  logic [OperandBits-1:0] bank2_q[Groups];
  (* ram_style = "distributed" *)
  logic [OperandBits-1:0] bank3_q[Groups];

  logic write;
  logic [GroupBits:0] address;
  logic [TableBanks-1:0][OperandBits-1:0] entries;

  assign write   = clear_i || write_valid_i;
  assign address = clear_i ? clear_address_i : {write_slot_i, write_group_i};
  assign entries = clear_i ? '0 : write_entries_i;

  always_ff @(posedge clk_i) begin
    if (write) begin
      bank0_q[address] <= entries[0];
      bank1_q[address] <= entries[1];
      bank2_q[address] <= entries[2];
      bank3_q[address] <= entries[3];
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      entry_o <= '0;
    end else if (read_i) begin
      for (int p = 0; p < int'(Ports); p++) begin
        case (code_i[p][1:0])
          2'd0: entry_o[p] <= bank0_q[{slot_i, code_i[p][7:2]}];
          2'd1: entry_o[p] <= bank1_q[{slot_i, code_i[p][7:2]}];
          2'd2: entry_o[p] <= bank2_q[{slot_i, code_i[p][7:2]}];
          default: entry_o[p] <= bank3_q[{slot_i, code_i[p][7:2]}];
        endcase
      end
    end
  end

endmodule
