// SPDX-License-Identifier: Apache-2.0
// Two S-boxes in one block memory with two ports, each with the register behind it that such a memory
// has anyway: 64 LUTs less than in logic.
//
// Timing: y_o = S(a_i) one cycle after enable_i; it keeps its value without.
// Contract: clear_i zeroes y_o.
// Source: FIPS 197, section 5.1.1 (keyway_aes_pkg). Test: tests/rtl/lock/test_aes.cpp, through aes256.
module aes_sbox_rom
  import keyway_aes_pkg::*;
(
    input  logic            clk_i,
    input  logic            clear_i,
    input  logic            enable_i,
    input  logic [1:0][7:0] a_i,
    output logic [1:0][7:0] y_o
);

  (* rom_style = "block" *)
  logic [7:0] content[256];
  initial for (int i = 0; i < 256; i++) content[i] = Sbox[i];

  for (genvar p = 0; p < 2; p++) begin : gen_port
    always_ff @(posedge clk_i) begin
      if (clear_i) y_o[p] <= '0;
      else if (enable_i) y_o[p] <= content[a_i[p]];
    end
  end

endmodule
