// SPDX-License-Identifier: Apache-2.0
// Expands one AES-256 key into its 15 round keys, one a cycle, for a cipher that stores them.
//
// A window of two round keys slides along the schedule: r(n + 2) = key_step(r(n), r(n + 1)).
//
// Timing: the key is taken when key_valid_i and key_ready_o; r(0) .. r(14) follow in the next 15
// cycles, with the slot of their key; key_ready_o rises after the last.
// Contract: the window is zero when no expansion is under way (assertion IdleIsZero).
// Source: FIPS 197, section 5.2. Test: tests/rtl/lock/test_aes.cpp.
`include "assert.svh"
module aes256_key_expansion
  import keyway_lock_pkg::*;
  import keyway_aes_pkg::*;
(
    input  logic            clk_i,
    input  logic            rst_ni,
    input  logic            clear_i,
    input  logic            key_valid_i,
    output logic            key_ready_o,
    input  key_slot_e       key_slot_i,
    input  key_t            key_i,
    output logic            round_key_valid_o,
    output logic      [3:0] round_o,
    output key_slot_e       slot_o,
    output block_t          round_key_o
);

  logic            busy_q;
  logic      [3:0] round_q;
  logic      [7:0] constant_q;  // Rcon of the next even step
  key_slot_e       slot_q;
  key_t            window_q;

  assign key_ready_o       = !busy_q;
  assign round_key_valid_o = busy_q;
  assign round_o           = round_q;
  assign slot_o            = slot_q;
  assign round_key_o       = window_q[127:0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      busy_q     <= 1'b0;
      round_q    <= 4'd0;
      constant_q <= 8'd0;
      slot_q     <= SlotMac;
      window_q   <= '0;
    end else if (busy_q) begin
      round_q <= round_q + 4'd1;
      if (round_q == 4'(AesRounds)) begin
        busy_q   <= 1'b0;
        window_q <= '0;
      end else begin
        window_q <= {
          key_step(window_q[127:0], window_q[255:224], round_q[0] ? 8'd0 : constant_q),
          window_q[255:128]
        };
        if (!round_q[0]) constant_q <= constant_q << 1;
      end
    end else if (key_valid_i) begin
      busy_q     <= 1'b1;
      round_q    <= 4'd0;
      constant_q <= 8'd1;
      slot_q     <= key_slot_i;
      window_q   <= key_i;
    end
  end

  `KEYWAY_ASSERT(IdleIsZero, busy_q || window_q == '0)

endmodule
