// SPDX-License-Identifier: Apache-2.0
// Step generator: the inner loop of the core, one activation word (or window column) a cycle.
//
// Mathematics: dense: for y, for x: row + y * stride_y, column + x * stride_x. Window: for y, for each
//   column of the row; a column gives output x when it is the last one that x needs, that is `lead`
//   columns after the first and then every stride_x columns. Bank and address of a row follow from those
//   of the row before: stride_y rows are stride_y / 4 pitches and, if the bank wraps, one more.
// Timing: a step a cycle while nothing holds; the step after a pass's last is the next pass's first.
// Contract: a pass starts when its tile is under way (tile_commit_i counts), Depth / 4 steps after the
//   pass before it (so long does the shadow take to fill), and, first of a job, the cycle after the
//   counters have reached its waits. Every cycle of a run has exactly one event, see engine.
//   step_o holds while hold_i (assertion StepHolds).
// Test: tests/rtl/engine (cycle counts, waits, events).
`include "assert.svh"

module step_generator
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Depth     = 16,
    localparam int unsigned TileWords = Depth / 4
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input logic pass_valid_i,
    output logic pass_ready_o,
    input pass_t pass_i,
    input logic tile_commit_i,
    input logic [15:0] rows_i,
    input logic [15:0] products_i,
    input logic [15:0] stores_i,
    input logic waits_frames_i,
    output logic step_valid_o,
    input logic hold_i,
    output step_t step_o,
    // Events
    input logic running_i,
    // busy, tile, bank, frames, rows, products, empty (from bit 0); bit 7: last step of a job
    output logic [7:0] events_o
);

  logic active_q, started_q;
  pass_t pass_q;
  logic signed [15:0] row_q, column_q;
  logic [ 1:0] bank_q;  // of the row
  logic [15:0] row_address_q;
  logic [ 2:0] next_bank;  // and whether it wraps
  logic [9:0] rows_left_q, columns_left_q;  // outputs, with the one at hand
  logic [PixelBits-1:0] pixel_q;
  logic [3:0] until_q;  // window: columns before the next output
  logic row_first_q;
  logic [3:0] tiles_q;  // committed, not yet started
  logic [3:0] refill_q;  // cycles until the shadow can be full again
  logic [3:0] tiles;
  logic [3:0] refill;
  logic tile_ok_q;  // one is there and full

  logic rows_ok_q, products_ok_q;
  logic window, go, fire, first_step;
  // Of the step at hand; until_q, columns_left_q and rows_left_q say the same, too late (FlagsAgree).
  logic emit_q, last_x_q, last_y_q;
  logic row_end, pass_end;

  assign window = pass_q.mode != ModeDense;
  assign go = active_q && (started_q || (tile_ok_q && rows_ok_q && products_ok_q));
  assign fire = go && !hold_i;
  assign first_step = fire && !started_q;

  assign row_end = emit_q && last_x_q;
  assign next_bank = 3'(bank_q) + 3'(pass_q.stride_y[1:0]);
  assign pass_end = row_end && last_y_q;
  assign pass_ready_o = !active_q || (fire && pass_end);

  assign tiles = tiles_q + 4'(tile_commit_i) - 4'(first_step);
  always_comb begin
    refill = refill_q;
    if (first_step) refill = 4'(TileWords - 1);
    else if (refill_q != '0 && !hold_i) refill = refill_q - 4'd1;
  end

  assign step_valid_o = go;
  assign step_o = '{
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
              maximum: pass_q.mode == ModeMaximum,
              job_last: pass_q.last && pass_end,
              slot: pass_q.slot,
              pixel: pixel_q
          }
      };

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      active_q       <= 1'b0;
      started_q      <= 1'b0;
      pass_q         <= '0;
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
      tiles_q        <= '0;
      refill_q       <= '0;
      tile_ok_q      <= 1'b0;
    end else begin
      tiles_q   <= tiles;
      refill_q  <= refill;
      tile_ok_q <= tiles != '0 && refill == '0;
      if (fire) begin
        started_q   <= 1'b1;
        row_first_q <= 1'b0;
        column_q    <= column_q + (window ? 16'd1 : 16'(pass_q.stride_x));
        until_q     <= emit_q ? pass_q.stride_x - 4'd1 : until_q - 4'd1;
        emit_q      <= !window || (emit_q ? pass_q.stride_x == 4'd1 : until_q == 4'd1);
        if (emit_q) begin
          columns_left_q <= columns_left_q - 10'd1;
          last_x_q       <= columns_left_q == 10'd2;
          pixel_q        <= pixel_q + PixelBits'(1);
        end
        if (row_end) begin
          columns_left_q <= pass_q.width;
          last_x_q <= pass_q.width == 10'd1;
          rows_left_q <= rows_left_q - 10'd1;
          last_y_q <= rows_left_q == 10'd2;
          row_q <= row_q + 16'(pass_q.stride_y);
          bank_q <= next_bank[1:0];
          row_address_q <= row_address_q + pass_q.row_stride +
                           (next_bank[2] ? pass_q.row_pitch : '0);
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
          row_q          <= pass_i.row;
          column_q       <= pass_i.column;
          bank_q         <= pass_i.bank;
          row_address_q  <= pass_i.row_address;
          rows_left_q    <= pass_i.height;
          columns_left_q <= pass_i.width;
          last_y_q       <= pass_i.height == 10'd1;
          last_x_q       <= pass_i.width == 10'd1;
          pixel_q        <= '0;
          until_q        <= 4'(pass_i.lead);
          emit_q         <= pass_i.mode == ModeDense || pass_i.lead == '0;
          row_first_q    <= 1'b1;
        end
      end
    end
  end

  // ------------------------------------------------------------------ waits
  // The counters only grow, so what was reached a cycle ago still is. Comparing with both the pass at hand
  // and the next one keeps the choice between them, which comes late, behind the comparisons.
  logic rows_ok, products_ok, next_rows_ok, next_products_ok;
  assign rows_ok = !pass_q.job_first || reached(rows_i, pass_q.waits.rows);
  assign products_ok = !pass_q.job_first || (reached(
      products_i, pass_q.waits.products
  ) && reached(
      stores_i, pass_q.waits.stores
  ));
  assign next_rows_ok = !pass_i.job_first || reached(rows_i, pass_i.waits.rows);
  assign next_products_ok = !pass_i.job_first || (reached(
      products_i, pass_i.waits.products
  ) && reached(
      stores_i, pass_i.waits.stores
  ));

  always_ff @(posedge clk_i) begin
    rows_ok_q     <= pass_ready_o ? next_rows_ok : rows_ok;
    products_ok_q <= pass_ready_o ? next_products_ok : products_ok;
  end

  // ------------------------------------------------------------------ why the array is idle
  always_ff @(posedge clk_i) begin
    events_o <= '0;
    if (rst_ni && !clear_i && running_i) begin
      if (fire) events_o[0] <= 1'b1;
      else if (go) events_o[2] <= 1'b1;
      else if (!active_q) events_o[6] <= 1'b1;
      else if (!products_ok_q) events_o[5] <= 1'b1;
      else if (!rows_ok_q) events_o[4] <= 1'b1;
      else if (waits_frames_i) events_o[3] <= 1'b1;
      else events_o[1] <= 1'b1;
      events_o[7] <= fire && pass_q.last && pass_end;
    end
  end

  `KEYWAY_ASSERT_HOLD(StepHolds, step_valid_o, !hold_i || clear_i, step_o)
  wire emit_now = !window || until_q == '0;
  wire last_x_now = columns_left_q == 10'd1;
  wire last_y_now = rows_left_q == 10'd1;
  `KEYWAY_ASSERT(FlagsAgree,
                 !active_q || {emit_q, last_x_q, last_y_q} == {emit_now, last_x_now, last_y_now})
  `KEYWAY_ASSERT(TilesCounted, !(tiles_q == '0 && fire && !started_q) && tiles_q != '1)
  `KEYWAY_ASSERT(OneEvent, $onehot0(events_o[6:0]))

endmodule
