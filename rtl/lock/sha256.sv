// SPDX-License-Identifier: Apache-2.0
// The compression function of SHA-256, one round a cycle; padding is its caller's (kdf.sv).
//
// A block of 64 bytes enters as four quarters of 16. Words are big-endian in the standard: they are
// swapped as they enter and as the digest leaves, so that ports keep keyway_lock_pkg's byte order.
// The message schedule slides over 16 words: W(t+16) = s1(W(t+14)) + W(t+9) + s0(W(t+1)) + W(t).
//
// Timing: 69 cycles a block: 4 quarters, 64 rounds, 1 addition. block_done_o is a pulse in the first
// cycle in which digest_o includes the block; the next quarter may be given in that cycle.
// Contract: first_i, with the first quarter of a block, starts a message. clear_i zeroes all state.
// Source: FIPS 180-4, sections 4.1.2, 4.2.2, 5.3.3, 6.2. Test: tests/rtl/lock/test_sha256.cpp.
module sha256
  import keyway_lock_pkg::*;
(
    input  logic   clk_i,
    input  logic   rst_ni,
    input  logic   clear_i,
    input  logic   quarter_valid_i,
    output logic   quarter_ready_o,
    input  logic   first_i,
    input  block_t quarter_i,
    output logic   block_done_o,
    output key_t   digest_o
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

  function automatic hash_t compress(hash_t s, word_t k, word_t w);
    word_t t1, t2;
    t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
        ((s[4] & s[5]) ^ (~s[4] & s[6])) + k + w;
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
  logic   [5:0] count_q;  // quarters, then rounds
  logic         done_q;
  hash_t hash_q, work_q;
  word_t [15:0] schedule_q;  // word t of the schedule is entry 0 in round t

  assign quarter_ready_o = state_q == StLoad;
  assign block_done_o    = done_q;
  for (genvar i = 0; i < 8; i++) begin : gen_digest
    assign digest_o[32*i+:32] = swap_bytes(hash_q[i]);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q    <= StLoad;
      count_q    <= 6'd0;
      done_q     <= 1'b0;
      hash_q     <= '0;
      work_q     <= '0;
      schedule_q <= '0;
    end else begin
      done_q <= 1'b0;
      unique case (state_q)
        StLoad: begin
          if (quarter_valid_i) begin
            schedule_q <= {
              swap_bytes(quarter_i[127:96]),
              swap_bytes(quarter_i[95:64]),
              swap_bytes(quarter_i[63:32]),
              swap_bytes(quarter_i[31:0]),
              schedule_q[15:4]
            };
            count_q <= count_q + 6'd1;
            if (count_q == 6'd0 && first_i) hash_q <= InitialHash;
            if (count_q == 6'd3) begin
              state_q <= StRounds;
              count_q <= 6'd0;
              work_q  <= hash_q;
            end
          end
        end
        StRounds: begin
          work_q <= compress(work_q, RoundConstant[count_q], schedule_q[0]);
          schedule_q <= {
            schedule(schedule_q[0], schedule_q[1], schedule_q[9], schedule_q[14]), schedule_q[15:1]
          };
          count_q <= count_q + 6'd1;
          if (count_q == 6'd63) state_q <= StAdd;
        end
        default: begin
          for (int unsigned i = 0; i < 8; i++) hash_q[i] <= hash_q[i] + work_q[i];
          state_q <= StLoad;
          done_q  <= 1'b1;
        end
      endcase
    end
  end


endmodule
