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
// it read is what is used. (SEC: ONE_COPY) They stand in two memories with one read port each: for the
// comparison while it goes on, else for the lock unit, which opens and checks headers at other times. The
// fields that the shell itself goes by stand in registers too, written in the same cycle with the same word.
// What the memories held before a load is not used: a licence that did not come is not present.
//
// Timing: both requests leave within two cycles, but a comparison behind a warm run holds them back
//   until the engine's first input is on its way (input_seen_i) or HoldCycles have passed. Words are
//   always taken. busy_o falls two cycles after the last word, with it mismatch_o is final.
// Contract: load_i and compare_i only when not busy (OneJob). clear_i stops a job, what is stored stays.
// Test: tests/rtl/shell/test_start.cpp.
`include "assert.svh"

module header_licence_store
  import keyway_shell_pkg::*;
  import keyway_lock_pkg::header_place_t;
  import keyway_lock_pkg::licence_place_t;
#(
    parameter int unsigned HoldCycles = 64
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  clear_i,
    input  logic                  load_i,
    input  logic                  compare_i,
    input  logic                  hold_i,             // with compare_i: let input go first
    input  logic                  input_seen_i,
    input  logic           [63:0] package_address_i,
    input  logic           [63:0] licence_address_i,
    output logic                  busy_o,
    output logic                  mismatch_o,
    // Bus.
    output logic                  request_valid_o,
    input  logic                  request_ready_i,
    output buffer_t               buffer_o,           // of the request
    output dma_request_t          request_o,
    input  logic                  data_valid_i,
    input  word_t                 data_i,
    // What is stored. A word is the one of the place in the cycle before, but not in a comparison.
    output header_t               header_o,
    output logic                  licence_present_o,
    input  header_place_t         header_place_i,
    output word_t                 header_word_o,
    input  licence_place_t        licence_place_i,
    output word_t                 licence_word_o
);

  localparam int unsigned Words = HeaderWords + LicenceWords;
  localparam int unsigned WordBits = $clog2(Words + 1);

  (* ram_style = "distributed" *)
  word_t header_words_q[HeaderWords];
  (* ram_style = "distributed" *)
  word_t licence_words_q[LicenceWords];
  word_t [HeaderWords-1:0] fields_q;  // what decode_header leaves out vanishes
  logic present_q;
  logic [1:0] requests_q;  // still to send: licence, header
  logic busy_q, compare_q, mismatch_q;
  logic [WordBytes-1:0] differs_q;  // which bytes of the last word did
  logic checking_q;  // they are there
  logic [WordBits-1:0] word_q, words_q;
  logic [$clog2(HoldCycles+1)-1:0] hold_q;
  logic with_licence;
  logic last;
  logic store, of_licence;
  logic [WordBits-1:0] next_word;
  word_t header_word_q, licence_word_q, expected;

  function automatic licence_place_t in_licence(logic [WordBits-1:0] word);
    return licence_place_t'(word - WordBits'(HeaderWords));
  endfunction

  assign with_licence = licence_address_i != '0;
  assign last = word_q + 1'b1 == words_q;
  assign store = data_valid_i && !compare_q;
  assign of_licence = word_q >= WordBits'(HeaderWords);
  assign expected = of_licence ? licence_word_q : header_word_q;
  assign next_word = compare_i ? '0 : word_q + WordBits'(data_valid_i);

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
      end
      if (differs_q != '0) mismatch_q <= 1'b1;
    end
    checking_q <= rst_ni && !clear_i && data_valid_i;
    for (int unsigned b = 0; b < WordBytes; b++) begin
      differs_q[b] <= rst_ni && !clear_i && compare_q && data_valid_i &&
                      data_i[8*b+:8] != expected[8*b+:8];
    end
  end

  always_ff @(posedge clk_i) begin
    if (store && !of_licence) header_words_q[header_place_t'(word_q)] <= data_i;
    if (store && of_licence) licence_words_q[in_licence(word_q)] <= data_i;
    if (compare_i || (busy_q && compare_q)) begin
      header_word_q  <= header_words_q[header_place_t'(next_word)];
      licence_word_q <= licence_words_q[in_licence(next_word)];
    end else begin
      header_word_q  <= header_words_q[header_place_i];
      licence_word_q <= licence_words_q[licence_place_i];
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fields_q  <= '0;
      present_q <= 1'b0;
    end else if (load_i) begin
      fields_q  <= '0;
      present_q <= with_licence;
    end else if (store && !of_licence) begin
      fields_q[header_place_t'(word_q)] <= data_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i || input_seen_i) hold_q <= '0;
    else if (compare_i && hold_i) hold_q <= ($clog2(HoldCycles + 1))'(HoldCycles);
    else if (hold_q != '0) hold_q <= hold_q - 1'b1;
  end

  assign request_valid_o = |requests_q && hold_q == '0;
  // Both lengths are fixed, so both buffers have at least a page, whatever the host says of them.
  assign buffer_o.address = requests_q[0] ? package_address_i : licence_address_i;
  assign buffer_o.bytes = 32'(keyway_contract_pkg::FrameBytes);
  assign request_o.offset = '0;
  assign request_o.bytes = requests_q[0] ? 32'(keyway_contract_pkg::HeaderBlockBytes) :
      32'(keyway_contract_pkg::LicenceBytes);

  assign busy_o = busy_q || checking_q;
  assign mismatch_o = mismatch_q;
  assign header_o = decode_header(fields_q);
  assign licence_present_o = present_q;
  assign header_word_o = header_word_q;
  assign licence_word_o = licence_word_q;

  `KEYWAY_ASSERT(StoreInLoad, !store || busy_q)
  `KEYWAY_ASSERT(OneJob, !(load_i || compare_i) || !busy_o)
  `KEYWAY_ASSERT(WordExpected, !data_valid_i || busy_q)
  `KEYWAY_ASSERT_HOLD(RequestHold, request_valid_o, request_ready_i || clear_i, {
                      buffer_o, request_o})

endmodule
