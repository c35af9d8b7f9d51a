// SPDX-License-Identifier: Apache-2.0
// Table loader: fills banks of the decode tables from weight memory, behind the running array.
//
// Mathematics: 256 entries of 16 bits (the low 12 are used), 2 * Lanes of them in a weight word.
//   TableGroup consecutive ones are written in a cycle. Of a short table 16 entries are: each group in two
//   cycles, in which its entries go into the nibble tables as well, one by one.
// Timing: TableEntries / TableGroup cycles of writing, of a short table ShortTableEntries, and four before
//   them. The next word is asked for so that it comes when the one at hand has been written; where an
//   instruction goes first, writing waits.
// Contract: nobody reads the bank from valid_i to loaded_o, which is a pulse in the cycle before the last
//   write (table_banks and weight_reader see to it). A table waits until frames_i has reached wait_frames.
// Test: tests/rtl/engine (both slots, reloading a slot behind codes that wait for the array).
`include "assert.svh"

module table_loader
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes       = 16,
    localparam int unsigned WordGroups  = 2 * Lanes / TableGroup,
    localparam int unsigned WordCounter = $clog2(WordGroups)
) (
    input  logic                                                  clk_i,
    input  logic                                                  rst_ni,
    input  logic                                                  clear_i,
    input  logic                                                  valid_i,
    output logic                                                  ready_o,
    input  table_item_t                                           item_i,
    input  counter_t                                              frames_i,
    output logic                                                  loaded_o,
    output table_bank_t                                           loaded_bank_o,
    // Weight memory
    output logic                                                  read_request_o,
    output weight_address_t                                       read_address_o,
    input  logic                                                  read_grant_i,
    input  logic            [      32*Lanes-1:0]                  read_data_i,
    // Decode tables
    output logic                                                  write_valid_o,
    output table_bank_t                                           write_bank_o,
    output logic            [TableGroupBits-1:0]                  write_group_o,
    output logic            [    TableGroup-1:0][OperandBits-1:0] write_entries_o,
    // Nibble tables, the same bank
    output logic                                                  nibble_valid_o,
    output logic            [               3:0]                  nibble_code_o,
    output logic            [   OperandBits-1:0]                  nibble_entry_o
);

  localparam logic [TableGroupBits-1:0] LastShortGroup =
      TableGroupBits'(ShortTableEntries / TableGroup - 1);

  typedef enum logic [1:0] {
    StIdle,
    StWait,
    StLoad
  } state_e;

  state_e state_q;
  table_bank_t bank_q;
  logic short_q;
  counter_t wait_frames_q;
  logic request_q;  // a register, as in the dispatcher: the others there wait for what it says
  logic take_q;  // the word is here
  weight_address_t address_q;
  logic [TableGroupBits-1:0] group_q;
  logic second_q;  // of the two cycles of a short table's group
  logic [32*Lanes-1:0] word_q;
  logic [WordCounter:0] left_q;  // groups of it
  logic write, next_group, last_word;

  assign write      = left_q != '0;
  assign next_group = write && (!short_q || second_q);
  assign last_word  = short_q || group_q[TableGroupBits-1:WordCounter] == '1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q   <= StIdle;
      bank_q    <= '0;
      short_q   <= 1'b0;
      second_q  <= 1'b0;
      request_q <= 1'b0;
      take_q    <= 1'b0;
      address_q <= '0;
      wait_frames_q <= '0;
      group_q   <= '0;
      word_q    <= '0;
      left_q    <= '0;
    end else begin
      unique case (state_q)
        StIdle:
        if (valid_i) begin
          state_q   <= StWait;
          bank_q    <= item_i.bank;
          short_q   <= item_i.is_short;
          address_q <= item_i.address;
          wait_frames_q <= item_i.wait_frames;
        end
        StWait:
        if (frames_i >= wait_frames_q) begin
          state_q   <= StLoad;
          request_q <= 1'b1;
        end
        StLoad: begin
          // Asked with two groups left, the next word is here with the last one.
          if (left_q == (WordCounter + 1)'(3) && !last_word) request_q <= 1'b1;
          if (read_grant_i) begin
            request_q <= 1'b0;
            address_q <= address_q + 20'd1;
          end
          if (loaded_o) state_q <= StIdle;
        end
        default: state_q <= StIdle;
      endcase
      take_q   <= read_grant_i;
      second_q <= write && !next_group;
      if (next_group) begin
        word_q  <= word_q >> (16 * TableGroup);
        left_q  <= loaded_o ? '0 : left_q - (WordCounter + 1)'(1);
        group_q <= loaded_o ? '0 : group_q + TableGroupBits'(1);
      end
      if (take_q) begin
        word_q <= read_data_i;
        left_q <= (WordCounter + 1)'(WordGroups);
      end
    end
  end

  assign ready_o        = state_q == StIdle;
  assign loaded_o       = next_group && (group_q == '1 || (short_q && group_q == LastShortGroup));
  assign loaded_bank_o  = bank_q;
  assign read_request_o = request_q;
  assign read_address_o = address_q;

  // The tables are far apart. The last write comes in the cycle after loaded_o, and decode_table makes it
  // another cycle later: in that one the first word that reads this table is asked for, two before it reads.
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      write_valid_o   <= 1'b0;
      write_bank_o    <= '0;
      write_group_o   <= '0;
      write_entries_o <= '0;
      nibble_valid_o  <= 1'b0;
      nibble_code_o   <= '0;
      nibble_entry_o  <= '0;
    end else begin
      write_valid_o <= write;
      write_bank_o  <= bank_q;
      write_group_o <= group_q;
      for (int e = 0; e < int'(TableGroup); e++) write_entries_o[e] <= word_q[16*e+:OperandBits];
      nibble_valid_o <= write && short_q;
      nibble_code_o  <= {group_q[2:0], second_q};
      nibble_entry_o <= second_q ? word_q[16+:OperandBits] : word_q[0+:OperandBits];
    end
  end

  `KEYWAY_ASSERT(NothingOverwritten, !take_q || left_q <= (WordCounter + 1)'(1))

endmodule
