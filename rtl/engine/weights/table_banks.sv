// SPDX-License-Identifier: Apache-2.0
// Table banks: which bank a TABLE fills and which one a MULTIPLY reads, so that a table is there before the
// array needs it.
//
// Mathematics: each of the two slots of decode tables has two banks. A TABLE fills the one that its slot
//   does not show, and shows it to the MULTIPLYs behind it; those before it keep the other one.
// Timing: a TABLE or a MULTIPLY a cycle; what they change stands in the next one.
// Contract: a bank is filled only when every MULTIPLY that needs it has read its last code (table_free_o),
//   and loading_o marks it from its TABLE to its last entry: no codes are read for it meanwhile
//   (weight_reader). At most MostReaders MULTIPLYs are between dispatcher and their last code (assertion
//   ReadersFit).
// Test: tests/rtl/engine (both slots, reloading a slot behind codes that wait for the array).
`include "assert.svh"

module table_banks
  import keyway_pkg::*;
(
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         clear_i,
    // A TABLE
    input  logic                         table_slot_i,
    output table_bank_t                  table_bank_o,
    output logic                         table_free_o,
    input  logic                         table_taken_i,
    // A MULTIPLY that needs a table
    input  logic                         reader_slot_i,
    output table_bank_t                  reader_bank_o,
    input  logic                         reader_taken_i,
    // A MULTIPLY has read its last code
    input  logic                         read_valid_i,
    input  table_bank_t                  read_bank_i,
    // A bank has its last entry
    input  logic                         loaded_valid_i,
    input  table_bank_t                  loaded_bank_i,
    output logic        [TableBanks-1:0] loading_o
);

  // In the array queue, at hand in the weight reader, and those whose tiles tile_decoder holds (JobSlots).
  localparam int unsigned MostReaders = 15;
  localparam int unsigned CountBits = $clog2(MostReaders + 1);

  logic [1:0] shown_q;  // the bank of each slot
  logic [TableBanks-1:0] loading_q;
  logic [TableBanks-1:0][CountBits-1:0] readers_q;

  assign table_bank_o  = {table_slot_i, !shown_q[table_slot_i]};
  assign reader_bank_o = {reader_slot_i, shown_q[reader_slot_i]};
  assign table_free_o  = !loading_q[table_bank_o] && readers_q[table_bank_o] == '0;
  assign loading_o     = loading_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      shown_q   <= '0;
      loading_q <= '0;
      readers_q <= '0;
    end else begin
      if (loaded_valid_i) loading_q[loaded_bank_i] <= 1'b0;
      if (table_taken_i) begin
        shown_q[table_slot_i]   <= !shown_q[table_slot_i];
        loading_q[table_bank_o] <= 1'b1;
      end
      for (int b = 0; b < int'(TableBanks); b++) begin
        readers_q[b] <= readers_q[b] +
            CountBits'(reader_taken_i && reader_bank_o == table_bank_t'(b)) -
            CountBits'(read_valid_i && read_bank_i == table_bank_t'(b));
      end
    end
  end

  `KEYWAY_ASSERT(ReadersFit, !reader_taken_i || 32'(readers_q[reader_bank_o]) < MostReaders)
  `KEYWAY_ASSERT(ReadOnlyByReaders, !read_valid_i || readers_q[read_bank_i] != '0)
  `KEYWAY_ASSERT(FilledWhenFree, !table_taken_i || table_free_o)

endmodule
