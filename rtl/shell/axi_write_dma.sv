// SPDX-License-Identifier: Apache-2.0
// AXI4 write master: turns requests and a stream of words into bursts.
//
// Widths: 64 bits: a word makes two beats. 256, 512: two or four words make a beat; bytes before a
//   request's first and after its last one are not strobed, nor are those beyond `bytes` in its last
//   word.
// Timing: a request taken in cycle t has its address on the bus in t + 3; its data follow when the
//   address was accepted, one word a cycle. OutstandingBursts bursts may be open. Words pass a register.
// Contract: words are taken in the order of the requests. idle_o means that every request's last
//   answer has come; it comes a cycle late, see axi_read_dma. error_o rises with the first answer that is
//   not OKAY and stays until abort_i, and so does outside_o with a request that leaves buffer_i, which is
//   dropped (burst_splitter). abort_i (a level, held until idle_o, two cycles at least) drops
//   requests and words, from its second cycle to the one behind it; what is left of a burst whose address
//   is on the bus goes without a strobe, so that it changes nothing.
// Source: AMBA AXI4 specification (IHI 0022). Test: tests/rtl/shell/test_dma.cpp.
`include "assert.svh"

module axi_write_dma
  import keyway_shell_pkg::*;
#(
    parameter int unsigned AxiDataWidth = 128,
    parameter int unsigned OutstandingBursts = 4
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic                              abort_i,
    output logic                              idle_o,
    output logic                              error_o,
    output logic                              outside_o,
    output logic                              beat_o,           // a beat went: for counters
    output logic                              waiting_o,        // for the memory
    // Client.
    input  buffer_t                           buffer_i,
    input  logic                              request_valid_i,
    output logic                              request_ready_o,
    input  dma_request_t                      request_i,
    input  logic                              data_valid_i,
    output logic                              data_ready_o,
    input  word_t                             data_i,
    // Bus.
    output logic                              awvalid_o,
    input  logic                              awready_i,
    output logic         [              63:0] awaddr_o,
    output logic         [               7:0] awlen_o,
    output logic                              wvalid_o,
    input  logic                              wready_i,
    output logic         [  AxiDataWidth-1:0] wdata_o,
    output logic         [AxiDataWidth/8-1:0] wstrb_o,
    output logic                              wlast_o,
    input  logic                              bvalid_i,
    output logic                              bready_o,
    input  logic         [               1:0] bresp_i
);

  localparam int unsigned AxiBytes = AxiDataWidth / 8;
  localparam int unsigned AddressLow = $clog2(AxiBytes);
  localparam int unsigned CountBits = $clog2(OutstandingBursts) + 1;

  logic abort_q;
  always_ff @(posedge clk_i) abort_q <= rst_ni && abort_i;

  // ------------------------------------------------------------------------------ addresses
  logic burst_valid, burst_ready, splitter_idle;
  burst_t burst;

  burst_splitter #(
      .AxiDataWidth(AxiDataWidth)
  ) u_splitter (
      .clk_i,
      .rst_ni,
      .clear_i      (abort_q),
      .buffer_i,
      .request_valid_i,
      .request_ready_o,
      .request_i,
      .idle_o       (splitter_idle),
      .outside_o,
      .burst_valid_o(burst_valid),
      .burst_ready_i(burst_ready),
      .burst_o      (burst)
  );

  logic awvalid_q;
  burst_t address_q;
  logic [7:0] awlen_q;
  logic [CountBits-1:0] open_q;  // bursts issued and not answered
  logic issue, answer;
  logic [11:0] last_byte;

  assign burst_ready = (!awvalid_q || awready_i) && open_q != CountBits'(OutstandingBursts);
  assign issue = burst_valid && burst_ready;
  assign answer = bvalid_i && bready_o;
  assign last_byte = burst.address[11:0] + 12'({burst.words, 4'b0}) - 12'd1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      awvalid_q <= 1'b0;
      open_q <= '0;
    end else begin
      if (awready_i) awvalid_q <= 1'b0;
      if (issue) begin
        awvalid_q <= 1'b1;
        address_q <= burst;
        awlen_q   <= 8'(last_byte[11:AddressLow] - burst.address[11:AddressLow]);
      end
      open_q <= open_q + CountBits'(issue) - CountBits'(answer);
    end
  end

  assign awvalid_o = awvalid_q;
  assign awaddr_o  = {address_q.address[63:AddressLow], AddressLow'(0)};
  assign awlen_o   = awlen_q;

  // Bursts whose address was accepted wait here for their data; the FIFO holds all that can be open.
  logic head_valid, head_done, unused_ready;
  burst_t head;

  logic [$clog2(OutstandingBursts+1)-1:0] unused_count;

  fifo #(
      .Width($bits(burst_t)),
      .Depth(OutstandingBursts)
  ) u_bursts (
      .clk_i,
      .rst_ni,
      .clear_i(1'b0),
      .in_valid_i(awvalid_q && awready_i),
      .in_ready_o(unused_ready),
      .in_i(address_q),
      .out_valid_o(head_valid),
      .out_ready_i(head_done),
      .out_o(head),
      .count_o(unused_count)
  );

  // ------------------------------------------------------------------------------ data
  logic data_valid, data_ready;
  word_t data;

  stream_register #(
      .Width(128)
  ) u_words (
      .clk_i,
      .rst_ni,
      .clear_i    (abort_q),
      .in_valid_i (data_valid_i),
      .in_ready_o (data_ready_o),
      .in_i       (data_i),
      .out_valid_o(data_valid),
      .out_ready_i(data_ready),
      .out_o      (data)
  );

  logic word_room, word_taken, word_last;
  logic [8:0] count_q;  // words of this burst that are done
  word_t word;
  logic [15:0] word_strobe;
  logic wvalid_q, wlast_q;

  assign word_last = count_q + 9'd1 == head.words;
  assign word_taken = head_valid && word_room && (data_valid || abort_q);
  assign head_done = word_taken && word_last;
  assign data_ready = head_valid && word_room;
  assign word = abort_q ? '0 : data;

  always_comb begin
    word_strobe = '1;
    if (word_last && head.last && head.last_bytes != '0)
      word_strobe = ~(16'hffff << head.last_bytes);
    if (abort_q) word_strobe = '0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || head_done) count_q <= '0;
    else if (word_taken) count_q <= count_q + 9'd1;
  end

  if (AxiDataWidth == 64) begin : gen_narrow
    word_t data_q;
    logic [15:0] strobe_q;
    logic high_q;  // the low half is gone
    assign word_room = !wvalid_q || (wready_i && high_q);
    assign wdata_o   = high_q ? data_q[127:64] : data_q[63:0];
    assign wstrb_o   = high_q ? strobe_q[15:8] : strobe_q[7:0];
    assign wlast_o   = wlast_q && high_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        wvalid_q <= 1'b0;
        high_q   <= 1'b0;
      end else begin
        if (wvalid_q && wready_i) begin
          high_q <= !high_q;
          if (high_q) wvalid_q <= 1'b0;
        end
        if (word_taken) wvalid_q <= 1'b1;
      end
      // Where there is room, whatever stands there may come in: only wvalid_q says that it is a word.
      if (word_room) begin
        data_q   <= word;
        strobe_q <= word_strobe;
        wlast_q  <= word_last;
      end
    end
  end else begin : gen_wide
    localparam int unsigned WordsPerBeat = AxiDataWidth / 128;
    localparam int unsigned Mask = WordsPerBeat - 1;
    logic [1:0] position;
    logic filling_q;  // some words of the next beat are in
    logic [WordsPerBeat-1:0][127:0] data_q;
    logic [WordsPerBeat-1:0][15:0] strobe_q;
    assign position  = 2'((32'(head.address[5:4]) + 32'(count_q)) & Mask);
    assign word_room = !wvalid_q || wready_i;
    assign wdata_o   = data_q;
    assign wstrb_o   = strobe_q;
    assign wlast_o   = wlast_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) begin
        wvalid_q  <= 1'b0;
        filling_q <= 1'b0;
      end else begin
        if (wready_i) wvalid_q <= 1'b0;
        if (word_taken) begin
          filling_q <= !(word_last || position == 2'(Mask));
          wvalid_q  <= word_last || position == 2'(Mask);
        end
      end
      if (word_taken) begin
        wlast_q <= word_last;
        for (int unsigned i = 0; i < WordsPerBeat; i++) begin
          if (i == 32'(position)) begin
            data_q[i]   <= word;
            strobe_q[i] <= word_strobe;
          end else if (!filling_q) begin
            data_q[i]   <= '0;
            strobe_q[i] <= '0;
          end
        end
      end
    end
  end

  assign wvalid_o = wvalid_q;
  assign bready_o = 1'b1;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || abort_q) error_o <= 1'b0;
    else if (answer && bresp_i != 2'b00) error_o <= 1'b1;
  end

  assign beat_o = wvalid_o && wready_i;
  assign waiting_o = (awvalid_o && !awready_i) || (wvalid_o && !wready_i) ||
                     (open_q != '0 && !head_valid);

  always_ff @(posedge clk_i) begin
    idle_o <= rst_ni && splitter_idle && open_q == '0;
  end

  logic unused_bits;
  assign unused_bits = ^{last_byte[AddressLow-1:0], head.address, address_q.address[3:0]};

  `KEYWAY_ASSERT_HOLD(AddressHold, awvalid_o, awready_i, {awaddr_o, awlen_o})
  `KEYWAY_ASSERT_HOLD(DataHold, wvalid_o, wready_i, {wdata_o, wstrb_o, wlast_o})
  `KEYWAY_ASSERT(WithinPage,
                 !awvalid_o || 13'(awaddr_o[11:0]) + ((13'(awlen_o) + 1) << AddressLow) <= 13'h1000)
  `KEYWAY_ASSERT(AnswerExpected, !bvalid_i || open_q != '0)

endmodule
