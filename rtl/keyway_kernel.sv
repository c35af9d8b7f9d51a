// SPDX-License-Identifier: Apache-2.0
// The kernel as Vivado, XRT and the simulated platform see it: `keyway_core` with the flat port names
// that those tools recognise. The only module of the project with such names, and nothing but wires.
//
//   s_axi_control_*   AXI4-Lite, 4 KiB of registers, see pkg/contract.toml
//   m_axi_gmem_*      AXI4, one identifier (no ID ports), INCR bursts within 4 KiB, 64-bit addresses
//   interrupt         level, see INTERRUPT_* registers
//   sources_i, fuse_i, owner_key_i, enrolled_i
//                     the device's identity, driven by fuses on a chip and by sim/platform/identity in
//                     simulation; constant while ap_rst_n is high. Byte k of a value is bits 8k+7..8k.
//                     sources_i says what the device secret is made of: a sum of secret_source_e.
//   puf_*, helper_*   cells of a PUF, from a pulse of puf_start_o on, and its public helper data with their check
//                     value, bit by bit, lowest first; idle where sources_i has no PUF (lock/device_secret.sv)
//
//   ap_rst_n          low for four cycles or more (an assertion of keyway_core); the bus follows it three
//                     cycles late, so masters and slaves beside it are reset for longer. Memories are
//                     overwritten after it, before anything is read.
//
//   events_o          what the core does in this cycle: kernel_events_t, for traces and cycle accounts,
//                     else open
//
// Parameters. Lanes x Depth: size of the array; ArrayKind: what multiplies in it, a value of array_kind_e
// (keyway_contract_pkg). AxiDataWidth: 64, 128, 256 or 512. ActivationBytes, WeightBytes: on-chip
// memories; WeightUltra: the weights may take UltraRAM (stream/ram_1r1w). UnsealerKind: 0 = 16 bytes a cycle,
// 1 = one AES round a cycle. Software reads all of them.
// Test: tests/rtl/shell, and everything that runs on `--target sim`.

