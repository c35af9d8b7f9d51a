// SPDX-License-Identifier: Apache-2.0
// The lock: opens a licence with the device's secrets and unseals the frames of its package.
//
//                 secret_i owner_key_i                 data_i (bus)
//                        |                                |
//   licence, header -> licence_opener -- Kmac, Kprog, --> unsealer --> payload, verdicts
//                                        Kweights            ^
//            header ------------------------------------------'
//
// Header and licence stand in the shell; a word of theirs is the one of the place that was asked for in the
// cycle before. What they hold does not change from an open to the end of its header frame.
//
// What enters: the device identity's pins, and bytes that the host controls. What leaves: payload,
// verdicts, a status, places of words (by a public sequence). Keys, the device's secrets and what is derived
// from them leave on no port, and no input selects them for the data path; plain frames pass by the keys.
// (SEC: KEYS_OFF_BUS)
//
// Timing: an open takes about 1400 cycles. A 4096-byte frame takes 256 cycles (fast), frames follow each
// other without a gap; or 4352 (iterative).
// Contract: see licence_opener.sv and unsealer.sv. Frames are accepted only while no licence is being
// opened, and a licence is opened only while no frame is here (assertion OpenAlone). An open, granted
// or not, forgets the keys of the one before. clear_i (level) forgets keys and states, in one cycle.
// (SEC: PURGE) Byte k of every wide port is bits 8k+7..8k.
// Source: contract.toml (package and licence). Test: tests/rtl/lock/test_licence.cpp, test_frame.cpp,
// test_forget.cpp.
`include "assert.svh"
module lock_unit
  import keyway_contract_pkg::*;
  import keyway_lock_pkg::*;
#(
    parameter unsealer_kind_e UnsealerKind = UnsealerFast
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    // Pins of the device identity.
    input  key_t                   secret_i,           // S, once it is valid: device_secret.sv
    input  logic                   secret_valid_i,
    input  logic                   secret_failed_i,
    input  key_t                   owner_key_i,
    input  logic                   enrolled_i,
    // Forget all keys and states, as long as it is high.
    input  logic                   clear_i,
    output logic                   idle_o,
    // Open a licence. The first 128 bytes of the header frame must be those of the stored header, or
    // frame_ok_o is 0.
    input  logic                   open_valid_i,
    input  logic           [  7:0] policy_i,           // the stored header's
    output header_place_t          header_place_o,
    input  block_t                 header_word_i,
    output licence_place_t         licence_place_o,
    input  block_t                 licence_word_i,
    input  logic                   licence_present_i,
    output logic                   open_done_o,
    output status_e                open_status_o,
    // Frames to come.
    input  logic                   frame_valid_i,
    output logic                   frame_ready_o,
    input  frame_kind_e            frame_kind_i,
    input  logic           [ 31:0] frame_index_i,
    input  logic           [ 31:0] total_frames_i,
    input  frame_beats_t           frame_beats_i,
    input  logic                   frame_plain_i,
    // Their bytes, from the bus.
    input  logic                   data_valid_i,
    output logic                   data_ready_o,
    input  logic           [127:0] data_i,
    // Deciphered payload, and the verdict on each frame.
    output logic                   payload_valid_o,
    output logic           [127:0] payload_o,
    output logic                   frame_done_o,
    output logic                   frame_ok_o
);

  logic opener_idle, unsealer_idle, revoke, opening;
  logic key_valid, key_ready, keys_usable, unsealer_frame_ready;
  key_slot_e key_slot;
  key_t      key;
  frame_t    frame;
  header_place_t opener_place, unsealer_place;

  assign opening = open_valid_i || !opener_idle;
  assign header_place_o = opener_idle ? unsealer_place : opener_place;
  assign idle_o = opener_idle && unsealer_idle;
  assign frame_ready_o = unsealer_frame_ready && !opening;
  assign frame = '{
          kind: frame_kind_i,
          index: frame_index_i,
          total: total_frames_i,
          last: frame_beats_i - 24'd1,
          plain: frame_plain_i,
          keyless: 1'b0
      };

  licence_opener u_opener (
      .clk_i,
      .rst_ni,
      .clear_i,
      .idle_o        (opener_idle),
      .secret_i,
      .secret_valid_i,
      .secret_failed_i,
      .owner_key_i,
      .enrolled_i,
      .open_valid_i,
      .policy_i,
      .header_place_o(opener_place),
      .header_word_i,
      .licence_place_o,
      .licence_word_i,
      .licence_present_i,
      .open_done_o,
      .open_status_o,
      .revoke_o      (revoke),
      .key_valid_o   (key_valid),
      .key_ready_i   (key_ready),
      .key_slot_o    (key_slot),
      .key_o         (key),
      .keys_usable_i (keys_usable)
  );

  unsealer #(
      .Kind(UnsealerKind)
  ) u_unsealer (
      .clk_i,
      .rst_ni,
      .clear_i       (clear_i || revoke),
      .idle_o        (unsealer_idle),
      .key_valid_i   (key_valid),
      .key_ready_o   (key_ready),
      .key_slot_i    (key_slot),
      .key_i         (key),
      .keys_usable_o (keys_usable),
      .header_place_o(unsealer_place),
      .header_word_i,
      .frame_valid_i (frame_valid_i && !opening),
      .frame_ready_o (unsealer_frame_ready),
      .frame_i       (frame),
      .data_valid_i,
      .data_ready_o,
      .data_i,
      .payload_valid_o,
      .payload_o,
      .frame_done_o,
      .frame_ok_o
  );

  `KEYWAY_ASSERT(OpenAlone, !revoke || unsealer_idle || clear_i)
  // What waits for ready holds, unless everything is being cleared.
  `KEYWAY_ASSERT_HOLD_IN(FrameHolds, frame_valid_i, frame_ready_o, frame)
  `KEYWAY_ASSERT_HOLD_IN(DataHolds, data_valid_i, data_ready_o, data_i)

endmodule
