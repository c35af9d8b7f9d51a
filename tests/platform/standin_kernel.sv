// SPDX-License-Identifier: Apache-2.0
// A kernel with the ports, registers and manners of keyway_kernel that does a simple job, so that
// platform and driver are tested without the core.
//
// Start with mode 0 or 1 reads the 128-byte header block of `package` and answers in STATUS:
// BAD_HEADER (magic), WRONG_CORE (not 16 x 16), for a locked policy NO_LICENCE (licence pointer is
// zero), NOT_ENROLLED (pin), WRONG_DEVICE (first byte of the secret is not that of the licence's
// byte 48), else OK. Mode 0 then copies (total_frames - 2) * 4096 bytes from `input` to `output`, each
// byte XOR 0x5a, 16 beats a burst.
//
// Modes 2 to 8 plant a fault: 2 a burst across a 4 KiB boundary, 3 ARVALID withdrawn, 4 WLAST one
// beat early, 5 does nothing until an abort, 6 write data that change before they are taken, 7 reads
// the header until an abort, 8 for ever.

// The pin's name is Vivado's; in C++ Verilator calls it __SYM__interrupt.
// verilator lint_off SYMRSVDWORD

module standin_kernel
  import keyway_contract_pkg::*;
(
    input  logic         ap_clk,
    input  logic         ap_rst_n,
    output logic         interrupt,
    input  logic         s_axi_control_awvalid,
    output logic         s_axi_control_awready,
    input  logic [ 11:0] s_axi_control_awaddr,
    input  logic         s_axi_control_wvalid,
    output logic         s_axi_control_wready,
    input  logic [ 31:0] s_axi_control_wdata,
    input  logic [  3:0] s_axi_control_wstrb,
    output logic         s_axi_control_bvalid,
    input  logic         s_axi_control_bready,
    output logic [  1:0] s_axi_control_bresp,
    input  logic         s_axi_control_arvalid,
    output logic         s_axi_control_arready,
    input  logic [ 11:0] s_axi_control_araddr,
    output logic         s_axi_control_rvalid,
    input  logic         s_axi_control_rready,
    output logic [ 31:0] s_axi_control_rdata,
    output logic [  1:0] s_axi_control_rresp,
    output logic         m_axi_gmem_awvalid,
    input  logic         m_axi_gmem_awready,
    output logic [ 63:0] m_axi_gmem_awaddr,
    output logic [  7:0] m_axi_gmem_awlen,
    output logic [  2:0] m_axi_gmem_awsize,
    output logic [  1:0] m_axi_gmem_awburst,
    output logic         m_axi_gmem_wvalid,
    input  logic         m_axi_gmem_wready,
    output logic [127:0] m_axi_gmem_wdata,
    output logic [ 15:0] m_axi_gmem_wstrb,
    output logic         m_axi_gmem_wlast,
    input  logic         m_axi_gmem_bvalid,
    output logic         m_axi_gmem_bready,
    input  logic [  1:0] m_axi_gmem_bresp,
    output logic         m_axi_gmem_arvalid,
    input  logic         m_axi_gmem_arready,
    output logic [ 63:0] m_axi_gmem_araddr,
    output logic [  7:0] m_axi_gmem_arlen,
    output logic [  2:0] m_axi_gmem_arsize,
    output logic [  1:0] m_axi_gmem_arburst,
    input  logic         m_axi_gmem_rvalid,
    output logic         m_axi_gmem_rready,
    input  logic [127:0] m_axi_gmem_rdata,
    input  logic [  1:0] m_axi_gmem_rresp,
    input  logic         m_axi_gmem_rlast,
    input  logic [  7:0] sources_i,
    input  logic [255:0] fuse_i,
    input  logic [255:0] owner_key_i,
    input  logic         enrolled_i,
    output logic         puf_start_o,
    input  logic         puf_valid_i,
    output logic         puf_ready_o,
    input  logic         puf_cell_i,
    input  logic         helper_valid_i,
    output logic         helper_ready_o,
    input  logic         helper_i,
    output logic [ 10:0] events_o
);

  localparam int unsigned BurstBeats = 16;
  localparam int unsigned BurstBytes = BurstBeats * 16;
  localparam logic [31:0] ModeCrossing = 2;
  localparam logic [31:0] ModeWithdrawn = 3;
  localparam logic [31:0] ModeEarlyLast = 4;
  localparam logic [31:0] ModeHang = 5;
  localparam logic [31:0] ModeUnstable = 6;
  localparam logic [31:0] ModeEndless = 7;
  localparam logic [31:0] ModeDeaf = 8;

  typedef enum logic [3:0] {
    StIdle,
    StHeaderAddress,
    StHeaderData,
    StLicenceAddress,
    StLicenceData,
    StJudge,
    StReadAddress,
    StReadData,
    StWriteAddress,
    StWriteData,
    StResponse,
    StDone,
    StHang
  } state_e;

  // ------------------------------------------------------------------------------- registers
  logic [31:0] registers_q[1024];
  logic start, done_q, status_pending_q, global_enable_q, enable_q;
  logic write_fire, read_fire;
  state_e state_q;

  assign write_fire = s_axi_control_awvalid && s_axi_control_wvalid && !s_axi_control_bvalid;
  assign s_axi_control_awready = write_fire;
  assign s_axi_control_wready = write_fire;
  assign s_axi_control_bresp = 2'b00;
  assign read_fire = s_axi_control_arvalid && !s_axi_control_rvalid;
  assign s_axi_control_arready = read_fire;
  assign s_axi_control_rresp = 2'b00;
  assign start = write_fire && s_axi_control_awaddr == RegControl && s_axi_control_wdata[0] &&
                 state_q == StIdle;
  assign interrupt = global_enable_q && enable_q && status_pending_q;

  // --------------------------------------------------------------------------------- the job
  logic [31:0] mode_q, frames_q, policy_q;
  logic [63:0]
      package_q, licence_q, input_q, output_q, offset_q, total_q, read_bytes_q, write_bytes_q;
  logic [127:0] buffer_q[BurstBeats];
  logic [127:0] header_q[8];
  logic [3:0] beat_q;
  logic [7:0] wrapped_q;
  logic withdrawn_q, wobble_q, abort_q;
  status_e status_q;
  logic busy, more;

  assign busy = state_q != StIdle;
  assign more = offset_q != {32'(frames_q >> 20), frames_q << 12};

  always_comb begin
    m_axi_gmem_arvalid = (state_q inside {StHeaderAddress, StLicenceAddress, StReadAddress}) &&
                         !withdrawn_q;
    m_axi_gmem_araddr = input_q + offset_q;
    m_axi_gmem_arlen = 8'(BurstBeats - 1);
    if (state_q == StHeaderAddress) begin
      m_axi_gmem_araddr = package_q;
      m_axi_gmem_arlen  = 8'd7;
      if (mode_q == ModeCrossing) m_axi_gmem_araddr = package_q + 64'd4080;
    end else if (state_q == StLicenceAddress) begin
      m_axi_gmem_araddr = licence_q;
      m_axi_gmem_arlen  = 8'd8;
    end
  end
  assign m_axi_gmem_arsize = 3'd4;
  assign m_axi_gmem_arburst = 2'b01;
  assign m_axi_gmem_rready = state_q inside {StHeaderData, StLicenceData, StReadData};
  assign m_axi_gmem_awvalid = state_q == StWriteAddress;
  assign m_axi_gmem_awaddr = output_q + offset_q;
  assign m_axi_gmem_awlen = 8'(BurstBeats - 1);
  assign m_axi_gmem_awsize = 3'd4;
  assign m_axi_gmem_awburst = 2'b01;
  assign m_axi_gmem_wvalid = state_q == StWriteData;
  assign m_axi_gmem_wdata = buffer_q[beat_q] ^ {16{8'h5a}} ^ 128'(wobble_q);
  assign m_axi_gmem_wstrb = '1;
  assign m_axi_gmem_wlast = beat_q == ((mode_q == ModeEarlyLast) ? 4'd14 : 4'd15);
  assign m_axi_gmem_bready = state_q == StResponse;
  assign events_o = {
    state_q == StWriteData,
    state_q == StReadData,
    1'b0,
    state_q inside {StHeaderData, StJudge},
    6'b0,
    state_q == StWriteData
  };

  function automatic status_e judge(logic [87:0] first, logic licence, logic enrolled, logic right);
    if (first[63:0] != PackageMagic) return StatusBadHeader;
    if (first[79:72] != 8'd16 || first[87:80] != 8'd16) return StatusWrongCore;
    if (first[71:64] == 8'd0) return StatusOk;
    if (!licence) return StatusNoLicence;
    if (!enrolled) return StatusNotEnrolled;
    if (!right) return StatusWrongDevice;
    return StatusOk;
  endfunction

  always_ff @(posedge ap_clk) begin
    if (!ap_rst_n) begin
      state_q              <= StIdle;
      s_axi_control_bvalid <= 1'b0;
      s_axi_control_rvalid <= 1'b0;
      done_q               <= 1'b0;
      status_pending_q     <= 1'b0;
      global_enable_q      <= 1'b0;
      enable_q             <= 1'b0;
      status_q             <= StatusNone;
      withdrawn_q          <= 1'b0;
      wobble_q             <= 1'b0;
      total_q              <= '0;
      read_bytes_q         <= '0;
      write_bytes_q        <= '0;
    end else begin
      if (s_axi_control_bready) s_axi_control_bvalid <= 1'b0;
      if (s_axi_control_rready) s_axi_control_rvalid <= 1'b0;
      if (write_fire) begin
        s_axi_control_bvalid <= 1'b1;
        registers_q[s_axi_control_awaddr[11:2]] <= s_axi_control_wdata;
        if (s_axi_control_awaddr == RegInterruptGlobal) global_enable_q <= s_axi_control_wdata[0];
        if (s_axi_control_awaddr == RegAbort) abort_q <= busy;
        if (s_axi_control_awaddr == RegInterruptEnable) enable_q <= s_axi_control_wdata[0];
        if (s_axi_control_awaddr == RegInterruptStatus && s_axi_control_wdata[0]) begin
          status_pending_q <= 1'b0;
        end
      end
      if (read_fire) begin
        s_axi_control_rvalid <= 1'b1;
        case (s_axi_control_araddr)
          RegControl: begin
            s_axi_control_rdata <= {28'b0, done_q, !busy, done_q, busy};
            done_q <= 1'b0;
          end
          RegId: s_axi_control_rdata <= CoreId;
          RegVersion: s_axi_control_rdata <= CoreVersion;
          RegContract: s_axi_control_rdata <= ContractHash;
          RegShape: s_axi_control_rdata <= 32'h0007_1010;
          RegStatus: s_axi_control_rdata <= busy ? 32'd0 : 32'(status_q);
          CounterBase: s_axi_control_rdata <= total_q[31:0];
          CounterBase + 12'(8 * CountReadBytes): s_axi_control_rdata <= read_bytes_q[31:0];
          CounterBase + 12'(8 * CountWriteBytes): s_axi_control_rdata <= write_bytes_q[31:0];
          default: s_axi_control_rdata <= 32'd0;
        endcase
      end

      if (busy) total_q <= total_q + 64'd1;
      case (state_q)
        StIdle: begin
          if (start) begin
            abort_q       <= 1'b0;
            mode_q        <= registers_q[ArgMode[11:2]];
            package_q     <= {registers_q[ArgPackage[11:2]+10'd1], registers_q[ArgPackage[11:2]]};
            licence_q     <= {registers_q[ArgLicence[11:2]+10'd1], registers_q[ArgLicence[11:2]]};
            input_q       <= {registers_q[ArgInput[11:2]+10'd1], registers_q[ArgInput[11:2]]};
            output_q      <= {registers_q[ArgOutput[11:2]+10'd1], registers_q[ArgOutput[11:2]]};
            total_q       <= 64'd1;
            read_bytes_q  <= '0;
            write_bytes_q <= '0;
            beat_q        <= '0;
            offset_q      <= '0;
            wrapped_q     <= '0;
            state_q       <= StHeaderAddress;
          end
        end
        StHeaderAddress: begin
          if (m_axi_gmem_arready && m_axi_gmem_arvalid) state_q <= StHeaderData;
          else if (mode_q == ModeWithdrawn) withdrawn_q <= 1'b1;
        end
        StHeaderData: begin
          if (m_axi_gmem_rvalid) begin
            header_q[beat_q[2:0]] <= m_axi_gmem_rdata;
            beat_q <= beat_q + 4'd1;
            read_bytes_q <= read_bytes_q + 64'd16;
            if (m_axi_gmem_rlast) begin
              beat_q  <= '0;
              state_q <= (licence_q == '0) ? StJudge : StLicenceAddress;
            end
          end
        end
        StLicenceAddress: if (m_axi_gmem_arready) state_q <= StLicenceData;
        StLicenceData: begin
          if (m_axi_gmem_rvalid) begin
            if (beat_q == 4'd3) wrapped_q <= m_axi_gmem_rdata[7:0];
            beat_q <= beat_q + 4'd1;
            read_bytes_q <= read_bytes_q + 64'd16;
            if (m_axi_gmem_rlast) begin
              beat_q  <= '0;
              state_q <= StJudge;
            end
          end
        end
        StJudge: begin
          status_q <= judge(
              header_q[0][87:0], licence_q != '0, enrolled_i, wrapped_q == fuse_i[7:0]
          );
          frames_q <= header_q[2][127:96] - 32'd2;
          state_q <= StDone;
          if (judge(
                  header_q[0][87:0], licence_q != '0, enrolled_i, wrapped_q == fuse_i[7:0]
              ) == StatusOk && mode_q != 32'd1 && header_q[2][127:96] != '0) begin
            state_q <= (mode_q inside {ModeHang, ModeEndless, ModeDeaf}) ? StHang : StReadAddress;
          end
        end
        StReadAddress:    if (m_axi_gmem_arready) state_q <= StReadData;
        StReadData: begin
          if (m_axi_gmem_rvalid) begin
            buffer_q[beat_q] <= m_axi_gmem_rdata;
            beat_q <= beat_q + 4'd1;
            read_bytes_q <= read_bytes_q + 64'd16;
            if (m_axi_gmem_rresp != 2'b00) status_q <= StatusBusError;
            if (m_axi_gmem_rlast) state_q <= StWriteAddress;
          end
        end
        StWriteAddress:   if (m_axi_gmem_awready) state_q <= StWriteData;
        StWriteData: begin
          if (m_axi_gmem_wready) begin
            beat_q <= beat_q + 4'd1;
            write_bytes_q <= write_bytes_q + 64'd16;
            if (beat_q == 4'd15) begin
              state_q  <= StResponse;
              offset_q <= offset_q + 64'(BurstBytes);
            end
          end else if (mode_q == ModeUnstable) wobble_q <= !wobble_q;
        end
        StResponse: begin
          if (m_axi_gmem_bvalid) begin
            if (m_axi_gmem_bresp != 2'b00) status_q <= StatusBusError;
            state_q <= more ? StReadAddress : StDone;
          end
        end
        StDone: begin
          done_q           <= 1'b1;
          status_pending_q <= 1'b1;
          state_q          <= StIdle;
        end
        default: begin
          state_q <= (mode_q == ModeHang) ? StHang : StHeaderAddress;
          if (abort_q && mode_q != ModeDeaf) begin
            status_q <= StatusAborted;
            state_q  <= StDone;
          end
        end
      endcase
    end
  end

  logic unused_pins;
  assign puf_start_o = 1'b0;
  assign puf_ready_o = 1'b0;
  assign helper_ready_o = 1'b0;
  assign unused_pins = ^{sources_i, puf_valid_i, puf_cell_i, helper_valid_i, helper_i, owner_key_i, fuse_i[255:8], s_axi_control_wstrb, policy_q, header_q[1],
                         header_q[2][95:0], header_q[3], header_q[4], header_q[5], header_q[6],
                         header_q[7], header_q[0][127:88]};
  assign policy_q = '0;

endmodule
