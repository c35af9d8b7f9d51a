// SPDX-License-Identifier: Apache-2.0
// Types that the blocks of the shell share.

// A test of one block uses some of it only.
// verilator lint_off UNUSEDPARAM
// verilator lint_off UNUSEDSIGNAL
package keyway_shell_pkg;

  // Everything inside the core moves in words of 16 bytes; byte k of a word is bits 8k+7..8k.
  parameter int unsigned WordBytes = 16;
  typedef logic [127:0] word_t;

  // A part of the host's memory that a start was given.
  typedef struct packed {
    logic [63:0] address;  // multiple of 16; the low four bits are ignored
    logic [31:0] bytes;
  } buffer_t;

  // A transfer between a buffer and a stream of words.
  typedef struct packed {
    logic [43:0] offset;  // from the buffer's address, multiple of 16
    logic [31:0] bytes;   // 0: the request is accepted and moves nothing
  } dma_request_t;

  // A part of a request that one AXI burst serves.
  typedef struct packed {
    logic [63:0] address;     // multiple of 16
    logic [8:0]  words;       // 1..256
    logic        last;        // of its request
    logic [3:0]  last_bytes;  // bytes used of the request's last word, 0 = 16
  } burst_t;

  // Who reads from the bus; the order is explained in axi_read_dma.sv.
  parameter int unsigned ReadClients = 3;
  parameter int unsigned ClientInput = 0;
  parameter int unsigned ClientHeader = 1;  // and licence
  parameter int unsigned ClientFrames = 2;

  // What the conductor reads of a header block.
  typedef struct packed {
    logic [63:0] magic;
    logic [7:0]  policy;
    logic [7:0]  lanes;
    logic [7:0]  depth;
    logic [7:0]  array_kind;
    logic [7:0]  resident;
    logic [31:0] contract;
    logic [31:0] manifest_bytes;
    logic [31:0] header_pages;
    logic [31:0] program_frames;
    logic [31:0] total_frames;
    logic [31:0] activation_bytes;
    logic [31:0] weight_bytes;
  } header_t;

  parameter int unsigned HeaderBits = 8 * keyway_contract_pkg::HeaderBlockBytes;
  parameter int unsigned HeaderWords = keyway_contract_pkg::HeaderBlockBytes / WordBytes;
  parameter int unsigned LicenceWords = keyway_contract_pkg::LicenceBytes / WordBytes;
  parameter int unsigned FrameWords = keyway_contract_pkg::FrameBytes / WordBytes;
  parameter int unsigned PayloadWords = keyway_contract_pkg::PayloadBytes / WordBytes;

  // Fields that only software or the lock unit reads are skipped.
  function automatic header_t decode_header(logic [HeaderBits-1:0] block);
    header_t header;
    header.magic            = block[8*keyway_contract_pkg::HeaderMagicOffset+:64];
    header.policy           = block[8*keyway_contract_pkg::HeaderPolicyOffset+:8];
    header.lanes            = block[8*keyway_contract_pkg::HeaderLanesOffset+:8];
    header.depth            = block[8*keyway_contract_pkg::HeaderDepthOffset+:8];
    header.array_kind       = block[8*keyway_contract_pkg::HeaderArrayKindOffset+:8];
    header.resident         = block[8*keyway_contract_pkg::HeaderResidentOffset+:8];
    header.contract         = block[8*keyway_contract_pkg::HeaderContractOffset+:32];
    header.manifest_bytes   = block[8*keyway_contract_pkg::HeaderManifestBytesOffset+:32];
    header.header_pages     = block[8*keyway_contract_pkg::HeaderHeaderPagesOffset+:32];
    header.program_frames   = block[8*keyway_contract_pkg::HeaderProgramFramesOffset+:32];
    header.total_frames     = block[8*keyway_contract_pkg::HeaderTotalFramesOffset+:32];
    header.activation_bytes = block[8*keyway_contract_pkg::HeaderActivationBytesOffset+:32];
    header.weight_bytes     = block[8*keyway_contract_pkg::HeaderWeightBytesOffset+:32];
    return header;
  endfunction

endpackage
// verilator lint_on UNUSEDSIGNAL
// verilator lint_on UNUSEDPARAM
