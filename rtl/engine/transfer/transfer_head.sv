// SPDX-License-Identifier: Apache-2.0
// Transfer head: what the load and the store unit need to know of the instruction at the head of their
// queue: its size, and that its wait is over.
//
// Mathematics: bytes_o = WordChannels * area * width_i; the dispatcher has made area = rows * blocks. What
//   has more than 32 bits becomes 2^32 - 1, so it lies in no buffer of whole pages: a program that asks for
//   it ends with OUTSIDE_BUFFER and not with a smaller transfer.
// Timing: ready_o at the third cycle of an instruction at the head, if `products` has reached its wait by
//   the second, else a cycle after that; the two cycles are one for the operands and one for the product.
// Contract: item_i and width_i hold while valid_i, until taken_i. bytes_o stands with ready_o; the size
//   of an instruction that has none means nothing.
// Test: tests/rtl/engine, through load_unit and store_unit; tests/rtl/shell/test_kernel_unchecked.cpp.

module transfer_head
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned WordChannels = 16
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  clear_i,
    input  logic                  valid_i,
    input  logic                  taken_i,
    input  transfer_item_t        item_i,
    input  extent_t               width_i,
    input  counter_t              products_i,
    output logic                  ready_o,
    output logic           [31:0] bytes_o
);

  localparam int unsigned PlaceBits = $clog2(WordChannels);  // of a byte in its word

  logic head_q, ready_q;  // the instruction has been at the head for one cycle, for two
  logic [23:0] area_q;
  extent_t width_q;
  logic [35:0] words_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      head_q  <= 1'b0;
      ready_q <= 1'b0;
      area_q  <= '0;
      width_q <= '0;
      words_q <= '0;
    end else begin
      head_q  <= valid_i && !taken_i;
      ready_q <= head_q && !taken_i && reached(products_i, item_i.wait_products);
      area_q  <= item_i.area;
      width_q <= width_i;
      words_q <= 36'(area_q) * 36'(width_q);
    end
  end

  assign ready_o = ready_q;
  assign bytes_o = words_q[35:32-PlaceBits] != '0 ? '1 : {words_q[31-PlaceBits:0], PlaceBits'(0)};

  logic unused_instruction;
  assign unused_instruction = ^item_i.instruction;

endmodule
