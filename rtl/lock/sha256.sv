// SPDX-License-Identifier: Apache-2.0
// The compression function of SHA-256, one round a cycle; padding is its caller's (kdf.sv).
//
// A block of 64 bytes enters as 16 words. Words are big-endian in the standard: they are swapped as they
// enter and as the digest leaves, so that ports keep keyway_lock_pkg's byte order.
// The message schedule slides over 16 words: W(t+16) = s1(W(t+14)) + W(t+9) + s0(W(t+1)) + W(t).
// Small on purpose, it hashes a few kilobytes in a licence's life: hash and working variables are shift
// registers of words, so that one adder serves all of them and nothing is loaded in parallel. The hash
// turns once (h comes out first) while the last 8 words enter, into the working variables, and once more
// while these come out and are added. h + K + W of a round is added in the round before.
//
// Timing: 88 cycles a block: 16 words, 64 rounds, 8 additions. sum_valid_o marks the additions: sum_o is
// word 7 of the digest, then 6, to 0. block_done_o is a pulse in the first cycle in which digest_o
// includes the block; the next word may be given in that cycle.
// Contract: first_i, with the words of a block, starts a message with it. clear_i zeroes all state.
// Source: FIPS 180-4, sections 4.1.2, 4.2.2, 5.3.3, 6.2. Test: tests/rtl/lock/test_sha256.cpp.
module sha256
  import keyway_lock_pkg::*;
(
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        clear_i,
    input  logic        word_valid_i,
    output logic        word_ready_o,
    input  logic        first_i,
    input  logic [31:0] word_i,
    output logic        sum_valid_o,
    output logic [31:0] sum_o,
    output logic        block_done_o,
    output key_t        digest_o
);

  typedef logic [31:0] word_t;
  typedef word_t [7:0] hash_t;  // a is word 0, h word 7

  // verilog_format: off
  localparam hash_t InitialHash = {
    32'h5be0cd19, 32'h1f83d9ab, 32'h9b05688c, 32'h510e527f,
    32'ha54ff53a, 32'h3c6ef372, 32'hbb67ae85, 32'h6a09e667
  };

  localparam word_t RoundConstant[64] = '{
    32'h428a2f98, 32'h71374491, 32'hb5c0fbcf, 32'he9b5dba5,
    32'h3956c25b, 32'h59f111f1, 32'h923f82a4, 32'hab1c5ed5,
    32'hd807aa98, 32'h12835b01, 32'h243185be, 32'h550c7dc3,
    32'h72be5d74, 32'h80deb1fe, 32'h9bdc06a7, 32'hc19bf174,
    32'he49b69c1, 32'hefbe4786, 32'h0fc19dc6, 32'h240ca1cc,
    32'h2de92c6f, 32'h4a7484aa, 32'h5cb0a9dc, 32'h76f988da,
    32'h983e5152, 32'ha831c66d, 32'hb00327c8, 32'hbf597fc7,
    32'hc6e00bf3, 32'hd5a79147, 32'h06ca6351, 32'h14292967,
    32'h27b70a85, 32'h2e1b2138, 32'h4d2c6dfc, 32'h53380d13,
    32'h650a7354, 32'h766a0abb, 32'h81c2c92e, 32'h92722c85,
    32'ha2bfe8a1, 32'ha81a664b, 32'hc24b8b70, 32'hc76c51a3,
    32'hd192e819, 32'hd6990624, 32'hf40e3585, 32'h106aa070,
    32'h19a4c116, 32'h1e376c08, 32'h2748774c, 32'h34b0bcb5,
    32'h391c0cb3, 32'h4ed8aa4a, 32'h5b9cca4f, 32'h682e6ff3,
    32'h748f82ee, 32'h78a5636f, 32'h84c87814, 32'h8cc70208,
    32'h90befffa, 32'ha4506ceb, 32'hbef9a3f7, 32'hc67178f2
  };
  // verilog_format: on

  function automatic word_t rotate(word_t x, int unsigned bits);
    return (x >> bits) | (x << (32 - bits));
  endfunction

  function automatic word_t schedule(word_t w0, word_t w1, word_t w9, word_t w14);
    return (rotate(w14, 17) ^ rotate(w14, 19) ^ (w14 >> 10)) + w9 +
        (rotate(w1, 7) ^ rotate(w1, 18) ^ (w1 >> 3)) + w0;
  endfunction

  // From the working variables, a to g, and h + K + W to the next ones.
  function automatic hash_t compress(word_t [6:0] s, word_t hkw);
    word_t t1, t2;
    t1 = hkw + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
        ((s[4] & s[5]) ^ (~s[4] & s[6]));
    t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
        ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    return {s[6], s[5], s[4], s[3] + t1, s[2], s[1], s[0], t1 + t2};
  endfunction

  typedef enum logic [1:0] {
    StLoad,
    StRounds,
    StAdd
  } state_e;

  state_e       state_q;
  logic   [5:0] count_q;  // words, rounds, sums
  logic         done_q;
  hash_t hash_q, work_q;
  word_t [15:0] schedule_q;  // word t of the schedule is entry 0 in round t
  word_t        hkw_q;  // h + K + W of this round
  word_t old_word, sum, hkw;
  logic load, turn;

  assign word_ready_o = state_q == StLoad;
  assign block_done_o = done_q;
  assign sum_valid_o  = state_q == StAdd;
  assign sum_o        = swap_bytes(sum);
  for (genvar i = 0; i < 8; i++) begin : gen_digest
    assign digest_o[32*i+:32] = swap_bytes(hash_q[i]);
  end

  assign load = state_q == StLoad && word_valid_i;
  assign turn = (load && count_q[3]) || state_q == StAdd;
  assign old_word = state_q == StLoad && first_i ? InitialHash[~count_q[2:0]] : hash_q[7];
  assign sum = old_word + (state_q == StAdd ? work_q[7] : '0);
  assign hkw      = work_q[6] + schedule_q[1] +
      (state_q == StLoad ? RoundConstant[0] : RoundConstant[count_q+6'd1]);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q    <= StLoad;
      count_q    <= 6'd0;
      done_q     <= 1'b0;
      hash_q     <= '0;
      work_q     <= '0;
      schedule_q <= '0;
      hkw_q      <= '0;
    end else begin
      done_q <= state_q == StAdd && count_q[2:0] == 3'd7;
      if (turn) hash_q <= {hash_q[6:0], sum};
      if (state_q == StRounds) work_q <= compress(work_q[6:0], hkw_q);
      else if (turn) work_q <= {work_q[6:0], sum};
      if (state_q == StRounds || load) begin
        hkw_q <= hkw;
        schedule_q <= {
          load ? swap_bytes(
              word_i
          ) : schedule(
              schedule_q[0], schedule_q[1], schedule_q[9], schedule_q[14]
          ),
          schedule_q[15:1]
        };
      end
      unique case (state_q)
        StLoad: begin
          if (load) begin
            count_q <= count_q + 6'd1;
            if (count_q[3:0] == 4'd15) begin
              state_q <= StRounds;
              count_q <= 6'd0;
            end
          end
        end
        StRounds: begin
          count_q <= count_q + 6'd1;
          if (count_q == 6'd63) state_q <= StAdd;
        end
        default: begin
          count_q <= count_q + 6'd1;
          if (count_q[2:0] == 3'd7) begin
            state_q <= StLoad;
            count_q <= 6'd0;
          end
        end
      endcase
    end
  end

endmodule
