// SPDX-License-Identifier: Apache-2.0
// Pass generator: the outer loops of a MULTIPLY, over taps and input blocks; one turn is a pass, which is
// one weight tile; or as many as digits of it count, on arrays that take one a pass.
//
// Mathematics: dense: for ky, for kx, for block; window: for ky in threes, for kx in MaxColumns. With two
//   words a step, block advances by two, or (pair_rows) ky does. See contract.toml. The first step of a
//   pass reads input row input_y + ky and column input_x + kx. In window mode the columns left of the
//   image that give no output are left out: with C columns of taps and a first column x < 0,
//   min(-x, C - 1) of them.
//   Row y of the block is in row bank (y + phase) mod 4 at base + (y + phase) / 4 * row_pitch, see
//   address_generator. The first one's address has a product, made once a job; from pass to pass ky
//   advances by three rows at most, and the address by a pitch where the bank wraps.
// Timing: start_i, with the job, sets the first pass, which stands three cycles later; next_i sets the
//   following one. What is left is counted down, since last_o decides in its cycle what comes next.
// Contract: no next_i before the first pass stands (assertion NextStands): parameters are read before
//   tiles. There is one of these, driven by the requests of tiles (weight_reader), and its passes wait for
//   the steps in a queue; so tiles and steps cannot disagree on how many passes a job has.
// Test: tests/rtl/engine.
`include "assert.svh"

module pass_generator
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes      = 16,
    parameter  int unsigned Depth      = 16,
    localparam int unsigned BlockBanks = block_banks(Lanes, Depth),
    localparam int unsigned ReadWords  = read_words(Depth),
    localparam int unsigned MaxColumns = max_columns(Depth)
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   clear_i,
    input  logic                   start_i,
    input  job_t                   job_i,
    input  logic    [SlotBits-1:0] slot_i,
    input  logic                   next_i,
    input  digits_t                weighs_i,  // of the pass at hand
    input  logic                   again_i,   // the next one is of the same tile
    output logic                   last_o,    // tile of its job
    output pass_t                  pass_o
);

  localparam int unsigned RowBits = 9;  // of a kernel's rows and columns, and one step more
  localparam int unsigned BlockBits = 13;

  // Of the job.
  logic window_q, pair_q, no_weights_q, half_tile_q;
  logic [SlotBits-1:0] slot_q;
  position_t input_x_q;
  activation_address_t row_pitch_q, block_pitch_q;
  logic [  RowBits-1:0] columns_q;
  logic [BlockBits-1:0] blocks_q;
  logic one_kx_q, one_block_q;  // these loops have one turn
  // Of the pass.
  logic [RowBits-1:0] rows_left_q, columns_left_q;  // of the kernel, with those of this pass
  logic [BlockBits-1:0] blocks_left_q;
  logic first_q, last_ky_q, last_kx_q, last_block_q;  // of their loops
  coordinate_t row_q, column_q;
  row_bank_t bank_q;
  activation_address_t row_address_q, block_address_q;
  logic block_odd_q;

  function automatic logic [RowBits-1:0] step_of_ky(logic window, logic pair);
    return window ? RowBits'(WindowRows) : pair ? RowBits'(2) : RowBits'(1);
  endfunction

  function automatic logic [RowBits-1:0] step_of_kx(logic window);
    return window ? RowBits'(MaxColumns) : RowBits'(1);
  endfunction

  function automatic logic [BlockBits-1:0] step_of_block(logic pair);
    return pair ? BlockBits'(1) : BlockBits'(ReadWords);
  endfunction

  // ------------------------------------------------------------------ of the job that comes
  layer_t layer;
  multiply_t multiply;
  logic window, pair, one_ky, one_kx, one_block;
  coordinate_t position;  // of input row 0 of the kernel among the rows of all banks

  assign layer     = job_i.layer;
  assign multiply  = job_i.multiply;
  assign window    = layer.mode != ModeDense;
  assign pair      = layer.pair_rows && !window && ReadWords == 2;
  assign one_ky    = RowBits'(layer.kernel_h) <= step_of_ky(window, pair);
  assign one_kx    = RowBits'(layer.kernel_w) <= step_of_kx(window);
  assign one_block = window || BlockBits'(layer.blocks) <= step_of_block(pair);
  assign position  = 16'(multiply.input_y) + signed'(16'(multiply.input_phase));

  // ------------------------------------------------------------------ address of its first row
  logic [1:0] start_q;  // start_i one and two cycles ago
  coordinate_t position_q;
  activation_address_t row_offset_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      start_q      <= '0;
      position_q   <= '0;
      row_offset_q <= '0;
    end else begin
      start_q <= {start_q[0], start_i};
      if (start_i) position_q <= position;
      if (start_q[0]) row_offset_q <= 16'(unsigned'(position_q >>> 2) * row_pitch_q);
    end
  end

  // ------------------------------------------------------------------ the pass that follows
  logic [RowBits-1:0] ky_step, kx_step;
  logic [BlockBits-1:0] block_step;
  logic [2:0] next_bank;  // and whether it wraps
  logic next_word;  // the next block is in another word of the block banks

  assign ky_step    = step_of_ky(window_q, pair_q);
  assign kx_step    = step_of_kx(window_q);
  assign block_step = step_of_block(pair_q);
  assign next_bank  = 3'(bank_q) + ky_step[2:0];
  assign next_word  = BlockBanks == 1 || (ReadWords == 2 && !pair_q) || block_odd_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      window_q        <= 1'b0;
      pair_q          <= 1'b0;
      no_weights_q    <= 1'b0;
      half_tile_q     <= 1'b0;
      slot_q          <= '0;
      input_x_q       <= '0;
      row_pitch_q     <= '0;
      block_pitch_q   <= '0;
      columns_q       <= '0;
      blocks_q        <= '0;
      one_kx_q        <= 1'b0;
      one_block_q     <= 1'b0;
      rows_left_q     <= '0;
      columns_left_q  <= '0;
      blocks_left_q   <= '0;
      first_q         <= 1'b0;
      last_ky_q       <= 1'b0;
      last_kx_q       <= 1'b0;
      last_block_q    <= 1'b0;
      row_q           <= '0;
      column_q        <= '0;
      bank_q          <= '0;
      row_address_q   <= '0;
      block_address_q <= '0;
      block_odd_q     <= 1'b0;
    end else if (start_i) begin
      window_q        <= window;
      pair_q          <= pair;
      no_weights_q    <= needs_no_weights(layer.ones, layer.mode);
      half_tile_q     <= has_nibbles(layer.number_system);
      slot_q          <= slot_i;
      input_x_q       <= multiply.input_x;
      row_pitch_q     <= layer.input_row_pitch;
      block_pitch_q   <= layer.input_block_pitch;
      columns_q       <= RowBits'(layer.kernel_w);
      blocks_q        <= BlockBits'(layer.blocks);
      one_kx_q        <= one_kx;
      one_block_q     <= one_block;
      rows_left_q     <= RowBits'(layer.kernel_h);
      columns_left_q  <= RowBits'(layer.kernel_w);
      blocks_left_q   <= BlockBits'(layer.blocks);
      first_q         <= 1'b1;
      last_ky_q       <= one_ky;
      last_kx_q       <= one_kx;
      last_block_q    <= one_block;
      row_q           <= 16'(multiply.input_y);
      column_q        <= 16'(multiply.input_x);
      bank_q          <= position[1:0];
      row_address_q   <= multiply.input_base;
      block_address_q <= '0;
      block_odd_q     <= 1'b0;
    end else if (start_q[1]) begin
      row_address_q <= row_address_q + row_offset_q;
    end else if (next_i && again_i) begin
      first_q <= 1'b0;
    end else if (next_i) begin
      // What is the last turn after this one follows from what is left now.
      first_q <= 1'b0;
      if (last_block_q) begin
        blocks_left_q   <= blocks_q;
        last_block_q    <= one_block_q;
        block_address_q <= '0;
        block_odd_q     <= 1'b0;
        if (last_kx_q) begin
          columns_left_q <= columns_q;
          last_kx_q      <= one_kx_q;
          column_q       <= 16'(input_x_q);
          rows_left_q    <= rows_left_q - ky_step;
          last_ky_q      <= rows_left_q <= ky_step << 1;
          row_q          <= row_q + 16'(ky_step);
          bank_q         <= next_bank[1:0];
          if (next_bank[2]) row_address_q <= row_address_q + row_pitch_q;
        end else begin
          columns_left_q <= columns_left_q - kx_step;
          last_kx_q      <= columns_left_q <= kx_step << 1;
          column_q       <= column_q + 16'(kx_step);
        end
      end else begin
        blocks_left_q <= blocks_left_q - block_step;
        last_block_q  <= blocks_left_q <= block_step << 1;
        block_odd_q   <= BlockBanks > 1 && block_step[0] && !block_odd_q;
        if (next_word) block_address_q <= block_address_q + block_pitch_q;
      end
    end
  end

  assign last_o = last_ky_q && last_kx_q && last_block_q;

  // ------------------------------------------------------------------ the pass at hand
  logic [ColumnBits-1:0] columns, most_skipped, skipped;
  logic [3:0] outside;  // columns left of the image, 8 if there are more

  assign columns      = (columns_left_q < RowBits'(MaxColumns)) ? columns_left_q[ColumnBits-1:0]
                                                                : ColumnBits'(MaxColumns);
  // Zero where no job was: the queue of passes is cleared with what stands here.
  assign most_skipped = columns - ColumnBits'(columns != '0);
  assign outside = (column_q[15:3] == '1) ? 4'd8 - {1'b0, column_q[2:0]} : 4'd8;

  always_comb begin
    skipped = '0;
    if (window_q && column_q < 0) begin
      skipped = (outside < 4'(most_skipped)) ? outside[ColumnBits-1:0] : most_skipped;
    end
  end

  assign pass_o = '{
          slot: slot_q,
          no_weights: no_weights_q,
          half_tile: half_tile_q,
          weighs: weighs_i,
          first: first_q,
          last: last_o && !again_i,
          second: pair_q ? rows_left_q > RowBits'(1) : blocks_left_q > BlockBits'(1),
          block_odd: block_odd_q,
          rows: (rows_left_q > RowBits'(WindowRows)) ? 2'(WindowRows) : rows_left_q[1:0],
          columns: columns,
          lead: most_skipped - skipped,
          row: row_q,
          column: column_q + 16'(skipped),
          bank: bank_q,
          row_address: row_address_q + block_address_q
      };

  logic unused_bits;
  assign unused_bits = ^{layer, multiply, job_i};

  `KEYWAY_ASSERT(NextStands, !(next_i && start_q != '0))

endmodule
