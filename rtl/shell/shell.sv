// SPDX-License-Identifier: Apache-2.0
// Everything between the bus and the two working parts: registers, bus masters, conductor, frame
// server, output gate, counters. `keyway_core` adds the engine and the lock unit; the tests put
// stand-ins in their place, which is why the border runs here.
//
//   registers --start--> conductor --+--> header_licence_store -read--+
//                                    +--> frame_server ---------read--+--> axi_read_dma --> bus
//   engine input -----------------------------------------------read--+
//   bus words --> lock unit --payload--> frame_server --> weight memory of the engine
//   engine output --> output_gate --> axi_write_dma --> bus
//
// No port carries a key. Bus addresses, lengths and their order follow from the arguments and from the
// public shape of package and program, and lie in the buffers that the arguments name: the bus masters
// see to that, for every client alike. (SEC: KEYS_OFF_BUS, PUBLIC_TIMING, BUFFER_BOUNDS)
// Contracts of the ports stand in the modules that they lead to. Test: tests/rtl/shell/test_start.cpp.
`include "assert.svh"

module shell
  import keyway_contract_pkg::*;
  import keyway_shell_pkg::*;
  import keyway_lock_pkg::frame_beats_t;
  import keyway_lock_pkg::header_place_t;
  import keyway_lock_pkg::licence_place_t;
#(
    parameter int unsigned Lanes = 16,
    parameter int unsigned Depth = 16,
    parameter array_kind_e ArrayKind = ArrayKindMultiplier,
    parameter int unsigned AxiDataWidth = 128,
    parameter int unsigned ActivationBytes = keyway_contract_pkg::MemoryDefaultActivationBytes,
    parameter int unsigned WeightBytes = keyway_contract_pkg::MemoryDefaultWeightBytes,
    parameter int unsigned UnsealerKind = 0,
    parameter int unsigned StallCycles = 65536
) (
    input  logic                                clk_i,
    input  logic                                rst_ni,
    output logic                                interrupt_o,
    output shell_events_t                       events_o,
    // Control, AXI4-Lite.
    input  logic                                control_awvalid_i,
    output logic                                control_awready_o,
    input  logic           [              11:0] control_awaddr_i,
    input  logic                                control_wvalid_i,
    output logic                                control_wready_o,
    input  logic           [              31:0] control_wdata_i,
    input  logic           [               3:0] control_wstrb_i,
    output logic                                control_bvalid_o,
    input  logic                                control_bready_i,
    output logic           [               1:0] control_bresp_o,
    input  logic                                control_arvalid_i,
    output logic                                control_arready_o,
    input  logic           [              11:0] control_araddr_i,
    output logic                                control_rvalid_o,
    input  logic                                control_rready_i,
    output logic           [              31:0] control_rdata_o,
    output logic           [               1:0] control_rresp_o,
    // Memory, AXI4.
    output logic                                awvalid_o,
    input  logic                                awready_i,
    output logic           [              63:0] awaddr_o,
    output logic           [               7:0] awlen_o,
    output logic                                wvalid_o,
    input  logic                                wready_i,
    output logic           [  AxiDataWidth-1:0] wdata_o,
    output logic           [AxiDataWidth/8-1:0] wstrb_o,
    output logic                                wlast_o,
    input  logic                                bvalid_i,
    output logic                                bready_o,
    input  logic           [               1:0] bresp_i,
    output logic                                arvalid_o,
    input  logic                                arready_i,
    output logic           [              63:0] araddr_o,
    output logic           [               7:0] arlen_o,
    input  logic                                rvalid_i,
    output logic                                rready_o,
    input  logic           [  AxiDataWidth-1:0] rdata_i,
    input  logic           [               1:0] rresp_i,
    input  logic                                rlast_i,
    // Engine.
    output logic                                engine_clear_o,
    input  logic                                engine_clear_done_i,
    output logic                                engine_run_o,
    output logic                                engine_warm_o,
    output counter_t                            engine_inputs_o,
    output transfer_unit_t                      engine_input_stride_o,
    output transfer_unit_t                      engine_output_stride_o,
    input  logic                                engine_done_i,
    input  logic                                engine_error_i,
    output logic                                weight_write_valid_o,
    output weight_unit_t                        weight_write_address_o,
    output logic           [             127:0] weight_write_data_o,
    input  logic                                frames_valid_i,
    output logic                                frames_ready_o,
    input  counter_t                            frames_count_i,
    input  weight_unit_t                        frames_destination_i,
    output logic                                frame_verified_o,
    input  logic                                input_request_valid_i,
    output logic                                input_request_ready_o,
    input  logic           [              31:0] input_request_offset_i,
    input  logic           [              31:0] input_request_bytes_i,
    output logic                                input_valid_o,
    input  logic                                input_ready_i,
    output logic           [             127:0] input_data_o,
    input  logic                                output_request_valid_i,
    output logic                                output_request_ready_o,
    input  logic           [              31:0] output_request_offset_i,
    input  logic           [              31:0] output_request_bytes_i,
    input  logic                                output_valid_i,
    output logic                                output_ready_o,
    input  logic           [             127:0] output_data_i,
    input  array_events_t                       array_events_i,
    // Lock unit.
    output logic                                lock_clear_o,
    input  logic                                lock_idle_i,
    output logic                                lock_open_valid_o,
    output logic           [               7:0] lock_policy_o,
    input  header_place_t                       lock_header_place_i,
    output word_t                               lock_header_word_o,
    input  licence_place_t                      lock_licence_place_i,
    output word_t                               lock_licence_word_o,
    output logic                                lock_licence_present_o,
    input  logic                                lock_open_done_i,
    input  status_e                             lock_open_status_i,
    output logic                                lock_frame_valid_o,
    input  logic                                lock_frame_ready_i,
    output frame_kind_e                         lock_frame_kind_o,
    output logic           [              31:0] lock_frame_index_o,
    output logic           [              31:0] lock_total_frames_o,
    output frame_beats_t                        lock_frame_beats_o,
    output logic                                lock_frame_plain_o,
    output logic                                lock_data_valid_o,
    input  logic                                lock_data_ready_i,
    output logic           [             127:0] lock_data_o,
    input  logic                                lock_payload_valid_i,
    input  logic           [             127:0] lock_payload_i,
    input  logic                                lock_frame_done_i,
    input  logic                                lock_frame_ok_i
);

  // ------------------------------------------------------------------------------ registers
  localparam shape_t Shape = '{
      array_kind: ArrayKind,
      unsealer_kind: 4'(UnsealerKind),
      log2_axi_bits: 4'($clog2(AxiDataWidth)),
      depth: 8'(Depth),
      lanes: 8'(Lanes)
  };

  logic begin_start, start, abort, over_limit_q, done;
  status_e status;
  arguments_t arguments;
  logic [NumCounters-1:0][63:0] counters;

  axi_lite_registers #(
      .Shape          (Shape),
      .ActivationBytes(32'(ActivationBytes)),
      .WeightBytes    (32'(WeightBytes))
  ) u_registers (
      .clk_i,
      .rst_ni,
      .awvalid_i  (control_awvalid_i),
      .awready_o  (control_awready_o),
      .awaddr_i   (control_awaddr_i),
      .wvalid_i   (control_wvalid_i),
      .wready_o   (control_wready_o),
      .wdata_i    (control_wdata_i),
      .wstrb_i    (control_wstrb_i),
      .bvalid_o   (control_bvalid_o),
      .bready_i   (control_bready_i),
      .bresp_o    (control_bresp_o),
      .arvalid_i  (control_arvalid_i),
      .arready_o  (control_arready_o),
      .araddr_i   (control_araddr_i),
      .rvalid_o   (control_rvalid_o),
      .rready_i   (control_rready_i),
      .rdata_o    (control_rdata_o),
      .rresp_o    (control_rresp_o),
      .interrupt_o,
      .begin_o    (begin_start),
      .start_o    (start),
      .arguments_o(arguments),
      .abort_o    (abort),
      .done_i     (done),
      .status_i   (status),
      .counters_i (counters)
  );

  // ------------------------------------------------------------------------------ conductor
  logic opened_load, opened_compare, opened_hold, opened_busy, opened_mismatch;
  header_t header;
  logic frames_clear, frames_header, frames_boot;
  logic frames_idle, frames_failed, frames_header_good, frames_bad_program, frame_event;
  logic [31:0] frames_verified;
  logic bus_flush, read_idle, read_error, read_outside, read_beat, read_waiting;
  logic write_idle, write_error, write_outside, write_beat, write_waiting;
  logic progress, gate_open, clear_events, opening;

  conductor #(
      .Lanes          (Lanes),
      .Depth          (Depth),
      .ArrayKind      (ArrayKind),
      .ActivationBytes(ActivationBytes),
      .WeightBytes    (WeightBytes),
      .StallCycles    (StallCycles)
  ) u_conductor (
      .clk_i,
      .rst_ni,
      .start_i                (start),
      .open_only_i            (arguments.mode != 32'(StartModeRun)),
      .done_o                 (done),
      .status_o               (status),
      .abort_i                (abort),
      .over_limit_i           (over_limit_q),
      .opened_load_o          (opened_load),
      .opened_compare_o       (opened_compare),
      .opened_hold_o          (opened_hold),
      .opened_busy_i          (opened_busy),
      .opened_mismatch_i      (opened_mismatch),
      .header_i               (header),
      .lock_clear_o,
      .lock_idle_i,
      .lock_open_valid_o,
      .lock_open_done_i,
      .lock_open_status_i,
      .frames_clear_o         (frames_clear),
      .frames_header_o        (frames_header),
      .frames_boot_o          (frames_boot),
      .frames_idle_i          (frames_idle),
      .frames_failed_i        (frames_failed),
      .frames_header_good_i   (frames_header_good),
      .frames_bad_program_i   (frames_bad_program),
      .frames_verified_i      (frames_verified),
      .engine_clear_o,
      .engine_clear_done_i,
      .engine_run_o,
      .engine_warm_o,
      .engine_done_i,
      .engine_error_i,
      .bus_flush_o            (bus_flush),
      .read_idle_i            (read_idle),
      .read_error_i           (read_error),
      .write_idle_i           (write_idle),
      .write_error_i          (write_error),
      .outside_i              (read_outside || write_outside),
      .progress_i             (progress),
      .gate_open_o            (gate_open),
      .counters_clear_events_o(clear_events),
      .opening_o              (opening)
  );

  assign engine_inputs_o = arguments.count[15:0];
  assign engine_input_stride_o = arguments.input_stride[31:4];
  assign engine_output_stride_o = arguments.output_stride[31:4];

  assign progress = array_events_i.array_busy || lock_payload_valid_i || read_beat || read_waiting ||
                    write_beat || write_waiting;

  // ------------------------------------------------------------------------------ reading
  logic [ReadClients-1:0] request_valid, request_ready, data_valid, data_ready;
  buffer_t [ReadClients-1:0] buffer;
  dma_request_t [ReadClients-1:0] request;
  word_t read_data;
  logic unused_last;

  axi_read_dma #(
      .AxiDataWidth(AxiDataWidth)
  ) u_read_dma (
      .clk_i,
      .rst_ni,
      .flush_i        (bus_flush),
      .idle_o         (read_idle),
      .error_o        (read_error),
      .outside_o      (read_outside),
      .beat_o         (read_beat),
      .waiting_o      (read_waiting),
      .buffer_i       (buffer),
      .request_valid_i(request_valid),
      .request_ready_o(request_ready),
      .request_i      (request),
      .data_valid_o   (data_valid),
      .data_ready_i   (data_ready),
      .data_o         (read_data),
      .data_last_o    (unused_last),
      .arvalid_o,
      .arready_i,
      .araddr_o,
      .arlen_o,
      .rvalid_i,
      .rready_o,
      .rdata_i,
      .rresp_i,
      .rlast_i
  );

  assign request_valid[ClientInput] = input_request_valid_i;
  assign buffer[ClientInput] = '{address: arguments.input_address, bytes: arguments.input_bytes};
  assign request[ClientInput] = '{
          offset: 44'(input_request_offset_i),
          bytes: input_request_bytes_i
      };
  assign input_request_ready_o = request_ready[ClientInput];
  assign input_valid_o = data_valid[ClientInput];
  assign data_ready[ClientInput] = input_ready_i;
  assign input_data_o = read_data;

  header_licence_store u_header_licence_store (
      .clk_i,
      .rst_ni,
      .clear_i          (bus_flush),
      .load_i           (opened_load),
      .compare_i        (opened_compare),
      .hold_i           (opened_hold),
      .input_seen_i     (input_request_valid_i && input_request_ready_o),
      .package_address_i(arguments.package_address),
      .licence_address_i(arguments.licence_address),
      .busy_o           (opened_busy),
      .mismatch_o       (opened_mismatch),
      .request_valid_o  (request_valid[ClientHeader]),
      .request_ready_i  (request_ready[ClientHeader]),
      .buffer_o         (buffer[ClientHeader]),
      .request_o        (request[ClientHeader]),
      .data_valid_i     (data_valid[ClientHeader]),
      .data_i           (read_data),
      .header_o         (header),
      .licence_present_o(lock_licence_present_o),
      .header_place_i   (lock_header_place_i),
      .header_word_o    (lock_header_word_o),
      .licence_place_i  (lock_licence_place_i),
      .licence_word_o   (lock_licence_word_o)
  );

  assign data_ready[ClientHeader] = 1'b1;
  assign lock_policy_o = header.policy;

  frame_server #(
      .WeightBytes(WeightBytes)
  ) u_frame_server (
      .clk_i,
      .rst_ni,
      .clear_i         (frames_clear),
      .header_fields_i (header),
      .header_i        (frames_header),
      .boot_i          (frames_boot),
      .begin_run_i     (engine_run_o),
      .warm_i          (engine_warm_o),
      .idle_o          (frames_idle),
      .failed_o        (frames_failed),
      .header_good_o   (frames_header_good),
      .bad_program_o   (frames_bad_program),
      .verified_o      (frames_verified),
      .verified_event_o(frame_event),
      .frames_valid_i,
      .frames_ready_o,
      .frames_count_i,
      .frames_destination_i,
      .frame_verified_o,
      .weight_write_valid_o,
      .weight_write_address_o,
      .weight_write_data_o,
      .request_valid_o (request_valid[ClientFrames]),
      .request_ready_i (request_ready[ClientFrames]),
      .request_o       (request[ClientFrames]),
      .frame_valid_o   (lock_frame_valid_o),
      .frame_ready_i   (lock_frame_ready_i),
      .frame_kind_o    (lock_frame_kind_o),
      .frame_index_o   (lock_frame_index_o),
      .total_frames_o  (lock_total_frames_o),
      .frame_beats_o   (lock_frame_beats_o),
      .frame_plain_o   (lock_frame_plain_o),
      .payload_valid_i (lock_payload_valid_i),
      .payload_i       (lock_payload_i),
      .frame_done_i    (lock_frame_done_i),
      .frame_ok_i      (lock_frame_ok_i)
  );

  assign buffer[ClientFrames] = '{
          address: arguments.package_address,
          bytes: arguments.package_bytes
      };
  assign lock_data_valid_o = data_valid[ClientFrames];
  assign data_ready[ClientFrames] = lock_data_ready_i;
  assign lock_data_o = read_data;

  // ------------------------------------------------------------------------------ writing
  dma_request_t engine_request, gated_request;
  logic gated_request_valid, gated_request_ready, gated_valid, gated_ready;
  word_t   gated_data;

  buffer_t output_buffer;

  assign output_buffer  = '{address: arguments.output_address, bytes: arguments.output_bytes};
  assign engine_request = '{offset: 44'(output_request_offset_i), bytes: output_request_bytes_i};

  output_gate u_output_gate (
      .clk_i,
      .rst_ni,
      .open_i         (gate_open),
      .request_valid_i(output_request_valid_i),
      .request_ready_o(output_request_ready_o),
      .request_i      (engine_request),
      .data_valid_i   (output_valid_i),
      .data_ready_o   (output_ready_o),
      .data_i         (output_data_i),
      .request_valid_o(gated_request_valid),
      .request_ready_i(gated_request_ready),
      .request_o      (gated_request),
      .data_valid_o   (gated_valid),
      .data_ready_i   (gated_ready),
      .data_o         (gated_data)
  );

  axi_write_dma #(
      .AxiDataWidth(AxiDataWidth)
  ) u_write_dma (
      .clk_i,
      .rst_ni,
      .abort_i        (bus_flush),
      .idle_o         (write_idle),
      .error_o        (write_error),
      .outside_o      (write_outside),
      .beat_o         (write_beat),
      .waiting_o      (write_waiting),
      .buffer_i       (output_buffer),
      .request_valid_i(gated_request_valid),
      .request_ready_o(gated_request_ready),
      .request_i      (gated_request),
      .data_valid_i   (gated_valid),
      .data_ready_o   (gated_ready),
      .data_i         (gated_data),
      .awvalid_o,
      .awready_i,
      .awaddr_o,
      .awlen_o,
      .wvalid_o,
      .wready_i,
      .wdata_o,
      .wstrb_o,
      .wlast_o,
      .bvalid_i,
      .bready_o,
      .bresp_i
  );

  // ------------------------------------------------------------------------------ events
  assign events_o = '{
          opening: opening && start,
          unsealer: lock_data_valid_o && lock_data_ready_i,
          load: input_valid_o && input_ready_i,
          store: write_beat
      };

  logic [NumCounters-1:0] events;

  always_comb begin
    events = '0;
    events[CountTotal] = 1'b1;
    events[CountOpen] = opening;
    events[CountArrayBusy] = array_events_i.array_busy;
    events[CountStallTile] = array_events_i.stall_tile;
    events[CountStallBank] = array_events_i.stall_bank;
    events[CountStallFrames] = array_events_i.stall_frames;
    events[CountStallRows] = array_events_i.stall_rows;
    events[CountStallProducts] = array_events_i.stall_products;
    events[CountStallEmpty] = array_events_i.stall_empty;
    events[CountFrames] = frame_event;
    events[CountReadBytes] = read_beat;
    events[CountWriteBytes] = write_beat;
  end

  // A register: the comparison is long, and a cycle does not matter among 2^16.
  logic [63:0] total;
  assign total = counters[CountTotal];

  always_ff @(posedge clk_i) begin
    over_limit_q <= rst_ni && start && arguments.cycle_limit != '0 &&
                    total[63:CycleLimitBits] >= (64 - CycleLimitBits)'(arguments.cycle_limit);
  end

  logic unused_total;
  assign unused_total = ^total;

  performance_counters #(
      .AxiDataWidth(AxiDataWidth)
  ) u_counters (
      .clk_i,
      .rst_ni,
      .clear_i       (begin_start),
      .clear_events_i(clear_events),
      .count_i       (start),
      .event_i       (events),
      .counters_o    (counters)
  );

  `KEYWAY_ASSERT(OneEventAtMost, $onehot0(array_events_i))
  `KEYWAY_ASSERT(OutputOnlyThroughGate, gate_open || !(gated_valid || gated_request_valid))

endmodule
