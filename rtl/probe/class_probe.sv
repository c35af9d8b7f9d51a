// SPDX-License-Identifier: Apache-2.0
// What a core measures of itself at boot: the fingerprints of its class, that is, of the bitstream.
//
// Mathematics: overwrites the engine's memories, fills weight memory with keyway_probe_pkg's program, numbers
//   of a generator for its parameters, tables and codes, and runs it. clock_o is, in words of 32 bits, what the
//   registers say of the core anyway (shape, and KiB of both memories), then cycles of the overwriting, and of
//   the run, by what the array did in them: worked, waited for a tile, a bank, products or anything else. precision_o is the remainder of all output
//   words, the first one the highest, and of the shape before them, by x^128 + x^7 + x^2 + x + 1: a check sum of
//   every bit that multiplication, summing, rounding and saturation left.
//   Both are the same in every chip with this bitstream, and whoever simulates it cycle by cycle finds them: they
//   tell classes apart and keep no secret. (rtl/lock/device_secret.sv hashes them, with what keeps one.)
// Timing: the engine belongs to the probe while active_o is high, from reset on if enable_i is, for 20,000 cycles
//   (8 x 8, logarithmic) to 60,000; nothing else runs then, and no memory outside takes part, so the counts
//   are the same at every boot. valid_o is a level until the next reset.
// Contract: enable_i is constant out of reset. The engine is left idle, its memories full of the probe's
//   numbers: whoever takes it next overwrites them.
// Source: Clements and Lao, arXiv 2405.20990 (clock cycles and finite precision as fingerprints).
// Test: tests/rtl/probe.
`include "assert.svh"

module class_probe
  import keyway_contract_pkg::*;
  import keyway_pkg::*;
  import keyway_probe_pkg::*;
#(
    parameter int unsigned Lanes           = 16,
    parameter int unsigned Depth           = 16,
    parameter array_kind_e ArrayKind       = ArrayKindMultiplier,
    parameter int unsigned AxiDataWidth    = 128,
    parameter int unsigned ActivationBytes = keyway_contract_pkg::MemoryDefaultActivationBytes,
    parameter int unsigned WeightBytes     = keyway_contract_pkg::MemoryDefaultWeightBytes,
    parameter int unsigned UnsealerKind    = 0
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  enable_i,
    output logic                  active_o,
    // The engine
    output logic                  engine_clear_o,
    input  logic                  engine_clear_done_i,
    output logic                  engine_run_o,
    input  logic                  engine_done_i,
    output logic                  weight_write_valid_o,
    output weight_unit_t          weight_write_address_o,
    output logic          [127:0] weight_write_data_o,
    input  logic                  input_request_valid_i,
    output logic                  input_valid_o,
    input  logic                  input_ready_i,
    output logic          [127:0] input_data_o,
    input  logic                  output_valid_i,
    input  logic          [127:0] output_data_i,
    input  array_events_t         array_events_i,
    // Fingerprints
    output logic                  valid_o,
    output logic          [255:0] clock_o,
    output logic          [127:0] precision_o
);

  localparam int unsigned ParameterUnit = probe_parameter_unit();
  localparam int unsigned CodeUnit = probe_code_unit(Lanes);
  localparam int unsigned WordUnits = probe_word_units(Lanes);
  localparam int unsigned LastUnit = probe_units(Lanes, Depth) - 1;
  localparam int unsigned InputBeats = probe_input_bytes(Lanes, Depth) / TransferUnitBytes;
  // By which sums of products, times a factor, come down to a byte and somewhat more.
  localparam int unsigned ProductBits = has_digit_passes(
      ArrayKind
  ) ? OperandBits + ActivationBits : product_bits(
      ArrayKind
  );
  localparam int unsigned LeastShift = ProductBits + $clog2(Depth) - 10;
  localparam probe_program_t Program = probe_program(ArrayKind, Lanes, Depth);
  localparam shape_t Shape = '{
      array_kind: ArrayKind,
      unsealer_kind: 4'(UnsealerKind),
      log2_axi_bits: 4'($clog2(AxiDataWidth)),
      depth: 8'(Depth),
      lanes: 8'(Lanes)
  };

  typedef enum logic [2:0] {
    StClear,
    StCleared,  // the engine's units hear of the end of a clear a cycle late
    StFill,
    StRun,
    StWait,
    StEnd
  } state_e;

  state_e state_q;
  weight_unit_t unit_q;
  logic [7:0] beats_q;  // of input that are still to come
  logic [31:0] clear_cycles_q, busy_q, tile_q, bank_q, products_q, waits_q;
  logic [127:0] remainder_q;

  // ------------------------------------------------------------------------------ numbers
  // Four generators of Marsaglia's (Xorshift RNGs, 2003, section 3), of different seeds.
  logic [3:0][31:0] random_q;
  logic draw;

  function automatic logic [31:0] xorshift(logic [31:0] x);
    logic [31:0] a, b;
    a = x ^ (x << 13);
    b = a ^ (a >> 17);
    return b ^ (b << 5);
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni) random_q <= 128'h7b4d_13c9_59e8_a26f_1d02_c8b3_e6f7_5a91;
    else if (draw) for (int i = 0; i < 4; i++) random_q[i] <= xorshift(random_q[i]);
  end

  // A word of a parameter record for each of four lanes: a small bias, factors by which a sum of products
  // and a residual weigh alike, shifts that leave some results small and saturate others.
  logic [3:0][31:0] parameters;
  weight_unit_t parameter_at;

  assign parameter_at = unit_q - weight_unit_t'(ParameterUnit);

  always_comb begin
    for (int l = 0; l < 4; l++) begin
      automatic parameter_record_t record = '0;
      record.bias  = 32'(signed'(random_q[l][10:0]));
      record.m     = 18'(signed'(random_q[l][9:0]));
      record.shift = 6'(LeastShift) + 6'(random_q[l][12:10]);
      record.hi    = 9'sd127;
      record.lo    = -9'sd128;
      record.mr    = random_q[l][31:14];
      if (parameter_at < weight_unit_t'(WordUnits)) parameters[l] = record[31:0];
      else if (parameter_at < weight_unit_t'(2 * WordUnits)) parameters[l] = record[63:32];
      else parameters[l] = record[95:64];
    end
  end

  always_comb begin
    weight_write_data_o = random_q;
    if (unit_q < weight_unit_t'(ParameterUnit)) begin
      weight_write_data_o = Program[unit_q[$clog2(ProbeInstructions):1]][128*unit_q[0]+:128];
    end else if (unit_q < weight_unit_t'(CodeUnit)) begin
      weight_write_data_o = parameters;
    end
  end

  // ------------------------------------------------------------------------------ sequence
  logic waits;  // for anything else; an event is high in every cycle of a run
  assign waits = array_events_i.stall_frames || array_events_i.stall_rows || array_events_i.stall_empty;

  assign active_o = enable_i && state_q != StEnd;
  assign valid_o = state_q == StEnd;
  assign engine_clear_o = state_q == StClear && active_o;
  assign engine_run_o = state_q == StRun;
  assign weight_write_valid_o = state_q == StFill;
  assign weight_write_address_o = unit_q;
  assign input_valid_o = beats_q != '0;
  assign input_data_o = random_q;
  assign draw = weight_write_valid_o || (input_valid_o && input_ready_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q        <= StClear;
      unit_q         <= '0;
      beats_q        <= '0;
      clear_cycles_q <= '0;
      busy_q         <= '0;
      tile_q         <= '0;
      bank_q         <= '0;
      products_q     <= '0;
      waits_q        <= '0;
      remainder_q    <= 128'(Shape);
    end else if (enable_i) begin
      unique case (state_q)
        StClear: begin
          clear_cycles_q <= clear_cycles_q + 32'd1;
          if (engine_clear_done_i) state_q <= StCleared;
        end
        StCleared: state_q <= StFill;
        StFill: begin
          unit_q <= unit_q + weight_unit_t'(1);
          if (unit_q == weight_unit_t'(LastUnit)) state_q <= StRun;
        end
        StRun:     state_q <= StWait;
        StWait: begin
          busy_q     <= busy_q + 32'(array_events_i.array_busy);
          tile_q     <= tile_q + 32'(array_events_i.stall_tile);
          bank_q     <= bank_q + 32'(array_events_i.stall_bank);
          products_q <= products_q + 32'(array_events_i.stall_products);
          waits_q    <= waits_q + 32'(waits);
          if (input_request_valid_i) beats_q <= 8'(InputBeats);
          else if (input_valid_o && input_ready_i) beats_q <= beats_q - 8'd1;
          if (output_valid_i) begin
            remainder_q <= {remainder_q[126:0], 1'b0} ^ (remainder_q[127] ? 128'h87 : '0) ^ output_data_i;
          end
          if (engine_done_i) state_q <= StEnd;
        end
        default:   state_q <= StEnd;
      endcase
    end
  end

  assign clock_o = {
    waits_q,
    products_q,
    bank_q,
    tile_q,
    busy_q,
    clear_cycles_q,
    16'(WeightBytes / 1024),
    16'(ActivationBytes / 1024),
    32'(Shape)
  };
  assign precision_o = remainder_q;

  `KEYWAY_ASSERT(OneInput, !input_request_valid_i || !active_o || beats_q == '0)

endmodule
