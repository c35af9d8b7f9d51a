// SPDX-License-Identifier: Apache-2.0
// From the cells of a PUF to bits that are the same at every boot, with public helper data.
//
// A cell reads 0 or 1, mostly as at enrolment. Cells come in groups of PufRepetition; the first of a group is
// its bit. Enrolment lets helper data out: for each group whether its other cells differ from the first, and
// the syndromes of the first cells' bits. Reproduction takes them in: each other cell and its helper bit is
// one more reading of the first, the majority of them is the group's bit, and syndrome_decoder corrects
// what is wrong with up to PufCorrectable of the 511. The first PufKeyBits leave.
//
// Helper data, in both directions bit by bit: for each group in turn its two differences, then S_1, S_3, ...,
// the lowest bit first: 511 x 2 + 37 x 9 = 1355 bits.
// What leaves besides helper data at enrolment is the key's bits and ok_o, for rtl/lock alone; how many cells
// read wrong is in no output, and no cycle depends on a cell. (SEC: CONSTANT_TIME)
//
// Timing: cells and helper bits as fast as they come, each bit of the 511 takes the decoder 38 cycles; about
// 46,000 cycles in all. done_o is a pulse when the key's bits have all left, ok_o stands with it and says
// whether they are right: with ok_o low they are random bits, to be thrown away.
// Contract: start_i is a pulse while idle_o (assertion StartIdle); enrol_i is taken with it.
// Source: Dodis et al., Fuzzy extractors (2008), section 4 (syndromes as sketch); the repetition code as
// inner code: Boesch et al., Efficient helper data key extractor on FPGAs (CHES 2008). The twin is
// models/lock/fuzzy_extractor.cpp, which says how much entropy is left.
// Test: tests/rtl/lock/test_puf.cpp.
`include "assert.svh"
module fuzzy_extractor
  import keyway_contract_pkg::*;
  import keyway_gf512_pkg::*;
(
    input  logic clk_i,
    input  logic rst_ni,
    input  logic clear_i,
    output logic idle_o,
    input  logic start_i,
    input  logic enrol_i,
    input  logic cell_valid_i,
    output logic cell_ready_o,
    input  logic cell_i,
    // Helper data in, at reproduction.
    input  logic helper_valid_i,
    output logic helper_ready_o,
    input  logic helper_i,
    // Helper data out, at enrolment.
    output logic helper_valid_o,
    input  logic helper_ready_i,
    output logic helper_o,
    // The key's bits.
    output logic key_valid_o,
    input  logic key_ready_i,
    output logic key_o,
    output logic done_o,
    output logic ok_o
);

  localparam int unsigned VoteBits = $clog2(PufRepetition + 1);
  localparam int unsigned SyndromeBits = $clog2(Degree);

  typedef logic [VoteBits-1:0] vote_t;  // cells of a group
  typedef logic [SyndromeBits-1:0] digit_t;  // bits of a syndrome

  typedef enum logic [1:0] {
    StIdle,
    StFirst,   // the first cell of a group
    StOthers,
    StDecoder  // syndromes, key
  } state_e;

  state_e              state_q;
  logic                enrol_q;
  logic                first_q;  // the group's first cell
  vote_t               cells_q;  // of the group so far
  vote_t               votes_q;  // of them that say one
  digit_t              digit_q;
  logic   [Degree-2:0] given_q;  // lower bits of a syndrome of the helper data
  logic   [Degree-1:0] results_q;

  logic decoder_idle, bit_ready, syndrome_valid, result_valid, result, done, ok;
  logic helper_moves, votes_one, group_full, is_key;
  element_t syndrome, given;

  wire others = state_q == StOthers;
  wire in_syndrome = state_q == StDecoder && syndrome_valid;
  wire last_digit = digit_q == digit_t'(Degree - 1);

  assign group_full     = cells_q == vote_t'(PufRepetition);
  // A helper bit moves with a cell, or with a bit of a syndrome.
  assign helper_moves   = enrol_q ? helper_ready_i : helper_valid_i;
  assign cell_ready_o   = state_q == StFirst || (others && !group_full && helper_moves);
  assign helper_ready_o = !enrol_q && ((others && !group_full && cell_valid_i) || in_syndrome);
  assign helper_valid_o = enrol_q && ((others && !group_full && cell_valid_i) || in_syndrome);
  assign helper_o       = helper_valid_o && (others ? cell_i ^ first_q : syndrome[digit_q]);
  assign votes_one      = cell_i ^ (enrol_q ? helper_o : helper_i);
  assign given          = enrol_q ? syndrome : {helper_i, given_q};
  assign is_key         = results_q < element_t'(PufKeyBits);
  assign key_valid_o    = result_valid && is_key;
  assign key_o          = key_valid_o && result;
  assign idle_o         = state_q == StIdle && decoder_idle;
  assign done_o         = done;
  assign ok_o           = ok;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q   <= StIdle;
      enrol_q   <= 1'b0;
      first_q   <= 1'b0;
      cells_q   <= '0;
      votes_q   <= '0;
      digit_q   <= '0;
      given_q   <= '0;
      results_q <= '0;
    end else begin
      unique case (state_q)
        StIdle: begin
          enrol_q <= start_i && enrol_i;
          if (start_i) state_q <= StFirst;
        end
        StFirst: begin
          if (cell_valid_i) begin
            state_q <= StOthers;
            first_q <= cell_i;
            votes_q <= vote_t'(cell_i);
            cells_q <= vote_t'(1);
          end
        end
        StOthers: begin
          if (cell_valid_i && cell_ready_o) begin
            votes_q <= votes_q + vote_t'(votes_one);
            cells_q <= cells_q + vote_t'(1);
          end
          if (group_full && bit_ready) begin
            state_q   <= StFirst;
            cells_q   <= '0;
            results_q <= results_q + element_t'(1);
            if (results_q == element_t'(Order - 1)) begin
              state_q   <= StDecoder;
              results_q <= '0;
              first_q   <= 1'b0;
              votes_q   <= '0;
            end
          end
        end
        default: begin
          if (in_syndrome && helper_moves) begin
            given_q <= {helper_i, given_q[Degree-2:1]};
            digit_q <= last_digit ? '0 : digit_q + digit_t'(1);
          end
          if (result_valid && (!is_key || key_ready_i)) results_q <= results_q + element_t'(1);
          if (done) begin
            state_q   <= StIdle;
            results_q <= '0;
            given_q   <= '0;
          end
        end
      endcase
    end
  end

  syndrome_decoder u_decoder (
      .clk_i,
      .rst_ni,
      .clear_i,
      .idle_o          (decoder_idle),
      .bit_valid_i     (others && group_full),
      .bit_ready_o     (bit_ready),
      .bit_i           (votes_q > vote_t'(PufRepetition / 2)),
      .syndrome_valid_o(syndrome_valid),
      .syndrome_ready_i(in_syndrome && helper_moves && last_digit),
      .syndrome_o      (syndrome),
      .syndrome_i      (given),
      .result_valid_o  (result_valid),
      .result_ready_i  (!is_key || key_ready_i),
      .result_o        (result),
      .done_o          (done),
      .ok_o            (ok)
  );

  `KEYWAY_ASSERT(StartIdle, !start_i || idle_o)
  `KEYWAY_ASSERT_HOLD_IN(CellHolds, cell_valid_i, cell_ready_o, cell_i)
  `KEYWAY_ASSERT_HOLD_IN(HelperInHolds, helper_valid_i, helper_ready_o, helper_i)
  `KEYWAY_ASSERT_HOLD_UNLESS(HelperOutHolds, helper_valid_o, helper_ready_i, helper_o, clear_i)
  `KEYWAY_ASSERT_HOLD_UNLESS(KeyHolds, key_valid_o, key_ready_i, key_o, clear_i)

endmodule
