// SPDX-License-Identifier: Apache-2.0
// The step generator with a port for every field that its test sets or looks at.
//
// Timing: that of step_generator. Used by test_step_generator.cpp only.
module step_generator_bench
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Depth      = 16,
    parameter int unsigned StepCycles = 1
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    // Pass
    input logic pass_valid_i,
    output logic pass_ready_o,
    input logic [SlotBits-1:0] slot_i,
    input logic no_weights_i,
    input logic half_tile_i,
    input logic first_i,
    input logic last_i,
    input logic [ColumnBits-1:0] lead_i,
    input coordinate_t row_i,
    input coordinate_t column_i,
    input row_bank_t bank_i,
    input activation_address_t row_address_i,
    // Its job
    input logic window_i,
    input activation_address_t row_pitch_i,
    input stride_t stride_y_i,
    input stride_t stride_x_i,
    input group_extent_t height_i,
    input group_extent_t width_i,
    // What steps wait for
    input logic job_waits_i,
    input logic [SlotBits-1:0] job_slot_i,
    input logic [JobSlots-1:0] rows_reached_i,
    input logic [JobSlots-1:0] products_reached_i,
    input logic hold_i,
    // Step
    output logic step_valid_o,
    output logic [SlotBits-1:0] slot_o,
    output coordinate_t row_o,
    output coordinate_t column_o,
    output row_bank_t bank_o,
    output activation_address_t row_address_o,
    output logic tile_first_o,
    output logic row_first_o,
    output logic token_valid_o,
    output logic job_last_o,
    output logic [PixelBits-1:0] pixel_o,
    // Events
    output logic busy_o,
    output logic stall_bank_o,
    output logic stall_other_o,
    output logic job_end_o
);

  pass_t pass;
  scan_t scan;
  step_t step;
  array_events_t events;

  always_comb begin
    pass             = '0;
    pass.slot        = slot_i;
    pass.no_weights  = no_weights_i;
    pass.half_tile   = half_tile_i;
    pass.first       = first_i;
    pass.last        = last_i;
    pass.lead        = lead_i;
    pass.row         = row_i;
    pass.column      = column_i;
    pass.bank        = bank_i;
    pass.row_address = row_address_i;
    scan             = '0;
    scan.mode        = window_i ? ModeWindow : ModeDense;
    scan.row_pitch   = row_pitch_i;
    scan.row_stride  = 16'(stride_y_i[3:2]) * row_pitch_i;
    scan.stride_y    = stride_y_i;
    scan.stride_x    = stride_x_i;
    scan.height      = height_i;
    scan.width       = width_i;
  end

  step_generator #(
      .Depth     (Depth),
      .StepCycles(StepCycles)
  ) u_step_generator (
      .clk_i,
      .rst_ni,
      .clear_i,
      .pass_valid_i,
      .pass_ready_o,
      .pass_i        (pass),
      .scan_i        (scan),
      .job_waits_i,
      .job_slot_i,
      .rows_reached_i,
      .products_reached_i,
      .waits_frames_i(1'b0),
      .step_valid_o,
      .hold_i,
      .step_o        (step),
      .running_i     (1'b1),
      .events_o      (events),
      .job_end_o
  );

  assign slot_o        = step.pass.slot;
  assign row_o         = step.row;
  assign column_o      = step.column;
  assign bank_o        = step.bank;
  assign row_address_o = step.row_address;
  assign tile_first_o  = step.tile_first;
  assign row_first_o   = step.row_first;
  assign token_valid_o = step.token.valid;
  assign job_last_o    = step.token.job_last;
  assign pixel_o       = step.token.pixel;
  assign busy_o        = events.array_busy;
  assign stall_bank_o  = events.stall_bank;
  assign stall_other_o = |{events.stall_tile, events.stall_frames, events.stall_rows,
                           events.stall_products, events.stall_empty};

  logic unused_bits;
  assign unused_bits = ^step;

endmodule
