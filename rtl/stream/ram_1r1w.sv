// SPDX-License-Identifier: Apache-2.0
// A memory with one read and one write port: every large memory of the core is made of it.
//
// Mathematics: read_data_o(t + 1) = memory(read_address_i(t)) where read_enable_i(t), else it keeps
//   its value. A read of the word that is written in the same cycle gives the old word or nothing
//   defined; nobody in the core uses it.
// Timing: one cycle from address to data.
// Contract: addresses below Words (assertions ReadInRange, WriteInRange).
// Ultra: this memory may go into the large memories that some technologies have besides block memories
//   (UltraRAM, 288 Kbit); elsewhere it means nothing.
// Source: the coding pattern that Yosys, Vivado and others map to block memory (no reset, no initial
//   contents). A technology with its own memory macros replaces this one file.
//   Test: tests/rtl/engine.
`include "assert.svh"

module ram_1r1w #(
    parameter  int unsigned Width       = 128,
    parameter  int unsigned Words       = 4096,
    parameter  bit          Ultra       = 1'b0,
    localparam int unsigned AddressBits = (Words > 1) ? $clog2(Words) : 1
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   read_enable_i,
    input  logic [AddressBits-1:0] read_address_i,
    output logic [      Width-1:0] read_data_o,
    input  logic                   write_enable_i,
    input  logic [AddressBits-1:0] write_address_i,
    input  logic [      Width-1:0] write_data_i
);

  if (Ultra) begin : gen_ultra
    (* ram_style = "ultra" *)
    logic [Width-1:0] memory_q[Words];

    always_ff @(posedge clk_i) begin
      if (write_enable_i) memory_q[write_address_i] <= write_data_i;
      if (read_enable_i) read_data_o <= memory_q[read_address_i];
    end
  end else begin : gen_block
    logic [Width-1:0] memory_q[Words];

    always_ff @(posedge clk_i) begin
      if (write_enable_i) memory_q[write_address_i] <= write_data_i;
      if (read_enable_i) read_data_o <= memory_q[read_address_i];
    end
  end

  `KEYWAY_ASSERT(ReadInRange, !read_enable_i || 32'(read_address_i) < Words)
  `KEYWAY_ASSERT(WriteInRange, !write_enable_i || 32'(write_address_i) < Words)

  logic unused_rst_n;
  assign unused_rst_n = rst_ni;

endmodule
