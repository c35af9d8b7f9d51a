// SPDX-License-Identifier: Apache-2.0
// Weight path: weight memory and everything that reads it for the array: weight reader, table loader,
// tile decoder with the decode tables.
//
// Mathematics: codes become operands (tile_decoder); jobs come in the array queue's order (weight_reader).
// Timing: a word of 4 * Lanes codes a cycle, 8 * Lanes if they have four bits. A tile whose last word is
//   requested in cycle r (pass_next_o) can become active at r + 6.
// Contract: see weight_reader, table_loader, weight_memory, tile_decoder.
// Test: tests/rtl/engine.

module weight_path
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter  int unsigned Lanes       = 16,
    parameter  int unsigned Depth       = 16,
    parameter  array_kind_e ArrayKind   = ArrayKindMultiplier,
    parameter  int unsigned WeightBytes = keyway_contract_pkg::MemoryDefaultWeightBytes,
    parameter  bit          WeightUltra = 1'b0,
    localparam int unsigned WeightBits  = weight_bits(ArrayKind)
) (
    input  logic                                             clk_i,
    input  logic                                             rst_ni,
    input  logic                                             clear_i,
    input  weight_address_t                                  clear_address_i,
    // Writes of the unsealer
    input  logic                                             write_valid_i,
    input  weight_unit_t                                     write_address_i,
    input  logic            [         127:0]                 write_data_i,
    // Instructions
    input  logic                                             fetch_request_i,
    input  weight_address_t                                  fetch_address_i,
    output logic                                             fetch_grant_o,
    output logic            [  32*Lanes-1:0]                 weight_word_o,
    // Array queue
    input  logic                                             item_valid_i,
    output logic                                             item_ready_o,
    input  array_item_t                                      item_i,
    // Decode tables: what to load; a bank has been read; a bank is complete
    input  logic                                             table_valid_i,
    output logic                                             table_ready_o,
    input  table_item_t                                      table_item_i,
    output table_events_t                                    table_events_o,
    input  logic            [TableBanks-1:0]                 table_loading_i,
    // Jobs, their parameters (in weight_word_o), their end
    output logic                                             job_valid_o,
    output logic                                             job_write_o,
    output job_t                                             job_o,
    output logic            [  SlotBits-1:0]                 job_slot_o,
    output logic                                             parameter_valid_o,
    output parameter_word_t                                  parameter_o,
    input  logic                                             retire_i,
    // Their passes
    output logic                                             pass_start_o,
    output logic                                             pass_next_o,
    output digits_t                                          pass_weighs_o,
    output logic                                             pass_again_o,
    input  logic                                             pass_last_i,
    // Operands of the next tile
    output logic                                             operand_valid_o,
    input  logic                                             operand_ready_i,
    output tile_word_t                                       operand_tile_o,
    output logic            [   4*Lanes-1:0][WeightBits-1:0] operand_o,
    output logic            [   4*Lanes-1:0][WeightBits-1:0] operand_late_o,
    input  logic                                             operand_ready_next_i,
    output logic                                             operand_valid_next_o,
    output tile_word_t                                       operand_tile_next_o,
    // State
    input  counter_t                                         frames_i,
    output logic                                             waits_frames_o,
    output logic                                             reading_o,
    output logic                                             idle_o
);

  logic reader_idle;
  weight_address_t table_address, tile_address;
  logic table_request, table_grant, tile_request, tile_grant;
  logic table_write;
  table_bank_t table_write_bank, code_table_bank;
  logic [TableGroupBits-1:0] table_write_group;
  logic [TableGroup-1:0][OperandBits-1:0] table_write_entries;
  logic nibble_write;
  logic [3:0] nibble_write_code;
  logic [OperandBits-1:0] nibble_write_entry;
  logic code_coming, code_valid, code_table_end, code_room;
  tile_word_t code_tile;
  number_system_t code_system;
  digits_t code_digits;
  logic [32*Lanes-1:0] weight_word;

  assign weight_word_o = weight_word;
  assign idle_o        = reader_idle && table_ready_o;
  assign reading_o     = fetch_grant_o || table_grant || tile_grant;

  weight_reader #(
      .Depth    (Depth),
      .ArrayKind(ArrayKind)
  ) u_weight_reader (
      .clk_i,
      .rst_ni,
      .clear_i,
      .item_valid_i     (item_valid_i),
      .item_ready_o     (item_ready_o),
      .item_i           (item_i),
      .table_loading_i  (table_loading_i),
      .job_valid_o      (job_valid_o),
      .job_write_o      (job_write_o),
      .job_o            (job_o),
      .job_slot_o       (job_slot_o),
      .retire_i         (retire_i),
      .pass_start_o     (pass_start_o),
      .pass_next_o      (pass_next_o),
      .pass_weighs_o    (pass_weighs_o),
      .pass_again_o     (pass_again_o),
      .pass_last_i      (pass_last_i),
      .read_request_o   (tile_request),
      .read_address_o   (tile_address),
      .read_grant_i     (tile_grant),
      .parameter_valid_o(parameter_valid_o),
      .parameter_o      (parameter_o),
      .code_coming_o    (code_coming),
      .code_valid_o     (code_valid),
      .code_tile_o      (code_tile),
      .code_system_o    (code_system),
      .code_digits_o    (code_digits),
      .code_table_bank_o(code_table_bank),
      .code_table_end_o (code_table_end),
      .code_room_i      (code_room),
      .frames_i         (frames_i),
      .waits_frames_o   (waits_frames_o),
      .idle_o           (reader_idle)
  );

  table_loader #(
      .Lanes(Lanes)
  ) u_table_loader (
      .clk_i,
      .rst_ni,
      .clear_i,
      .valid_i        (table_valid_i),
      .ready_o        (table_ready_o),
      .item_i         (table_item_i),
      .frames_i       (frames_i),
      .loaded_o       (table_events_o.loaded_valid),
      .loaded_bank_o  (table_events_o.loaded_bank),
      .read_request_o (table_request),
      .read_address_o (table_address),
      .read_grant_i   (table_grant),
      .read_data_i    (weight_word),
      .write_valid_o  (table_write),
      .write_bank_o   (table_write_bank),
      .write_group_o  (table_write_group),
      .write_entries_o(table_write_entries),
      .nibble_valid_o (nibble_write),
      .nibble_code_o  (nibble_write_code),
      .nibble_entry_o (nibble_write_entry)
  );

  weight_memory #(
      .Lanes      (Lanes),
      .WeightBytes(WeightBytes),
      .Ultra      (WeightUltra)
  ) u_weight_memory (
      .clk_i,
      .rst_ni,
      .clear_i,
      .clear_address_i(clear_address_i),
      .fetch_request_i(fetch_request_i),
      .fetch_address_i(fetch_address_i),
      .fetch_grant_o  (fetch_grant_o),
      .table_request_i(table_request),
      .table_address_i(table_address),
      .table_grant_o  (table_grant),
      .tile_request_i (tile_request),
      .tile_address_i (tile_address),
      .tile_grant_o   (tile_grant),
      .read_data_o    (weight_word),
      .write_valid_i  (write_valid_i),
      .write_address_i(write_address_i),
      .write_data_i   (write_data_i)
  );

  tile_decoder #(
      .Lanes    (Lanes),
      .ArrayKind(ArrayKind)
  ) u_tile_decoder (
      .clk_i,
      .rst_ni,
      .clear_i,
      .clear_address_i      (clear_address_i[TableGroupBits+1:0]),
      .code_coming_i        (code_coming),
      .code_valid_i         (code_valid),
      .code_tile_i          (code_tile),
      .code_system_i        (code_system),
      .code_digits_i        (code_digits),
      .code_table_bank_i    (code_table_bank),
      .code_table_end_i     (code_table_end),
      .read_data_i          (weight_word),
      .room_o               (code_room),
      .table_read_valid_o   (table_events_o.read_valid),
      .table_read_bank_o    (table_events_o.read_bank),
      .table_write_valid_i  (table_write),
      .table_write_bank_i   (table_write_bank),
      .table_write_group_i  (table_write_group),
      .table_write_entries_i(table_write_entries),
      .nibble_write_valid_i (nibble_write),
      .nibble_write_code_i  (nibble_write_code),
      .nibble_write_entry_i (nibble_write_entry),
      .operand_valid_o      (operand_valid_o),
      .operand_ready_i      (operand_ready_i),
      .operand_tile_o       (operand_tile_o),
      .operand_o            (operand_o),
      .operand_late_o       (operand_late_o),
      .operand_ready_next_i (operand_ready_next_i),
      .operand_valid_next_o (operand_valid_next_o),
      .operand_tile_next_o  (operand_tile_next_o)
  );

endmodule
