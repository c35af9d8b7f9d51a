// SPDX-License-Identifier: Apache-2.0
// Verifies and deciphers frames while their bytes pass from the bus.
//
//   payload(i) = data(i) + AES(Kprog or Kweights, IV || i + 2)                         CTR
//   tag        = GHASH(H; every beat but the tag, bits of them) + AES(Kmac, IV || 1)   GMAC
//
// A frame of n beats needs n blocks of the cipher and n of GHASH (n - 1 and the length), so the fast kind
// keeps up with one beat a cycle without a pause between frames: the cipher works ahead on the frames of
// the queue. A header is only verified: it needs one cipher block and one cycle more, for the length.
// The first eight beats of a header must equal the stored header's words, which the licence was compared
// with: the host cannot show one header first and verify another one later. (SEC: ONE_COPY)
//
// Timing: data_ready_o may wait for the cipher; the payload follows its beat by a cycle. frame_done_o
// follows the last beat by 1 cycle (plain), at most 5 (fast) or at most 36 (iterative), and may come
// behind the first payload of the next frame. Iterative: a beat every 17 cycles.
// Contract: the payload of a frame leaves before its tag is known: the consumer uses nothing of it
// before frame_done_o with frame_ok_o. Frames have 256 beats, headers a multiple of it (WholePages). A
// locked frame without keys gives no payload and is never ok (SEC: KEYS_REQUIRED, OkNeedsKeys). Keys are
// loaded in the order Kmac, Kprog, Kweights while no frame is here (QuietKeys). clear_i zeroes all state.
// Source: contract.toml [[frame_kind]]; SP 800-38D, sections 6.5, 7.1.
// Test: tests/rtl/lock/test_frame.cpp, test_forget.cpp.
`include "assert.svh"
module unsealer
  import keyway_contract_pkg::*;
  import keyway_lock_pkg::*;
  import keyway_gf128_pkg::*;
#(
    parameter unsealer_kind_e Kind = UnsealerFast
) (
    input  logic          clk_i,
    input  logic          rst_ni,
    input  logic          clear_i,
    output logic          idle_o,
    input  logic          key_valid_i,
    output logic          key_ready_o,
    input  key_slot_e     key_slot_i,
    input  key_t          key_i,
    output logic          keys_usable_o,
    output header_place_t header_place_o,
    input  block_t        header_word_i,
    input  logic          frame_valid_i,
    output logic          frame_ready_o,
    input  frame_t        frame_i,
    input  logic          data_valid_i,
    output logic          data_ready_o,
    input  block_t        data_i,
    output logic          payload_valid_o,
    output block_t        payload_o,
    output logic          frame_done_o,
    output logic          frame_ok_o
);

  // ------------------------------------------------------------------------------------------- keys
  // After Kweights has come, the hash key H = AES(Kmac, 0) is made.
  typedef enum logic [1:0] {
    StKeys,  // not all keys are here
    StHashKey,  // encrypt the zero block
    StHashKeyResult,
    StUsable
  } state_e;

  state_e state_q;
  logic cipher_key_ready, block_valid, block_ready, stream_valid, stream_ready;
  key_slot_e block_slot;
  block_t block, stream;
  logic counter_valid, counter_ready;
  key_slot_e counter_slot;
  block_t    counter_block;
  logic      hash_key_valid;

  assign key_ready_o    = cipher_key_ready && state_q inside {StKeys, StUsable};
  assign keys_usable_o  = state_q == StUsable;
  assign hash_key_valid = state_q == StHashKeyResult && stream_valid;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q <= StKeys;
    end else begin
      unique case (state_q)
        StHashKey: if (cipher_key_ready && block_ready) state_q <= StHashKeyResult;
        StHashKeyResult: if (stream_valid) state_q <= StUsable;
        default: begin
          if (key_valid_i && key_ready_o) state_q <= key_slot_i == SlotWeights ? StHashKey : StKeys;
        end
      endcase
    end
  end

  assign block_valid   = state_q == StHashKey ? cipher_key_ready : counter_valid;
  assign block_slot    = state_q == StHashKey ? SlotMac : counter_slot;
  assign block         = state_q == StHashKey ? '0 : counter_block;
  assign counter_ready = state_q == StUsable && block_ready;

  aes256 #(
      .Kind(Kind)
  ) u_aes (
      .clk_i,
      .rst_ni,
      .clear_i,
      .key_valid_i   (key_valid_i && key_ready_o),
      .key_ready_o   (cipher_key_ready),
      .key_slot_i,
      .key_i,
      .block_valid_i (block_valid),
      .block_ready_o (block_ready),
      .block_slot_i  (block_slot),
      .block_i       (block),
      .result_valid_o(stream_valid),
      .result_ready_i(stream_ready || hash_key_valid),
      .result_o      (stream)
  );

  // ------------------------------------------------------------------------------------ frame queues
  // One runs ahead for the cipher, with locked frames only; one follows the beats.
  frame_t frame_in, ahead, frame;
  wire unused_frame = ^{frame.index, frame.total};  // the cipher's side needs them
  logic ahead_in_ready, ahead_valid, ahead_ready, frame_in_ready, frame_valid, frame_taken;

  assign frame_ready_o = state_q inside {StKeys, StUsable} && ahead_in_ready && frame_in_ready;
  always_comb begin
    frame_in         = frame_i;
    frame_in.keyless = !frame_i.plain && state_q != StUsable;
  end

  frame_queue #(
      .Depth(2)
  ) u_ahead (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (frame_valid_i && frame_ready_o && !frame_in.plain && !frame_in.keyless),
      .in_ready_o (ahead_in_ready),
      .in_i       (frame_in),
      .out_valid_o(ahead_valid),
      .out_ready_i(ahead_ready),
      .out_o      (ahead)
  );

  frame_counter u_counter (
      .clk_i,
      .rst_ni,
      .clear_i,
      .frame_valid_i(ahead_valid),
      .frame_ready_o(ahead_ready),
      .frame_i      (ahead),
      .block_valid_o(counter_valid),
      .block_ready_i(counter_ready),
      .block_slot_o (counter_slot),
      .block_o      (counter_block)
  );

  frame_queue #(
      .Depth(4)
  ) u_frames (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (frame_valid_i && frame_ready_o),
      .in_ready_o (frame_in_ready),
      .in_i       (frame_in),
      .out_valid_o(frame_valid),
      .out_ready_i(frame_taken),
      .out_o      (frame)
  );

  // ------------------------------------------------------------------------------------------- beats
  frame_beats_t beat_q;
  logic first_q;  // of its frame
  // Of the beat in the header fields; stays at 8 behind them.
  logic [3:0] place_q;
  logic header_tag_q;  // where a header has its tag
  logic page_end_q;  // this beat ends a page of 256 beats
  logic page_last_q;  // this page is the frame's last; late in its first cycle
  logic length_due_q;  // a header's beats are through, its length is not
  logic locked, header, last_beat, tag_beat, needs_stream, needs_hash, beat, length_now;
  logic hash_ready, digest_valid;
  block_t   length;
  element_t digest;

  assign locked = !frame.plain && !frame.keyless;
  assign header = frame.kind == FrameKindHeader;
  assign last_beat = page_last_q && page_end_q;
  assign tag_beat = header ? header_tag_q : last_beat;
  assign needs_stream = locked && (!header || tag_beat);
  assign needs_hash = locked && !(header && tag_beat);

  assign data_ready_o = frame_valid && !length_due_q && (!needs_stream || stream_valid)
      && (!needs_hash || hash_ready);
  assign beat = data_valid_i && data_ready_o;
  assign stream_ready = beat && needs_stream;
  assign length_now = length_due_q ? hash_ready : beat && locked && last_beat && !header;
  assign frame_taken = length_due_q ? hash_ready : beat && last_beat && !(locked && header);

  // The length block: 64 bits, big-endian, of associated data in bits, then of ciphertext (none).
  assign length = {64'd0, swap_bytes(32'(frame.last) << 7), 32'd0};

  ghash #(
      .DigitBits(Kind == UnsealerFast ? 128 : 8)
  ) u_ghash (
      .clk_i,
      .rst_ni,
      .clear_i,
      .key_valid_i(hash_key_valid),
      .key_i(stream),
      .block_valid_i(length_now || (beat && needs_hash)),
      .block_ready_o(hash_ready),
      .block_first_i(first_q),
      .block_last_i(length_now),
      .block_i(length_now ? length : data_i),
      .digest_valid_o(digest_valid),
      .digest_o(digest)
  );

  // What follows from the beat's number, a beat ahead: it all decides whether the beat is taken, which
  // is known last.
  frame_beats_t next_beat;
  assign next_beat = length_due_q || (last_beat && !(locked && header)) ? 24'd0 : beat_q + 24'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      beat_q       <= 24'd0;
      place_q      <= 4'd0;
      first_q      <= 1'b1;
      header_tag_q <= 1'b0;
      page_end_q   <= 1'b0;
      page_last_q  <= 1'b0;
    end else begin
      if (beat || (length_due_q && hash_ready)) begin
        beat_q <= next_beat;
        place_q <= next_beat == 24'd0 ? 4'd0 : place_q + 4'(!place_q[3]);
        first_q <= next_beat == 24'd0;
        header_tag_q <= next_beat == HeaderTagBeat;
        page_end_q <= next_beat[7:0] == '1;
      end
      page_last_q <= beat_q[23:8] == frame.last[23:8];
    end
  end

  block_t expected_q;  // the tag without its mask
  logic   pending_q;  // GHASH has a frame's length, its digest is to come
  logic   differs_q;  // a header is not the stored one
  logic   refused_q;  // of the frame that is pending: the next one may have begun
  // A beat of header fields, which are public, is compared in the cycle after it came, in payload_q.
  logic compare_q, compare_first_q;
  logic payload_valid_q, done_q, ok_q;
  block_t payload_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      length_due_q    <= 1'b0;
      expected_q      <= '0;
      pending_q       <= 1'b0;
      differs_q       <= 1'b0;
      refused_q       <= 1'b0;
      payload_valid_q <= 1'b0;
      payload_q       <= '0;
      done_q          <= 1'b0;
      ok_q            <= 1'b0;
      compare_q       <= 1'b0;
      compare_first_q <= 1'b0;
    end else begin
      compare_q       <= beat && locked && header && !place_q[3];
      compare_first_q <= first_q;
      if (compare_q) differs_q <= (differs_q && !compare_first_q) || payload_q != header_word_i;
      payload_valid_q <= beat && !header && !last_beat && !frame.keyless;
      done_q          <= digest_valid;
      ok_q            <= 1'b0;
      if (digest_valid) begin
        pending_q <= 1'b0;
        ok_q      <= element(digest) == expected_q && !refused_q;
      end
      if (length_now) begin
        pending_q <= 1'b1;
        refused_q <= differs_q;
      end
      if (length_due_q && hash_ready) length_due_q <= 1'b0;
      if (beat) begin
        if (locked) begin
          if (tag_beat) expected_q <= data_i ^ stream;
          if (!header) differs_q <= 1'b0;
          length_due_q <= last_beat && header;
        end else if (last_beat) begin
          done_q <= 1'b1;
          ok_q   <= frame.plain;
        end
        if (!last_beat && !frame.keyless) payload_q <= locked && !header ? data_i ^ stream : data_i;
      end
    end
  end

  assign header_place_o = place_q[2:0];
  assign payload_valid_o = payload_valid_q;
  assign payload_o = payload_q;
  assign frame_done_o = done_q;
  assign frame_ok_o = ok_q;
  assign idle_o = !frame_valid && !pending_q && !done_q && state_q inside {StKeys, StUsable};

  `KEYWAY_ASSERT(
      FlagsAgree,
      {first_q, header_tag_q, page_end_q} == {beat_q == 24'd0, beat_q == HeaderTagBeat, beat_q[7:0] == '1})
  `KEYWAY_ASSERT(PlaceAgrees, place_q == (beat_q < 24'd8 ? beat_q[3:0] : 4'd8))
  `KEYWAY_ASSERT(QuietKeys, !(key_valid_i && key_ready_o) || idle_o)
  wire whole_pages = frame_i.last[7:0] == '1;
  `KEYWAY_ASSERT(WholePages, !frame_valid_i || whole_pages)
  `KEYWAY_ASSERT_NEXT(OkNeedsKeys, !frame.plain, !frame_ok_o || keys_usable_o)
  `KEYWAY_ASSERT_NEXT(HeaderGivesNothing, !frame_valid || header, !payload_valid_o)

endmodule
