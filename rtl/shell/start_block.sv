// SPDX-License-Identifier: Apache-2.0
// Holds the header block and the licence of what is open, and compares those of a new start with them.
//
// Two jobs, each begun by a pulse and each reading 128 bytes of header and, when the licence address
// is not zero, 144 bytes of licence:
//   load_i     what comes is stored; the conductor then checks it and has it authenticated.
//   compare_i  what comes is compared byte for byte; nothing is stored. mismatch_o rises with the
//              first difference, also with a licence that appeared or went.
// The stored bytes change in a load only, never while anything is open, so everything that was decided
// about them stays true; a comparison that fails leads to a load, which reads the bus again, and what
// it read is what is used. (SEC: ONE_COPY) They stand in registers, for whoever uses them at once, and
// in a memory, for the comparison, which takes one after the other: both are written in the same cycle
// with the same word. What the memory held before a load is not compared with anything.
//
// Timing: both requests leave within two cycles, but a comparison behind a warm run holds them back
//   until the engine's first input is on its way (input_seen_i) or HoldCycles have passed. Words are
//   always taken. busy_o falls after the last word.
// Contract: load_i and compare_i only when not busy (OneJob). clear_i stops a job, what is stored stays.
// Test: tests/rtl/shell/test_start.cpp.
`include "assert.svh"

module start_block
  import keyway_shell_pkg::*;
#(
    parameter int unsigned HoldCycles = 64
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    input  logic                           clear_i,
    input  logic                           load_i,
    input  logic                           compare_i,
    input  logic                           hold_i,             // with compare_i: let input go first
    input  logic                           input_seen_i,
    input  logic         [           63:0] package_address_i,
    input  logic         [           63:0] licence_address_i,
    output logic                           busy_o,
    output logic                           mismatch_o,
    // Bus.
    output logic                           request_valid_o,
    input  logic                           request_ready_i,
    output dma_request_t                   request_o,
    input  logic                           data_valid_i,
    input  word_t                          data_i,
    // What is stored.
    output logic         [ HeaderBits-1:0] header_o,
    output logic         [LicenceBits-1:0] licence_o,
    output logic                           licence_present_o
);

  localparam int unsigned Words = HeaderWords + LicenceWords;
  localparam int unsigned WordBits = $clog2(Words + 1);

  word_t [Words-1:0] stored_q;
  (* ram_style = "distributed" *)
  word_t copy_q[Words];
  logic present_q;
  logic [1:0] requests_q;  // still to send: licence, header
  word_t expected_q;  // the stored word that the next one is compared with
  logic busy_q, compare_q, mismatch_q;
  logic [WordBits-1:0] word_q, words_q;
  logic [$clog2(HoldCycles+1)-1:0] hold_q;
  logic with_licence;
  logic last;
  logic store;

  assign with_licence = licence_address_i != '0;
  assign last = word_q + 1'b1 == words_q;
  assign store = data_valid_i && !compare_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      busy_q <= 1'b0;
      requests_q <= '0;
      mismatch_q <= 1'b0;
    end else if (load_i || compare_i) begin
      busy_q <= 1'b1;
      compare_q <= compare_i;
      mismatch_q <= compare_i && present_q != with_licence;
      requests_q <= {with_licence, 1'b1};
      words_q <= with_licence ? WordBits'(Words) : WordBits'(HeaderWords);
      word_q <= '0;
    end else begin
      if (request_valid_o && request_ready_i) begin
        if (requests_q[0]) requests_q[0] <= 1'b0;
        else requests_q[1] <= 1'b0;
      end
      if (data_valid_i) begin
        word_q <= word_q + 1'b1;
        if (last) busy_q <= 1'b0;
        if (compare_q && data_i != expected_q) mismatch_q <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (store) copy_q[word_q] <= data_i;
    if (compare_i || data_valid_i) expected_q <= copy_q[compare_i||last?'0 : word_q+1'b1];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      stored_q  <= '0;
      present_q <= 1'b0;
    end else if (load_i) begin
      stored_q  <= '0;
      present_q <= with_licence;
    end else if (store) begin
      stored_q[word_q] <= data_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || input_seen_i) hold_q <= '0;
    else if (compare_i && hold_i) hold_q <= ($clog2(HoldCycles + 1))'(HoldCycles);
    else if (hold_q != '0) hold_q <= hold_q - 1'b1;
  end

  assign request_valid_o = |requests_q && hold_q == '0;
  assign request_o = requests_q[0] ?
      '{address: package_address_i, bytes: 32'(keyway_contract_pkg::HeaderBlockBytes)} :
      '{address: licence_address_i, bytes: 32'(keyway_contract_pkg::LicenceBytes)};

  assign busy_o = busy_q;
  assign mismatch_o = mismatch_q;
  assign header_o = stored_q[HeaderWords-1:0];
  assign licence_o = stored_q[Words-1:HeaderWords];
  assign licence_present_o = present_q;

  `KEYWAY_ASSERT(OneJob, !(load_i || compare_i) || !busy_q)
  `KEYWAY_ASSERT(WordExpected, !data_valid_i || busy_q)

endmodule
