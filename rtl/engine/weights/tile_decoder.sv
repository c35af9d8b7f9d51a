// SPDX-License-Identifier: Apache-2.0
// Tile decoder: weight words in, operands for the lanes out, 4 * Lanes of them a cycle, or 8 * Lanes.
//
// Mathematics: byte (d mod 4) + 4 * l of word d / 4 is the code of lane l, depth d; operand[k] is the
//   decoded byte k, and operand_late[k] a cycle later the same. With codes of four bits the lower half of
//   byte (d mod 4) + 4 * l of word d / 8 is that code if d / 4 is even, and operand[k] is of the lower half
//   of byte k; for odd d / 4 it is the upper half, and operand_late[k] of that. So lanes take depths of odd
//   d / 4 from operand_late, whatever the codes. A word marked `ones` is a whole tile of operands one.
// Timing: a word that is requested at r arrives at r + 1, waits in the queue at r + 2, reads its table
//   entries, or corrections (stand at r + 3), is decoded (stands at r + 4, operand_late a cycle later): one
//   word a cycle. When the lanes do not take operands it all stands still: room_o allows a request only when
//   its word will have a place, so instructions and tables can still be read meanwhile.
// Contract: a word comes only after room_o (assertion RoomKept); operands hold until taken (OperandsHold).
// Test: tests/rtl/engine.
`include "assert.svh"

module tile_decoder
  import keyway_contract_pkg::*;
  import keyway_logarithm_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes      = 16,
    parameter  array_kind_e ArrayKind  = ArrayKindMultiplier,
    localparam int unsigned Ports      = 4 * Lanes,
    localparam int unsigned WeightBits = weight_bits(ArrayKind)
) (
    input logic clk_i,
    input logic rst_ni,
    input logic clear_i,
    input logic [TableGroupBits+1:0] clear_address_i,
    // From the weight reader; read_data_i is the word
    input logic code_coming_i,  // in the next cycle
    input logic code_valid_i,
    input tile_word_t code_tile_i,
    input number_system_t code_system_i,
    input digits_t code_digits_i,
    input table_bank_t code_table_bank_i,
    input logic code_table_end_i,  // the last one of a job that needs its table
    input logic [8*Ports-1:0] read_data_i,
    output logic room_o,
    // Such a one has read its entries
    output logic table_read_valid_o,
    output table_bank_t table_read_bank_o,
    // From the table loader
    input logic table_write_valid_i,
    input table_bank_t table_write_bank_i,
    input logic [TableGroupBits-1:0] table_write_group_i,
    input logic [TableGroup-1:0][OperandBits-1:0] table_write_entries_i,
    input logic nibble_write_valid_i,
    input logic [3:0] nibble_write_code_i,
    input logic [OperandBits-1:0] nibble_write_entry_i,
    // To the lanes
    output logic operand_valid_o,
    input logic operand_ready_i,
    output tile_word_t operand_tile_o,
    output logic [Ports-1:0][WeightBits-1:0] operand_o,
    output logic [Ports-1:0][WeightBits-1:0] operand_late_o,
    // Of the next cycle
    input logic operand_ready_next_i,
    output logic operand_valid_next_o,
    output tile_word_t operand_tile_next_o
);

  // With three the tiles of one-pixel passes come late: anomaly detection takes 8 % more cycles.
  localparam int unsigned QueueWords = 4;
  localparam int unsigned Places = QueueWords + 2;

  typedef struct packed {
    tile_word_t tile;
    number_system_t system;
    digits_t digits;
    logic stored;  // decode tables hold its operands
    logic magnitudes;  // or the magnitudes of them
    table_bank_t table_bank;  // then the quarter of the tables
    logic table_end;
    logic [Ports-1:0][7:0] codes;
  } entry_t;

  // ------------------------------------------------------------------ queue of words
  entry_t pushed, head;
  logic push_ready, head_valid, read_valid_q, operand_valid_q, take_head_q, take_read_q;
  // Of the word whose entries are read, and of the decoded one.
  tile_word_t read_tile_q;
  logic read, decode;
  logic [$clog2(QueueWords+1)-1:0] unused_count;
  logic [2:0] held, held_q;  // words from their request until the lanes have them

  logic stored;  // known before the queue: behind it the tables' addresses follow at once

  assign stored = has_tables(ArrayKind) && is_stored(code_system_i);
  assign pushed = '{
          tile: code_tile_i,
          system: code_system_i,
          digits: code_digits_i,
          stored: stored,
          magnitudes: stores_magnitudes(code_system_i),
          table_bank: stored ? stored_quarter(code_system_i) : code_table_bank_i,
          table_end: code_table_end_i,
          codes: read_data_i
      };

  fifo #(
      .Width($bits(entry_t)),
      .Depth(QueueWords)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .clear_i,
      .in_valid_i (code_valid_i),
      .in_ready_o (push_ready),
      .in_i       (pushed),
      .out_valid_o(head_valid),
      .out_ready_i(take_head_q),
      .out_o      (head),
      .count_o    (unused_count)
  );

  // Whether each stage moves on, known a cycle ahead: words and tables are spread over the device.
  logic read_valid, operand_valid, move_head, move_read;
  assign read_valid = take_head_q ? head_valid : read_valid_q;
  assign operand_valid = take_read_q ? read_valid_q : operand_valid_q;
  assign move_read = !operand_valid || operand_ready_next_i;
  assign move_head = !read_valid || move_read;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      take_head_q <= 1'b1;
      take_read_q <= 1'b1;
    end else begin
      take_head_q <= move_head;
      take_read_q <= move_read;
    end
  end

  assign held = held_q + 3'(code_coming_i) - 3'(operand_valid_q && operand_ready_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      held_q <= '0;
      room_o <= 1'b1;
    end else begin
      held_q <= held;
      room_o <= held < 3'(Places);
    end
  end

  always_ff @(posedge clk_i) begin
    table_read_valid_o <= rst_ni && !clear_i && read && head.table_end;
    table_read_bank_o  <= head.table_bank;
  end

  // ------------------------------------------------------------------ table entries, then operands
  table_word_t [Ports-1:0] words;
  operand_t [Ports-1:0] upper_entries;
  table_address_t [Ports-1:0] addresses;
  logic [Ports-1:0][3:0] upper_codes;
  corrections_t [Ports-1:0] corrections;

  for (genvar p = 0; p < int'(Ports); p++) begin : gen_code
    logic [7:0] code;
    assign code = {head.tile.pair ? 4'd0 : head.codes[p][7:4], head.codes[p][3:0]};
    assign addresses[p] = table_word_address(head.stored, head.magnitudes, head.table_bank, code);
    assign upper_codes[p] = head.codes[p][7:4];
  end

  if (has_tables(ArrayKind)) begin : gen_tables
    decode_table #(
        .ArrayKind(ArrayKind),
        .Ports    (Ports)
    ) u_table (
        .clk_i,
        .clear_i,
        .clear_address_i,
        .write_valid_i  (table_write_valid_i),
        .write_bank_i   (table_write_bank_i),
        .write_group_i  (table_write_group_i),
        .write_entries_i(table_write_entries_i),
        .read_i         (read && (has_table(head.system) || head.stored)),
        .address_i      (addresses),
        .word_o         (words)
    );
  end else begin : gen_no_tables
    assign words = '0;
    logic unused_writes;
    assign unused_writes = ^{clear_address_i, table_write_valid_i, table_write_bank_i,
                             table_write_group_i, table_write_entries_i, addresses};
  end

  if (takes_corrections(ArrayKind)) begin : gen_corrections
    correction_table #(
        .Ports(Ports)
    ) u_correction_table (
        .clk_i,
        .clear_i,
        .clear_address_i(clear_address_i[6:0]),
        .write_valid_i  (table_write_valid_i),
        .write_bank_i   (table_write_bank_i),
        .write_group_i  (table_write_group_i),
        .write_entries_i(table_write_entries_i),
        .read_i         (read && has_corrections(head.system)),
        .bank_i         (head.table_bank),
        .code_i         (head.codes),
        .corrections_o  (corrections)
    );
  end else begin : gen_no_corrections
    assign corrections = '0;
  end

  if (has_tables(ArrayKind) && runs_nibbles(ArrayKind)) begin : gen_nibble_tables
    nibble_table #(
        .Ports(Ports)
    ) u_nibble_table (
        .clk_i,
        .clear_i,
        .clear_address_i(clear_address_i[5:0]),
        .write_valid_i  (nibble_write_valid_i),
        .write_bank_i   (table_write_bank_i),
        .write_code_i   (nibble_write_code_i),
        .write_entry_i  (nibble_write_entry_i),
        .read_i         (read && head.tile.pair),
        .bank_i         (head.table_bank),
        .code_i         (upper_codes),
        .entry_o        (upper_entries)
    );
  end else begin : gen_no_nibble_tables
    assign upper_entries = '0;
    logic unused_nibbles;
    assign unused_nibbles = ^{nibble_write_valid_i, nibble_write_code_i, nibble_write_entry_i, upper_codes};
  end

  assign read = take_head_q && head_valid;
  assign decode = take_read_q && read_valid_q;
  assign operand_valid_next_o = operand_valid;
  assign operand_tile_next_o = decode ? read_tile_q : operand_tile_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      read_valid_q    <= 1'b0;
      read_tile_q     <= '0;
      operand_valid_q <= 1'b0;
      operand_tile_o  <= '0;
    end else begin
      read_valid_q    <= read_valid;
      operand_valid_q <= operand_valid;
      operand_tile_o  <= operand_tile_next_o;
      if (read) read_tile_q <= head.tile;
    end
  end

  for (genvar p = 0; p < int'(Ports); p++) begin : gen_decoder
    decoder #(
        .ArrayKind(ArrayKind)
    ) u_decoder (
        .clk_i,
        .clear_i,
        .read_i        (read),
        .enable_i      (decode),
        .system_i      (head.system),
        .digits_i      (head.digits),
        .code_i        (head.codes[p]),
        .word_i        (words[p]),
        .upper_entry_i (upper_entries[p]),
        .corrections_i (corrections[p]),
        .operand_o     (operand_o[p]),
        .operand_late_o(operand_late_o[p])
    );
  end

  assign operand_valid_o = operand_valid_q;

  `KEYWAY_ASSERT(
      MovesAgree,
      take_read_q == (!operand_valid_q || operand_ready_i) && take_head_q == (!read_valid_q || take_read_q))
  `KEYWAY_ASSERT(RoomKept, !code_valid_i || push_ready)
  `KEYWAY_ASSERT_HOLD(OperandsHold, operand_valid_o, operand_ready_i || clear_i, operand_tile_o)

endmodule
