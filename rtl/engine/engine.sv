// SPDX-License-Identifier: Apache-2.0
// Engine: the compute core, from instructions in weight memory to bytes in the output stream.
//
// Mathematics: per output channel, acc = sum of operand * x (or sum of x, or maximum of x) and
//   q = clamp((m * (acc + bias) + mr * residual + 2^(shift-1)) >> shift, lo, hi); which operands and
//   activations meet is the meaning of the instructions (rtl/pkg/contract.toml).
// Structure, in the order of the data:
//   dispatcher                 program -> table, array, load and store queue
//   weights/weight_path        array queue -> jobs, parameters, operands of tiles; holds weight memory
//   issue/activation_reader    jobs -> passes -> steps -> bank reads
//   activation_memory          banks, and who gets which
//   array/array                bank words, operands of tiles -> sums over the passes
//   post/post_process          sums of the last pass -> bytes -> activation memory
//   transfer/load_unit, store_unit  input -> activation memory -> output
// Timing: one activation word (or window column) every StepCycles cycles (of the kind; tests set others); 14
//   cycles from step to write, see stage_e in keyway_pkg. Jobs follow each other without a gap as long as
//   tiles and waits allow.
// Contract: clear_i is a level; while it is high everything stops and every memory and data register is
//   overwritten with zeros, decode tables with what stands in them beside entries as well (so a reset is
//   followed by a clear); clear_done_o says when that is finished. The units hear of it a cycle late, so the
//   cycle after it is theirs, too: no run_i and no weights in it. run_i is a pulse while idle,
//   with warm_i: LOAD_WEIGHTS that are `resident` are skipped and counted; the program runs for inputs_i
//   inputs, the strides (in 16 bytes) apart. done_o is a pulse: the last END reached and every output beat
//   taken. error_o stands after an unknown opcode until run_i or clear_i. While a program runs exactly one
//   event (busy or a reason for being idle) is high in every cycle.
//   Requests and streams hold while they stall; assertions are with their givers.
// Twin: models/simulate (results, not cycles). Test: tests/rtl/engine.
`include "assert.svh"

module engine
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
#(
    parameter int unsigned Lanes           = 16,
    parameter int unsigned Depth           = 16,
    parameter array_kind_e ArrayKind       = ArrayKindMultiplier,
    parameter int unsigned StepCycles      = step_cycles(ArrayKind),
    parameter int unsigned ActivationBytes = keyway_contract_pkg::MemoryDefaultActivationBytes,
    parameter int unsigned WeightBytes     = keyway_contract_pkg::MemoryDefaultWeightBytes,
    parameter bit          WeightUltra     = 1'b0
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // Control
    input  logic                     clear_i,
    output logic                     clear_done_o,
    input  logic                     run_i,
    input  logic                     warm_i,
    input  counter_t                 inputs_i,
    input  transfer_unit_t           input_stride_i,
    input  transfer_unit_t           output_stride_i,
    output logic                     done_o,
    output logic                     error_o,
    // Weight memory
    input  logic                     weight_write_valid_i,
    input  weight_unit_t             weight_write_address_i,
    input  logic             [127:0] weight_write_data_i,
    // Weight frames
    output logic                     frames_valid_o,
    input  logic                     frames_ready_i,
    output counter_t                 frames_count_o,
    output weight_unit_t             frames_destination_o,
    input  logic                     frame_verified_i,
    // Input
    output logic                     input_request_valid_o,
    input  logic                     input_request_ready_i,
    output logic             [ 31:0] input_request_offset_o,
    output logic             [ 31:0] input_request_bytes_o,
    input  logic                     input_valid_i,
    output logic                     input_ready_o,
    input  logic             [127:0] input_data_i,
    // Output
    output logic                     output_request_valid_o,
    input  logic                     output_request_ready_i,
    output logic             [ 31:0] output_request_offset_o,
    output logic             [ 31:0] output_request_bytes_o,
    output logic                     output_valid_o,
    input  logic                     output_ready_i,
    output logic             [127:0] output_data_o,
    // Events: one in each cycle of a run, else none
    output array_events_t            events_o,
    // For traces
    output activity_events_t         activity_o
);

  localparam int unsigned WeightBits = weight_bits(ArrayKind);
  localparam int unsigned WordChannels = word_channels(Depth);
  localparam int unsigned BlockBanks = block_banks(Lanes, Depth);
  localparam int unsigned BlockBits = (BlockBanks > 1) ? $clog2(BlockBanks) : 1;

  // Each result writes one word into every block bank.
  if (lane_words(Lanes, Depth) != BlockBanks) begin : gen_shape_error
    $error("Lanes must be a multiple of Depth's words: lane_words == block_banks");
  end

  // Types and wires have these sizes of the contract by hand; wherever else one counts, its name stands.
  if (RowBanks != 4 || $bits(row_bank_t) != 2) begin : gen_row_banks
    $error("wired for four row banks");
  end
  if (TableSlots != 2 || TableEntryBytes != 2) begin : gen_tables
    $error("wired for two slots of tables, with entries of two bytes");
  end
  if (LaneWeightBytes != 4 || InstructionBytes != 32 || OpcodeBits != 4) begin : gen_weight_words
    $error(
        "wired for four bytes a lane in a weight word, instructions of 32 bytes, opcodes of four bits"
    );
  end
  if (ParameterWords != 3 || ShortParameterWords != 2) begin : gen_parameters
    $error("wired for parameters of three words, short ones of two");
  end
  if (TransferUnitBytes != 16) begin : gen_transfers
    $error("wired for transfers in units of 16 bytes");
  end

  // ------------------------------------------------------------------ clearing
  localparam int unsigned WeightWords = WeightBytes / (4 * Lanes);
  localparam int unsigned BankWords = ActivationBytes / (WordChannels * 4 * BlockBanks);
  localparam int unsigned LargestMemory = (WeightWords > BankWords) ? WeightWords : BankWords;
  localparam int unsigned ClearWords =
      (LargestMemory > AccumulatorPixels) ? LargestMemory : AccumulatorPixels;

  // A clear reaches some 20,000 registers: it goes through one for each unit, as reset does. They are equal,
  // and are to stay apart.
  typedef enum int unsigned {
    UnitProgram,
    UnitWeights,
    UnitIssue,
    UnitArray,
    UnitPost,
    UnitActivations,
    UnitTransfer,
    Units
  } unit_e;

  (* keep = "true" *)
  logic [Units-1:0] clear_q;
  logic clear_done;
  weight_address_t clear_address;

  always_ff @(posedge clk_i) clear_q <= {Units{clear_i}};

  clear_sweep #(
      .Words(ClearWords)
  ) u_clear_sweep (
      .clk_i,
      .rst_ni,
      .clear_i  (clear_q[UnitProgram]),
      .done_o   (clear_done),
      .address_o(clear_address)
  );

  assign clear_done_o = clear_i && clear_done;

  // ------------------------------------------------------------------ program
  logic running, all_idle_q, fetch_request, fetch_grant;
  weight_address_t fetch_address;
  logic [32*Lanes-1:0] weight_word;
  logic item_valid, item_ready, load_item_valid, load_item_ready;
  logic store_item_valid, store_item_ready;
  logic table_valid, table_ready;
  table_item_t table_item;
  table_events_t table_events;
  logic [TableBanks-1:0] table_loading;
  array_item_t item;
  transfer_item_t load_item, store_item;

  dispatcher #(
      .Lanes    (Lanes),
      .ArrayKind(ArrayKind)
  ) u_dispatcher (
      .clk_i,
      .rst_ni,
      .clear_i        (clear_q[UnitProgram]),
      .run_i,
      .inputs_i,
      .input_stride_i,
      .output_stride_i,
      .running_o      (running),
      .done_o,
      .error_o,
      .fetch_request_o(fetch_request),
      .fetch_address_o(fetch_address),
      .fetch_grant_i  (fetch_grant),
      .fetch_data_i   (weight_word),
      .table_valid_o  (table_valid),
      .table_ready_i  (table_ready),
      .table_item_o   (table_item),
      .table_events_i (table_events),
      .table_loading_o(table_loading),
      .array_valid_o  (item_valid),
      .array_ready_i  (item_ready),
      .array_item_o   (item),
      .load_valid_o   (load_item_valid),
      .load_ready_i   (load_item_ready),
      .load_item_o    (load_item),
      .store_valid_o  (store_item_valid),
      .store_ready_i  (store_item_ready),
      .store_item_o   (store_item),
      .all_idle_i     (all_idle_q)
  );

  // ------------------------------------------------------------------ weights
  logic job_valid, job_write, parameter_valid, retire;
  logic pass_start, pass_next, pass_again, pass_last;
  digits_t pass_weighs;
  job_t job;
  logic [SlotBits-1:0] job_slot;
  parameter_word_t parameter_word;
  logic operand_valid, operand_ready, operand_ready_next, operand_valid_next;
  tile_word_t operand_tile, operand_tile_next;
  logic [4*Lanes-1:0][WeightBits-1:0] operands, operands_late;
  counter_t frames, rows, products_q, stores;
  logic waits_frames, weight_reading, weights_idle;

  weight_path #(
      .Lanes      (Lanes),
      .Depth      (Depth),
      .ArrayKind  (ArrayKind),
      .WeightBytes(WeightBytes),
      .WeightUltra(WeightUltra)
  ) u_weight_path (
      .clk_i,
      .rst_ni,
      .clear_i             (clear_q[UnitWeights]),
      .clear_address_i     (clear_address),
      .write_valid_i       (weight_write_valid_i),
      .write_address_i     (weight_write_address_i),
      .write_data_i        (weight_write_data_i),
      .fetch_request_i     (fetch_request),
      .fetch_address_i     (fetch_address),
      .fetch_grant_o       (fetch_grant),
      .weight_word_o       (weight_word),
      .item_valid_i        (item_valid),
      .item_ready_o        (item_ready),
      .item_i              (item),
      .table_valid_i       (table_valid),
      .table_ready_o       (table_ready),
      .table_item_i        (table_item),
      .table_events_o      (table_events),
      .table_loading_i     (table_loading),
      .job_valid_o         (job_valid),
      .job_write_o         (job_write),
      .job_o               (job),
      .job_slot_o          (job_slot),
      .parameter_valid_o   (parameter_valid),
      .parameter_o         (parameter_word),
      .retire_i            (retire),
      .pass_start_o        (pass_start),
      .pass_next_o         (pass_next),
      .pass_weighs_o       (pass_weighs),
      .pass_again_o        (pass_again),
      .pass_last_i         (pass_last),
      .operand_valid_o     (operand_valid),
      .operand_ready_i     (operand_ready),
      .operand_tile_o      (operand_tile),
      .operand_o           (operands),
      .operand_late_o      (operands_late),
      .operand_ready_next_i(operand_ready_next),
      .operand_valid_next_o(operand_valid_next),
      .operand_tile_next_o (operand_tile_next),
      .frames_i            (frames),
      .waits_frames_o      (waits_frames),
      .reading_o           (weight_reading),
      .idle_o              (weights_idle)
  );

  // ------------------------------------------------------------------ steps
  job_t jobs[JobSlots];
  logic job_end;
  activity_events_t activity_q;  // job_end comes beside it
  logic hold;
  logic [3:0][BlockBanks-1:0] front_enable_next, front_enable;
  activation_address_t [3:0] front_address;
  feed_t feed;
  logic [3:0][BlockBanks-1:0][8*WordChannels-1:0] activation_words;

  activation_reader #(
      .Lanes     (Lanes),
      .Depth     (Depth),
      .StepCycles(StepCycles)
  ) u_activation_reader (
      .clk_i,
      .rst_ni,
      .clear_i       (clear_q[UnitIssue]),
      .job_valid_i   (job_valid),
      .job_write_i   (job_write),
      .job_i         (job),
      .job_slot_i    (job_slot),
      .jobs_o        (jobs),
      .pass_start_i  (pass_start),
      .pass_next_i   (pass_next),
      .pass_weighs_i (pass_weighs),
      .pass_again_i  (pass_again),
      .pass_last_o   (pass_last),
      .counters_i    ('{rows: rows, products: products_q, stores: stores}),
      .waits_frames_i(waits_frames),
      .enable_next_o (front_enable_next),
      .enable_o      (front_enable),
      .address_o     (front_address),
      .hold_i        (hold),
      .feed_o        (feed),
      .running_i     (running),
      .events_o,
      .job_end_o     (job_end)
  );

  // ------------------------------------------------------------------ array
  token_pipe_t tokens;
  logic signed [31:0] bias[Lanes];
  logic signed [AccumulatorBits-1:0] results[Lanes];

  array #(
      .Lanes    (Lanes),
      .Depth    (Depth),
      .ArrayKind(ArrayKind)
  ) u_array (
      .clk_i,
      .rst_ni,
      .clear_i             (clear_q[UnitArray]),
      .clear_address_i     (clear_address),
      .operand_valid_i     (operand_valid),
      .operand_ready_o     (operand_ready),
      .operand_tile_i      (operand_tile),
      .operand_i           (operands),
      .operand_late_i      (operands_late),
      .operand_ready_next_o(operand_ready_next),
      .operand_valid_next_i(operand_valid_next),
      .operand_tile_next_i (operand_tile_next),
      .feed_i              (feed),
      .read_data_i         (activation_words),
      .tokens_o            (tokens),
      .bias_i              (bias),
      .result_o            (results)
  );

  // ------------------------------------------------------------------ post-processing
  logic residual_enable_next, residual_enable, result_valid;
  row_bank_t residual_bank_next;
  place_t residual, result;
  logic [Lanes-1:0][7:0] result_data;

  post_process #(
      .Lanes(Lanes),
      .Depth(Depth)
  ) u_post_process (
      .clk_i,
      .rst_ni,
      .clear_i               (clear_q[UnitPost]),
      .clear_address_i       (clear_address),
      .jobs_i                (jobs),
      .parameter_valid_i     (parameter_valid),
      .parameter_i           (parameter_word),
      .parameter_data_i      (weight_word),
      .tokens_i              (tokens),
      .bias_o                (bias),
      .acc_i                 (results),
      .residual_enable_next_o(residual_enable_next),
      .residual_bank_next_o  (residual_bank_next),
      .residual_enable_o     (residual_enable),
      .residual_o            (residual),
      .residual_data_i       (activation_words),
      .result_valid_o        (result_valid),
      .result_o              (result),
      .result_data_o         (result_data),
      .job_done_o            (retire)
  );

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_q[UnitProgram] || run_i) products_q <= '0;
    else if (retire) products_q <= products_q + 16'd1;
  end

  // ------------------------------------------------------------------ activations
  logic store_request, store_grant, load_valid, load_ready, load_idle, store_idle;
  place_t store, load;
  logic [BlockBits-1:0] store_block, load_block;
  logic [8*WordChannels-1:0] load_data;

  activation_memory #(
      .WordChannels   (WordChannels),
      .BlockBanks     (BlockBanks),
      .ActivationBytes(ActivationBytes)
  ) u_activation_memory (
      .clk_i,
      .rst_ni,
      .clear_i               (clear_q[UnitActivations]),
      .clear_address_i       (clear_address),
      .front_enable_next_i   (front_enable_next),
      .front_enable_i        (front_enable),
      .front_address_i       (front_address),
      .front_hold_o          (hold),
      .residual_enable_next_i(residual_enable_next),
      .residual_bank_next_i  (residual_bank_next),
      .residual_enable_i     (residual_enable),
      .residual_i            (residual),
      .store_request_i       (store_request),
      .store_i               (store),
      .store_block_i         (store_block),
      .store_grant_o         (store_grant),
      .read_data_o           (activation_words),
      .result_valid_i        (result_valid),
      .result_i              (result),
      .result_data_i         (result_data),
      .load_valid_i          (load_valid),
      .load_ready_o          (load_ready),
      .load_i                (load),
      .load_block_i          (load_block),
      .load_data_i           (load_data)
  );

  load_unit #(
      .WordChannels(WordChannels),
      .BlockBanks  (BlockBanks)
  ) u_load_unit (
      .clk_i,
      .rst_ni,
      .clear_i            (clear_q[UnitTransfer]),
      .run_i,
      .warm_i,
      .instruction_valid_i(load_item_valid),
      .instruction_ready_o(load_item_ready),
      .item_i             (load_item),
      .products_i         (products_q),
      .frames_o           (frames),
      .rows_o             (rows),
      .idle_o             (load_idle),
      .frames_valid_o,
      .frames_ready_i,
      .frames_count_o,
      .frames_destination_o,
      .frame_verified_i,
      .request_valid_o    (input_request_valid_o),
      .request_ready_i    (input_request_ready_i),
      .request_offset_o   (input_request_offset_o),
      .request_bytes_o    (input_request_bytes_o),
      .data_valid_i       (input_valid_i),
      .data_ready_o       (input_ready_o),
      .data_i             (input_data_i),
      .write_valid_o      (load_valid),
      .write_ready_i      (load_ready),
      .write_o            (load),
      .write_block_o      (load_block),
      .write_data_o       (load_data)
  );

  store_unit #(
      .WordChannels(WordChannels),
      .BlockBanks  (BlockBanks)
  ) u_store_unit (
      .clk_i,
      .rst_ni,
      .clear_i            (clear_q[UnitTransfer]),
      .run_i,
      .instruction_valid_i(store_item_valid),
      .instruction_ready_o(store_item_ready),
      .item_i             (store_item),
      .products_i         (products_q),
      .stores_o           (stores),
      .idle_o             (store_idle),
      .read_request_o     (store_request),
      .read_grant_i       (store_grant),
      .read_o             (store),
      .read_block_o       (store_block),
      .read_data_i        (activation_words),
      .request_valid_o    (output_request_valid_o),
      .request_ready_i    (output_request_ready_i),
      .request_offset_o   (output_request_offset_o),
      .request_bytes_o    (output_request_bytes_o),
      .data_valid_o       (output_valid_o),
      .data_ready_i       (output_ready_i),
      .data_o             (output_data_o)
  );

  // A cycle late: who asks has handed over the last instruction longer ago.
  always_ff @(posedge clk_i) begin
    all_idle_q <= rst_ni && !item_valid && weights_idle && load_idle && store_idle;
  end

  // A cycle late, so that nothing waits for it; job_end belongs to the busy event beside it.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) activity_q <= '0;
    else begin
      activity_q <= '{
          weight_write: weight_write_valid_i,
          weight_read: weight_reading,
          result: result_valid,
          job_end: 1'b0
      };
    end
  end

  always_comb begin
    activity_o = activity_q;
    activity_o.job_end = job_end;
  end

  `KEYWAY_ASSERT(NoRunWhileClearing, !(clear_i && run_i))
  `KEYWAY_ASSERT_NEXT(QuietAfterClear, clear_i, clear_i || !(run_i || weight_write_valid_i))

endmodule
