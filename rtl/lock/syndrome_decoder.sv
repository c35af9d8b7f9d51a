// SPDX-License-Identifier: Apache-2.0
// Corrects a word of 511 bits, given the syndromes that it should have: the decoder of a BCH code.
//
//   S_i = r(Alpha^i) for the word's polynomial r: its first bit is the coefficient of x^510, its last of x^0.
//   Given S'_i of another word r' for i = 1, 3, ... 2t - 1, t = PufCorrectable, the word r' is found if it
//   differs in t bits or less: the differences S_i + S'_i are the syndromes of the error polynomial.
//
// One multiplier and small memories do all of it, a product a cycle:
//   load     S_i <- Alpha^i S_i + bit, for every odd i and each bit (Horner)
//   compare  a syndrome leaves, what it should be is added; then S_2i = S_i^2 up to S_2t
//   solve    Berlekamp and Massey without inversion, two syndromes a round, since the second discrepancy of
//            a binary code is zero: locator C and correction D, gamma the discrepancy when D was taken,
//              d = sum of C_i S_(2k+1-i), C' = gamma C + d D,
//              D' = x^2 C, gamma' = d, L' = 2k + 1 - L  if d and L <= k,  else  D' = x^2 D
//   search   C_i <- Alpha^i C_i, and where their sum is zero, the bit is flipped (Chien)
// The word was found if C has L roots, L = its degree then; C has t at most.
// Who gives back the syndromes that he got (syndrome_i = syndrome_o) gets his word back.
//
// Cycles do not depend on bits or syndromes (SEC: CONSTANT_TIME): 38 a bit, 37 + 37 for syndromes, 152 a
// round, 39 a bit of the result; then 512 that overwrite every memory, as after reset and clear_i. (SEC: PURGE)
// Timing: idle_o falls with the first bit and rises when all memories are zero. Bits of the result come
// before it is known whether they are right: done_o is a pulse behind the last of them, and ok_o stands from
// then to the next word's.
// Source: Massey, Shift-register synthesis and BCH decoding (1969); Burton, Inversionless decoding of
// binary BCH codes (1971). Test: tests/rtl/lock/test_puf.cpp.
`include "assert.svh"
module syndrome_decoder
  import keyway_contract_pkg::*;
  import keyway_gf512_pkg::*;
(
    input  logic     clk_i,
    input  logic     rst_ni,
    input  logic     clear_i,
    output logic     idle_o,
    // The word.
    input  logic     bit_valid_i,
    output logic     bit_ready_o,
    input  logic     bit_i,
    // Its syndromes S_1, S_3, ..., each against what it should be.
    output logic     syndrome_valid_o,
    input  logic     syndrome_ready_i,
    output element_t syndrome_o,
    input  element_t syndrome_i,
    // The corrected word.
    output logic     result_valid_o,
    input  logic     result_ready_i,
    output logic     result_o,
    output logic     done_o,
    output logic     ok_o
);

  localparam int unsigned T = PufCorrectable;
  localparam int unsigned TermBits = $clog2(T + 1);
  localparam int unsigned SyndromeBits = $clog2(2 * T + 1);

  typedef logic [TermBits-1:0] term_t;  // of C or D, 0 to T
  typedef logic [SyndromeBits-1:0] syndrome_t;  // number of a syndrome, 1 to 2T
  typedef logic [Degree-1:0] place_t;  // of a bit, the power of x

  localparam term_t LastTerm = term_t'(T);
  localparam term_t LastRound = term_t'(T - 1);
  localparam syndrome_t LastOdd = syndrome_t'(2 * T - 1);
  localparam place_t FirstPlace = place_t'(Order - 1);

  typedef enum logic [3:0] {
    StWipe,
    StIdle,
    StNext,  // wait for a bit
    StLoad,  // it goes into all odd syndromes
    StCompare,
    StSquare,
    StDiscrepancy,
    StScale,  // gamma C_i
    StCorrect,  // + d D_i
    StShift,  // D_i <- C_(i-2) or D_(i-2); i falls, so both are those of the round before
    StSearch,
    StResult  // wait until a bit is taken
  } state_e;

  state_e    state_q;
  place_t    place_q;
  term_t     term_q;  // i
  term_t     round_q;  // k
  syndrome_t odd_q;
  syndrome_t length_q;  // L
  element_t  power_q;  // Alpha^i
  element_t  sum_q;  // d; in a search the terms' sum
  element_t  gamma_q;
  element_t  scaled_q;
  logic      bit_q;
  logic      change_q;
  term_t     roots_q;
  logic      result_q;
  logic      done_q;
  logic      ok_q;

  // Read in the same cycle, so that they become LUT memory.
  element_t  syndromes_q                             [2**SyndromeBits];
  element_t  locator_q                               [    2**TermBits];
  element_t  correction_q                            [    2**TermBits];
  logic      word_q                                  [      2**Degree];

  // ------------------------------------------------------------------------------ reads, the product
  syndrome_t syndrome_read;
  term_t     term_read;
  element_t s_read, c_read, d_read, factor_a, factor_b, product, sum;
  logic in_range, has_below;

  wire wipe = state_q == StWipe;
  wire begins = state_q == StIdle && bit_valid_i;
  wire takes_bit = bit_valid_i && bit_ready_o;

  assign in_range  = {round_q, 1'b1} > syndrome_t'(term_q);
  assign has_below = term_q >= term_t'(2);

  always_comb begin
    unique case (state_q)
      StSquare: syndrome_read = syndrome_t'(term_q);
      StDiscrepancy: syndrome_read = {round_q, 1'b1} - syndrome_t'(term_q);
      default: syndrome_read = odd_q;
    endcase
  end
  assign term_read = state_q == StShift ? term_q - term_t'(2) : term_q;
  assign s_read    = syndromes_q[syndrome_read];
  assign c_read    = locator_q[term_read];
  assign d_read    = correction_q[term_read];

  always_comb begin
    factor_a = c_read;
    factor_b = power_q;
    unique case (state_q)
      StLoad: factor_a = s_read;
      StSquare: begin
        factor_a = s_read;
        factor_b = s_read;
      end
      StDiscrepancy: factor_b = in_range ? s_read : '0;
      StScale: factor_b = gamma_q;
      StCorrect: begin
        factor_a = d_read;
        factor_b = sum_q;
      end
      default: ;
    endcase
  end
  assign product = multiply(factor_a, factor_b);
  assign sum     = sum_q ^ product;

  // ------------------------------------------------------------------------------------------ writes
  // While memories are wiped, place_q counts through their addresses; C = 1 and D = x come with the first bit.
  logic write_s, write_c, write_d;
  syndrome_t s_place;
  term_t c_place, d_place;
  element_t s_write, c_write, d_write;

  always_comb begin
    write_s = wipe || state_q inside {StLoad, StSquare} || (state_q == StCompare && syndrome_ready_i);
    s_place = odd_q;
    s_write = product ^ element_t'(bit_q);
    unique case (state_q)
      StWipe: begin
        s_place = place_q[SyndromeBits-1:0];
        s_write = '0;
      end
      StCompare: s_write = s_read ^ syndrome_i;
      StSquare: begin
        s_place = {term_q, 1'b0};
        s_write = product;
      end
      default:   ;
    endcase
  end

  always_comb begin
    write_c = wipe || begins || state_q inside {StCorrect, StSearch};
    write_d = wipe || begins || state_q == StShift;
    c_place = term_q;
    d_place = term_q;
    c_write = state_q == StSearch ? product : scaled_q ^ product;
    d_write = '0;
    if (has_below) d_write = change_q ? c_read : d_read;
    if (begins) begin
      c_place = '0;
      c_write = One;
      d_place = term_t'(1);
      d_write = One;
    end
    if (wipe) begin
      c_place = place_q[TermBits-1:0];
      c_write = '0;
      d_place = place_q[TermBits-1:0];
      d_write = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_s) syndromes_q[s_place] <= s_write;
    if (write_c) locator_q[c_place] <= c_write;
    if (write_d) correction_q[d_place] <= d_write;
    if (wipe || takes_bit) word_q[place_q] <= takes_bit && bit_i;
  end

  // ---------------------------------------------------------------------------------------- sequence
  assign idle_o           = state_q == StIdle;
  assign bit_ready_o      = state_q inside {StIdle, StNext};
  assign syndrome_valid_o = state_q == StCompare;
  assign syndrome_o       = syndrome_valid_o ? s_read : '0;
  assign result_valid_o   = state_q == StResult;
  assign result_o         = result_q;
  assign done_o           = done_q;
  assign ok_o             = ok_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q  <= StWipe;
      place_q  <= '1;
      term_q   <= '0;
      round_q  <= '0;
      odd_q    <= '0;
      length_q <= '0;
      power_q  <= '0;
      sum_q    <= '0;
      gamma_q  <= '0;
      scaled_q <= '0;
      bit_q    <= 1'b0;
      change_q <= 1'b0;
      roots_q  <= '0;
      result_q <= 1'b0;
      done_q   <= 1'b0;
      ok_q     <= 1'b0;
    end else begin
      done_q <= 1'b0;
      unique case (state_q)
        StWipe: begin
          place_q <= place_q - place_t'(1);
          if (place_q == '0) begin
            state_q <= StIdle;
            place_q <= FirstPlace;
          end
        end
        StIdle, StNext: begin
          odd_q   <= syndrome_t'(1);
          power_q <= Alpha;
          bit_q   <= bit_i;
          if (bit_valid_i) state_q <= StLoad;
        end
        StLoad: begin
          odd_q   <= odd_q + syndrome_t'(2);
          power_q <= times_alpha(times_alpha(power_q));
          if (odd_q == LastOdd) begin
            state_q <= StNext;
            place_q <= place_q - place_t'(1);
            if (place_q == '0) begin
              state_q <= StCompare;
              odd_q   <= syndrome_t'(1);
            end
          end
        end
        StCompare: begin
          term_q <= term_t'(1);
          if (syndrome_ready_i) odd_q <= odd_q + syndrome_t'(2);
          if (syndrome_ready_i && odd_q == LastOdd) state_q <= StSquare;
        end
        StSquare: begin
          term_q   <= term_q + term_t'(1);
          gamma_q  <= One;
          length_q <= '0;
          round_q  <= '0;
          sum_q    <= '0;
          if (term_q == LastTerm) begin
            state_q <= StDiscrepancy;
            term_q  <= '0;
          end
        end
        StDiscrepancy: begin
          sum_q  <= sum;
          term_q <= term_q + term_t'(1);
          if (term_q == LastTerm) begin
            state_q  <= StScale;
            term_q   <= LastTerm;
            change_q <= sum != '0 && length_q <= syndrome_t'(round_q);
          end
        end
        StScale: begin
          state_q  <= StCorrect;
          scaled_q <= product;
        end
        StCorrect: state_q <= StShift;
        StShift: begin
          state_q <= StScale;
          term_q  <= term_q - term_t'(1);
          if (term_q == '0) begin
            state_q <= StDiscrepancy;
            term_q  <= '0;
            sum_q   <= '0;
            round_q <= round_q + term_t'(1);
            if (change_q) begin
              gamma_q  <= sum_q;
              length_q <= {round_q, 1'b1} - length_q;
            end
            if (round_q == LastRound) begin
              state_q <= StSearch;
              place_q <= FirstPlace;
              power_q <= One;
              roots_q <= '0;
            end
          end
        end
        StSearch: begin
          sum_q   <= sum;
          term_q  <= term_q + term_t'(1);
          power_q <= times_alpha(power_q);
          if (term_q == LastTerm) begin
            state_q  <= StResult;
            sum_q    <= '0;
            result_q <= word_q[place_q] ^ (sum == '0);
            if (sum == '0) roots_q <= roots_q + term_t'(1);
          end
        end
        default: begin
          term_q  <= '0;
          power_q <= One;
          if (result_ready_i) begin
            state_q <= StSearch;
            place_q <= place_q - place_t'(1);
            if (place_q == '0) begin
              state_q  <= StWipe;
              place_q  <= '1;
              done_q   <= 1'b1;
              ok_q     <= syndrome_t'(roots_q) == length_q;
              gamma_q  <= '0;
              scaled_q <= '0;
              bit_q    <= 1'b0;
              result_q <= 1'b0;
              length_q <= '0;
              roots_q  <= '0;
            end
          end
        end
      endcase
    end
  end

  `KEYWAY_ASSERT(BeginIdle, !begins || place_q == FirstPlace)
  `KEYWAY_ASSERT_HOLD_IN(BitHolds, bit_valid_i, bit_ready_o, bit_i)
  `KEYWAY_ASSERT_HOLD_UNLESS(SyndromeHolds, syndrome_valid_o, syndrome_ready_i, syndrome_o, clear_i)
  `KEYWAY_ASSERT_HOLD_UNLESS(ResultHolds, result_valid_o, result_ready_i, result_o, clear_i)

endmodule
