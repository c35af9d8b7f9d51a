// SPDX-License-Identifier: Apache-2.0
// Counts events from start to done; which ones stands in pkg/contract.toml.
//
// All of them follow from the public shape of a program. (SEC: PUBLIC_TIMING)
// Timing: an event of cycle t is in the count of t + 1. clear_i begins a new start; clear_events_i
//   forgets the events of a warm attempt that was given up, but for the cycles (total, open).
// Contract: count_i is high from start to done. Counters are CounterBits wide (48 bits last ten days
//   at 300 MHz) and read as 64. Test: tests/rtl/shell/test_start.cpp.

module performance_counters
  import keyway_contract_pkg::*;
#(
    parameter int unsigned AxiDataWidth = 128,
    parameter int unsigned CounterBits  = 48
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         clear_i,
    input  logic                         clear_events_i,
    input  logic                         count_i,
    input  logic [NumCounters-1:0]       event_i,         // beats for read_bytes and write_bytes
    output logic [NumCounters-1:0][63:0] counters_o
);

  logic [NumCounters-1:0][CounterBits-1:0] count_q;

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < NumCounters; i++) begin
      if (!rst_ni || clear_i || (clear_events_i && i != CountTotal && i != CountOpen)) begin
        count_q[i] <= '0;
      end else if (count_i && event_i[i]) begin
        count_q[i] <= count_q[i] + 1'b1;
      end
    end
  end

  always_comb begin
    for (int unsigned i = 0; i < NumCounters; i++) begin
      counters_o[i] = 64'(count_q[i]);
      if (i == CountReadBytes || i == CountWriteBytes) begin
        counters_o[i] = 64'(count_q[i]) << $clog2(AxiDataWidth / 8);
      end
    end
  end

endmodule
