// SPDX-License-Identifier: Apache-2.0
// Pass generator: turns jobs into passes, one ahead of the step generator.
//
// Mathematics: pass_walker gives tap (ky, kx) and block; the first step of the pass reads input row
//   input_y + ky and column input_x + kx. In window mode the columns left of the image that give no
//   output are left out: with C columns of taps and a first column x < 0, min(-x, C - 1) of them.
//   Row y of the block is in row bank (y + phase) mod 4 at base + (y + phase) / 4 * row_pitch, see
//   address_generator; that of the first row is made here, and step_generator counts from there.
// Timing: a pass every other cycle, which is as fast as tiles of 8 rows come; two more cycles between two
//   jobs, no more than a pass takes. What the pass before waits for does not come in here. The products of an
//   address are made in one cycle and added up in the next, when the pass is offered.
// Contract: jobs are taken in the order of their slots. pass_o holds until taken (assertion PassHolds).
// Test: tests/rtl/engine.
`include "assert.svh"

module pass_generator
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes      = 16,
    parameter  int unsigned Depth      = 16,
    localparam int unsigned BlockBanks = block_banks(Lanes, Depth),
    localparam int unsigned MaxColumns = max_columns(Depth)
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 clear_i,
    input  logic                 job_valid_i,   // the job of the next slot is there
    output logic                 job_taken_o,
    input  job_t                 job_i,
    input  logic  [SlotBits-1:0] job_slot_i,
    output logic                 pass_valid_o,
    input  logic                 pass_ready_i,
    output pass_t                pass_o
);

  logic job_valid_q, job_first_q, pass_valid_q;
  job_t job_q;
  logic [SlotBits-1:0] slot_q;
  pass_t pass_d, pass_q;

  logic [8:0] ky, kx, rows_left, columns_left;
  logic [12:0] block;
  logic pair, first, last, make, window;

  assign make        = job_valid_q && !pass_valid_q;
  assign job_taken_o = job_valid_i && !job_valid_q;

  pass_walker #(
      .Depth(Depth)
  ) u_walker (
      .clk_i,
      .rst_ni,
      .start_i       (job_taken_o),
      .next_i        (make),
      .layer_i       (job_i.layer),
      .ky_o          (ky),
      .kx_o          (kx),
      .block_o       (block),
      .rows_left_o   (rows_left),
      .columns_left_o(columns_left),
      .pair_o        (pair),
      .first_o       (first),
      .last_o        (last)
  );

  // ------------------------------------------------------------------ the pass at hand
  layer_t layer;
  multiply_t multiply;
  logic [15:0] block_word;
  logic [ColumnBits-1:0] columns, skipped;
  logic signed [15:0] first_column, row, position;
  logic [15:0] base_q, block_address_q, row_offset_q;

  assign layer = job_q.layer;
  assign multiply = job_q.multiply;
  assign window = layer.mode != ModeDense;
  assign columns      = (columns_left < 9'(MaxColumns)) ? columns_left[ColumnBits-1:0]
                                                        : ColumnBits'(MaxColumns);
  assign first_column = 16'(signed'(multiply.input_x)) + 16'(kx);
  assign block_word = 16'(block / 13'(BlockBanks));
  assign row = 16'(signed'(multiply.input_y)) + 16'(ky);
  assign position = row + signed'(16'(multiply.input_phase));

  always_comb begin
    skipped = '0;
    if (window && first_column < 0) begin
      skipped = columns - ColumnBits'(1);
      if (16'(skipped) > -first_column) skipped = ColumnBits'(-first_column);
    end
  end

  assign pass_d = '{
          slot: slot_q,
          mode: mode_e'(layer.mode),
          input_signed: layer.input_signed,
          job_first: job_first_q,
          first: first,
          last: last,
          second: pair ? rows_left > 9'd1 : block + 13'd1 < {1'b0, layer.blocks},
          pair_rows: pair,
          block_odd: (BlockBanks > 1) && block[0],
          rows: (rows_left > 9'(WindowRows)) ? 2'(WindowRows) : rows_left[1:0],
          columns: columns,
          lead: columns - ColumnBits'(1) - skipped,
          row: row,
          column: first_column + 16'(skipped),
          bank: position[1:0],
          row_address: '0,
          row_pitch: layer.input_row_pitch,
          row_stride:
          (
          layer.stride_y[2] ? layer.input_row_pitch : '0
          ) + (
          layer.stride_y[3] ? layer.input_row_pitch << 1 : '0
          ),
          input_height: layer.input_height,
          input_width: layer.input_width,
          stride_y: layer.stride_y,
          stride_x: layer.stride_x,
          height: multiply.height,
          width: multiply.width,
          waits: job_q.waits
      };

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      job_valid_q     <= 1'b0;
      job_first_q     <= 1'b0;
      job_q           <= '0;
      slot_q          <= '0;
      pass_valid_q    <= 1'b0;
      pass_q          <= '0;
      base_q          <= '0;
      block_address_q <= '0;
      row_offset_q    <= '0;
    end else begin
      if (pass_ready_i) pass_valid_q <= 1'b0;
      if (make) begin
        pass_valid_q    <= 1'b1;
        pass_q          <= pass_d;
        base_q          <= multiply.input_base;
        block_address_q <= window ? '0 : 16'(block_word * layer.input_block_pitch);
        row_offset_q    <= 16'(unsigned'(position >>> 2) * layer.input_row_pitch);
        job_first_q     <= 1'b0;
        if (last) job_valid_q <= 1'b0;
      end
      if (job_taken_o) begin
        job_valid_q <= 1'b1;
        job_first_q <= 1'b1;
        job_q       <= job_i;
        slot_q      <= job_slot_i;
      end
    end
  end

  assign pass_valid_o = pass_valid_q;

  always_comb begin
    pass_o = pass_q;
    pass_o.row_address = base_q + block_address_q + row_offset_q;
  end

  logic unused_bits;
  assign unused_bits = ^{layer, multiply, pass_q};

  `KEYWAY_ASSERT_HOLD(PassHolds, pass_valid_o, pass_ready_i || clear_i, pass_o)

endmodule
