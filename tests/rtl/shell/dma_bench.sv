// SPDX-License-Identifier: Apache-2.0
// Both bus masters side by side with flat client ports, for test_dma.cpp.
module dma_bench
  import keyway_shell_pkg::*;
#(
    parameter int unsigned AxiDataWidth = 128
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    // Reading: request i in element i.
    input  logic                             flush_i,
    output logic                             read_idle_o,
    output logic                             read_error_o,
    output logic                             read_outside_o,
    output logic                             read_waiting_o,
    output logic                             read_beat_o,
    input  logic [ReadClients-1:0]           read_valid_i,
    output logic [ReadClients-1:0]           read_ready_o,
    input  logic [ReadClients-1:0][    63:0] read_address_i,  // of the buffer
    input  logic [ReadClients-1:0][    31:0] read_size_i,
    input  logic [ReadClients-1:0][    43:0] read_offset_i,
    input  logic [ReadClients-1:0][    31:0] read_bytes_i,
    output logic [ReadClients-1:0]           read_data_valid_o,
    input  logic [ReadClients-1:0]           read_data_ready_i,
    output logic [          127:0]           read_data_o,
    output logic                             read_data_last_o,
    // Writing.
    input  logic                             abort_i,
    output logic                             write_idle_o,
    output logic                             write_error_o,
    output logic                             write_outside_o,
    output logic                             write_waiting_o,
    output logic                             write_beat_o,
    input  logic                             write_valid_i,
    output logic                             write_ready_o,
    input  logic [           63:0]           write_address_i,
    input  logic [           31:0]           write_size_i,
    input  logic [           43:0]           write_offset_i,
    input  logic [           31:0]           write_bytes_i,
    input  logic                             write_data_valid_i,
    output logic                             write_data_ready_o,
    input  logic [          127:0]           write_data_i,
    // Bus.
    output logic                             awvalid_o,
    input  logic                             awready_i,
    output logic [           63:0]           awaddr_o,
    output logic [            7:0]           awlen_o,
    output logic                             wvalid_o,
    input  logic                             wready_i,
    output logic [  AxiDataWidth-1:0]        wdata_o,
    output logic [AxiDataWidth/8-1:0]        wstrb_o,
    output logic                             wlast_o,
    input  logic                             bvalid_i,
    output logic                             bready_o,
    input  logic [            1:0]           bresp_i,
    output logic                             arvalid_o,
    input  logic                             arready_i,
    output logic [           63:0]           araddr_o,
    output logic [            7:0]           arlen_o,
    input  logic                             rvalid_i,
    output logic                             rready_o,
    input  logic [  AxiDataWidth-1:0]        rdata_i,
    input  logic [            1:0]           rresp_i,
    input  logic                             rlast_i
);

  buffer_t [ReadClients-1:0] read_buffer;
  buffer_t write_buffer;
  dma_request_t [ReadClients-1:0] read_request;
  dma_request_t write_request;

  always_comb begin
    for (int unsigned i = 0; i < ReadClients; i++) begin
      read_buffer[i]  = '{address: read_address_i[i], bytes: read_size_i[i]};
      read_request[i] = '{offset: read_offset_i[i], bytes: read_bytes_i[i]};
    end
    write_buffer  = '{address: write_address_i, bytes: write_size_i};
    write_request = '{offset: write_offset_i, bytes: write_bytes_i};
  end

  axi_read_dma #(
      .AxiDataWidth(AxiDataWidth)
  ) u_read (
      .clk_i,
      .rst_ni,
      .flush_i,
      .idle_o         (read_idle_o),
      .error_o        (read_error_o),
      .outside_o      (read_outside_o),
      .beat_o         (read_beat_o),
      .waiting_o      (read_waiting_o),
      .buffer_i       (read_buffer),
      .request_valid_i(read_valid_i),
      .request_ready_o(read_ready_o),
      .request_i      (read_request),
      .data_valid_o   (read_data_valid_o),
      .data_ready_i   (read_data_ready_i),
      .data_o         (read_data_o),
      .data_last_o    (read_data_last_o),
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

  axi_write_dma #(
      .AxiDataWidth(AxiDataWidth)
  ) u_write (
      .clk_i,
      .rst_ni,
      .abort_i,
      .idle_o         (write_idle_o),
      .error_o        (write_error_o),
      .outside_o      (write_outside_o),
      .beat_o         (write_beat_o),
      .waiting_o      (write_waiting_o),
      .buffer_i       (write_buffer),
      .request_valid_i(write_valid_i),
      .request_ready_o(write_ready_o),
      .request_i      (write_request),
      .data_valid_i   (write_data_valid_i),
      .data_ready_o   (write_data_ready_o),
      .data_i         (write_data_i),
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

endmodule
