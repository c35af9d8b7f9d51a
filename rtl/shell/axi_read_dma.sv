// SPDX-License-Identifier: Apache-2.0
// AXI4 read master: turns requests of three clients into bursts and the answers into words.
//
// Clients (keyway_shell_pkg): the engine's input, header and licence, the frames.
//   Each has its own splitter; the arbiter chooses burst by burst. Input and frames take turns, so that
//   neither waits for more than 4 KiB of the other's; header and licence go before frames, and where
//   there are no frames after input: a warm start loses no cycle to the comparison behind it.
// Widths: 64 bits: two beats make a word. 256, 512: a beat holds two or four words; the ones before a
//   request's first and after its last are skipped. Each request starts with a fresh word.
// Timing: a request taken in cycle t has its address on the bus in t + 3. OutstandingBursts bursts
//   may be open; with at least 128 bits one word a cycle, over any latency that they cover.
//   A word stands at its client the cycle after its beat; no path leads from client to bus.
// Contract: data_valid_o is one-hot or zero, words come in the order of a client's requests, and a
//   client takes its words without waiting for another client's. error_o rises with the first answer
//   that is not OKAY and stays until flush_i, and so does outside_o with the first request that leaves its
//   client's buffer, which is dropped (burst_splitter). flush_i (a level, held until idle_o) drops requests
//   and answers; what is on the bus already is finished, as AXI demands. idle_o comes a cycle late: who reads
//   it knows that nothing was asked for in the cycle before.
// Source: AMBA AXI4 specification (IHI 0022). Test: tests/rtl/shell/test_dma.cpp.
`include "assert.svh"

module axi_read_dma
  import keyway_shell_pkg::*;
#(
    parameter int unsigned AxiDataWidth = 128,
    parameter int unsigned OutstandingBursts = 8  // at least 4
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    input  logic                            flush_i,
    output logic                            idle_o,
    output logic                            error_o,
    output logic                            outside_o,
    output logic                            beat_o,           // a beat came: for counters
    output logic                            waiting_o,        // for the memory
    // Clients.
    input  buffer_t      [ ReadClients-1:0] buffer_i,
    input  logic         [ ReadClients-1:0] request_valid_i,
    output logic         [ ReadClients-1:0] request_ready_o,
    input  dma_request_t [ ReadClients-1:0] request_i,
    output logic         [ ReadClients-1:0] data_valid_o,
    input  logic         [ ReadClients-1:0] data_ready_i,
    output word_t                           data_o,
    output logic                            data_last_o,      // of its request
    // Bus.
    output logic                            arvalid_o,
    input  logic                            arready_i,
    output logic         [            63:0] araddr_o,
    output logic         [             7:0] arlen_o,
    input  logic                            rvalid_i,
    output logic                            rready_o,
    input  logic         [AxiDataWidth-1:0] rdata_i,
    input  logic         [             1:0] rresp_i,
    input  logic                            rlast_i
);

  localparam int unsigned AxiBytes = AxiDataWidth / 8;
  localparam int unsigned AddressLow = $clog2(AxiBytes);
  localparam int unsigned ClientBits = $clog2(ReadClients);

  // ------------------------------------------------------------------------------ bursts
  logic   [ReadClients-1:0] burst_valid;
  logic   [ReadClients-1:0] burst_ready;
  burst_t [ReadClients-1:0] burst;
  logic   [ReadClients-1:0] splitter_idle;
  logic   [ReadClients-1:0] splitter_outside;

  for (genvar i = 0; i < ReadClients; i++) begin : gen_splitter
    burst_splitter #(
        .AxiDataWidth(AxiDataWidth)
    ) u_splitter (
        .clk_i,
        .rst_ni,
        .clear_i        (flush_i),
        .buffer_i       (buffer_i[i]),
        .request_valid_i(request_valid_i[i]),
        .request_ready_o(request_ready_o[i]),
        .request_i      (request_i[i]),
        .idle_o         (splitter_idle[i]),
        .outside_o      (splitter_outside[i]),
        .burst_valid_o  (burst_valid[i]),
        .burst_ready_i  (burst_ready[i]),
        .burst_o        (burst[i])
    );
  end

  logic [ClientBits-1:0] grant;
  logic frames_turn_q;  // input and frames alternate

  always_comb begin
    if (burst_valid[ClientInput] && !(burst_valid[ClientFrames] && frames_turn_q)) begin
      grant = ClientBits'(ClientInput);
    end else if (burst_valid[ClientHeader]) begin
      grant = ClientBits'(ClientHeader);
    end else begin
      grant = ClientBits'(ClientFrames);
    end
  end

  // ------------------------------------------------------------------------------ addresses
  // A burst in flight: which words of its beats belong to whom.
  typedef struct packed {
    logic [ClientBits-1:0] client;
    logic [8:0] words;
    logic [1:0] first;  // position of the first word in the first beat
    logic last;
  } flight_t;

  logic   flight_ready;
  logic   issue;
  burst_t chosen;
  flight_t flight, head;
  logic head_valid, head_done;
  logic arvalid_q;
  logic [63:0] araddr_q;
  logic [7:0] arlen_q;
  logic [11:0] last_byte;  // within its page

  assign chosen = burst[grant];
  assign issue = |burst_valid && flight_ready && (!arvalid_q || arready_i);
  assign last_byte = chosen.address[11:0] + 12'({chosen.words, 4'b0}) - 12'd1;

  always_comb begin
    burst_ready = '0;
    burst_ready[grant] = flight_ready && (!arvalid_q || arready_i);
  end

  always_comb begin
    flight.client = grant;
    flight.words  = chosen.words;
    flight.first  = AxiDataWidth <= 128 ? 2'd0 : 2'(chosen.address[5:4] & 2'(AxiBytes / 16 - 1));
    flight.last   = chosen.last;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      arvalid_q <= 1'b0;
      frames_turn_q <= 1'b0;
    end else begin
      if (arready_i) arvalid_q <= 1'b0;
      if (issue) begin
        arvalid_q <= 1'b1;
        araddr_q <= {chosen.address[63:AddressLow], AddressLow'(0)};
        arlen_q <= 8'(last_byte[11:AddressLow] - chosen.address[11:AddressLow]);
        frames_turn_q <= grant == ClientBits'(ClientInput);
      end
    end
  end

  assign arvalid_o = arvalid_q;
  assign araddr_o  = araddr_q;
  assign arlen_o   = arlen_q;

  logic [$clog2(OutstandingBursts+1)-1:0] unused_count;

  fifo #(
      .Width($bits(flight_t)),
      .Depth(OutstandingBursts)
  ) u_flights (
      .clk_i,
      .rst_ni,
      .clear_i(1'b0),
      .in_valid_i(issue),
      .in_ready_o(flight_ready),
      .in_i(flight),
      .out_valid_o(head_valid),
      .out_ready_i(head_done),
      .out_o(head),
      .count_o(unused_count)
  );

  // ------------------------------------------------------------------------------ answers
  logic word_valid, word_ready, word_taken, word_last, out_ready;
  word_t word;
  logic [8:0] count_q;  // words of this burst that are done

  assign word_last  = count_q + 9'd1 == head.words;
  assign word_ready = flush_i || out_ready;
  assign word_taken = word_valid && word_ready;
  assign head_done  = word_taken && word_last;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || head_done) count_q <= '0;
    else if (word_taken) count_q <= count_q + 9'd1;
  end

  if (AxiDataWidth == 64) begin : gen_narrow
    logic half_q;  // the low half of a word is in low_q
    logic [63:0] low_q;
    assign word = {rdata_i, low_q};
    assign word_valid = head_valid && rvalid_i && half_q;
    assign rready_o = head_valid && (!half_q || word_ready);
    always_ff @(posedge clk_i) begin
      if (!rst_ni) half_q <= 1'b0;
      else if (rvalid_i && rready_o) half_q <= !half_q;
      if (rvalid_i && !half_q) low_q <= rdata_i;
    end
  end else if (AxiDataWidth == 128) begin : gen_equal
    assign word = rdata_i;
    assign word_valid = head_valid && rvalid_i;
    assign rready_o = head_valid && word_ready;
  end else begin : gen_wide
    localparam int unsigned WordsPerBeat = AxiDataWidth / 128;
    localparam int unsigned PositionBits = $clog2(WordsPerBeat);
    logic [PositionBits-1:0] position;
    assign position = PositionBits'(head.first) + PositionBits'(count_q);
    assign word = rdata_i[128*position+:128];
    assign word_valid = head_valid && rvalid_i;
    assign rready_o = head_valid && word_ready && (word_last || &position);
  end

  // ------------------------------------------------------------------------------ words to clients
  logic out_valid, out_taken;
  logic [ReadClients-1:0] owner;

  stream_register #(
      .Width(ReadClients + 1 + 8 * WordBytes)
  ) u_words (
      .clk_i,
      .rst_ni,
      .clear_i    (flush_i),
      .in_valid_i (word_valid && !flush_i),
      .in_ready_o (out_ready),
      .in_i       ({ReadClients'(1) << head.client, word_last && head.last, word}),
      .out_valid_o(out_valid),
      .out_ready_i(out_taken),
      .out_o      ({owner, data_last_o, data_o})
  );

  assign data_valid_o = out_valid ? owner : '0;
  assign out_taken = |(owner & data_ready_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || flush_i) error_o <= 1'b0;
    else if (rvalid_i && rready_o && rresp_i != 2'b00) error_o <= 1'b1;
  end

  assign outside_o = |splitter_outside;
  assign beat_o = rvalid_i && rready_o;
  assign waiting_o = (arvalid_q && !arready_i) || (head_valid && !rvalid_i);

  always_ff @(posedge clk_i) begin
    idle_o <= rst_ni && !head_valid && !arvalid_q && &splitter_idle && !out_valid;
  end

  logic unused_burst;
  always_comb begin
    unused_burst = ^{chosen.last_bytes, chosen.address[3:0], last_byte[AddressLow-1:0], head.first, rlast_i};
    for (int unsigned i = 0; i < ReadClients; i++) unused_burst ^= ^burst[i].last_bytes;
  end

  `KEYWAY_ASSERT_HOLD(AddressHold, arvalid_o, arready_i, {araddr_o, arlen_o})
  `KEYWAY_ASSERT(WithinPage,
                 !arvalid_o || 13'(araddr_o[11:0]) + ((13'(arlen_o) + 1) << AddressLow) <= 13'h1000)
  `KEYWAY_ASSERT(AnswerExpected, !rvalid_i || head_valid)
  `KEYWAY_ASSERT(LastWhereExpected, !(rvalid_i && rready_o) || rlast_i == head_done)

endmodule
