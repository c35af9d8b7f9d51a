// SPDX-License-Identifier: Apache-2.0
// Decode tables: two slots of 256 operands, read by every decoder at once.
//
// Mathematics: entry_o[p] = table(slot_i, code_i[p]). Entries of Group codes, code / Group the same, are a
//   word at (slot, code / Group), written in a cycle; a reader chooses among them afterwards.
// Timing: with read_i, entries stand one cycle later and stay until the next read_i; writes show in the
//   next cycle. It maps to LUT memory with registers behind, a copy for each reader, or to block
//   memories where LUTs are scarcer than those (scripts/place_ecp5.sh).
// Contract: nobody reads a slot while it is written (weight_reader and table_loader see to it).
//   clear_i overwrites word clear_address_i with zeros.
// Test: tests/rtl/engine.

module decode_table
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Ports = 64,
    parameter int unsigned Group = 4,  // a power of two
    parameter int unsigned Readers = 4,  // of one memory; synthesis copies it for each of them
    localparam int unsigned GroupBits = $clog2(TableEntries / Group),
    localparam int unsigned Groups = 2 * TableEntries / Group
) (
    input  logic                                  clk_i,
    input  logic                                  clear_i,
    input  logic [  GroupBits:0]                  clear_address_i,
    input  logic                                  write_valid_i,
    input  logic                                  write_slot_i,
    input  logic [GroupBits-1:0]                  write_group_i,
    input  logic [    Group-1:0][OperandBits-1:0] write_entries_i,
    input  logic                                  read_i,
    input  logic                                  slot_i,
    input  logic [    Ports-1:0][            7:0] code_i,
    output logic [    Ports-1:0][OperandBits-1:0] entry_o
);

  typedef logic [Group-1:0][OperandBits-1:0] group_t;

  logic write;
  logic [GroupBits:0] address;
  group_t entries;

  assign write   = clear_i || write_valid_i;
  assign address = clear_i ? clear_address_i : {write_slot_i, write_group_i};
  assign entries = clear_i ? '0 : write_entries_i;

  for (genvar c = 0; c < int'(Ports / Readers); c++) begin : gen_copy
    (* ram_style = "distributed" *)
    group_t table_q[Groups];

    always_ff @(posedge clk_i) begin
      if (write) table_q[address] <= entries;
    end

    for (genvar r = 0; r < int'(Readers); r++) begin : gen_reader
      localparam int P = c * int'(Readers) + r;
      group_t group_q;

      always_ff @(posedge clk_i) begin
        if (clear_i) group_q <= '0;
        else if (read_i) group_q <= table_q[{slot_i, code_i[P][7-:GroupBits]}];
      end

      if (Group > 1) begin : gen_entry
        logic [$clog2(Group)-1:0] entry_q;

        always_ff @(posedge clk_i) begin
          if (clear_i) entry_q <= '0;
          else if (read_i) entry_q <= code_i[P][$clog2(Group)-1:0];
        end

        assign entry_o[P] = group_q[entry_q];
      end else begin : gen_only_entry
        assign entry_o[P] = group_q[0];
      end
    end
  end

endmodule
