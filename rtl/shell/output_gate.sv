// SPDX-License-Identifier: Apache-2.0
// Lets the engine's output pass only when everything it was computed from is known to be genuine.
//
// open_i is the conductor's: every frame of the package has verified in this residency or run, and
// header and licence of this start equal those that are open. Until then requests and words wait in
// the engine, on chip; a purge clears the engine, and them with it. (SEC: OUTPUT_GATE)
// Timing: combinational, no state, so what waits here is held by the engine (RequestHold, DataHold).
// Contract: nothing leaves while open_i is low (GateShut).
// Test: tests/rtl/shell/test_start.cpp.
`include "assert.svh"

module output_gate
  import keyway_shell_pkg::*;
(
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic         open_i,
    // Engine.
    input  logic         request_valid_i,
    output logic         request_ready_o,
    input  dma_request_t request_i,
    input  logic         data_valid_i,
    output logic         data_ready_o,
    input  word_t        data_i,
    // Bus.
    output logic         request_valid_o,
    input  logic         request_ready_i,
    output dma_request_t request_o,
    output logic         data_valid_o,
    input  logic         data_ready_i,
    output word_t        data_o
);

  assign request_valid_o = request_valid_i && open_i;
  assign request_ready_o = request_ready_i && open_i;
  assign request_o = request_i;
  assign data_valid_o = data_valid_i && open_i;
  assign data_ready_o = data_ready_i && open_i;
  assign data_o = open_i ? data_i : '0;

  logic unused_clock;  // of the assertion only
  assign unused_clock = ^{clk_i, rst_ni};

  `KEYWAY_ASSERT(GateShut, open_i || !(request_valid_o || data_valid_o || |data_o))
  `KEYWAY_ASSERT_HOLD_UNLESS(RequestHold, request_valid_o, request_ready_i, request_o, !open_i)
  `KEYWAY_ASSERT_HOLD_UNLESS(DataHold, data_valid_o, data_ready_i, data_o, !open_i)

endmodule
