// SPDX-License-Identifier: Apache-2.0
// Step generator: the inner loop of the core, one activation word (or window column) a step.
//
// Mathematics: dense: for y, for x: row + y * stride_y, column + x * stride_x. Window: for y, for each
//   column of the row; a column gives output x when it is the last one that x needs, that is `lead`
//   columns after the first and then every stride_x columns. Bank and address of a row follow from those
//   of the row before: stride_y rows are stride_y / 4 pitches and, if the bank wraps, one more.
// Timing: a step every StepCycles cycles, not counting those that hold; the step after a pass's last is the
//   next pass's first.
// Contract: a pass comes when its tile is under way. It starts as many cycles after the pass before it as
//   its tile has words, half as many where codes have four bits, since so long does the shadow take to fill,
//   and, first of a job, the cycle after the counters have reached its waits. Every cycle of a run has
//   exactly one event, see engine; the array is busy in all cycles of a step. step_o holds while hold_i
//   (assertion StepHolds).
// Test: tests/rtl/engine/issue (order and pace of steps), tests/rtl/engine (cycle counts, waits, events).
`include "assert.svh"

module step_generator
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Depth      = 16,
    parameter  int unsigned StepCycles = 1,         // of the array kind
    localparam int unsigned TileWords  = Depth / 4
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input logic pass_valid_i,
    output logic pass_ready_o,
    input pass_t pass_i,
    input scan_t scan_i,  // of its job
    // What steps wait for
    input logic job_waits_i,  // one whose first pass has not come
    input logic [SlotBits-1:0] job_slot_i,  // its slot
    input logic [JobSlots-1:0] rows_reached_i,  // the waits of the slots' jobs
    input logic [JobSlots-1:0] products_reached_i,
    input logic waits_frames_i,
    output logic step_valid_o,
    input logic hold_i,
    output step_t step_o,
    // Events
    input logic running_i,
    output array_events_t events_o,
    output logic job_end_o  // the last cycle of a job's last step, beside its event
);

  logic active_q, started_q;
  pass_t pass_q;
  scan_t scan_q;
  coordinate_t row_q, column_q;
  row_bank_t bank_q;  // of the row
  activation_address_t row_address_q;
  logic [2:0] next_bank;  // and whether it wraps
  group_extent_t rows_left_q, columns_left_q;  // outputs, with the one at hand
  logic [PixelBits-1:0] pixel_q;
  logic [3:0] until_q;  // window: columns before the next output
  logic row_first_q;
  logic [3:0] refill, refill_q;  // cycles until the shadow can be full again
  logic tile_ok_q;
  logic more_q;  // the pass at hand, or the one before, is not its job's last
  logic rows_ok_q, products_ok_q;
  logic window, go, fire, first_step;
  // Of the step at hand; until_q, columns_left_q and rows_left_q say the same, too late (FlagsAgree).
  logic emit_q, last_x_q, last_y_q;
  logic row_end, pass_end;
  logic resting;  // the array is still busy with the step before
  logic job_ends;

  assign window = scan_q.mode != ModeDense;
  assign go = active_q && !resting && (started_q || (tile_ok_q && rows_ok_q && products_ok_q));
  assign fire = go && !hold_i;
  assign first_step = fire && !started_q;

  assign row_end = emit_q && last_x_q;
  assign next_bank = 3'(bank_q) + 3'(scan_q.stride_y[1:0]);
  assign pass_end = row_end && last_y_q;
  assign pass_ready_o = !active_q || (fire && pass_end);

  always_comb begin
    refill = refill_q;
    if (first_step) refill = 4'(TileWords - 1);
    else if (refill_q != '0 && !hold_i) refill = refill_q - 4'd1;
  end

  // The shadow takes fewer words for this pass than a tile has at most.
  // verilator lint_off UNUSEDSIGNAL
  function automatic logic early(pass_t pass, logic [3:0] cycles_left);
    return pass.no_weights || (pass.half_tile && cycles_left <= 4'(TileWords / 2));
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  assign step_valid_o = go;
  assign step_o = '{
          scan: scan_q,
          pass: pass_q,
          row: row_q,
          column: column_q,
          bank: bank_q,
          row_address: row_address_q,
          tile_first: !started_q,
          row_first: row_first_q,
          token: '{
              valid: emit_q,
              first: pass_q.first,
              last: pass_q.last,
              maximum: scan_q.mode == ModeMaximum,
              job_last: pass_q.last && pass_end,
              weighs: pass_q.weighs,
              slot: pass_q.slot,
              pixel: pixel_q
          }
      };

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      active_q       <= 1'b0;
      started_q      <= 1'b0;
      pass_q         <= '0;
      scan_q         <= '0;
      row_q          <= '0;
      column_q       <= '0;
      bank_q         <= '0;
      row_address_q  <= '0;
      rows_left_q    <= '0;
      columns_left_q <= '0;
      pixel_q        <= '0;
      until_q        <= '0;
      emit_q         <= 1'b0;
      last_x_q       <= 1'b0;
      last_y_q       <= 1'b0;
      row_first_q    <= 1'b0;
      refill_q       <= '0;
      tile_ok_q      <= 1'b0;
      more_q         <= 1'b0;
    end else begin
      refill_q  <= refill;
      tile_ok_q <= refill == '0 || (pass_ready_o ? early(pass_i, refill) : early(pass_q, refill));
      if (fire) begin
        started_q   <= 1'b1;
        row_first_q <= 1'b0;
        column_q    <= column_q + (window ? 16'd1 : 16'(scan_q.stride_x));
        until_q     <= emit_q ? scan_q.stride_x - 4'd1 : until_q - 4'd1;
        emit_q      <= !window || (emit_q ? scan_q.stride_x == 4'd1 : until_q == 4'd1);
        if (emit_q) begin
          columns_left_q <= columns_left_q - 10'd1;
          last_x_q       <= columns_left_q == 10'd2;
          pixel_q        <= pixel_q + PixelBits'(1);
        end
        if (row_end) begin
          columns_left_q <= scan_q.width;
          last_x_q <= scan_q.width == 10'd1;
          rows_left_q <= rows_left_q - 10'd1;
          last_y_q <= rows_left_q == 10'd2;
          row_q <= row_q + 16'(scan_q.stride_y);
          bank_q <= next_bank[1:0];
          row_address_q <= row_address_q + scan_q.row_stride +
                           (next_bank[2] ? scan_q.row_pitch : '0);
          column_q <= pass_q.column;
          until_q <= 4'(pass_q.lead);
          emit_q <= !window || pass_q.lead == '0;
          row_first_q <= 1'b1;
        end
      end
      if (pass_ready_o) begin
        active_q  <= pass_valid_i;
        started_q <= 1'b0;
        if (pass_valid_i) begin
          pass_q         <= pass_i;
          scan_q         <= scan_i;
          more_q         <= !pass_i.last;
          row_q          <= pass_i.row;
          column_q       <= pass_i.column;
          bank_q         <= pass_i.bank;
          row_address_q  <= pass_i.row_address;
          rows_left_q    <= scan_i.height;
          columns_left_q <= scan_i.width;
          last_y_q       <= scan_i.height == 10'd1;
          last_x_q       <= scan_i.width == 10'd1;
          pixel_q        <= '0;
          until_q        <= 4'(pass_i.lead);
          emit_q         <= scan_i.mode == ModeDense || pass_i.lead == '0;
          row_first_q    <= 1'b1;
        end
      end
    end
  end

  // ------------------------------------------------------------------ pace
  // While what comes before the array holds, its next step is not nearer.
  if (StepCycles > 1) begin : gen_slow
    localparam int unsigned RestBits = $clog2(StepCycles);
    logic [RestBits-1:0] rest_q;  // cycles that are left of the step
    logic last_step_q;  // of its job

    always_ff @(posedge clk_i) begin
      if (!rst_ni || clear_i) begin
        rest_q      <= '0;
        last_step_q <= 1'b0;
      end else if (fire) begin
        rest_q      <= RestBits'(StepCycles - 1);
        last_step_q <= pass_q.last && pass_end;
      end else if (resting && !hold_i) begin
        rest_q <= rest_q - RestBits'(1);
      end
    end

    assign resting  = rest_q != '0;
    assign job_ends = rest_q == RestBits'(1) && !hold_i && last_step_q;
  end else begin : gen_every_cycle
    assign resting  = 1'b0;
    assign job_ends = fire && pass_q.last && pass_end;
  end

  // ------------------------------------------------------------------ waits
  // The counters only grow, so what was reached a cycle ago still is. Looking at both the pass at hand and
  // the next one keeps the choice between them, which comes late, behind the comparisons.
  always_ff @(posedge clk_i) begin
    if (pass_ready_o) begin
      rows_ok_q     <= more_q || rows_reached_i[job_slot_i];
      products_ok_q <= more_q || products_reached_i[job_slot_i];
    end else begin
      rows_ok_q     <= !pass_q.first || rows_reached_i[pass_q.slot];
      products_ok_q <= !pass_q.first || products_reached_i[pass_q.slot];
    end
  end

  // ------------------------------------------------------------------ why the array is idle
  always_ff @(posedge clk_i) begin
    events_o  <= '0;
    job_end_o <= 1'b0;
    if (rst_ni && !clear_i && running_i) begin
      if (fire || (resting && !hold_i)) events_o.array_busy <= 1'b1;
      else if (go || resting) events_o.stall_bank <= 1'b1;
      else if (!active_q && !more_q && !job_waits_i) events_o.stall_empty <= 1'b1;
      else if (!products_ok_q) events_o.stall_products <= 1'b1;
      else if (!rows_ok_q) events_o.stall_rows <= 1'b1;
      else if (waits_frames_i) events_o.stall_frames <= 1'b1;
      else events_o.stall_tile <= 1'b1;
      job_end_o <= job_ends;
    end
  end

  `KEYWAY_ASSERT_HOLD(StepHolds, step_valid_o, !hold_i || clear_i, step_o)
  wire emit_now = !window || until_q == '0;
  wire last_x_now = columns_left_q == 10'd1;
  wire last_y_now = rows_left_q == 10'd1;
  `KEYWAY_ASSERT(FlagsAgree,
                 !active_q || {emit_q, last_x_q, last_y_q} == {emit_now, last_x_now, last_y_now})
  `KEYWAY_ASSERT(
      FirstPassIsTheWaitingJobs,
      !(pass_ready_o && pass_valid_i) || pass_i.first == !more_q && (more_q || pass_i.slot == job_slot_i))
  `KEYWAY_ASSERT(OneEvent, $onehot0(events_o))

endmodule
