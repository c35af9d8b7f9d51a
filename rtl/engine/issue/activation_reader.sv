// SPDX-License-Identifier: Apache-2.0
// Activation reader: from jobs to reads of activation memory, a step as often as the array takes one.
//
// Mathematics: the loops of a MULTIPLY: passes (pass_generator), pixels or columns (step_generator), bank
//   addresses (address_generator).
// Timing: passes and jobs follow each other without a gap; feed_o stands at t + 3.
// Contract: a job is in its slot, for the stages behind (jobs_o), from job_valid_i until it is retired; a
//   slot that holds none takes what stands there (job_write_i), so that nothing wide waits for job_valid_i,
//   which comes late. The weight reader counts the slots, starts the passes of a job and puts one into the
//   queue as its tile is requested (assertion PassesFit: tiles that have not started have a place). See the
//   three modules.
// Test: tests/rtl/engine.
`include "assert.svh"

module activation_reader
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes      = 16,
    parameter  int unsigned Depth      = 16,
    parameter  int unsigned StepCycles = 1,
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
    // Passes, as their tiles are requested
    input logic pass_start_i,
    input logic pass_next_i,
    input digits_t pass_weighs_i,
    input logic pass_again_i,
    output logic pass_last_o,
    // What steps wait for
    input waits_t counters_i,
    input logic waits_frames_i,
    // Activation memory
    output logic [3:0][BlockBanks-1:0] enable_next_o,
    output logic [3:0][BlockBanks-1:0] enable_o,
    output activation_address_t [3:0] address_o,
    input logic hold_i,
    output feed_t feed_o,
    // Events
    input logic running_i,
    output array_events_t events_o,
    output logic job_end_o
);

  logic [SlotBits-1:0] next_slot_q;  // of the job whose first pass comes next
  logic [  SlotBits:0] waiting_q;  // jobs whose first pass has not been taken
  logic job_taken, made_ready, pass_valid, pass_ready, step_valid;
  pass_t made, pass;
  job_t  job;
  scan_t scan;
  step_t step;
  logic [JobSlots-1:0] rows_reached, products_reached;

  assign job_taken = pass_valid && pass_ready && pass.first;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      for (int s = 0; s < int'(JobSlots); s++) jobs_o[s] <= '0;
      next_slot_q <= '0;
      waiting_q   <= '0;
    end else begin
      if (job_write_i) jobs_o[job_slot_i] <= job_i;
      if (job_taken) next_slot_q <= next_slot_q + SlotBits'(1);
      waiting_q <= waiting_q + (SlotBits + 1)'(job_valid_i) - (SlotBits + 1)'(job_taken);
    end
  end

  for (genvar s = 0; s < int'(JobSlots); s++) begin : gen_slot
    assign rows_reached[s] = reached(counters_i.rows, jobs_o[s].waits.rows);
    assign products_reached[s] = reached(
        counters_i.products, jobs_o[s].waits.products
    ) && reached(
        counters_i.stores, jobs_o[s].waits.stores
    );
  end

  pass_generator #(
      .Lanes(Lanes),
      .Depth(Depth)
  ) u_pass_generator (
      .clk_i,
      .rst_ni,
      .clear_i,
      .start_i (pass_start_i),
      .job_i   (job_i),
      .slot_i  (job_slot_i),
      .next_i  (pass_next_i),
      .weighs_i(pass_weighs_i),
      .again_i (pass_again_i),
      .last_o  (pass_last_o),
      .pass_o  (made)
  );

  logic [$clog2(PassSlots+1)-1:0] unused_count;

  fifo #(
      .Width($bits(pass_t)),
      .Depth(PassSlots)
  ) u_passes (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (pass_next_i),
      .in_ready_o (made_ready),
      .in_i       (made),
      .out_valid_o(pass_valid),
      .out_ready_i(pass_ready),
      .out_o      (pass),
      .count_o    (unused_count)
  );

  assign job = jobs_o[pass.slot];
  assign scan = '{
          mode: mode_e'(job.layer.mode),
          input_signed: job.layer.input_signed,
          logarithms:
          has_corrections
          (
              job.layer.number_system
          ) && !
          needs_no_weights
          (
              job.layer.ones, job.layer.mode
          ),
          pair_rows: job.layer.pair_rows && job.layer.mode == ModeDense && read_words(Depth) == 2,
          row_pitch: job.layer.input_row_pitch,
          row_stride:
          (
          job.layer.stride_y[2] ? job.layer.input_row_pitch : '0
          ) + (
          job.layer.stride_y[3] ? job.layer.input_row_pitch << 1 : '0
          ),
          input_height: job.layer.input_height,
          input_width: job.layer.input_width,
          stride_y: job.layer.stride_y,
          stride_x: job.layer.stride_x,
          height: job.multiply.height,
          width: job.multiply.width
      };

  step_generator #(
      .Depth     (Depth),
      .StepCycles(StepCycles)
  ) u_step_generator (
      .clk_i,
      .rst_ni,
      .clear_i,
      .pass_valid_i      (pass_valid),
      .pass_ready_o      (pass_ready),
      .pass_i            (pass),
      .scan_i            (scan),
      .job_waits_i       (waiting_q != '0),
      .job_slot_i        (next_slot_q),
      .rows_reached_i    (rows_reached),
      .products_reached_i(products_reached),
      .waits_frames_i    (waits_frames_i),
      .step_valid_o      (step_valid),
      .hold_i            (hold_i),
      .step_o            (step),
      .running_i         (running_i),
      .events_o          (events_o),
      .job_end_o         (job_end_o)
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

  logic unused_bits;
  assign unused_bits = ^job;

  `KEYWAY_ASSERT(PassesFit, !pass_next_i || made_ready)
  `KEYWAY_ASSERT(JobsWritten, !job_valid_i || job_write_i)
  `KEYWAY_ASSERT(JobsCounted, 32'(waiting_q) <= JobSlots)

endmodule
