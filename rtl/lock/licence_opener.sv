// SPDX-License-Identifier: Apache-2.0
// Opens a licence: seven key derivations, two comparisons, three keys for the unsealer.
//
//   tag      = KDF(licence; A, head, id, header_tag, W, check)   compared with the licence's
//   D        = KDF(enrol; S, A)
//   KEK      = KDF(kek; D, id, policy)                           P = W xor KEK
//   check    = KDF(check; KEK, W)                                compared with the licence's (sealed)
//   Kmac     = KDF(mac; A, id, P or zeros)
//   Kprog    = KDF(prog; A, id, P in `sealed`, zeros in `blind`)
//   Kweights = KDF(weights; A, P, id)
//
// All seven run for every licence and every device, and each comparison goes over all words, so that
// cycles tell no more than the status does. (SEC: PUBLIC_TIMING) Keys leave for the unsealer only if
// nothing was refused. (SEC: KEYS_IF_GRANTED, assertion KeysOnlyIfGranted)
// Everything passes one multiplexer word by word, which keeps it small: what the licence says of its header
// beside the header, the messages, and what their digests are compared with while these come out.
// Refusals, the first that applies: NO_LICENCE, NOT_ENROLLED, NO_SECRET, LICENCE_REFUSED (the tag is not this
// owner's, or magic, policy, id or header tag are not the header's), WRONG_DEVICE (`sealed`, check
// value). In `blind` no comparison depends on S: a wrong device derives another P and goes on.
//
// Timing: open_valid_i is a level until the pulse open_done_o (assertion OpenIsLevel); policy_i and what
// the places hold do not change with it. It waits for S (secret_valid_i or secret_failed_i), then takes about
// 1400 cycles; 2 without licence, enrolment or secret. A word is the
// one of the place in the cycle before.
// Contract: revoke_o is high when an open starts, so that the unsealer forgets earlier keys. D, KEK and
// the hash's state are zero from the cycle after open_done_o on (DoneForgets), and after clear_i.
// Source: contract.toml [[kdf]], [[licence_field]]. Test: tests/rtl/lock/test_licence.cpp.
`include "assert.svh"
module licence_opener
  import keyway_contract_pkg::*;
  import keyway_lock_pkg::*;
(
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 clear_i,
    output logic                 idle_o,
    input  key_t                 secret_i,
    input  logic                 secret_valid_i,
    input  logic                 secret_failed_i,
    input  key_t                 owner_key_i,
    input  logic                 enrolled_i,
    input  logic                 open_valid_i,
    input  logic           [7:0] policy_i,
    output header_place_t        header_place_o,
    input  block_t               header_word_i,
    output licence_place_t       licence_place_o,
    input  block_t               licence_word_i,
    input  logic                 licence_present_i,
    output logic                 open_done_o,
    output status_e              open_status_o,
    // Keys for the unsealer.
    output logic                 revoke_o,
    output logic                 key_valid_o,
    input  logic                 key_ready_i,
    output key_slot_e            key_slot_o,
    output key_t                 key_o,
    input  logic                 keys_usable_i
);

  // ------------------------------------------------------------------ what the derivations consist of
  // Halves of 32-byte fields are units of their own. Link is D, later KEK; SealP is P in `sealed`, zeros
  // in `blind`. A unit is the sum of what its upper bits name, at the index in the lower ones, which is
  // the place in the licence: P is W + link, and what the licence says of its header is Same, the sum with
  // what the header says, zero.
  // verilog_format: off
  typedef enum logic [8:0] {
    UnitEnd = 9'h000, UnitLabel = 9'h001, UnitPolicy = 9'h002,
    UnitHead = 9'h080 + 9'(LicenceHeadOffset / 16),
    UnitId = 9'h080 + 9'(LicenceIdOffset / 16),
    UnitHeaderTag = 9'h080 + 9'(LicenceHeaderTagOffset / 16),
    UnitW0 = 9'h080 + 9'(LicenceWrappedOffset / 16), UnitW1 = 9'h081 + 9'(LicenceWrappedOffset / 16),
    UnitCheck0 = 9'h080 + 9'(LicenceCheckOffset / 16), UnitCheck1 = 9'h081 + 9'(LicenceCheckOffset / 16),
    UnitTag0 = 9'h080 + 9'(LicenceTagOffset / 16), UnitTag1 = 9'h081 + 9'(LicenceTagOffset / 16),
    UnitS0 = 9'h040, UnitS1 = 9'h041, UnitA0 = 9'h042, UnitA1 = 9'h043,
    UnitLink0 = 9'h020 + 9'(LicenceWrappedOffset / 16), UnitLink1 = 9'h021 + 9'(LicenceWrappedOffset / 16),
    UnitP0 = 9'h0a0 + 9'(LicenceWrappedOffset / 16), UnitP1 = 9'h0a1 + 9'(LicenceWrappedOffset / 16),
    UnitSealP0 = 9'h0b0 + 9'(LicenceWrappedOffset / 16), UnitSealP1 = 9'h0b1 + 9'(LicenceWrappedOffset / 16),
    UnitSameHead = 9'h180 + 9'(LicenceHeadOffset / 16),
    UnitSameId = 9'h180 + 9'(LicenceIdOffset / 16),
    UnitSameTag = 9'h180 + 9'(LicenceHeaderTagOffset / 16)
  } unit_e;
  localparam int unsigned HeaderBit = 8;
  localparam int unsigned LicenceBit = 7;
  localparam int unsigned DeviceBit = 6;
  localparam int unsigned LinkBit = 5;
  localparam int unsigned SealedBit = 4;

  typedef enum logic [2:0] {
    StepHeader,  // no derivation: its words are compared
    StepLicence, StepEnrol, StepKek, StepCheck, StepMac, StepProg, StepWeights
  } step_e;

  localparam int unsigned MaxUnits = 12;  // with the end mark
  typedef unit_e message_t[MaxUnits];
  localparam message_t Messages[8] = '{
    StepHeader:  '{0: UnitSameHead, 1: UnitSameId, 2: UnitSameTag, default: UnitEnd},
    StepLicence: '{0: UnitLabel, 1: UnitA0, 2: UnitA1, 3: UnitHead, 4: UnitId, 5: UnitHeaderTag,
                   6: UnitW0, 7: UnitW1, 8: UnitCheck0, 9: UnitCheck1, default: UnitEnd},
    StepEnrol:   '{0: UnitLabel, 1: UnitS0, 2: UnitS1, 3: UnitA0, 4: UnitA1, default: UnitEnd},
    StepKek:     '{0: UnitLabel, 1: UnitLink0, 2: UnitLink1, 3: UnitId, 4: UnitPolicy,
                   default: UnitEnd},
    StepCheck:   '{0: UnitLabel, 1: UnitLink0, 2: UnitLink1, 3: UnitW0, 4: UnitW1,
                   default: UnitEnd},
    StepMac:     '{0: UnitLabel, 1: UnitA0, 2: UnitA1, 3: UnitId, 4: UnitSealP0, 5: UnitSealP1,
                   default: UnitEnd},
    StepProg:    '{0: UnitLabel, 1: UnitA0, 2: UnitA1, 3: UnitId, 4: UnitSealP0, 5: UnitSealP1,
                   default: UnitEnd},
    StepWeights: '{0: UnitLabel, 1: UnitA0, 2: UnitA1, 3: UnitP0, 4: UnitP1, 5: UnitId,
                   default: UnitEnd}
  };
  // verilog_format: on

  function automatic block_t label(step_e step);
    unique case (step)
      StepLicence: return KdfLicence;
      StepEnrol: return KdfEnrol;
      StepKek: return KdfKek;
      StepCheck: return KdfCheck;
      StepMac: return KdfMac;
      StepProg: return KdfProg;
      default: return KdfWeights;
    endcase
  endfunction

  // ---------------------------------------------------------------------------------------- sequence
  typedef enum logic [2:0] {
    StIdle,
    StMessage,  // the words of one derivation
    StDigest,  // wait for its digest, compare it
    StKey,  // hand a key to the unsealer
    StUsable,  // wait until the unsealer has expanded its keys
    StDone
  } state_e;

  state_e state_q;
  step_e step_q;
  logic [5:0] position_q;  // unit and word of the message; then the word of the digest, 7 to 0
  logic granted_q;  // nothing refused so far
  unit_e unit_q;  // `unit` and the number of its word a cycle later, with its words here
  logic [1:0] index_q;
  logic unit_valid_q;
  logic unit_last_q;
  logic [31:0] word_q;  // `word` another cycle later, on its way to the hash or the comparison
  logic word_valid_q;
  logic word_last_q;
  logic [1:0][31:0] sum_q;  // the digest's word on its way beside it, [1] the later one
  logic [1:0] sum_valid_q;
  logic [1:0] digest_valid_q;
  logic [31:0] difference_q;  // of the last word of digest or header and the licence's
  logic differs_q;  // a word before it differed
  logic same_q;  // word_q is a sum that must be zero
  logic matches_header_q;
  status_e status_q;
  key_t link_q;  // D, later KEK
  unit_e unit, read_unit;
  logic differs, word_last, word_ready, word_taken, sum_valid, digest_valid, makes_key;
  logic [31:0] word, sum;
  key_t digest;

  always_comb begin
    unit = Messages[step_q][position_q[5:2]];
    if (state_q == StDigest) begin
      if (step_q == StepCheck) unit = position_q[2] ? UnitCheck1 : UnitCheck0;
      else unit = position_q[2] ? UnitTag1 : UnitTag0;
    end
  end
  assign word_last = Messages[step_q][position_q[5:2]+4'd1] == UnitEnd && position_q[1:0] == 2'd3;

  logic [ 3:0][31:0] header_words;
  logic [ 3:0][31:0] licence_words;
  logic [15:0][31:0] device_words;
  logic [ 7:0][31:0] link_words;
  logic [ 3:0][31:0] label_words;
  logic              sealed;
  logic              absent;  // P in `blind`
  logic              link_upper;
  assign sealed = policy_i == PolicySealed;
  assign licence_words = licence_word_i;
  assign device_words = {owner_key_i, secret_i};
  assign link_words = link_q;
  assign label_words = label(step_q);
  assign absent = unit_q[SealedBit] && !sealed;
  assign link_upper = unit_q[3:0] != 4'(LicenceWrappedOffset / 16);

  // As long as the words of a unit are used, they are read.
  assign read_unit = word_taken ? unit : unit_q;
  assign licence_place_o = read_unit[3:0];
  assign header_place_o  = header_place_t'((read_unit == UnitSameId ? HeaderIdOffset : HeaderTagOffset) / 16);
  assign header_words = unit_q == UnitSameHead ? {56'd0, policy_i, LicenceMagic} : header_word_i;

  always_comb begin
    word = '0;
    if (unit_q == UnitLabel) word = label_words[index_q];
    if (unit_q == UnitPolicy && index_q == 2'd0) word = 32'(policy_i);
    if (unit_q[LicenceBit] && !absent) word ^= licence_words[index_q];
    if (unit_q[HeaderBit]) word ^= header_words[index_q];
    if (unit_q[DeviceBit]) word ^= device_words[{unit_q[1:0], index_q}];
    if (unit_q[LinkBit] && !absent) word ^= link_words[{link_upper, index_q}];
  end

  kdf u_kdf (
      .clk_i,
      .rst_ni,
      .clear_i       (clear_i || state_q == StDone),
      .word_valid_i  (word_valid_q),
      .word_ready_o  (word_ready),
      .word_last_i   (word_last_q),
      .word_i        (word_q),
      .sum_valid_o   (sum_valid),
      .sum_o         (sum),
      .digest_valid_o(digest_valid),
      .digest_o      (digest)
  );

  // While a digest comes out, the word beside it is only compared; the message has gone long before.
  assign word_taken    = !word_valid_q || word_ready;

  assign idle_o        = state_q == StIdle;
  assign open_done_o   = state_q == StDone;
  assign open_status_o = status_q;
  assign revoke_o      = state_q == StIdle && open_valid_i;
  assign differs       = differs_q || difference_q != '0;
  assign makes_key     = step_q inside {StepMac, StepProg, StepWeights};
  assign key_valid_o   = state_q == StKey && granted_q;
  assign key_o         = digest;

  always_comb begin
    unique case (step_q)
      StepProg: key_slot_o = SlotProgram;
      StepWeights: key_slot_o = SlotWeights;
      default: key_slot_o = SlotMac;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      state_q          <= StIdle;
      step_q           <= StepHeader;
      position_q       <= 6'd0;
      granted_q        <= 1'b0;
      differs_q        <= 1'b0;
      status_q         <= StatusNone;
      link_q           <= '0;
      unit_q           <= UnitEnd;
      index_q          <= '0;
      unit_valid_q     <= 1'b0;
      unit_last_q      <= 1'b0;
      word_q           <= '0;
      word_valid_q     <= 1'b0;
      word_last_q      <= 1'b0;
      sum_q            <= '0;
      sum_valid_q      <= '0;
      digest_valid_q   <= '0;
      difference_q     <= '0;
      same_q           <= 1'b0;
      matches_header_q <= 1'b0;
    end else begin
      if (word_taken) begin
        unit_q       <= unit;
        index_q      <= position_q[1:0];
        unit_valid_q <= state_q == StMessage;
        unit_last_q  <= word_last;
        word_q       <= word;
        word_valid_q <= unit_valid_q && !unit_q[HeaderBit];
        word_last_q  <= unit_last_q;
        same_q       <= unit_valid_q && unit_q[HeaderBit];
      end
      sum_q          <= {sum_q[0], sum_valid ? sum : 32'd0};
      sum_valid_q    <= {sum_valid_q[0], sum_valid};
      digest_valid_q <= {digest_valid_q[0], digest_valid};
      difference_q   <= same_q || (sum_valid_q[1] && state_q == StDigest) ? sum_q[1] ^ word_q : '0;
      unique case (state_q)
        StIdle: begin
          step_q           <= StepHeader;
          position_q       <= 6'd0;
          granted_q        <= 1'b1;
          status_q         <= StatusOk;
          matches_header_q <= policy_i inside {PolicySealed, PolicyBlind};
          if (open_valid_i) begin
            if (!licence_present_i || !enrolled_i || secret_failed_i) begin
              state_q   <= StDone;
              granted_q <= 1'b0;
              status_q  <= StatusNoSecret;
              if (!enrolled_i) status_q <= StatusNotEnrolled;
              if (!licence_present_i) status_q <= StatusNoLicence;
            end else if (secret_valid_i) begin
              state_q <= StMessage;
            end
          end
        end
        StMessage: begin
          differs_q <= 1'b0;
          // The last differences come when the licence's own derivation has begun.
          if (difference_q != '0) matches_header_q <= 1'b0;
          if (word_taken) begin
            position_q <= position_q + 6'd1;
            if (word_last && step_q == StepHeader) begin
              step_q     <= StepLicence;
              position_q <= 6'd0;
            end else if (word_last) begin
              state_q    <= StDigest;
              position_q <= 6'd7;
            end
          end
        end
        StDigest: begin
          if (sum_valid) position_q <= position_q - 6'd1;
          differs_q <= differs;
          if (digest_valid_q[1]) begin
            position_q <= 6'd0;
            if (makes_key) begin
              state_q <= StKey;
            end else begin
              state_q <= StMessage;
              step_q  <= step_e'(step_q + 3'd1);
            end
            unique case (step_q)
              StepLicence: begin
                if (differs || !matches_header_q) begin
                  granted_q <= 1'b0;
                  status_q  <= StatusLicenceRefused;
                end
              end
              StepEnrol, StepKek: link_q <= digest;
              StepCheck: begin
                if (sealed && differs && granted_q) begin
                  granted_q <= 1'b0;
                  status_q  <= StatusWrongDevice;
                end
              end
              default: ;
            endcase
          end
        end
        StKey: begin
          if (!granted_q || key_ready_i) begin
            if (step_q == StepWeights) begin
              state_q <= granted_q ? StUsable : StDone;
            end else begin
              state_q <= StMessage;
              step_q  <= step_e'(step_q + 3'd1);
            end
          end
        end
        StUsable: if (keys_usable_i) state_q <= StDone;
        default: begin
          state_q   <= StIdle;
          granted_q <= 1'b0;
          link_q    <= '0;
        end
      endcase
    end
  end

  `KEYWAY_ASSERT_NEXT(OpenIsLevel, open_valid_i && !open_done_o, open_valid_i || clear_i)
  `KEYWAY_ASSERT_NEXT(DoneForgets, open_done_o, link_q == '0 && digest == '0)
  `KEYWAY_ASSERT(KeysOnlyIfGranted, !key_valid_o || status_q == StatusOk)

endmodule
