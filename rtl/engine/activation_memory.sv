// SPDX-License-Identifier: Apache-2.0
// Activation memory: four row banks times BlockBanks block banks, each with one read and one write
// port, and the rules for who gets which bank.
//
// Mathematics: a word is WordChannels bytes; word (block, y, x) of a tensor is in row bank
//   (y + phase) mod 4 and block bank block mod BlockBanks (contract.toml gives the address in it).
// Timing: a read that is granted in a cycle gives its word in the next. Reads: the residual always
//   gets its bank (its sum cannot wait); the array gets its banks unless the residual takes one of
//   them, then it holds as a whole (front_hold_o) for this cycle; a store gets a bank that neither asks
//   for. Writes: results always; input words wait while a result goes into the same row bank.
// Contract: clear_i overwrites word clear_address_i of all banks with zeros, and then what was read
//   last. Addresses fit the banks; a held request stays (assertion FrontHolds). Nobody reads the
//   word that is written in this cycle (the wait_* fields see to it; assertion NoReadOfWrite).
// Test: tests/rtl/engine.
`include "assert.svh"

module activation_memory
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned WordChannels    = 16,
    parameter  int unsigned BlockBanks      = 1,
    parameter  int unsigned ActivationBytes = keyway_contract_pkg::MemoryDefaultActivationBytes,
    localparam int unsigned WordBits        = 8 * WordChannels,
    localparam int unsigned Words           = ActivationBytes / (WordChannels * 4 * BlockBanks),
    localparam int unsigned AddressBits     = $clog2(Words),
    localparam int unsigned BlockBits       = (BlockBanks > 1) ? $clog2(BlockBanks) : 1
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input weight_address_t clear_address_i,
    // Array: one address in each row bank; enables also a cycle ahead
    input logic [3:0][BlockBanks-1:0] front_enable_next_i,
    input logic [3:0][BlockBanks-1:0] front_enable_i,
    input activation_address_t [3:0] front_address_i,
    output logic front_hold_o,
    // Residual: all block banks of one row bank
    input logic residual_enable_next_i,
    input row_bank_t residual_bank_next_i,
    input logic residual_enable_i,
    input place_t residual_i,
    // Store: one bank
    input logic store_request_i,
    input place_t store_i,
    input logic [BlockBits-1:0] store_block_i,
    output logic store_grant_o,
    // What was read in the cycle before
    output logic [3:0][BlockBanks-1:0][WordBits-1:0] read_data_o,
    // Results: all block banks of one row bank
    input logic result_valid_i,
    input place_t result_i,
    input logic [BlockBanks-1:0][WordBits-1:0] result_data_i,
    // Input words
    input logic load_valid_i,
    output logic load_ready_o,
    input place_t load_i,
    input logic [BlockBits-1:0] load_block_i,
    input logic [WordBits-1:0] load_data_i
);

  logic [3:0][BlockBanks-1:0] front_grant;
  logic                       store_free;

  // The array as a whole holds while the residual takes a bank it wants, which is known a cycle ahead: the
  // whole front end waits for it.
  always_ff @(posedge clk_i) begin
    front_hold_o <= rst_ni && !clear_i && residual_enable_next_i &&
                    (|front_enable_next_i[residual_bank_next_i]);
  end
  assign front_grant = front_hold_o ? '0 : front_enable_i;
  assign store_free    = !front_enable_i[store_i.bank][store_block_i] &&
                         !(residual_enable_i && residual_i.bank == store_i.bank);
  assign store_grant_o = store_request_i && store_free;
  assign load_ready_o = !(result_valid_i && result_i.bank == load_i.bank);

  for (genvar r = 0; r < 4; r++) begin : gen_row
    for (genvar b = 0; b < int'(BlockBanks); b++) begin : gen_block
      logic residual_here, store_here, result_here, load_here;
      activation_address_t read_address, write_address;
      logic [WordBits-1:0] write_data;

      assign residual_here = residual_enable_i && residual_i.bank == 2'(r);
      assign store_here = store_grant_o && store_i.bank == 2'(r) && store_block_i == BlockBits'(b);
      assign result_here = result_valid_i && result_i.bank == 2'(r);
      assign load_here     = load_valid_i && load_ready_o && load_i.bank == 2'(r) &&
                             load_block_i == BlockBits'(b);

      always_comb begin
        read_address = store_i.address;
        if (front_enable_i[r][b]) read_address = front_address_i[r];
        if (residual_here) read_address = residual_i.address;
        if (clear_i) read_address = '0;
        write_address = load_i.address;
        write_data    = load_data_i;
        if (result_here) begin
          write_address = result_i.address;
          write_data    = result_data_i[b];
        end
        if (clear_i) begin
          write_address = clear_address_i[15:0];
          write_data    = '0;
        end
      end

      ram_1r1w #(
          .Width(WordBits),
          .Words(Words)
      ) u_ram (
          .clk_i,
          .rst_ni,
          .read_enable_i  (front_grant[r][b] || residual_here || store_here || clear_i),
          .read_address_i (read_address[AddressBits-1:0]),
          .read_data_o    (read_data_o[r][b]),
          .write_enable_i (clear_i ? 32'(clear_address_i) < Words : result_here || load_here),
          .write_address_i(write_address[AddressBits-1:0]),
          .write_data_i   (write_data)
      );

      // No bank has two readers, and nobody reads what is being written. Clearing may cut into a run
      // at any cycle; what is read then goes nowhere.
      `KEYWAY_ASSERT(OneReader, $onehot0({front_grant[r][b], residual_here, store_here}))
      `KEYWAY_ASSERT(OneWriter, $onehot0({result_here, load_here}))
      `KEYWAY_ASSERT(NoReadOfWrite,
                     clear_i || !((front_grant[r][b] || residual_here || store_here) &&
                                  (result_here || load_here) && read_address == write_address))
      `KEYWAY_ASSERT(
          ReadFits,
          !(front_grant[r][b] || residual_here || store_here) || 32'(read_address) < Words)
      `KEYWAY_ASSERT(WriteFits, !(result_here || load_here) || 32'(write_address) < Words)

      logic unused_bits;
      assign unused_bits = ^{read_address, write_address, clear_address_i};
    end
  end

  wire hold_now = residual_enable_i && (|front_enable_i[residual_i.bank]);
  `KEYWAY_ASSERT(HoldAgrees, front_hold_o == hold_now)
  `KEYWAY_ASSERT_HOLD(FrontHolds, (|front_enable_i), !front_hold_o || clear_i, {front_enable_i,
                                                                                front_address_i})

endmodule