module keyway_kernel #(
    parameter int unsigned Lanes = 16,
    parameter int unsigned Depth = 16,
    parameter int unsigned ArrayKind = 0,
    parameter int unsigned AxiDataWidth = 128,
    parameter int unsigned ActivationBytes = keyway_contract_pkg::MemoryDefaultActivationBytes,
    parameter int unsigned WeightBytes = keyway_contract_pkg::MemoryDefaultWeightBytes,
    parameter bit WeightUltra = 1'b0,
    parameter int unsigned UnsealerKind = 0
) (
    input  logic                                                   ap_clk,
    input  logic                                                   ap_rst_n,
    // verilator lint_off SYMRSVDWORD
    output logic                                                   interrupt,
    // verilator lint_on SYMRSVDWORD
    // registers
    input  logic                                                   s_axi_control_awvalid,
    output logic                                                   s_axi_control_awready,
    input  logic [                                           11:0] s_axi_control_awaddr,
    input  logic                                                   s_axi_control_wvalid,
    output logic                                                   s_axi_control_wready,
    input  logic [                                           31:0] s_axi_control_wdata,
    input  logic [                                            3:0] s_axi_control_wstrb,
    output logic                                                   s_axi_control_bvalid,
    input  logic                                                   s_axi_control_bready,
    output logic [                                            1:0] s_axi_control_bresp,
    input  logic                                                   s_axi_control_arvalid,
    output logic                                                   s_axi_control_arready,
    input  logic [                                           11:0] s_axi_control_araddr,
    output logic                                                   s_axi_control_rvalid,
    input  logic                                                   s_axi_control_rready,
    output logic [                                           31:0] s_axi_control_rdata,
    output logic [                                            1:0] s_axi_control_rresp,
    // memory
    output logic                                                   m_axi_gmem_awvalid,
    input  logic                                                   m_axi_gmem_awready,
    output logic [                                           63:0] m_axi_gmem_awaddr,
    output logic [                                            7:0] m_axi_gmem_awlen,
    output logic [                                            2:0] m_axi_gmem_awsize,
    output logic [                                            1:0] m_axi_gmem_awburst,
    output logic [                                            3:0] m_axi_gmem_awcache,
    output logic [                                            2:0] m_axi_gmem_awprot,
    output logic                                                   m_axi_gmem_wvalid,
    input  logic                                                   m_axi_gmem_wready,
    output logic [                               AxiDataWidth-1:0] m_axi_gmem_wdata,
    output logic [                             AxiDataWidth/8-1:0] m_axi_gmem_wstrb,
    output logic                                                   m_axi_gmem_wlast,
    input  logic                                                   m_axi_gmem_bvalid,
    output logic                                                   m_axi_gmem_bready,
    input  logic [                                            1:0] m_axi_gmem_bresp,
    output logic                                                   m_axi_gmem_arvalid,
    input  logic                                                   m_axi_gmem_arready,
    output logic [                                           63:0] m_axi_gmem_araddr,
    output logic [                                            7:0] m_axi_gmem_arlen,
    output logic [                                            2:0] m_axi_gmem_arsize,
    output logic [                                            1:0] m_axi_gmem_arburst,
    output logic [                                            3:0] m_axi_gmem_arcache,
    output logic [                                            2:0] m_axi_gmem_arprot,
    input  logic                                                   m_axi_gmem_rvalid,
    output logic                                                   m_axi_gmem_rready,
    input  logic [                               AxiDataWidth-1:0] m_axi_gmem_rdata,
    input  logic [                                            1:0] m_axi_gmem_rresp,
    input  logic                                                   m_axi_gmem_rlast,
    // identity
    input  logic [                                            7:0] sources_i,
    input  logic [                                          255:0] fuse_i,
    input  logic [                                          255:0] owner_key_i,
    input  logic                                                   enrolled_i,
    output logic                                                   puf_start_o,
    input  logic                                                   puf_valid_i,
    output logic                                                   puf_ready_o,
    input  logic                                                   puf_cell_i,
    input  logic                                                   helper_valid_i,
    output logic                                                   helper_ready_o,
    input  logic                                                   helper_i,
    output logic [$bits(keyway_contract_pkg::kernel_events_t)-1:0] events_o
);

  keyway_core #(
      .Lanes          (Lanes),
      .Depth          (Depth),
      .ArrayKind      (ArrayKind),
      .AxiDataWidth   (AxiDataWidth),
      .ActivationBytes(ActivationBytes),
      .WeightBytes    (WeightBytes),
      .WeightUltra    (WeightUltra),
      .UnsealerKind   (UnsealerKind)
  ) u_core (
      .clk_i            (ap_clk),
      .rst_ni           (ap_rst_n),
      .interrupt_o      (interrupt),
      .control_awvalid_i(s_axi_control_awvalid),
      .control_awready_o(s_axi_control_awready),
      .control_awaddr_i (s_axi_control_awaddr),
      .control_wvalid_i (s_axi_control_wvalid),
      .control_wready_o (s_axi_control_wready),
      .control_wdata_i  (s_axi_control_wdata),
      .control_wstrb_i  (s_axi_control_wstrb),
      .control_bvalid_o (s_axi_control_bvalid),
      .control_bready_i (s_axi_control_bready),
      .control_bresp_o  (s_axi_control_bresp),
      .control_arvalid_i(s_axi_control_arvalid),
      .control_arready_o(s_axi_control_arready),
      .control_araddr_i (s_axi_control_araddr),
      .control_rvalid_o (s_axi_control_rvalid),
      .control_rready_i (s_axi_control_rready),
      .control_rdata_o  (s_axi_control_rdata),
      .control_rresp_o  (s_axi_control_rresp),
      .awvalid_o        (m_axi_gmem_awvalid),
      .awready_i        (m_axi_gmem_awready),
      .awaddr_o         (m_axi_gmem_awaddr),
      .awlen_o          (m_axi_gmem_awlen),
      .wvalid_o         (m_axi_gmem_wvalid),
      .wready_i         (m_axi_gmem_wready),
      .wdata_o          (m_axi_gmem_wdata),
      .wstrb_o          (m_axi_gmem_wstrb),
      .wlast_o          (m_axi_gmem_wlast),
      .bvalid_i         (m_axi_gmem_bvalid),
      .bready_o         (m_axi_gmem_bready),
      .bresp_i          (m_axi_gmem_bresp),
      .arvalid_o        (m_axi_gmem_arvalid),
      .arready_i        (m_axi_gmem_arready),
      .araddr_o         (m_axi_gmem_araddr),
      .arlen_o          (m_axi_gmem_arlen),
      .rvalid_i         (m_axi_gmem_rvalid),
      .rready_o         (m_axi_gmem_rready),
      .rdata_i          (m_axi_gmem_rdata),
      .rresp_i          (m_axi_gmem_rresp),
      .rlast_i          (m_axi_gmem_rlast),
      .sources_i,
      .fuse_i,
      .owner_key_i,
      .enrolled_i,
      .puf_start_o,
      .puf_valid_i,
      .puf_ready_o,
      .puf_cell_i,
      .helper_valid_i,
      .helper_ready_o,
      .helper_i,
      .events_o
  );

  // Constant for every burst: INCR, beats of the full bus width, modifiable, unprivileged data.
  assign m_axi_gmem_awsize  = 3'($clog2(AxiDataWidth / 8));
  assign m_axi_gmem_awburst = 2'b01;
  assign m_axi_gmem_awcache = 4'b0011;
  assign m_axi_gmem_awprot  = 3'b000;
  assign m_axi_gmem_arsize  = 3'($clog2(AxiDataWidth / 8));
  assign m_axi_gmem_arburst = 2'b01;
  assign m_axi_gmem_arcache = 4'b0011;
  assign m_axi_gmem_arprot  = 3'b000;

endmodule
