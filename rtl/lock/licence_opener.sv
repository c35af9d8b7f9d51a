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
// Everything passes one multiplexer word by word, which keeps it small: the messages, and what their
// digests are compared with while these come out.
// Refusals, the first that applies: NO_LICENCE, NOT_ENROLLED, LICENCE_REFUSED (the tag is not this
// owner's, or magic, policy, id or header tag are not the header's), WRONG_DEVICE (`sealed`, check
// value). In `blind` no comparison depends on S: a wrong device derives another P and goes on.
//
// Timing: open_valid_i is a level until the pulse open_done_o (assertion OpenIsLevel); the licence and
// the header's fields hold with it. About 1380 cycles; 2 without licence or enrolment.
// Contract: revoke_o is high when an open starts, so that the unsealer forgets earlier keys. D, KEK and
// the hash's state are zero from the cycle after open_done_o on (DoneForgets), and after clear_i.
// Source: contract.toml [[kdf]], [[licence_field]]. Test: tests/rtl/lock/test_licence.cpp.
`include "assert.svh"
module licence_opener
  import keyway_contract_pkg::*;
  import keyway_lock_pkg::*;
(
    input  logic               clk_i,
    input  logic               rst_ni,
    input  logic               clear_i,
    output logic               idle_o,
    input  key_t               secret_i,
    input  key_t               owner_key_i,
    input  logic               enrolled_i,
    input  logic               open_valid_i,
    input  logic      [   7:0] policy_i,
    input  block_t             id_i,
    input  block_t             header_tag_i,
    input  logic      [1151:0] licence_i,
    input  logic               licence_present_i,
    output logic               open_done_o,
    output status_e            open_status_o,
    // Keys for the unsealer.
    output logic               revoke_o,
    output logic               key_valid_o,
    input  logic               key_ready_i,
    output key_slot_e          key_slot_o,
    output key_t               key_o,
    input  logic               keys_usable_i
);

  // ------------------------------------------------------------------ what the derivations consist of
  // Halves of 32-byte fields are units of their own. Link is D, later KEK; SealP is P in `sealed`, zeros
  // in `blind`. A unit is the sum of what its upper bits name, at the index in the lower ones, which is
  // the place in the licence: P is W + link.
  // verilog_format: off
  typedef enum logic [7:0] {
    UnitEnd = 8'h00, UnitLabel = 8'h01, UnitPolicy = 8'h02,
    UnitHead = 8'h80 + 8'(LicenceHeadOffset / 16),
    UnitId = 8'h80 + 8'(LicenceIdOffset / 16),
    UnitHeaderTag = 8'h80 + 8'(LicenceHeaderTagOffset / 16),
    UnitW0 = 8'h80 + 8'(LicenceWrappedOffset / 16), UnitW1 = 8'h81 + 8'(LicenceWrappedOffset / 16),
    UnitCheck0 = 8'h80 + 8'(LicenceCheckOffset / 16), UnitCheck1 = 8'h81 + 8'(LicenceCheckOffset / 16),
    UnitTag0 = 8'h80 + 8'(LicenceTagOffset / 16), UnitTag1 = 8'h81 + 8'(LicenceTagOffset / 16),
    UnitS0 = 8'h40, UnitS1 = 8'h41, UnitA0 = 8'h42, UnitA1 = 8'h43,
    UnitLink0 = 8'h20 + 8'(LicenceWrappedOffset / 16), UnitLink1 = 8'h21 + 8'(LicenceWrappedOffset / 16),
    UnitP0 = 8'ha0 + 8'(LicenceWrappedOffset / 16), UnitP1 = 8'ha1 + 8'(LicenceWrappedOffset / 16),
    UnitSealP0 = 8'hb0 + 8'(LicenceWrappedOffset / 16), UnitSealP1 = 8'hb1 + 8'(LicenceWrappedOffset / 16)
  } unit_e;
  localparam int unsigned LicenceBit = 7;
  localparam int unsigned DeviceBit = 6;
  localparam int unsigned LinkBit = 5;
  localparam int unsigned SealedBit = 4;

  typedef enum logic [2:0] {
    StepLicence, StepEnrol, StepKek, StepCheck, StepMac, StepProg, StepWeights
  } step_e;

  localparam int unsigned MaxUnits = 12;  // with the end mark
  typedef unit_e message_t[MaxUnits];
  localparam message_t Messages[8] = '{
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
                   default: UnitEnd},
    default:     '{default: UnitEnd}
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

  // ------------------------------------------------------------------------------ header and licence
  wire block_t head = licence_i[8*LicenceHeadOffset+:128];
  wire block_t id = licence_i[8*LicenceIdOffset+:128];
  wire block_t licence_header_tag = licence_i[8*LicenceHeaderTagOffset+:128];

  wire sealed = policy_i == PolicySealed;
  wire matches_header = (sealed || policy_i == PolicyBlind) && head == {56'd0, policy_i, LicenceMagic}
      && id == id_i && licence_header_tag == header_tag_i;

  // ---------------------------------------------------------------------------------------- sequence
  typedef enum logic [2:0] {
    StIdle,
    StMessage,  // the words of one derivation
    StDigest,  // wait for its digest, compare it
    StKey,  // hand a key to the unsealer
    StUsable,  // wait until the unsealer has expanded its keys
    StDone
  } state_e;

  state_e         state_q;
  step_e          step_q;
  logic    [ 5:0] position_q;  // unit and word of the message; then the word of the digest, 7 to 0
  logic           granted_q;  // nothing refused so far
  logic    [31:0] word_q;  // `word` a cycle later, on its way to the hash or the comparison
  logic           word_valid_q;
  logic           word_last_q;
  logic    [31:0] sum_q;  // the digest's word beside it
  logic           sum_valid_q;
  logic           digest_valid_q;
  logic    [31:0] difference_q;  // of the digest's last word and the licence's
  logic           differs_q;  // a word before it differed
  logic           matches_header_q;
  status_e        status_q;
  key_t           link_q;  // D, later KEK
  unit_e          unit;
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

  logic [35:0][31:0] licence_words;
  logic [15:0][31:0] device_words;
  logic [ 7:0][31:0] link_words;
  logic [ 3:0][31:0] label_words;
  logic              absent;  // P in `blind`
  logic              link_upper;
  assign licence_words = licence_i;
  assign device_words  = {owner_key_i, secret_i};
  assign link_words    = link_q;
  assign label_words   = label(step_q);
  assign absent        = unit[SealedBit] && !sealed;
  assign link_upper    = unit[3:0] != 4'(LicenceWrappedOffset / 16);

  always_comb begin
    word = '0;
    if (unit == UnitLabel) word = label_words[position_q[1:0]];
    if (unit == UnitPolicy && position_q[1:0] == 2'd0) word = 32'(policy_i);
    if (unit[LicenceBit] && !absent) word ^= licence_words[{unit[3:0], position_q[1:0]}];
    if (unit[DeviceBit]) word ^= device_words[{unit[1:0], position_q[1:0]}];
    if (unit[LinkBit] && !absent) word ^= link_words[{link_upper, position_q[1:0]}];
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
      step_q           <= StepLicence;
      position_q       <= 6'd0;
      granted_q        <= 1'b0;
      differs_q        <= 1'b0;
      status_q         <= StatusNone;
      link_q           <= '0;
      word_q           <= '0;
      word_valid_q     <= 1'b0;
      word_last_q      <= 1'b0;
      sum_q            <= '0;
      sum_valid_q      <= 1'b0;
      digest_valid_q   <= 1'b0;
      difference_q     <= '0;
      matches_header_q <= 1'b0;
    end else begin
      matches_header_q <= matches_header;
      if (word_taken) begin
        word_q       <= word;
        word_valid_q <= state_q == StMessage;
        word_last_q  <= word_last;
      end
      sum_q          <= sum_valid ? sum : '0;
      sum_valid_q    <= sum_valid;
      digest_valid_q <= digest_valid;
      difference_q   <= sum_valid_q && state_q == StDigest ? sum_q ^ word_q : '0;
      unique case (state_q)
        StIdle: begin
          step_q     <= StepLicence;
          position_q <= 6'd0;
          granted_q  <= 1'b1;
          status_q   <= StatusOk;
          if (open_valid_i) begin
            state_q <= StMessage;
            if (!licence_present_i || !enrolled_i) begin
              state_q   <= StDone;
              granted_q <= 1'b0;
              status_q  <= licence_present_i ? StatusNotEnrolled : StatusNoLicence;
            end
          end
        end
        StMessage: begin
          differs_q <= 1'b0;
          if (word_taken) begin
            position_q <= position_q + 6'd1;
            if (word_last) begin
              state_q    <= StDigest;
              position_q <= 6'd7;
            end
          end
        end
        StDigest: begin
          if (sum_valid) position_q <= position_q - 6'd1;
          differs_q <= differs;
          if (digest_valid_q) begin
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

  `KEYWAY_ASSERT(OpenIsLevel, !$past(open_valid_i) || open_valid_i || $past(open_done_o) || clear_i)
  `KEYWAY_ASSERT(DoneForgets, !$past(open_done_o) || (link_q == '0 && digest == '0))
  `KEYWAY_ASSERT(KeysOnlyIfGranted, !key_valid_o || status_q == StatusOk)

endmodule
