// SPDX-License-Identifier: Apache-2.0
// Weight reader: takes instructions off the array queue in order and reads what they need from weight
// memory: three parameter words (two short ones), then the weight tiles, far enough ahead that the array
// never waits.
//
// Mathematics: a job has one tile a pass (pass_generator counts them), Depth / 4 words each, Depth / 8 if
//   codes have four bits, consecutive from weight_address. A job without weights has a tile of ones for each
//   pass, made without reading. The job's schedule says how many digits of a tile's codes count: its entries
//   take turns, each for schedule_run + 1 tiles. An array that takes a digit a pass gets the tile so often,
//   the highest digit first.
// Timing: a word a cycle while the tile path has room, so a tile takes as many cycles. pass_next_o, in
//   the cycle in which the last word of a tile is requested, puts its pass into the queue of the steps; the
//   tile will stand in the shadow five cycles later. The first words of the next job
//   follow the last of this one without a gap; the queue hears of it a cycle later, and so does the slot.
// Contract: a job takes one of JobSlots slots from its start here to retire_i; parameters and geometry
//   stand in that slot (assertion SlotsFit). wait_frames holds reads back; a job whose table is being
//   loaded waits.
// Test: tests/rtl/engine (one-pixel passes at a tile's words a pass, waits, tables, ones).
`include "assert.svh"

module weight_reader
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Depth = 16,
    parameter array_kind_e ArrayKind = ArrayKindMultiplier,
    localparam bit Serial = has_digit_passes(ArrayKind),
    localparam int unsigned Groups = Depth / 4,  // of four operands of a lane: see tile_word_t
    localparam int unsigned GroupBits = $clog2(Groups)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    // Array queue
    input logic item_valid_i,
    output logic item_ready_o,
    input array_item_t item_i,
    input logic [TableBanks-1:0] table_loading_i,  // decode tables that are not complete
    // Jobs: written into slot `job_slot_o`
    output logic job_valid_o,
    output logic job_write_o,  // early: the slot is free, its job may come
    output job_t job_o,
    output logic [SlotBits-1:0] job_slot_o,
    input logic retire_i,
    // Passes of the job: start comes with job_o and job_slot_o, a cycle before job_valid_o
    output logic pass_start_o,
    output logic pass_next_o,
    output digits_t pass_weighs_o,  // of the pass at hand: see pass_t
    output logic pass_again_o,  // the one behind it is of the same tile
    input logic pass_last_i,  // tile
    // Weight memory
    output logic read_request_o,
    output weight_address_t read_address_o,
    input logic read_grant_i,
    // What the word of the next cycle is; code_coming_o is code_valid_o of the next cycle
    output logic parameter_valid_o,
    output parameter_word_t parameter_o,
    output logic code_coming_o,
    output logic code_valid_o,
    output tile_word_t code_tile_o,
    output number_system_t code_system_o,
    output digits_t code_digits_o,  // or which one counts, 0 the highest
    output table_bank_t code_table_bank_o,
    output logic code_table_end_o,  // last word of a job that needs its table
    input logic code_room_i,
    // Counters and state
    input counter_t frames_i,
    output logic waits_frames_o,
    output logic idle_o
);

  logic busy_q, parameters_q, tiles_q, ones_q;  // what of the job is read now
  logic frames_ok_q;
  logic [1:0] parameter_word_q;
  logic [GroupBits-1:0] group_q;  // the first one of the word that is read
  logic [SlotBits-1:0] slot_q, next_slot_q;
  logic [SlotBits:0] in_flight_q;
  layer_t layer_q;
  table_bank_t table_bank_q;
  logic no_weights_q, needs_table_q, pairs_q;  // what layer_q says
  logic table_ok_q;  // its table is there; a cycle late, parameters come before
  counter_t wait_frames_q;
  weight_address_t address_q;  // of the next word of the job
  weight_address_t weight_address_q;  // of its first tile
  digits_t [ScheduleEntries-1:0] schedule_q;  // from the entry of the tile at hand on
  digits_t digit_q;  // of the pass at hand, 0 the highest
  logic [7:0] schedule_run_q, schedule_left_q;  // tiles of an entry, and those left of it; less one

  logic want_parameter, last_parameter, want_tile, want_ones;
  tile_word_t word;
  logic last_word, advance_tile, last_request, tile_done, finish, free, accept;
  logic no_weights, nibbles;  // of the next item
  logic accept_q;  // the item at hand was accepted in the cycle before: it leaves the queue

  // ------------------------------------------------------------------ reads of the job at hand
  assign want_parameter = parameters_q && frames_ok_q;
  assign last_parameter = want_parameter && read_grant_i &&
                          parameter_word_q == (layer_q.short_parameters ? 2'd1 : 2'd2);
  assign want_tile = tiles_q && frames_ok_q && table_ok_q && code_room_i;
  assign want_ones = ones_q && code_room_i;
  assign read_request_o = want_parameter || want_tile;
  assign read_address_o = address_q;

  assign last_word = want_ones || (group_q | GroupBits'(pairs_q)) == '1;
  assign word = '{
          ones: want_ones,
          last: last_word,
          pair: pairs_q,
          index: TileWordBits'(group_q)
      };
  assign advance_tile = want_ones || (want_tile && read_grant_i);
  assign code_coming_o = advance_tile;
  assign last_request = advance_tile && last_word;
  assign pass_again_o = Serial && tiles_q && digit_q != schedule_q[0];
  assign pass_weighs_o = (Serial && tiles_q) ? ~digit_q : '0;  // zero while cleared
  assign tile_done = last_request && !pass_again_o;
  assign finish = tile_done && pass_last_i;

  // ------------------------------------------------------------------ next item
  assign free = !busy_q || finish;
  assign accept = item_valid_i && free && in_flight_q != (SlotBits + 1)'(JobSlots);
  assign no_weights = needs_no_weights(item_i.layer.ones, item_i.layer.mode);
  assign nibbles = has_nibbles(item_i.layer.number_system);
  assign item_ready_o = accept_q;
  assign job_valid_o = accept_q;
  assign job_write_o = item_valid_i && in_flight_q != (SlotBits + 1)'(JobSlots);
  assign job_o = '{waits: item_i.waits, layer: item_i.layer, multiply: item_i.multiply};
  assign job_slot_o = next_slot_q;

  assign pass_start_o = accept;
  assign pass_next_o = last_request;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      accept_q         <= 1'b0;
      busy_q           <= 1'b0;
      parameters_q     <= 1'b0;
      tiles_q          <= 1'b0;
      ones_q           <= 1'b0;
      table_ok_q       <= 1'b0;
      frames_ok_q      <= 1'b0;
      parameter_word_q <= '0;
      group_q          <= '0;
      slot_q           <= '0;
      next_slot_q      <= '0;
      in_flight_q      <= '0;
      layer_q          <= '0;
      table_bank_q     <= '0;
      no_weights_q     <= 1'b0;
      needs_table_q    <= 1'b0;
      pairs_q          <= 1'b0;
      wait_frames_q    <= '0;
      address_q        <= '0;
      weight_address_q <= '0;
      schedule_q       <= '0;
      digit_q          <= '0;
      schedule_run_q   <= '0;
      schedule_left_q  <= '0;
    end else begin
      in_flight_q <= in_flight_q + (SlotBits + 1)'(job_valid_o) - (SlotBits + 1)'(retire_i);
      if (want_parameter && read_grant_i) begin
        address_q        <= address_q + 20'd1;
        parameter_word_q <= parameter_word_q + 2'd1;
      end
      if (last_parameter) begin
        parameters_q <= 1'b0;
        address_q    <= weight_address_q;
        tiles_q      <= !no_weights_q;
        ones_q       <= no_weights_q;
      end
      table_ok_q <= !(needs_table_q && table_loading_i[table_bank_q]);
      if (advance_tile) begin
        group_q <= last_word ? '0 : group_q + (pairs_q ? GroupBits'(2) : GroupBits'(1));
        if (!want_ones) begin
          address_q <= address_q + ((last_word && pass_again_o) ? 20'd1 - 20'(Groups) : 20'd1);
        end
      end
      if (last_request) digit_q <= pass_again_o ? digit_q + 2'd1 : '0;
      if (tile_done) begin
        schedule_left_q <= schedule_left_q - 8'd1;
        if (schedule_left_q == '0) begin
          schedule_q      <= {schedule_q[0], schedule_q[ScheduleEntries-1:1]};
          schedule_left_q <= schedule_run_q;
        end
      end
      if (finish) begin
        busy_q  <= 1'b0;
        tiles_q <= 1'b0;
        ones_q  <= 1'b0;
      end
      accept_q <= accept;
      if (job_valid_o) next_slot_q <= next_slot_q + SlotBits'(1);
      if (accept) begin
        busy_q           <= 1'b1;
        parameters_q     <= 1'b1;
        parameter_word_q <= '0;
        slot_q           <= next_slot_q;
        layer_q          <= item_i.layer;
        table_bank_q     <= item_i.table_bank;
        no_weights_q     <= no_weights;
        needs_table_q    <= has_table(item_i.layer.number_system);
        pairs_q          <= nibbles && !no_weights;
        wait_frames_q    <= item_i.multiply.wait_frames;
        weight_address_q <= item_i.multiply.weight_address;
        address_q        <= item_i.multiply.parameter_address;
        schedule_q       <= item_i.multiply.schedule;
        schedule_run_q   <= item_i.multiply.schedule_run;
        schedule_left_q  <= item_i.multiply.schedule_run;
      end
      // The counter only grows, so what was enough stays enough.
      frames_ok_q <= frames_i >= (accept ? item_i.multiply.wait_frames : wait_frames_q);
    end
  end

  assign waits_frames_o = busy_q && !frames_ok_q;
  assign idle_o         = !busy_q && in_flight_q == '0;

  // ------------------------------------------------------------------ what comes next cycle
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      parameter_valid_o <= 1'b0;
      parameter_o       <= '0;
      code_valid_o      <= 1'b0;
      code_tile_o       <= '0;
      code_system_o     <= '0;
      code_digits_o     <= '0;
      code_table_bank_o <= '0;
      code_table_end_o  <= 1'b0;
    end else begin
      parameter_valid_o <= want_parameter && read_grant_i;
      code_valid_o      <= advance_tile;
      if (want_parameter) begin
        parameter_o <= '{
            slot: slot_q,
            word: parameter_word_q,
            is_short: layer_q.short_parameters,
            is_signed: layer_q.output_signed
        };
      end
      if (advance_tile) begin
        code_tile_o       <= word;
        code_system_o     <= layer_q.number_system;
        code_digits_o     <= Serial ? digit_q : schedule_q[0];
        code_table_bank_o <= table_bank_q;
        code_table_end_o  <= finish && needs_table_q && !no_weights_q;
      end
    end
  end

  logic unused_bits;
  assign unused_bits = ^{item_i, layer_q};

  // What was accepted makes itself wait: a job is busy for longer.
  `KEYWAY_ASSERT(AcceptOnce, !(accept && accept_q))
  `KEYWAY_ASSERT(SlotsFit, 32'(in_flight_q) <= JobSlots)
  `KEYWAY_ASSERT(RetireOnlyWhatRuns, !(retire_i && in_flight_q == '0))
  `KEYWAY_ASSERT(
      GroupFits,
      !job_valid_o || 32'(item_i.multiply.height) * 32'(item_i.multiply.width) <= AccumulatorPixels)

endmodule
