// SPDX-License-Identifier: Apache-2.0
// Correction tables: TableBanks banks of corrections of Mitchell's products, read by every decoder at once.
//
// Mathematics: corrections_o[p][g] = table(bank_i, 8 f + g), its lower CorrectionBits, for the upper three
//   bits f of the fraction of code_i[p] (mit8_logarithm). TableGroup consecutive entries are written in a
//   cycle; of 256 those behind the 64th are not kept.
// Timing: with read_i, corrections stand one cycle later and stay until the next read_i; writes show in the
//   next cycle. Synthesis makes a block memory of 18 Kbit for each reader, as of decode tables: of its 512
//   words 32 are used, but LUT memory would take 24 LUTs instead.
// Contract: nobody reads a bank while it is written (table_banks and weight_reader see to it).
//   clear_i overwrites group clear_address_i with zeros, and what was read last.
// Test: tests/rtl/engine.

module correction_table
  import keyway_contract_pkg::*;
  import keyway_logarithm_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Ports     = 64,
    localparam int unsigned Groups    = CorrectionClasses / TableGroup,         // of a row
    localparam int unsigned GroupBits = $clog2(Groups),
    localparam int unsigned RowBits   = $clog2(TableBanks * CorrectionClasses)
) (
    input  logic                                                  clk_i,
    input  logic                                                  clear_i,
    input  logic         [RowBits+GroupBits-1:0]                  clear_address_i,
    input  logic                                                  write_valid_i,
    input  table_bank_t                                           write_bank_i,
    input  logic         [   TableGroupBits-1:0]                  write_group_i,
    input  logic         [       TableGroup-1:0][OperandBits-1:0] write_entries_i,
    input  logic                                                  read_i,
    input  table_bank_t                                           bank_i,
    input  logic         [            Ports-1:0][            7:0] code_i,
    output corrections_t [            Ports-1:0]                  corrections_o
);

  localparam int unsigned KeptBits = CorrectionClassBits + GroupBits;  // of a group's number

  logic write;
  logic [RowBits-1:0] row;
  logic [GroupBits-1:0] group;
  logic [TableGroup-1:0][CorrectionBits-1:0] entries;

  assign write = clear_i || (write_valid_i && write_group_i[TableGroupBits-1:KeptBits] == '0);
  assign {row, group} = clear_i ? clear_address_i : {write_bank_i, write_group_i[KeptBits-1:0]};

  for (genvar e = 0; e < int'(TableGroup); e++) begin : gen_entry
    assign entries[e] = clear_i ? '0 : write_entries_i[e][CorrectionBits-1:0];
  end

  for (genvar p = 0; p < int'(Ports); p++) begin : gen_reader
    (* ram_style = "block" *)
    corrections_t table_q[2**RowBits];

    always_ff @(posedge clk_i) begin
      if (write) begin
        for (int g = 0; g < int'(Groups); g++) begin
          if (group == GroupBits'(g)) table_q[row][g*TableGroup+:TableGroup] <= entries;
        end
      end
    end

    always_ff @(posedge clk_i) begin
      if (clear_i) corrections_o[p] <= '0;
      else if (read_i) corrections_o[p] <= table_q[{bank_i, code_i[p][3-:CorrectionClassBits]}];
    end
  end

  logic unused_bits;
  assign unused_bits = ^{write_entries_i, code_i};

endmodule
