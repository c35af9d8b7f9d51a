// SPDX-License-Identifier: Apache-2.0
// Types and constants that modules of the core share and no software sees.
//
// What software sees too (instructions, registers, the parameter record) is in keyway_contract_pkg,
// which is generated. What follows from Lanes and Depth is a function here, so that each module
// derives it from its own parameters:
//   word_channels  channels (bytes) of one activation word            min(Depth, 16)
//   read_words     activation words that meet the array in a cycle    Depth / word_channels
//   lane_words     activation words that the lanes write in a cycle   Lanes / word_channels
//   block_banks    banks that the channel blocks of a row spread over max(read_words, lane_words)
//   max_columns    columns of the sliding window                      min(Depth / 3, 5)

// A test of one block uses some of it only.
// verilator lint_off UNUSEDPARAM
package keyway_pkg;
  import keyway_contract_pkg::*;
  import keyway_logarithm_pkg::*;

  parameter int unsigned QueueDepth = 4;  // instructions in each of the four queues
  parameter int unsigned JobSlots = 4;  // MULTIPLY instructions between weight_reader and last write
  parameter int unsigned SlotBits = $clog2(JobSlots);
  // Passes whose tiles were requested, but which have not started: there is one tile in the lanes' shadows,
  // and tile_decoder holds six words.
  parameter int unsigned PassSlots = 8;
  parameter int unsigned TileWordBits = 3;  // counts a tile's groups of four operands a lane, Depth / 4
  parameter int unsigned PixelBits = $clog2(AccumulatorPixels);
  parameter int unsigned ActivationBits = 9;  // signed operand of an activation byte
  parameter int unsigned AccumulatorBits = 33;  // a sum of 32 bits and a bias
  parameter int unsigned TableBanks = 2 * TableSlots;  // see table_banks
  // Entries of a decode table that are written a cycle, and stand in a word of it.
  parameter int unsigned TableGroup = 2;
  parameter int unsigned TableGroupBits = $clog2(TableEntries / TableGroup);
  parameter int unsigned ColumnBits = 3;  // counts columns of the sliding window

  // The way of a product through the core, a stage a clock cycle: stage n works in cycle t + n, and t is the
  // cycle in which the step generator gives the step.
  typedef enum int unsigned {
    StageStep = 0,  // step_generator: row, column and pixel of the step
    StageAddress = 1,  // address_generator: bank addresses
    StageRead = 2,  // address_generator: banks are read, unless a residual takes one (then all hold)
    StageChoose = 3,  // operand_feed: words are chosen, padding becomes zero
    StageOperands = 4,  // lane: operands go to the products; the waiting tile becomes active; column maximum
    StageProduct = 5,  // product_unit: products of the first half; the other half gets its operands
    StagePair = 6,  // lane: sums of two; products of the other half
    StageQuad = 7,  // lane: sums of four; accumulators are read
    StageSum = 8,  // lane: sum of the step; accumulators are chosen; residual is read
    StageAccumulate = 9,  // accumulator: accumulate, from the bias on; residual is chosen
    StageScale = 10,  // post_lane: multiply by m and mr
    StageTotal = 11,  // post_lane: add, round
    StageShift = 12,  // post_lane: shift by a multiple of eight
    StageClamp = 13,  // post_lane: shift by less than eight, clamp
    StageWrite = 14  // activation_memory: write
  } stage_e;

  // A tap that never wins a maximum: below every signed byte.
  parameter logic signed [ActivationBits-1:0] NeverWins = -9'sd256;

  function automatic int unsigned word_channels(int unsigned depth);
    return (depth < MaxWordChannels) ? depth : MaxWordChannels;
  endfunction

  function automatic int unsigned read_words(int unsigned depth);
    return depth / word_channels(depth);
  endfunction

  function automatic int unsigned lane_words(int unsigned lanes, int unsigned depth);
    return lanes / word_channels(depth);
  endfunction

  function automatic int unsigned block_banks(int unsigned lanes, int unsigned depth);
    return (read_words(depth) > lane_words(lanes, depth)) ? read_words(depth) :
        lane_words(lanes, depth);
  endfunction

  function automatic int unsigned max_columns(int unsigned depth);
    return (depth / WindowRows < MaxWindowColumns) ? depth / WindowRows : MaxWindowColumns;
  endfunction

  // A decoded weight, or one digit of it. Only decoders, product_unit and what follows here know the kinds of
  // arrays; of one that they do not know the functions give zero, which product_unit refuses.
  typedef logic [OperandBits-1:0] operand_t;

  // What a place of the array holds of a weight: the operand, and above it the corrections of its products.
  function automatic int unsigned weight_bits(array_kind_e kind);
    return OperandBits + (takes_corrections(kind) ? $bits(corrections_t) : 0);
  endfunction

  // What meets it: an activation, or its logarithm.
  function automatic int unsigned factor_bits(array_kind_e kind);
    return takes_corrections(kind) ? $bits(activation_logarithm_t) : ActivationBits;
  endfunction

  // Of the product of both, signed.
  function automatic int unsigned product_bits(array_kind_e kind);
    case (kind)
      ArrayKindMultiplier: return OperandBits + ActivationBits;
      ArrayKindLogarithmic: return MagnitudeBits + ActivationBits;
      ArrayKindSerial: return DigitBits + ActivationBits;
      default: return 0;
    endcase
  endfunction

  // Of the sum of a lane's products.
  function automatic int unsigned sum_bits(array_kind_e kind, int unsigned depth);
    return product_bits(kind) + $clog2(depth);
  endfunction

  // Of that sum where its digits weigh.
  function automatic int unsigned weighed_bits(array_kind_e kind, int unsigned depth);
    return sum_bits(kind, depth) + (has_digit_passes(kind) ? DigitBits * (MostDigits - 1) : 0);
  endfunction

  function automatic operand_t operand_one(array_kind_e kind);
    case (kind)
      ArrayKindMultiplier, ArrayKindSerial: return operand_t'(1);
      ArrayKindLogarithmic: return operand_t'(LogarithmOne);
      default: return '0;
    endcase
  endfunction

  // No weight codes are read: every operand is one, or nothing is multiplied.
  function automatic logic needs_no_weights(logic ones, logic [1:0] mode);
    return ones || mode == ModeMaximum;
  endfunction

  // The counters run on through all inputs of a start and wrap. They are never half their range ahead
  // of or behind what is waited for: that is at most the input before the one before (END's fields have
  // a quarter of the range).
  function automatic logic reached(counter_t counter, counter_t wanted);
    return 16'(counter - wanted) < 16'h8000;
  endfunction

  // A bank of the decode tables: the slot, and which of its two. It is a quarter of their words.
  typedef logic [1:0] table_bank_t;

  // A word of the decode tables, which is as wide as the port of half a block memory: a group of a bank's
  // entries, and in the bits that are left a stored operand (arith/stored_operands).
  typedef logic [TableGroupBits+1:0] table_address_t;

  typedef struct packed {
    operand_t stored;
    operand_t [TableGroup-1:0] entries;
  } table_word_t;

  // Where the entry of a code stands in a bank, or its stored operand in a quarter. Of those there is one a
  // word, for half of the codes: the code's lowest bit takes the place of the highest, and a system that has
  // operands for the other half too has the next quarter for them.
  function automatic table_address_t table_word_address(logic stored, logic magnitudes,
                                                        table_bank_t quarter, logic [7:0] code);
    return {
      quarter[1],
      (stored && !magnitudes) ? code[7] : quarter[0],
      stored ? code[0] : code[7],
      code[6:1]
    };
  endfunction

  // The code of the operand that is stored at a place of a half of the words.
  function automatic logic [7:0] stored_code(logic magnitudes, logic [TableGroupBits:0] place);
    return {!magnitudes && place[7], place[5:0], place[6]};
  endfunction

  // What a TABLE asks of the table loader.
  typedef struct packed {
    table_bank_t bank;
    logic is_short;  // sixteen entries
    weight_address_t address;
    counter_t wait_frames;  // as many as the MULTIPLYs before it wait for
  } table_item_t;

  // An input row or column of a step, padding on both sides included.
  typedef logic signed [15:0] coordinate_t;

  // Values of the counters that a MULTIPLY waits for; and the counters.
  typedef struct packed {
    counter_t rows;
    counter_t products;
    counter_t stores;
  } waits_t;

  // Where a row of a tensor lies: bank and address of a word, in each block bank.
  typedef struct packed {
    row_bank_t bank;
    activation_address_t address;
  } place_t;

  // Entry of the load and the store queue.
  typedef struct packed {
    counter_t     wait_products;
    logic [23:0]  area;           // rows * blocks, of LOAD_INPUT and STORE
    logic [255:0] instruction;
  } transfer_item_t;

  // Entry of the array queue.
  typedef struct packed {
    waits_t waits;
    layer_t layer;
    table_bank_t table_bank;
    multiply_t multiply;
  } array_item_t;

  // What becomes of decode tables, from those who read and load them to the dispatcher.
  typedef struct packed {
    logic read_valid;  // the last job that needed a bank has read it
    table_bank_t read_bank;
    logic loaded_valid;  // a bank is complete
    table_bank_t loaded_bank;
  } table_events_t;

  // A word of parameters on its way to the lanes; its bits stand beside it.
  typedef struct packed {
    logic [SlotBits-1:0] slot;
    logic [1:0] word;
    logic is_short;  // there is no third one
    logic is_signed;  // output bytes are
  } parameter_word_t;

  // A word of a tile on its way to the lanes; its operands stand beside it.
  typedef struct packed {
    logic ones;  // stands for a whole tile of operands one
    logic last;
    logic pair;  // codes of four bits: two groups of a lane, the one that `index` says and the next
    logic [TileWordBits-1:0] index;  // of its first group of four
  } tile_word_t;

  // A MULTIPLY with the LAYER it stands under.
  typedef struct packed {
    waits_t waits;
    layer_t layer;
    multiply_t multiply;
  } job_t;

  // One pass: one weight tile, or one digit of it, meets all pixels of the group.
  typedef struct packed {
    logic [SlotBits-1:0] slot;  // of the job
    logic no_weights;  // its tile is one word
    logic half_tile;  // its tile has half of the words: codes of four bits
    digits_t weighs;  // its sums weigh 4^weighs
    logic first;  // of its job: sums start at zero, and the job's waits apply
    logic last;  // of its job: sums go into post-processing
    logic second;  // dense with two words: the second one exists
    logic block_odd;  // block bank of a dense step's first word
    logic [1:0] rows;  // window: rows of taps, 1..3
    logic [ColumnBits-1:0] columns;  // window: columns of taps, 1..MaxColumns
    logic [ColumnBits-1:0] lead;  // window: columns of a row before its first output
    coordinate_t row;  // input row and column of the first step
    coordinate_t column;
    row_bank_t bank;  // row bank of the first row
    activation_address_t row_address;  // its address there
  } pass_t;

  // What the passes of a job have in common: how they go over input and output.
  typedef struct packed {
    mode_e mode;
    logic input_signed;
    logic logarithms;  // products are of activations' logarithms
    logic pair_rows;  // dense with two words: the second one is of the next row
    activation_address_t row_pitch;  // to the fourth row after a row
    activation_address_t row_stride;  // to the row stride_y / 4 * 4 after it
    extent_t input_height;
    extent_t input_width;
    stride_t stride_y;
    stride_t stride_x;
    group_extent_t height;
    group_extent_t width;
  } scan_t;

  // What follows a step down the pipeline.
  typedef struct packed {
    logic valid;  // gives an output pixel
    logic first;  // of its pass: see pass_t
    logic last;
    logic maximum;
    logic job_last;  // last output pixel of its job
    digits_t weighs;  // see pass_t
    logic [SlotBits-1:0] slot;
    logic [PixelBits-1:0] pixel;
  } token_t;

  // Those of all stages behind the feed: see token_pipe.
  typedef token_t token_pipe_t[StageOperands:StageClamp];

  // What a token says of its product; the other bits are for others.
  // verilator lint_off UNUSEDSIGNAL
  function automatic logic adds(token_t token);
    return token.valid && !token.maximum;
  endfunction

  function automatic logic compares(token_t token);
    return token.valid && token.maximum;
  endfunction

  // Its sum goes into post-processing.
  function automatic logic gives_result(token_t token);
    return token.valid && token.last;
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // What a lane of the array does in this cycle, and what one of post-processing does: it follows from the
  // tokens, once for all lanes.
  typedef struct packed {
    logic operands;
    logic products;  // and operands of the upper half
    logic late_products;
    logic add_pairs;
    logic add_quads;
    logic add_all;
    logic live_columns;
    logic compare_pairs;
    logic compare_columns;
    logic compare_passes;
  } lane_steps_t;

  typedef struct packed {
    logic scale;
    logic total;
    logic shift;
    logic clamp;
  } post_steps_t;

  // One step: a word (or two) of a pixel, or one column of up to three rows.
  typedef struct packed {
    scan_t scan;
    pass_t pass;
    coordinate_t row;
    coordinate_t column;
    row_bank_t bank;  // of the row
    activation_address_t row_address;
    logic tile_first;  // the waiting tile becomes active
    logic row_first;  // window: the window starts empty
    token_t token;
  } step_t;

  // How operand_feed makes operands of what the banks give.
  typedef struct packed {
    logic valid;
    logic tile_first;
    logic row_first;
    mode_e mode;
    logic input_signed;
    logic logarithms;
    logic pair_rows;
    logic block_odd;
    row_bank_t rotate;  // row bank of the first row
    logic [2:0] live;  // row is inside the image (dense: word)
    logic [ColumnBits-1:0] columns;
    token_t token;
  } feed_t;

endpackage
// verilator lint_on UNUSEDPARAM
