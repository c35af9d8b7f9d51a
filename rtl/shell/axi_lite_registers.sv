// SPDX-License-Identifier: Apache-2.0
// The register file of the kernel: ap_ctrl_hs control, interrupts, arguments, identification, status,
// counters. Addresses come from pkg/contract.toml.
//
// Behaviour. Writing 1 to CONTROL bit 0 while idle starts the kernel: start_o stays high until done_i.
//   The arguments are copied in that cycle, so later writes reach the next start only. CONTROL reads
//   bit 0 busy, 1 done (cleared by that read and by the next start), 2 idle, 3 ready, which comes with
//   done and lasts one cycle, 7 auto-restart, always 0. INTERRUPT_STATUS bit 0 rises with done if
//   enabled; writing one clears it. ABORT bit 0, written while busy, raises abort_o until done_i.
//   Addresses without a register read zero and ignore writes, both with OKAY: an error response
//   would stop a card's firewall for a mere probe.
// Secrets: none of them comes here, there is no port for them. (SEC: KEYS_OFF_BUS)
// Timing: one transfer of each direction at a time; a write is done in the cycle in which address and
//   data are both there, a read answers two cycles after its address: registers, arguments and counters
//   are chosen among themselves first. Counters are 64 bits wide, read as two halves: read them when the
//   kernel is idle, they stand still then.
// Contract: AXI4-Lite with holds (assertions). Test: tests/rtl/shell/test_registers.cpp.
`include "assert.svh"

module axi_lite_registers
  import keyway_contract_pkg::*;
  import keyway_shell_pkg::*;
#(
    parameter logic [31:0] Shape = '0,
    parameter logic [31:0] ActivationBytes = '0,
    parameter logic [31:0] WeightBytes = '0
) (
    input logic clk_i,
    input logic rst_ni,
    // AXI4-Lite.
    input logic awvalid_i,
    output logic awready_o,
    input logic [11:0] awaddr_i,
    input logic wvalid_i,
    output logic wready_o,
    input logic [31:0] wdata_i,
    input logic [3:0] wstrb_i,
    output logic bvalid_o,
    input logic bready_i,
    output logic [1:0] bresp_o,
    input logic arvalid_i,
    output logic arready_o,
    input logic [11:0] araddr_i,
    output logic rvalid_o,
    input logic rready_i,
    output logic [31:0] rdata_o,
    output logic [1:0] rresp_o,
    output logic interrupt_o,
    // Kernel.
    output logic begin_o,  // pulse in the cycle before start_o rises
    output logic start_o,  // busy: from start to done
    output arguments_t arguments_o,
    output logic abort_o,  // the host wants an end
    input logic done_i,  // pulse
    input status_e status_i,  // with done_i
    input logic [NumCounters-1:0][63:0] counters_i
);

  // ------------------------------------------------------------------------------ writes
  // Address and data may come in either order; the write happens when both are here.
  logic address_full_q, data_full_q;
  logic [11:2] address_q;
  logic [31:0] data_q;
  logic [3:0] strobe_q;
  logic write;

  // Not ready in reset: it ends here some cycles after the bus has left it, and nothing may be lost.
  assign awready_o = rst_ni && !address_full_q;
  assign wready_o = rst_ni && !data_full_q;
  assign write = address_full_q && data_full_q && !bvalid_o;
  assign bresp_o = 2'b00;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      address_full_q <= 1'b0;
      data_full_q <= 1'b0;
      bvalid_o <= 1'b0;
    end else begin
      if (awvalid_i && awready_o) begin
        address_full_q <= 1'b1;
        address_q <= awaddr_i[11:2];
      end
      if (wvalid_i && wready_o) begin
        data_full_q <= 1'b1;
        data_q <= wdata_i;
        strobe_q <= wstrb_i;
      end
      if (bready_i) bvalid_o <= 1'b0;
      if (write) begin
        address_full_q <= 1'b0;
        data_full_q <= 1'b0;
        bvalid_o <= 1'b1;
      end
    end
  end

  function automatic logic [31:0] merge(logic [31:0] old, logic [31:0] data, logic [3:0] strobe);
    for (int unsigned i = 0; i < 4; i++) merge[8*i+:8] = strobe[i] ? data[8*i+:8] : old[8*i+:8];
  endfunction

  logic [11:0] write_address;
  assign write_address = {address_q, 2'b00};

  // The bits of a one-bit register or command that a write sets.
  logic write_bit;
  assign write_bit = data_q[0] && strobe_q[0];

  // ------------------------------------------------------------------------------ registers
  arguments_t written_q;  // as the bus wrote them
  arguments_t arguments_q;  // as they were at start
  logic busy_q, done_q, abort_q, global_q, enable_q, interrupt_q;
  status_e status_q;
  logic read, start;

  assign start = write && write_address == RegControl && write_bit && !busy_q;
  assign read  = arvalid_i && arready_o;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      written_q <= '0;
      arguments_q <= '0;
      busy_q <= 1'b0;
      done_q <= 1'b0;
      abort_q <= 1'b0;
      global_q <= 1'b0;
      enable_q <= 1'b0;
      interrupt_q <= 1'b0;
      status_q <= StatusNone;
    end else begin
      if (write) begin
        unique case (write_address)
          RegInterruptGlobal: if (strobe_q[0]) global_q <= data_q[0];
          RegInterruptEnable: if (strobe_q[0]) enable_q <= data_q[0];
          RegInterruptStatus: if (write_bit) interrupt_q <= 1'b0;
          RegAbort: if (write_bit) abort_q <= busy_q;
          ArgMode: written_q.mode <= merge(written_q.mode, data_q, strobe_q);
          ArgPackage:
          written_q.package_address[31:0] <= merge(
              written_q.package_address[31:0], data_q, strobe_q
          );
          ArgPackage + 12'd4:
          written_q.package_address[63:32] <= merge(
              written_q.package_address[63:32], data_q, strobe_q
          );
          ArgLicence:
          written_q.licence_address[31:0] <= merge(
              written_q.licence_address[31:0], data_q, strobe_q
          );
          ArgLicence + 12'd4:
          written_q.licence_address[63:32] <= merge(
              written_q.licence_address[63:32], data_q, strobe_q
          );
          ArgInput:
          written_q.input_address[31:0] <= merge(written_q.input_address[31:0], data_q, strobe_q);
          ArgInput + 12'd4:
          written_q.input_address[63:32] <= merge(written_q.input_address[63:32], data_q, strobe_q);
          ArgOutput:
          written_q.output_address[31:0] <= merge(written_q.output_address[31:0], data_q, strobe_q);
          ArgOutput + 12'd4:
          written_q.output_address[63:32] <= merge(
              written_q.output_address[63:32], data_q, strobe_q
          );
          ArgCount: written_q.count <= merge(written_q.count, data_q, strobe_q);
          ArgInputStride: written_q.input_stride <= merge(written_q.input_stride, data_q, strobe_q);
          ArgOutputStride:
          written_q.output_stride <= merge(written_q.output_stride, data_q, strobe_q);
          ArgPackageBytes:
          written_q.package_bytes <= merge(written_q.package_bytes, data_q, strobe_q);
          ArgInputBytes: written_q.input_bytes <= merge(written_q.input_bytes, data_q, strobe_q);
          ArgOutputBytes: written_q.output_bytes <= merge(written_q.output_bytes, data_q, strobe_q);
          ArgCycleLimit: written_q.cycle_limit <= merge(written_q.cycle_limit, data_q, strobe_q);
          default: ;
        endcase
      end
      if (read && araddr_i[11:2] == RegControl[11:2]) done_q <= 1'b0;
      if (start) begin
        arguments_q <= written_q;
        busy_q <= 1'b1;
        done_q <= 1'b0;
        status_q <= StatusNone;
      end
      if (done_i) begin
        abort_q  <= 1'b0;
        busy_q   <= 1'b0;
        done_q   <= 1'b1;
        status_q <= status_i;
        if (enable_q) interrupt_q <= 1'b1;
      end
    end
  end

  assign begin_o = start;
  assign start_o = busy_q;
  assign abort_o = abort_q;
  assign arguments_o = arguments_q;
  assign interrupt_o = global_q && interrupt_q;

  // ------------------------------------------------------------------------------ reads
  logic [31:0] of_registers, of_arguments, of_counters;
  logic [31:0] of_registers_q, of_arguments_q, of_counters_q;
  logic read_q;
  logic [11:0] read_address;
  logic [11:0] counter_offset;

  assign arready_o = rst_ni && !rvalid_o && !read_q;
  assign rresp_o = 2'b00;
  assign read_address = {araddr_i[11:2], 2'b00};
  assign counter_offset = read_address - CounterBase;

  // Of these no more than one is not zero.
  always_comb begin
    unique case (read_address)
      RegControl: of_registers = {28'b0, done_i, !busy_q, done_q, busy_q};
      RegInterruptGlobal: of_registers = 32'(global_q);
      RegInterruptEnable: of_registers = 32'(enable_q);
      RegInterruptStatus: of_registers = 32'(interrupt_q);
      RegId: of_registers = CoreId;
      RegVersion: of_registers = CoreVersion;
      RegContract: of_registers = ContractHash;
      RegShape: of_registers = Shape;
      RegActivationBytes: of_registers = ActivationBytes;
      RegWeightBytes: of_registers = WeightBytes;
      RegStatus: of_registers = 32'(status_q);
      default: of_registers = '0;
    endcase
    unique case (read_address)
      ArgMode: of_arguments = written_q.mode;
      ArgPackage: of_arguments = written_q.package_address[31:0];
      ArgPackage + 12'd4: of_arguments = written_q.package_address[63:32];
      ArgLicence: of_arguments = written_q.licence_address[31:0];
      ArgLicence + 12'd4: of_arguments = written_q.licence_address[63:32];
      ArgInput: of_arguments = written_q.input_address[31:0];
      ArgInput + 12'd4: of_arguments = written_q.input_address[63:32];
      ArgOutput: of_arguments = written_q.output_address[31:0];
      ArgOutput + 12'd4: of_arguments = written_q.output_address[63:32];
      ArgCount: of_arguments = written_q.count;
      ArgInputStride: of_arguments = written_q.input_stride;
      ArgOutputStride: of_arguments = written_q.output_stride;
      ArgPackageBytes: of_arguments = written_q.package_bytes;
      ArgInputBytes: of_arguments = written_q.input_bytes;
      ArgOutputBytes: of_arguments = written_q.output_bytes;
      ArgCycleLimit: of_arguments = written_q.cycle_limit;
      default: of_arguments = '0;
    endcase
    of_counters = '0;
    if (read_address >= CounterBase && counter_offset < 12'(8 * NumCounters)) begin
      of_counters = counters_i[counter_offset[11:3]][32*counter_offset[2]+:32];
    end
  end

  always_ff @(posedge clk_i) begin
    of_registers_q <= of_registers;
    of_arguments_q <= of_arguments;
    of_counters_q  <= of_counters;
    if (!rst_ni) begin
      read_q   <= 1'b0;
      rvalid_o <= 1'b0;
    end else begin
      read_q <= read;
      if (rready_i) rvalid_o <= 1'b0;
      if (read_q) begin
        rvalid_o <= 1'b1;
        rdata_o  <= of_registers_q | of_arguments_q | of_counters_q;
      end
    end
  end

  logic unused_low;
  assign unused_low = ^{awaddr_i[1:0], araddr_i[1:0], counter_offset[1:0]};

  `KEYWAY_ASSERT_HOLD(ReadHold, rvalid_o, rready_i, rdata_o)
  `KEYWAY_ASSERT_HOLD(AnswerHold, bvalid_o, bready_i, bresp_o)
  `KEYWAY_ASSERT(DoneOnlyWhenBusy, !done_i || busy_q)

endmodule
