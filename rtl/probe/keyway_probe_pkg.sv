// SPDX-License-Identifier: Apache-2.0
// The program by which a core measures itself, and where its parts lie in weight memory.
//
//   units of 16 bytes     0      instructions, ProbeInstructions places
//                         ParameterUnit    a parameter record for each lane
//                         CodeUnit         codes of every tile, and entries of every table
//
// A small image goes through every number system that the kind of array runs, as a dense product of 3 x 3 taps
// and as one by channel, then through a product of ones and a maximum. Each takes what the one before it
// gave, so what rounding and saturation did to a bit early on is in every bit at the end. Three tensors take
// turns; all but dense ones of weights add the one that comes before their input.
// A new number system of the contract is in it by itself.

// A test of one block uses some of it only.
// verilator lint_off UNUSEDPARAM
package keyway_probe_pkg;
  import keyway_contract_pkg::*;
  import keyway_pkg::*;

  parameter int unsigned ProbeInstructions = 64;  // places for them
  parameter int unsigned ProbeSide = 4;  // of the image, in pixels
  parameter int unsigned ProbeTaps = 3;  // of a side of the kernel
  parameter int unsigned ProbeRounds = 8;  // of the program, as inputs of one start

  typedef logic [ProbeInstructions-1:0][8*InstructionBytes-1:0] probe_program_t;

  localparam int unsigned Tensors = 3;
  localparam int unsigned InstructionUnits = InstructionBytes / TransferUnitBytes;

  function automatic int unsigned probe_word_units(int unsigned lanes);
    return LaneWeightBytes * lanes / TransferUnitBytes;
  endfunction

  function automatic int unsigned probe_parameter_unit();
    return ProbeInstructions * InstructionUnits;
  endfunction

  function automatic int unsigned probe_code_unit(int unsigned lanes);
    return probe_parameter_unit() + ParameterWords * probe_word_units(lanes);
  endfunction

  // Of all of it; codes of a byte for every tap, which are more than the entries of a table.
  function automatic int unsigned probe_units(int unsigned lanes, int unsigned depth);
    return probe_code_unit(
        lanes
    ) + max_units(
        ProbeTaps * ProbeTaps * depth / 4 * probe_word_units(
            lanes
        ),
        TableEntries * TableEntryBytes / TransferUnitBytes
    );
  endfunction

  function automatic int unsigned max_units(int unsigned a, int unsigned b);
    return a > b ? a : b;
  endfunction

  // Bytes of one input, which the first round reads.
  function automatic int unsigned probe_input_bytes(int unsigned lanes, int unsigned depth);
    return ProbeSide * ProbeSide * block_banks(lanes, depth) * word_channels(depth);
  endfunction

  // Address of the tensor that product `index` reads; it writes the next one.
  function automatic activation_address_t probe_tensor(int unsigned index);
    return activation_address_t'(index % Tensors * ProbeSide);
  endfunction

  function automatic layer_t probe_layer(number_system_t system, logic [1:0] mode, logic ones,
                                         int unsigned lanes, int unsigned depth);
    layer_t layer = '0;
    layer.opcode = OpLayer;
    layer.mode = mode;
    layer.ones = ones;
    layer.number_system = system;
    layer.input_signed = 1'b1;
    layer.residual_signed = 1'b1;
    layer.kernel_h = 8'(ProbeTaps);
    layer.kernel_w = 8'(ProbeTaps);
    layer.blocks = extent_t'(mode == ModeDense ? read_words(depth) : lane_words(lanes, depth));
    layer.stride_y = stride_t'(1);
    layer.stride_x = stride_t'(1);
    layer.input_height = extent_t'(ProbeSide);
    layer.input_width = extent_t'(ProbeSide);
    layer.input_row_pitch = activation_address_t'(ProbeSide);
    layer.input_block_pitch = activation_address_t'(ProbeSide);
    layer.output_row_pitch = activation_address_t'(ProbeSide);
    layer.residual_row_pitch = activation_address_t'(ProbeSide);
    layer.residual_stride_y = stride_t'(1);
    layer.residual_stride_x = stride_t'(1);
    return layer;
  endfunction

  // Product `index` of a round; the schedule counts for number systems with digits alone.
  function automatic multiply_t probe_multiply(number_system_t system, logic residual,
                                               int unsigned index, int unsigned lanes);
    multiply_t multiply = '0;
    multiply.opcode = OpMultiply;
    multiply.wait_rows = 12'(ProbeSide);
    multiply.wait_products = counter_t'(index);
    multiply.weight_address = weight_address_t'(probe_code_unit(lanes) / probe_word_units(lanes));
    multiply.parameter_address =
        weight_address_t'(probe_parameter_unit() / probe_word_units(lanes));
    multiply.input_base = probe_tensor(index);
    multiply.input_y = -position_t'(ProbeTaps / 2);
    multiply.input_x = -position_t'(ProbeTaps / 2);
    multiply.height = group_extent_t'(ProbeSide);
    multiply.width = group_extent_t'(ProbeSide);
    multiply.output_base = probe_tensor(index + 1);
    multiply.residual = residual;
    multiply.residual_base = probe_tensor(index + Tensors - 1);
    if (has_digits(system)) multiply.schedule = 48'h39e4_b1c6_4e93;
    return multiply;
  endfunction

  function automatic probe_program_t probe_program(array_kind_e kind, int unsigned lanes,
                                                   int unsigned depth);
    probe_program_t instructions;
    int unsigned at = 0, product = 0;
    load_input_t load = '0;
    store_t store = '0;
    end_t finish = '0;
    table_t entries = '0;

    for (int i = 0; i < int'(ProbeInstructions); i++) instructions[i] = '0;

    load.opcode = OpLoadInput;
    load.turn = TurnFirst;
    load.rows = extent_t'(ProbeSide);
    load.width = extent_t'(ProbeSide);
    load.blocks = extent_t'(block_banks(lanes, depth));
    load.base = probe_tensor(0);
    load.row_pitch = activation_address_t'(ProbeSide);
    load.block_pitch = activation_address_t'(ProbeSide);
    instructions[at] = load;
    at++;

    for (int s = 0; s < 2 ** $bits(number_system_t); s++) begin
      automatic number_system_t system = number_system_t'(s);
      if (runs_number_system(kind, system)) begin
        if (has_table(system)) begin
          entries.opcode = OpTable;
          entries.table_address =
              weight_address_t'(probe_code_unit(lanes) / probe_word_units(lanes));
          entries.short_table = has_nibbles(system);
          instructions[at] = entries;
          at++;
        end
        instructions[at]   = probe_layer(system, ModeDense, 1'b0, lanes, depth);
        instructions[at+1] = probe_multiply(system, 1'b0, product, lanes);
        instructions[at+2] = probe_layer(system, ModeWindow, 1'b0, lanes, depth);
        instructions[at+3] = probe_multiply(system, 1'b1, product + 1, lanes);
        at += 4;
        product += 2;
      end
    end
    instructions[at]   = probe_layer('0, ModeDense, 1'b1, lanes, depth);
    instructions[at+1] = probe_multiply('0, 1'b1, product, lanes);
    instructions[at+2] = probe_layer('0, ModeMaximum, 1'b0, lanes, depth);
    instructions[at+3] = probe_multiply('0, 1'b1, product + 1, lanes);
    at += 4;
    product += 2;

    store.opcode = OpStore;
    store.wait_products = counter_t'(product);
    store.rows = extent_t'(ProbeSide);
    store.width = extent_t'(ProbeSide);
    store.blocks = extent_t'(lane_words(lanes, depth));
    store.base = probe_tensor(product);
    store.row_pitch = activation_address_t'(ProbeSide);
    store.block_pitch = activation_address_t'(ProbeSide);
    instructions[at] = store;
    // The input comes once: later rounds find its rows counted.
    finish.opcode = OpEnd;
    finish.products = 14'(product);
    instructions[at+1] = finish;
    return instructions;
  endfunction

endpackage
// verilator lint_on UNUSEDPARAM
