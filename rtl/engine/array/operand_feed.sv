// SPDX-License-Identifier: Apache-2.0
// Operand feed: chooses, extends and pads what the banks gave.
//
// Mathematics: a byte becomes a 9-bit operand, sign- or zero-extended; outside the image it is 0, for
//   a maximum -256, which never wins. Dense: operand d = word * WordChannels + channel. Window: each
//   step shifts one column of three rows into [row][column][lane]; the newest is column
//   MaxColumns - 1. A row starts with an empty window.
// Timing: bank data and feed_i at t + 3, operands at t + 4. tile_start_o, at t + 3, tells that the
//   waiting tile becomes the active one in the next cycle, before the products of its pass's first step.
// Contract: the lanes leave out columns older than the pass or the row has (columns_live_o).
// Test: tests/rtl/engine (signed and unsigned, padding, 1 to MaxColumns columns).

module operand_feed
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes        = 16,
    parameter  int unsigned Depth        = 16,
    localparam int unsigned WordChannels = word_channels(Depth),
    localparam int unsigned BlockBanks   = block_banks(Lanes, Depth),
    localparam int unsigned ReadWords    = read_words(Depth),
    localparam int unsigned LaneWords    = lane_words(Lanes, Depth),
    localparam int unsigned MaxColumns   = max_columns(Depth)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input feed_t feed_i,
    input logic [3:0][BlockBanks-1:0][8*WordChannels-1:0] read_data_i,
    output logic tile_start_o,
    // Operands of the step at t + 4
    output logic column_valid_o,
    output mode_e mode_o,
    output logic logarithms_o,  // of the operands are wanted
    output logic [MaxColumns-1:0] columns_live_o,
    output logic [ActivationBits-1:0] dense_o[Depth],
    output logic [WindowRows-1:0][Lanes-1:0][ActivationBits-1:0] column_o,
    output token_t token_o
);

  localparam int unsigned WordOperands = ActivationBits * WordChannels;

  function automatic logic [WordOperands-1:0] extend(logic [8*WordChannels-1:0] word,
                                                     logic is_signed);
    logic [WordOperands-1:0] operands;
    for (int c = 0; c < int'(WordChannels); c++) begin
      operands[ActivationBits*c+:ActivationBits] = {is_signed && word[8*c+7], word[8*c+:8]};
    end
    return operands;
  endfunction

  logic window;
  assign window       = feed_i.mode != ModeDense;
  assign tile_start_o = feed_i.valid && feed_i.tile_first;

  // ------------------------------------------------------------------ dense
  for (genvar w = 0; w < int'(ReadWords); w++) begin : gen_word
    row_bank_t bank;
    logic [8*WordChannels-1:0] word;

    assign bank = feed_i.rotate + ((feed_i.pair_rows && w == 1) ? 2'd1 : 2'd0);

    always_comb begin
      word = read_data_i[bank][0];
      if (ReadWords == 2 && !feed_i.pair_rows) word = read_data_i[bank][w];
      else if (BlockBanks > 1) word = read_data_i[bank][feed_i.block_odd];
    end

    for (genvar c = 0; c < int'(WordChannels); c++) begin : gen_channel
      logic [ActivationBits-1:0] operand_q;

      always_ff @(posedge clk_i) begin
        if (!rst_ni || clear_i) begin
          operand_q <= '0;
        end else if (feed_i.valid && !window) begin
          operand_q <= feed_i.live[w] ? {feed_i.input_signed && word[8*c+7], word[8*c+:8]} : '0;
        end
      end

      assign dense_o[w*WordChannels+c] = operand_q;
    end
  end

  // ------------------------------------------------------------------ newest column of the window
  logic [ActivationBits-1:0] empty;
  assign empty = (feed_i.mode == ModeMaximum) ? NeverWins : '0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      column_o <= '0;
    end else if (feed_i.valid && window) begin
      for (int r = 0; r < int'(WindowRows); r++) begin
        row_bank_t bank;
        bank = feed_i.rotate + 2'(r);
        for (int w = 0; w < int'(LaneWords); w++) begin
          column_o[r][w*WordChannels+:WordChannels] <= feed_i.live[r] ?
              extend(read_data_i[bank][w], feed_i.input_signed) : {WordChannels{empty}};
        end
      end
    end
  end

  // ------------------------------------------------------------------ control
  // A column is live when it is one of the pass's newest and was read since the row began.
  logic [MaxColumns-1:0] since_d, since_q, wanted;

  always_comb begin
    since_d = feed_i.row_first ? '0 : since_q >> 1;
    since_d[MaxColumns-1] = 1'b1;
    for (int c = 0; c < int'(MaxColumns); c++) begin
      wanted[c] = ColumnBits'(MaxColumns - c) <= feed_i.columns;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      column_valid_o <= 1'b0;
      token_o        <= '0;
      mode_o         <= ModeDense;
      logarithms_o   <= 1'b0;
      columns_live_o <= '0;
      since_q        <= '0;
    end else begin
      column_valid_o <= feed_i.valid && window;
      token_o.valid  <= 1'b0;
      if (feed_i.valid) begin
        token_o      <= feed_i.token;
        mode_o       <= feed_i.mode;
        logarithms_o <= feed_i.logarithms;
        if (window) begin
          since_q        <= since_d;
          columns_live_o <= since_d & wanted;
        end
      end
    end
  end

endmodule
