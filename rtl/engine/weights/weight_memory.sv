// SPDX-License-Identifier: Apache-2.0
// Weight memory: instructions, tables, parameters and weight tiles; one wide read port for three
// readers, one 16-byte write port for the unsealer.
//
// Mathematics: a word is 4 * Lanes bytes, read at once; byte k of the memory is byte k mod (4 * Lanes)
//   of word k / (4 * Lanes). Words are cut into 16-byte segments, one memory each, so that a
//   write needs no byte enables.
// Timing: a granted read gives its word in the next cycle. Instructions are granted before tables,
//   tables before tiles: the first two are rare and short, so tiles get nearly every cycle.
//   It is read in every cycle: what nobody asked for nobody takes, and no grant has to reach the memories.
// Contract: a reader that is granted takes its word in the next cycle (it comes to nobody else). Write
//   is always accepted; no reader reads what is being written (the wait_* fields see to it).
//   clear_i overwrites the word clear_address_i with zeros, and then what was read last: from its second
//   cycle on every reader's address is 0, since their registers are cleared too (assertion ClearReadsZero).
// Test: tests/rtl/engine.
`include "assert.svh"

module weight_memory
  import keyway_contract_pkg::*;
#(
    parameter int unsigned Lanes = 16,
    parameter int unsigned WeightBytes = keyway_contract_pkg::MemoryDefaultWeightBytes,
    parameter bit Ultra = 1'b0,  // see ram_1r1w
    localparam int unsigned WordBits = 32 * Lanes,
    localparam int unsigned Segments = WordBits / 128,
    localparam int unsigned Words = WeightBytes / (4 * Lanes),
    localparam int unsigned AddressBits = $clog2(Words)
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           clear_i,
    input  weight_address_t                clear_address_i,
    // Instructions
    input  logic                           fetch_request_i,
    input  weight_address_t                fetch_address_i,
    output logic                           fetch_grant_o,
    // Decode tables
    input  logic                           table_request_i,
    input  weight_address_t                table_address_i,
    output logic                           table_grant_o,
    // Parameters and tiles
    input  logic                           tile_request_i,
    input  weight_address_t                tile_address_i,
    output logic                           tile_grant_o,
    // The word that was granted in the cycle before
    output logic            [WordBits-1:0] read_data_o,
    // Write, in 16-byte units
    input  logic                           write_valid_i,
    input  weight_unit_t                   write_address_i,
    input  logic            [       127:0] write_data_i
);

  localparam int unsigned SegmentBits = (Segments > 1) ? $clog2(Segments) : 1;

  weight_address_t read_address;
  logic [SegmentBits-1:0] write_segment;
  logic [AddressBits-1:0] write_word;

  assign fetch_grant_o = fetch_request_i;
  assign table_grant_o = table_request_i && !fetch_request_i;
  assign tile_grant_o  = tile_request_i && !fetch_request_i && !table_request_i;

  always_comb begin
    read_address = tile_address_i;
    if (table_request_i) read_address = table_address_i;
    if (fetch_request_i) read_address = fetch_address_i;
  end

  if (Segments > 1) begin : gen_segment
    assign write_segment = write_address_i[SegmentBits-1:0];
    assign write_word    = clear_i ? clear_address_i[AddressBits-1:0]
                                   : write_address_i[SegmentBits+:AddressBits];
  end else begin : gen_no_segment
    assign write_segment = '0;
    assign write_word    = clear_i ? clear_address_i[AddressBits-1:0]
                                   : write_address_i[AddressBits-1:0];
  end

  for (genvar s = 0; s < int'(Segments); s++) begin : gen_ram
    ram_1r1w #(
        .Width(128),
        .Words(Words),
        .Ultra(Ultra)
    ) u_ram (
        .clk_i,
        .rst_ni,
        .read_enable_i(1'b1),
        .read_address_i(read_address[AddressBits-1:0]),
        .read_data_o(read_data_o[128*s+:128]),
        .write_enable_i (clear_i ? 32'(clear_address_i) < Words
                                 : write_valid_i && write_segment == SegmentBits'(s)),
        .write_address_i(write_word),
        .write_data_i(clear_i ? 128'd0 : write_data_i)
    );
  end

  logic unused_bits;
  assign unused_bits = ^{read_address, write_address_i, clear_address_i};

  `KEYWAY_ASSERT(OneReader, $onehot0({fetch_grant_o, table_grant_o, tile_grant_o}))
  `KEYWAY_ASSERT(ClearReadsZero, !clear_i || !$past(clear_i) || read_address == '0)
  `KEYWAY_ASSERT(WriteFits, !write_valid_i || 32'(write_address_i) * 16 < WeightBytes)

endmodule
