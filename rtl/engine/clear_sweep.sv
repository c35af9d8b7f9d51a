// SPDX-License-Identifier: Apache-2.0
// Clear sweep: the address that all memories overwrite with zeros while the engine is cleared.
//
// Timing: an address a cycle from clear_i on, Words of them and two more: the registers behind the
//   memories are zero then, too.
// Contract: clear_i is a level; done_o stands from the end to the end of clear_i. A memory with fewer words
//   looks whether the address is one of its own.
// Test: tests/rtl/engine.

module clear_sweep
  import keyway_contract_pkg::*;
#(
    parameter int unsigned Words = 4096
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    input  logic            clear_i,
    output logic            done_o,
    output weight_address_t address_o
);

  localparam int unsigned Bits = $clog2(Words);

  logic [Bits:0] address_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !clear_i) address_q <= '0;
    else if (!done_o) address_q <= address_q + (Bits + 1)'(1);
  end

  assign done_o    = clear_i && 32'(address_q) > Words;
  assign address_o = 20'(address_q);

endmodule
