// SPDX-License-Identifier: Apache-2.0
// Table loader: fills one slot of the decode tables from weight memory, behind the running array.
//
// Mathematics: 256 entries of 16 bits (the low 12 are used), 2 * Lanes of them in a weight word.
//   Group consecutive ones are a word of the table, written in a cycle.
// Timing: TableEntries / Group cycles of writing, and three more for each word.
// Contract: loading_o marks the slot from acceptance until its last write is under way; weight_reader asks for no code of
//   it meanwhile. Writing starts when no code that was read before still needs the slot (in_use_i).
// Test: tests/rtl/engine (both slots, reloading a slot behind codes that wait for the array).

module table_loader
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes       = 16,
    localparam int unsigned Group       = table_group(Lanes),
    localparam int unsigned GroupBits   = $clog2(TableEntries / Group),
    localparam int unsigned WordGroups  = 2 * Lanes / Group,
    localparam int unsigned WordCounter = $clog2(WordGroups)
) (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    input  logic                                  clear_i,
    input  logic                                  valid_i,
    output logic                                  ready_o,
    input  logic [         19:0]                  address_i,
    input  logic                                  slot_i,
    output logic [          1:0]                  loading_o,
    input  logic [          1:0]                  in_use_i,
    // Weight memory
    output logic                                  read_request_o,
    output logic [         19:0]                  read_address_o,
    input  logic                                  read_grant_i,
    input  logic [ 32*Lanes-1:0]                  read_data_i,
    // Decode tables
    output logic                                  write_valid_o,
    output logic                                  write_slot_o,
    output logic [GroupBits-1:0]                  write_group_o,
    output logic [    Group-1:0][OperandBits-1:0] write_entries_o
);

  // As in the dispatcher, the request is one bit of the state.
  typedef enum logic [2:0] {
    StIdle = 3'b000,
    StWait = 3'b001,
    StRequest = 3'b100,
    StTake = 3'b010,
    StWrite = 3'b011
  } state_e;

  state_e state_q;
  logic slot_q;
  logic [19:0] address_q;
  logic [GroupBits-1:0] group_q;
  logic [32*Lanes-1:0] word_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q   <= StIdle;
      slot_q    <= 1'b0;
      address_q <= '0;
      group_q   <= '0;
      word_q    <= '0;
    end else begin
      unique case (state_q)
        StIdle:
        if (valid_i) begin
          state_q   <= StWait;
          slot_q    <= slot_i;
          address_q <= address_i;
          group_q   <= '0;
        end
        StWait:  if (!in_use_i[slot_q]) state_q <= StRequest;
        StRequest:
        if (read_grant_i) begin
          state_q   <= StTake;
          address_q <= address_q + 20'd1;
        end
        StTake: begin
          state_q <= StWrite;
          word_q  <= read_data_i;
        end
        StWrite: begin
          word_q  <= word_q >> (16 * Group);
          group_q <= group_q + GroupBits'(1);
          if (group_q == '1) state_q <= StIdle;
          else if (group_q[WordCounter-1:0] == WordCounter'(WordGroups - 1)) state_q <= StRequest;
        end
        default: state_q <= StIdle;
      endcase
    end
  end

  assign ready_o        = state_q == StIdle;
  assign loading_o      = (state_q == StIdle) ? 2'b00 : 2'b01 << slot_q;
  assign read_request_o = state_q[2];
  assign read_address_o = address_q;

  // The tables are far apart. The last write comes in the cycle in which loading_o falls; the first word
  // that reads this table is asked for a cycle later and reads it two after that.
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      write_valid_o   <= 1'b0;
      write_slot_o    <= 1'b0;
      write_group_o   <= '0;
      write_entries_o <= '0;
    end else begin
      write_valid_o <= state_q == StWrite;
      write_slot_o  <= slot_q;
      write_group_o <= group_q;
      for (int e = 0; e < int'(Group); e++) write_entries_o[e] <= word_q[16*e+:OperandBits];
    end
  end

endmodule
