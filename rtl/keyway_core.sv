// SPDX-License-Identifier: Apache-2.0
// The whole accelerator: shell, engine, lock unit.
//
//   shell      bus, registers, start sequence, output gate          rtl/shell/shell.sv
//   lock_unit  keys, unsealing and checking of frames               rtl/lock/lock_unit.sv
//   engine     instructions, memories, array, post-processing       rtl/engine
//   probe      at boot, if the device secret is bound to the class  rtl/probe/class_probe.sv
// The identity's pins go to the lock unit and nowhere else; the engine sees payload that the lock unit
// has deciphered, the shell sees verdicts. (SEC: KEYS_OFF_BUS)
//
// Parameters: see keyway_kernel.sv, which gives these ports the names that tools expect.
// Test: tests/rtl/shell/test_kernel.cpp, and everything that runs on `--target sim`.
`include "assert.svh"

module keyway_core
  import keyway_contract_pkg::*;
  import keyway_lock_pkg::frame_beats_t;
  import keyway_lock_pkg::key_t;
  import keyway_probe_pkg::ProbeRounds;
#(
    parameter int unsigned Lanes = 16,
    parameter int unsigned Depth = 16,
    parameter int unsigned ArrayKind = 0,  // a value of array_kind_e
    parameter int unsigned AxiDataWidth = 128,
    parameter int unsigned ActivationBytes = keyway_contract_pkg::MemoryDefaultActivationBytes,
    parameter int unsigned WeightBytes = keyway_contract_pkg::MemoryDefaultWeightBytes,
    parameter bit WeightUltra = 1'b0,  // see ram_1r1w
    parameter int unsigned UnsealerKind = 0  // 0 fast, 1 iterative
) (
    input  logic                                clk_i,
    input  logic                                rst_ni,
    output logic                                interrupt_o,
    output kernel_events_t                      events_o,
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
    // Identity.
    input  logic           [               7:0] sources_i,
    input  key_t                                fuse_i,
    input  key_t                                owner_key_i,
    input  logic                                enrolled_i,
    output logic                                puf_start_o,
    input  logic                                puf_valid_i,
    output logic                                puf_ready_o,
    input  logic                                puf_cell_i,
    input  logic                                helper_valid_i,
    output logic                                helper_ready_o,
    input  logic                                helper_i
);

  logic engine_clear, engine_clear_done, engine_run, engine_warm, engine_done, engine_error;
  counter_t engine_inputs;
  transfer_unit_t engine_input_stride, engine_output_stride;
  logic weight_write_valid;
  weight_unit_t weight_write_address;
  logic [127:0] weight_write_data;
  logic frames_valid, frames_ready, frame_verified;
  counter_t frames_count;
  weight_unit_t frames_destination;
  logic input_request_valid, input_request_ready, input_valid, input_ready;
  logic [31:0] input_request_offset, input_request_bytes;
  logic [127:0] input_data;
  logic output_request_valid, output_request_ready, output_valid, output_ready;
  logic [31:0] output_request_offset, output_request_bytes;
  logic [127:0] output_data;
  array_events_t array_events;
  shell_events_t shell_events;
  activity_events_t activity;

  assign events_o = '{activity: activity, shell: shell_events, array: array_events};

  logic lock_clear, lock_idle, lock_open_valid, lock_licence_present, lock_open_done;
  logic [7:0] lock_policy;
  keyway_lock_pkg::header_place_t lock_header_place;
  keyway_lock_pkg::licence_place_t lock_licence_place;
  logic [127:0] lock_header_word, lock_licence_word;
  status_e lock_open_status;
  logic lock_frame_valid, lock_frame_ready, lock_frame_plain, lock_frame_done, lock_frame_ok;
  frame_kind_e lock_frame_kind;
  logic [31:0] lock_frame_index, lock_total_frames;
  frame_beats_t lock_frame_beats;
  logic lock_data_valid, lock_data_ready, lock_payload_valid;
  logic [127:0] lock_data, lock_payload;

  // Reset reaches thousands of registers, far apart: it goes through a register for each unit. What gives
  // orders leaves it last, and the bus is with it. A reset lasts until all have been in it together.
  logic lock_rst_nq, engine_rst_nq, probe_rst_nq, shell_rst_nq, probing;

  // While the probe has the engine the shell stays in it: nothing from outside reaches the engine then.
  always_ff @(posedge clk_i) begin
    lock_rst_nq   <= rst_ni;
    engine_rst_nq <= lock_rst_nq;
    probe_rst_nq  <= engine_rst_nq;
    shell_rst_nq  <= engine_rst_nq && !probing;
  end

  // Cores that the contract has. What is no kind of array product_unit refuses.
  if (!is_array_size(Lanes) || Depth != Lanes) begin : gen_no_array
    $error("no such array: %0d x %0d", Lanes, Depth);
  end
  if (!is_axi_bits(AxiDataWidth)) begin : gen_no_bus
    $error("no such AxiDataWidth: %0d", AxiDataWidth);
  end
  if (UnsealerKind > 1) begin : gen_no_unsealer
    $error("no such UnsealerKind: %0d", UnsealerKind);
  end

  localparam array_kind_e Array = array_kind_e'(8'(ArrayKind));
  `KEYWAY_ASSERT_RESET(ResetIsLongEnough, 4)

  shell #(
      .Lanes          (Lanes),
      .Depth          (Depth),
      .ArrayKind      (Array),
      .AxiDataWidth   (AxiDataWidth),
      .ActivationBytes(ActivationBytes),
      .WeightBytes    (WeightBytes),
      .UnsealerKind   (UnsealerKind)
  ) u_shell (
      .clk_i,
      .rst_ni                 (shell_rst_nq),
      .interrupt_o,
      .events_o               (shell_events),
      .control_awvalid_i,
      .control_awready_o,
      .control_awaddr_i,
      .control_wvalid_i,
      .control_wready_o,
      .control_wdata_i,
      .control_wstrb_i,
      .control_bvalid_o,
      .control_bready_i,
      .control_bresp_o,
      .control_arvalid_i,
      .control_arready_o,
      .control_araddr_i,
      .control_rvalid_o,
      .control_rready_i,
      .control_rdata_o,
      .control_rresp_o,
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
      .bresp_i,
      .arvalid_o,
      .arready_i,
      .araddr_o,
      .arlen_o,
      .rvalid_i,
      .rready_o,
      .rdata_i,
      .rresp_i,
      .rlast_i,
      .engine_clear_o         (engine_clear),
      .engine_clear_done_i    (engine_clear_done),
      .engine_run_o           (engine_run),
      .engine_warm_o          (engine_warm),
      .engine_inputs_o        (engine_inputs),
      .engine_input_stride_o  (engine_input_stride),
      .engine_output_stride_o (engine_output_stride),
      .engine_done_i          (engine_done),
      .engine_error_i         (engine_error),
      .weight_write_valid_o   (weight_write_valid),
      .weight_write_address_o (weight_write_address),
      .weight_write_data_o    (weight_write_data),
      .frames_valid_i         (frames_valid),
      .frames_ready_o         (frames_ready),
      .frames_count_i         (frames_count),
      .frames_destination_i   (frames_destination),
      .frame_verified_o       (frame_verified),
      .input_request_valid_i  (input_request_valid),
      .input_request_ready_o  (input_request_ready),
      .input_request_offset_i (input_request_offset),
      .input_request_bytes_i  (input_request_bytes),
      .input_valid_o          (input_valid),
      .input_ready_i          (input_ready),
      .input_data_o           (input_data),
      .output_request_valid_i (output_request_valid),
      .output_request_ready_o (output_request_ready),
      .output_request_offset_i(output_request_offset),
      .output_request_bytes_i (output_request_bytes),
      .output_valid_i         (output_valid),
      .output_ready_o         (output_ready),
      .output_data_i          (output_data),
      .array_events_i         (array_events),
      .lock_clear_o           (lock_clear),
      .lock_idle_i            (lock_idle),
      .lock_open_valid_o      (lock_open_valid),
      .lock_policy_o          (lock_policy),
      .lock_header_place_i    (lock_header_place),
      .lock_header_word_o     (lock_header_word),
      .lock_licence_place_i   (lock_licence_place),
      .lock_licence_word_o    (lock_licence_word),
      .lock_licence_present_o (lock_licence_present),
      .lock_open_done_i       (lock_open_done),
      .lock_open_status_i     (lock_open_status),
      .lock_frame_valid_o     (lock_frame_valid),
      .lock_frame_ready_i     (lock_frame_ready),
      .lock_frame_kind_o      (lock_frame_kind),
      .lock_frame_index_o     (lock_frame_index),
      .lock_total_frames_o    (lock_total_frames),
      .lock_frame_beats_o     (lock_frame_beats),
      .lock_frame_plain_o     (lock_frame_plain),
      .lock_data_valid_o      (lock_data_valid),
      .lock_data_ready_i      (lock_data_ready),
      .lock_data_o            (lock_data),
      .lock_payload_valid_i   (lock_payload_valid),
      .lock_payload_i         (lock_payload),
      .lock_frame_done_i      (lock_frame_done),
      .lock_frame_ok_i        (lock_frame_ok)
  );

  // ------------------------------------------------------------------------------ class fingerprints
  logic probe_clear, probe_run, probe_write_valid, probe_input_valid;
  weight_unit_t probe_write_address;
  logic [127:0] probe_write_data, probe_input_data;
  // Nothing reads them but device_secret, and a simulator that writes a core's class file.
  logic class_valid  /* verilator public_flat_rd */;
  logic [255:0] class_clock  /* verilator public_flat_rd */;
  logic [127:0] class_precision  /* verilator public_flat_rd */;

  class_probe #(
      .Lanes          (Lanes),
      .Depth          (Depth),
      .ArrayKind      (Array),
      .AxiDataWidth   (AxiDataWidth),
      .ActivationBytes(ActivationBytes),
      .WeightBytes    (WeightBytes),
      .UnsealerKind   (UnsealerKind)
  ) u_class_probe (
      .clk_i,
      .rst_ni                (probe_rst_nq),
      .enable_i              ((sources_i & (SecretSourceClock | SecretSourcePrecision)) != '0),
      .active_o              (probing),
      .engine_clear_o        (probe_clear),
      .engine_clear_done_i   (engine_clear_done),
      .engine_run_o          (probe_run),
      .engine_done_i         (engine_done),
      .weight_write_valid_o  (probe_write_valid),
      .weight_write_address_o(probe_write_address),
      .weight_write_data_o   (probe_write_data),
      .input_request_valid_i (input_request_valid),
      .input_valid_o         (probe_input_valid),
      .input_ready_i         (input_ready),
      .input_data_o          (probe_input_data),
      .output_valid_i        (output_valid),
      .output_data_i         (output_data),
      .array_events_i        (array_events),
      .valid_o               (class_valid),
      .clock_o               (class_clock),
      .precision_o           (class_precision)
  );

  engine #(
      .Lanes          (Lanes),
      .Depth          (Depth),
      .ArrayKind      (Array),
      .ActivationBytes(ActivationBytes),
      .WeightBytes    (WeightBytes),
      .WeightUltra    (WeightUltra)
  ) u_engine (
      .clk_i,
      .rst_ni                 (engine_rst_nq),
      .clear_i                (probe_clear || engine_clear),
      .clear_done_o           (engine_clear_done),
      .run_i                  (probe_run || engine_run),
      .warm_i                 (engine_warm),
      .inputs_i               (probing ? counter_t'(ProbeRounds) : engine_inputs),
      .input_stride_i         (engine_input_stride),
      .output_stride_i        (engine_output_stride),
      .done_o                 (engine_done),
      .error_o                (engine_error),
      .weight_write_valid_i   (probe_write_valid || weight_write_valid),
      .weight_write_address_i (probing ? probe_write_address : weight_write_address),
      .weight_write_data_i    (probing ? probe_write_data : weight_write_data),
      .frames_valid_o         (frames_valid),
      .frames_ready_i         (frames_ready),
      .frames_count_o         (frames_count),
      .frames_destination_o   (frames_destination),
      .frame_verified_i       (frame_verified),
      .input_request_valid_o  (input_request_valid),
      .input_request_ready_i  (probing || input_request_ready),
      .input_request_offset_o (input_request_offset),
      .input_request_bytes_o  (input_request_bytes),
      .input_valid_i          (probe_input_valid || input_valid),
      .input_ready_o          (input_ready),
      .input_data_i           (probing ? probe_input_data : input_data),
      .output_request_valid_o (output_request_valid),
      .output_request_ready_i (probing || output_request_ready),
      .output_request_offset_o(output_request_offset),
      .output_request_bytes_o (output_request_bytes),
      .output_valid_o         (output_valid),
      .output_ready_i         (probing || output_ready),
      .output_data_o          (output_data),
      .events_o               (array_events),
      .activity_o             (activity)
  );

  localparam keyway_lock_pkg::unsealer_kind_e Kind = UnsealerKind == 0 ?
      keyway_lock_pkg::UnsealerFast : keyway_lock_pkg::UnsealerIterative;

  logic secret_valid, secret_failed;
  key_t secret;

  device_secret u_device_secret (
      .clk_i,
      .rst_ni       (lock_rst_nq),
      .sources_i,
      .fuse_i,
      .puf_start_o,
      .puf_valid_i,
      .puf_ready_o,
      .puf_cell_i,
      .helper_valid_i,
      .helper_ready_o,
      .helper_i,
      .class_valid_i(class_valid),
      .clock_i      (class_clock),
      .precision_i  (class_precision),
      .valid_o      (secret_valid),
      .failed_o     (secret_failed),
      .secret_o     (secret)
  );

  lock_unit #(
      .UnsealerKind(Kind)
  ) u_lock_unit (
      .clk_i,
      .rst_ni           (lock_rst_nq),
      .secret_i         (secret),
      .secret_valid_i   (secret_valid),
      .secret_failed_i  (secret_failed),
      .owner_key_i,
      .enrolled_i,
      .clear_i          (lock_clear),
      .idle_o           (lock_idle),
      .open_valid_i     (lock_open_valid),
      .policy_i         (lock_policy),
      .header_place_o   (lock_header_place),
      .header_word_i    (lock_header_word),
      .licence_place_o  (lock_licence_place),
      .licence_word_i   (lock_licence_word),
      .licence_present_i(lock_licence_present),
      .open_done_o      (lock_open_done),
      .open_status_o    (lock_open_status),
      .frame_valid_i    (lock_frame_valid),
      .frame_ready_o    (lock_frame_ready),
      .frame_kind_i     (lock_frame_kind),
      .frame_index_i    (lock_frame_index),
      .total_frames_i   (lock_total_frames),
      .frame_beats_i    (lock_frame_beats),
      .frame_plain_i    (lock_frame_plain),
      .data_valid_i     (lock_data_valid),
      .data_ready_o     (lock_data_ready),
      .data_i           (lock_data),
      .payload_valid_o  (lock_payload_valid),
      .payload_o        (lock_payload),
      .frame_done_o     (lock_frame_done),
      .frame_ok_o       (lock_frame_ok)
  );

endmodule
