// SPDX-License-Identifier: Apache-2.0
// Makes the device secret S out of what the chip has, at every boot.
//
//   Kpuf  = KDF(puf; helper, key_bits)           the corrected bits of the PUF's cells
//   check = KDF(puf_check; Kpuf)                 compared with the one behind the helper data
//   S     = KDF(secret; sources, fuse, Kpuf, clock, precision)   zeros for a source that is not in the mask
//
// Begins as the reset ends. A PUF in the mask is started once: its cells and the public helper data come bit by
// bit, 1355 bits of helper data that the extractor takes, zeros up to PufHelperBytes, then the check value.
// Too many cells that read wrong, or helper data other than the enrolment's, which the check value does not
// fit whatever they decode to, end in failed_o; so does a mask without a source that keeps a secret, fuses or PUF. There is no second try:
// who changes helper data learns that they are changed. (SEC: HELPER_DATA)
// S and what it is made of leave on secret_o alone, which is zero until S stands, and stays so after a failure.
// (SEC: KEYS_OFF_BUS) Cycles depend on the mask and on how fast bits come. (SEC: CONSTANT_TIME)
//
// Timing: 270 cycles without a PUF, about 46,500 with one whose bits come at once. valid_o and failed_o are
// levels until the next reset.
// Contract: sources_i and fuse_i are constant out of reset; clock_i and precision_i from class_valid_i on, which
//   comes if the mask has one of them (class_probe).
// Source: contract.toml [[kdf]], [puf]. Test: tests/rtl/lock/test_puf.cpp.
`include "assert.svh"
module device_secret
  import keyway_contract_pkg::*;
  import keyway_lock_pkg::*;
(
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic [  7:0] sources_i,
    input  key_t         fuse_i,
    // The PUF's cells, from a pulse of puf_start_o on.
    output logic         puf_start_o,
    input  logic         puf_valid_i,
    output logic         puf_ready_o,
    input  logic         puf_cell_i,
    // Helper data and check value.
    input  logic         helper_valid_i,
    output logic         helper_ready_o,
    input  logic         helper_i,
    // Fingerprints of the class.
    input  logic         class_valid_i,
    input  logic [255:0] clock_i,
    input  logic [127:0] precision_i,
    // S.
    output logic         valid_o,
    output logic         failed_o,
    output key_t         secret_o
);

  localparam int unsigned HelperBits =
      (PufRepetition - 1) * keyway_gf512_pkg::Order + PufCorrectable * PufFieldBits;

  typedef enum logic [4:0] {
    StBegin,
    StPufLabel,
    StHelper,  // helper data, as the extractor takes them
    StKeyBits,
    StPufKey,  // the digest
    StCheckLabel,
    StCheckKey,
    StCheckDigest,
    StCheck,  // the check value against the digest
    StCorrected,  // the extractor's verdict
    StClass,  // until its fingerprints are here
    StSecretLabel,
    StSources,
    StFuse,
    StSecretKey,
    StClock,
    StPrecision,
    StSecret,  // the digest
    StEnd
  } state_e;

  typedef logic [5:0] count_t;  // words of a state

  state_e        state_q;
  count_t        word_q;
  logic   [ 4:0] bit_q;  // bits of the word that have come
  logic   [30:0] bits_q;
  logic          right_q;  // the check value agrees so far, and so does the extractor
  logic          corrected_q;  // the extractor is done
  key_t          puf_key_q;
  logic          failed_q;

  // ------------------------------------------------------------------------------ bits become words
  // A bit of helper data goes to the extractor and into its word in one cycle.
  logic in_helper, in_key, in_check, extracts, key_padding, room, bit_comes, bit_in;
  logic extractor_helper_ready, key_valid, key_bit, extractor_idle, extractor_done, extractor_ok;
  logic word_ready;
  logic [10:0] place;  // of the bit
  logic [31:0] gathered;

  assign in_helper = state_q == StHelper;
  assign in_key = state_q == StKeyBits;
  assign in_check = state_q == StCheck;
  assign place = {word_q, bit_q};
  assign extracts = in_helper && place < 11'(HelperBits);
  assign key_padding = in_key && place >= 11'(PufKeyBits);
  assign room = bit_q != '1 || word_ready || in_check;
  assign helper_ready_o = (in_helper || in_check) && room && (!extracts || extractor_helper_ready);
  assign bit_comes = (helper_valid_i && helper_ready_o) ||
                     (in_key && room && (key_valid || key_padding));
  assign bit_in = in_key ? key_bit : helper_i;
  assign gathered = {bit_in, bits_q};

  // ------------------------------------------------------------------------------------- the message
  logic
      uses_fuse,
      uses_puf,
      uses_clock,
      uses_precision,
      gathers,
      word_valid,
      word_moves,
      last_word,
      message_ends,
      digest_valid;
  logic [31:0] word, unused_sum;
  logic [7:0][31:0] fuse_words, key_words, clock_words, digest_words;
  logic [3:0][31:0] label_words, precision_words;
  count_t words;
  logic   unused_sum_valid;
  key_t   digest;

  assign uses_fuse = (sources_i & SecretSourceFuse) != '0;
  assign uses_puf = (sources_i & SecretSourcePuf) != '0;
  assign uses_clock = (sources_i & SecretSourceClock) != '0;
  assign uses_precision = (sources_i & SecretSourcePrecision) != '0;
  assign fuse_words = uses_fuse ? fuse_i : '0;
  assign clock_words = uses_clock ? clock_i : '0;
  assign precision_words = uses_precision ? precision_i : '0;
  assign key_words = puf_key_q;
  assign digest_words = digest;
  assign gathers = in_helper || in_key || in_check;

  always_comb begin
    unique case (state_q)
      StHelper: words = count_t'(PufHelperBytes / 4);
      StPufLabel, StCheckLabel, StSecretLabel, StSources, StPrecision: words = count_t'(4);
      default: words = count_t'(8);
    endcase
    unique case (state_q)
      StPufLabel: label_words = KdfPuf;
      StCheckLabel: label_words = KdfPufCheck;
      default: label_words = KdfSecret;
    endcase
    unique case (state_q)
      StHelper, StKeyBits: word = gathered;
      StCheckKey, StSecretKey: word = key_words[word_q[2:0]];
      StSources: word = word_q == '0 ? 32'(sources_i) : '0;
      StFuse: word = fuse_words[word_q[2:0]];
      StClock: word = clock_words[word_q[2:0]];
      StPrecision: word = precision_words[word_q[1:0]];
      default: word = label_words[word_q[1:0]];
    endcase
  end

  assign word_valid = gathers ? bit_comes && bit_q == '1 :
      state_q inside {StPufLabel, StCheckLabel, StCheckKey, StSecretLabel, StSources, StFuse, StSecretKey,
                      StClock, StPrecision};
  assign word_moves = word_valid && (word_ready || in_check);
  assign last_word = word_q == words - count_t'(1);
  assign message_ends = last_word && state_q inside {StKeyBits, StCheckKey, StPrecision};

  logic unused_helper_valid, unused_helper;

  kdf u_kdf (
      .clk_i,
      .rst_ni,
      .clear_i       (failed_q),
      .word_valid_i  (word_valid && !in_check),
      .word_ready_o  (word_ready),
      .word_last_i   (message_ends),
      .word_i        (word),
      .sum_valid_o   (unused_sum_valid),
      .sum_o         (unused_sum),
      .digest_valid_o(digest_valid),
      .digest_o      (digest)
  );

  fuzzy_extractor u_extractor (
      .clk_i,
      .rst_ni,
      .clear_i       (failed_q),
      .idle_o        (extractor_idle),
      .start_i       (puf_start_o),
      .enrol_i       (1'b0),
      .cell_valid_i  (puf_valid_i),
      .cell_ready_o  (puf_ready_o),
      .cell_i        (puf_cell_i),
      .helper_valid_i(helper_valid_i && extracts && room),
      .helper_ready_o(extractor_helper_ready),
      .helper_i,
      .helper_valid_o(unused_helper_valid),
      .helper_ready_i(1'b0),
      .helper_o      (unused_helper),
      .key_valid_o   (key_valid),
      .key_ready_i   (in_key && room && !key_padding),
      .key_o         (key_bit),
      .done_o        (extractor_done),
      .ok_o          (extractor_ok)
  );

  // ---------------------------------------------------------------------------------------- sequence
  assign puf_start_o = state_q == StBegin && uses_puf && extractor_idle;
  assign valid_o     = state_q == StEnd && !failed_q;
  assign failed_o    = failed_q;
  assign secret_o    = valid_o ? digest : '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= StBegin;
      word_q      <= '0;
      bit_q       <= '0;
      bits_q      <= '0;
      right_q     <= 1'b1;
      corrected_q <= 1'b0;
      puf_key_q   <= '0;
      failed_q    <= 1'b0;
    end else begin
      if (bit_comes) begin
        bit_q  <= bit_q + 5'd1;
        bits_q <= gathered[31:1];
      end
      if (extractor_done) begin
        corrected_q <= 1'b1;
        if (!extractor_ok) right_q <= 1'b0;
      end
      unique case (state_q)
        StBegin: begin
          if (!uses_puf) begin
            state_q  <= uses_fuse ? StClass : StEnd;
            failed_q <= !uses_fuse;
          end else if (extractor_idle) begin
            state_q <= StPufLabel;
          end
        end
        StPufKey, StCheckDigest, StSecret: begin
          if (digest_valid) begin
            state_q <= state_e'(state_q + 5'd1);
            if (state_q == StPufKey) puf_key_q <= digest;
          end
        end
        StCorrected: begin
          bits_q <= '0;
          if (corrected_q) begin
            state_q  <= right_q ? StClass : StEnd;
            failed_q <= !right_q;
          end
        end
        StClass: if (class_valid_i || !(uses_clock || uses_precision)) state_q <= StSecretLabel;
        StEnd:   puf_key_q <= '0;
        default: begin
          if (word_moves) begin
            word_q <= word_q + count_t'(1);
            if (in_check && gathered != digest_words[word_q[2:0]]) right_q <= 1'b0;
            if (last_word) begin
              state_q <= state_e'(state_q + 5'd1);
              word_q  <= '0;
            end
          end
        end
      endcase
    end
  end

  `KEYWAY_ASSERT(NothingBeforeValid, valid_o || secret_o == '0)
  `KEYWAY_ASSERT_HOLD_UNLESS(CellHolds, puf_valid_i, puf_ready_o, puf_cell_i, puf_start_o)
  `KEYWAY_ASSERT_HOLD_UNLESS(HelperHolds, helper_valid_i, helper_ready_o, helper_i, puf_start_o)

endmodule
