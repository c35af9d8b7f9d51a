// SPDX-License-Identifier: Apache-2.0
// Issue: from jobs to reads of activation memory, a step a cycle.
//
// Mathematics: the loops of a MULTIPLY: passes (pass_generator), pixels or columns (step_generator), bank
//   addresses (address_generator).
// Timing: passes and jobs follow each other without a gap; feed_o stands at t + 3.
// Contract: a job is in its slot, for the stages behind (jobs_o), from job_valid_i until it is retired; a
//   slot that holds none takes what stands there (job_write_i), so that nothing wide waits for job_valid_i,
//   which comes late. The feeder counts the slots. See the three modules.
// Test: tests/rtl/engine.
`include "assert.svh"

module issue
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes      = 16,
    parameter  int unsigned Depth      = 16,
    localparam int unsigned BlockBanks = block_banks(Lanes, Depth)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    // Jobs
    input logic job_valid_i,
    input logic job_write_i,
    input job_t job_i,
    input logic [SlotBits-1:0] job_slot_i,
    output job_t jobs_o[JobSlots],
    // What steps wait for
    input logic tile_commit_i,
    input logic [15:0] rows_i,
    input logic [15:0] products_i,
    input logic [15:0] stores_i,
    input logic waits_frames_i,
    // Activation memory
    output logic [3:0][BlockBanks-1:0] enable_next_o,
    output logic [3:0][BlockBanks-1:0] enable_o,
    output logic [3:0][15:0] address_o,
    input logic hold_i,
    output feed_t feed_o,
    // Events
    input logic running_i,
    output logic [7:0] events_o
);

  logic [SlotBits-1:0] issue_slot_q;
  logic [  SlotBits:0] waiting_q;  // jobs that the pass generator has not taken
  logic job_taken, pass_valid, pass_ready, step_valid;
  pass_t pass;
  step_t step;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      for (int s = 0; s < int'(JobSlots); s++) jobs_o[s] <= '0;
      issue_slot_q <= '0;
      waiting_q    <= '0;
    end else begin
      if (job_write_i) jobs_o[job_slot_i] <= job_i;
      if (job_taken) issue_slot_q <= issue_slot_q + SlotBits'(1);
      waiting_q <= waiting_q + (SlotBits + 1)'(job_valid_i) - (SlotBits + 1)'(job_taken);
    end
  end

  pass_generator #(
      .Lanes(Lanes),
      .Depth(Depth)
  ) u_pass_generator (
      .clk_i,
      .rst_ni,
      .clear_i,
      .job_valid_i (waiting_q != '0),
      .job_taken_o (job_taken),
      .job_i       (jobs_o[issue_slot_q]),
      .job_slot_i  (issue_slot_q),
      .pass_valid_o(pass_valid),
      .pass_ready_i(pass_ready),
      .pass_o      (pass)
  );

  step_generator #(
      .Depth(Depth)
  ) u_step_generator (
      .clk_i,
      .rst_ni,
      .clear_i,
      .pass_valid_i  (pass_valid),
      .pass_ready_o  (pass_ready),
      .pass_i        (pass),
      .tile_commit_i (tile_commit_i),
      .rows_i        (rows_i),
      .products_i    (products_i),
      .stores_i      (stores_i),
      .waits_frames_i(waits_frames_i),
      .step_valid_o  (step_valid),
      .hold_i        (hold_i),
      .step_o        (step),
      .running_i     (running_i),
      .events_o      (events_o)
  );

  address_generator #(
      .Lanes(Lanes),
      .Depth(Depth)
  ) u_address_generator (
      .clk_i,
      .rst_ni,
      .clear_i,
      .step_valid_i (step_valid),
      .step_i       (step),
      .hold_i       (hold_i),
      .enable_next_o(enable_next_o),
      .enable_o     (enable_o),
      .address_o    (address_o),
      .feed_o       (feed_o)
  );

  `KEYWAY_ASSERT(JobsWritten, !job_valid_i || job_write_i)
  `KEYWAY_ASSERT(JobsCounted, 32'(waiting_q) <= JobSlots)

endmodule
