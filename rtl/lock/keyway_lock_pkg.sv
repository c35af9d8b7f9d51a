// SPDX-License-Identifier: Apache-2.0
// Types and parameters that the blocks of the lock share.
//
// Byte order. Every 16-byte block and 32-byte key in rtl/lock has byte k of the standard's byte string
// in bits 8k+7..8k, as the bus does. AES works on that order as it stands (byte k is row k mod 4,
// column k / 4 of FIPS 197's state). SHA-256 and the counter of a counter block are big-endian in
// their standards and are swapped where they are formed (sha256.sv, frame_counter.sv); GHASH numbers
// the bits of a byte from its most significant one (ghash.sv).
// verilator lint_off UNUSEDPARAM
package keyway_lock_pkg;

  typedef logic [127:0] block_t;  // 16 bytes
  typedef logic [255:0] key_t;  // 32 bytes
  typedef logic [23:0] frame_beats_t;  // beats of 16 bytes of a frame, or of header pages

  // How much hardware unseals: chosen in aes256.sv and ghash.sv, nowhere else.
  typedef enum bit {
    UnsealerFast = 1'b0,  // one block (16 bytes) a cycle
    UnsealerIterative = 1'b1  // one AES round, one GHASH digit a cycle
  } unsealer_kind_e;

  // The keys that the cipher holds at a time.
  typedef enum logic [1:0] {
    SlotMac = 2'd0,
    SlotProgram = 2'd1,
    SlotWeights = 2'd2
  } key_slot_e;

  // Where words of 16 bytes stand in the stored header block and in the licence.
  typedef logic [$clog2(keyway_contract_pkg::HeaderBlockBytes/16)-1:0] header_place_t;
  typedef logic [$clog2(keyway_contract_pkg::LicenceBytes/16)-1:0] licence_place_t;

  // What a frame is; the initialisation vector is made of kind, index and total.
  typedef struct packed {
    keyway_contract_pkg::frame_kind_e kind;
    logic [31:0] index;
    logic [31:0] total;
    frame_beats_t last;  // number of its last beat of 16 bytes, counted from 0
    logic plain;
    logic keyless;  // locked, but no licence is open: cannot be verified
  } frame_t;

  // The header's tag is beat 4 of its first page, every other frame's is its last beat.
  parameter frame_beats_t HeaderTagBeat =
      24'(keyway_contract_pkg::HeaderTagOffset / keyway_contract_pkg::TagBytes);

  function automatic logic [31:0] swap_bytes(logic [31:0] word);
    return {word[7:0], word[15:8], word[23:16], word[31:24]};
  endfunction

endpackage
// verilator lint_on UNUSEDPARAM
