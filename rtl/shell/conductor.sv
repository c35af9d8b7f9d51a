// SPDX-License-Identifier: Apache-2.0
// Conducts a start: decides whether it continues what is open or begins afresh, and lets nothing out
// and nothing stay that has not been verified.
//
// State between starts: `open` (header and licence verified, keys in place), `resident` (moreover all
// frames verified, and the header says that weights stay), `clean` (engine memories hold zeros).
//
//   open, mode run    The start is taken for a continuation: the engine runs at once if resident, else
//                     the program frames are read again; the comparison of header and licence with the
//                     stored ones goes on behind it, and the output gate stays shut until it matched.
//                     A mismatch purges and goes on as a cold start, with the same arguments; a bus
//                     error ends the start whatever was compared, since what it brought counts for nothing.
//   open, mode open   The comparison alone.
//   else: cold        purge -> load header and licence -> check -> open (lock unit) -> header pages
//                     through the tag check -> program frames -> run.
//   any failure       purge, then done with the status. Nothing is open after it.
//   abort, limit      the same, from wherever the start is, and before every other verdict.
//
// Purge: engine stopped and its memories overwritten, keys and frames forgotten, both bus masters
//   drained. The overwriting goes on in the background of a cold start until the first frame.
//   (SEC: PURGE) It also happens after reset, since a reset does not erase memories.
// Which bytes count: the stored header is compared with the bytes that pass the tag check by the lock
//   unit, which holds the stored bytes against the header frame, so that memory that changes between
//   the two reads is refused. Licence bytes are read once. (SEC: ONE_COPY)
// Checks: magic, policy, sizes -> BAD_HEADER; the magic's last byte, contract -> OTHER_VERSION; lanes, depth,
//   kind of the array, memories, program size -> WRONG_CORE. For locked packages they come before the tag, on
//   purpose: they tell nothing that is not public.
// Mode: 0 runs, every other value opens only.
// Watchdog: a program that makes no progress for StallCycles while no memory access is open (it waits
//   for a counter that never comes, or stores before its last frame) ends with BAD_PROGRAM. A program
//   that works without end is stopped by the host: over_limit_i, abort_i. A memory that never answers
//   holds both, since AXI wants what is open to be finished. (SEC: BOUNDED_RUN)
//
// Timing: a resident start pulses run_o in the second cycle of start_i. done_o comes when the engine is
//   done, all frames have verified, the comparison matched and the last write was answered. What goes to
//   the units are states and the first cycles of states, so that no path leads from unit to unit.
// Contract: start_i stays high until done_o. Statuses of the lock unit are passed on.
// Test: tests/rtl/shell (test_start, test_tampering, test_failures);
//   a malicious host: tests/system/test_malicious_host.cpp.
`include "assert.svh"

module conductor
  import keyway_contract_pkg::*;
  import keyway_shell_pkg::*;
#(
    parameter int unsigned Lanes = 16,
    parameter int unsigned Depth = 16,
    parameter array_kind_e ArrayKind = ArrayKindMultiplier,
    parameter int unsigned ActivationBytes = keyway_contract_pkg::MemoryDefaultActivationBytes,
    parameter int unsigned WeightBytes = keyway_contract_pkg::MemoryDefaultWeightBytes,
    parameter int unsigned StallCycles = 65536
) (
    input  logic           clk_i,
    input  logic           rst_ni,
    // Registers.
    input  logic           start_i,
    input  logic           open_only_i,
    output logic           done_o,
    output status_e        status_o,
    input  logic           abort_i,                  // levels, until done_o
    input  logic           over_limit_i,
    // What is open: header_licence_store.
    output logic           opened_load_o,
    output logic           opened_compare_o,
    output logic           opened_hold_o,
    input  logic           opened_busy_i,
    input  logic           opened_mismatch_i,
    input  header_t        header_i,
    // Lock unit.
    output logic           lock_clear_o,
    input  logic           lock_idle_i,
    output logic           lock_open_valid_o,
    input  logic           lock_open_done_i,
    input  status_e        lock_open_status_i,
    // Frames.
    output logic           frames_clear_o,
    output logic           frames_header_o,
    output logic           frames_boot_o,
    input  logic           frames_idle_i,
    input  logic           frames_failed_i,
    input  logic           frames_header_good_i,     // verified since the last purge
    input  logic           frames_bad_program_i,
    input  logic    [31:0] frames_verified_i,
    // Engine.
    output logic           engine_clear_o,
    input  logic           engine_clear_done_i,
    output logic           engine_run_o,
    output logic           engine_warm_o,
    input  logic           engine_done_i,
    input  logic           engine_error_i,
    // Bus masters and gate.
    output logic           bus_flush_o,
    input  logic           read_idle_i,
    input  logic           read_error_i,
    input  logic           write_idle_i,
    input  logic           write_error_i,
    input  logic           outside_i,                // a request that left its buffer was refused
    input  logic           progress_i,               // something moved, or the memory is waited for
    output logic           gate_open_o,
    // Counters.
    output logic           counters_clear_events_o,
    output logic           opening_o
);

  typedef enum logic [3:0] {
    StPurge,    // first state after reset
    StIdle,
    StCompare,
    StLoad,
    StCheck,
    StOpen,
    StHeader,
    StClean,
    StOpened,
    StBoot,
    StRun,
    StDone
  } state_e;

  state_e state_q, state_d;
  state_e after_purge_q, after_purge_d;  // StIdle, StLoad or StDone
  logic purge_q;  // state_q is StPurge; it goes everywhere, so it is a register
  status_e status_q, status_d;
  logic entered_q;  // not the first cycle of this state: its pulses have taken effect
  logic from_idle_q;  // the first cycle of a state that continues what is open
  logic open_q, open_d;
  logic resident_q, resident_d;
  logic clean_q;
  logic clearing_q;  // engine memories are being overwritten
  logic engine_done_q;
  logic quiet_q;  // the run has ended and nothing is under way any more
  logic gate_q;
  logic [$clog2(StallCycles)-1:0] stall_q;
  logic stalled_q;

  // ------------------------------------------------------------------------------ decisions
  logic locked, all_verified_q, compared;
  status_e header_status, header_status_q, failure, stop;

  assign locked   = header_i.policy != PolicyPlain;
  assign compared = !opened_busy_i && !opened_mismatch_i;

  localparam int unsigned WeightFrames = WeightBytes / PayloadBytes;

  always_comb begin
    header_status = StatusOk;
    if (header_i.lanes != 8'(Lanes) || header_i.depth != 8'(Depth) || header_i.array_kind != ArrayKind ||
        header_i.activation_bytes > 32'(ActivationBytes) ||
        header_i.weight_bytes > 32'(WeightBytes) ||
        header_i.program_frames > 32'(WeightFrames)) begin
      header_status = StatusWrongCore;
    end
    if (header_i.policy > PolicyBlind || header_i.header_pages == '0 ||
        header_i.header_pages[31:16] != '0 || header_i.program_frames == '0 ||
        header_i.total_frames < header_i.program_frames || header_i.total_frames[31:24] != '0 ||
        header_i.manifest_bytes > {4'b0, header_i.header_pages[15:0], 12'b0} - ManifestOffset) begin
      header_status = StatusBadHeader;
    end
    // Of another version the rest may mean anything.
    if (header_i.magic != PackageMagic || header_i.contract != ContractHash) begin
      header_status = StatusOtherVersion;
    end
    if (header_i.magic[8*MagicNameBytes-1:0] != PackageMagic[8*MagicNameBytes-1:0]) begin
      header_status = StatusBadHeader;
    end
  end

  // Both are read a cycle after the last change of what they compare.
  always_ff @(posedge clk_i) begin
    header_status_q <= header_status;
    all_verified_q  <= rst_ni && frames_verified_i == header_i.total_frames;
  end

  // What went wrong since the last purge; the cause that explains the others comes first.
  always_comb begin
    failure = StatusNone;
    if (frames_bad_program_i || engine_error_i || stalled_q) failure = StatusBadProgram;
    if (outside_i) failure = StatusOutsideBuffer;
    if (frames_failed_i) failure = StatusAuthentication;
    if (read_error_i || write_error_i) failure = StatusBusError;
  end

  always_comb begin
    stop = StatusNone;
    if (over_limit_i) stop = StatusCycleLimit;
    if (abort_i) stop = StatusAborted;
  end

  // ------------------------------------------------------------------------------ sequence
  always_comb begin
    state_d = state_q;
    after_purge_d = after_purge_q;
    status_d = status_q;
    open_d = open_q;
    resident_d = resident_q;
    counters_clear_events_o = 1'b0;

    unique case (state_q)
      StIdle: begin
        if (start_i) begin
          if (!open_q) begin
            state_d = StPurge;
            after_purge_d = StLoad;
          end else if (open_only_i) begin
            state_d = StCompare;
          end else begin
            state_d = resident_q ? StRun : StBoot;
          end
        end
      end

      StCompare: begin
        if (compared && entered_q) begin
          status_d = StatusOk;
          state_d  = StDone;
        end
      end

      StLoad: begin
        if (entered_q && !opened_busy_i) state_d = StCheck;
      end

      StCheck: begin
        if (entered_q) begin
          status_d = header_status_q;
          if (header_status_q != StatusOk) begin
            state_d = StPurge;
            after_purge_d = StDone;
          end else begin
            state_d = locked ? StOpen : StClean;
          end
        end
      end

      StOpen: begin
        if (lock_open_done_i) begin
          status_d = lock_open_status_i;
          if (lock_open_status_i == StatusOk) begin
            state_d = StHeader;
          end else begin
            state_d = StPurge;
            after_purge_d = StDone;
          end
        end
      end

      StHeader: begin
        if (frames_header_good_i) state_d = StClean;
      end

      StClean: begin
        if (clean_q) state_d = StOpened;
      end

      StOpened: begin
        open_d = 1'b1;
        if (open_only_i) begin
          status_d = StatusOk;
          state_d  = StDone;
        end else begin
          state_d = StBoot;
        end
      end

      StBoot: begin
        if (entered_q && frames_idle_i && failure == StatusNone) state_d = StRun;
      end

      StRun: begin
        if (quiet_q && compared) begin
          if (all_verified_q) begin
            status_d   = StatusOk;
            resident_d = header_i.resident != '0;
            state_d    = StDone;
          end else begin
            status_d = StatusBadProgram;
            state_d = StPurge;
            after_purge_d = StDone;
          end
        end
      end

      StPurge: begin
        open_d = 1'b0;
        resident_d = 1'b0;
        if (entered_q && lock_idle_i && read_idle_i && write_idle_i &&
            (clean_q || after_purge_q == StLoad)) begin
          state_d = after_purge_q;
        end
      end

      StDone:  state_d = StIdle;
      default: state_d = StPurge;
    endcase

    // Failures and mismatches of everything that works with memory. While the comparison still runs,
    // a failure waits for it: what failed may be another package's, which is no failure at all. But the
    // bus fails on its own, inside the buffers of this start.
    if (state_q inside {StCompare, StLoad, StHeader, StBoot, StRun} && entered_q) begin
      if (failure == StatusBusError) begin
        status_d = failure;
        state_d = StPurge;
        after_purge_d = StDone;
      end else if (opened_mismatch_i) begin
        state_d = StPurge;
        after_purge_d = StLoad;
        counters_clear_events_o = 1'b1;
      end else if (failure != StatusNone && !opened_busy_i) begin
        status_d = failure;
        state_d = StPurge;
        after_purge_d = StDone;
      end
    end

    // A stop finds a start anywhere, but for one that has its verdict, and the purge after a reset.
    if (stop != StatusNone && !(state_q inside {StIdle, StDone}) &&
        !(state_q == StPurge && after_purge_q != StLoad)) begin
      status_d = stop;
      state_d = StPurge;
      after_purge_d = StDone;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= StPurge;
      purge_q <= 1'b1;
      after_purge_q <= StIdle;
      status_q <= StatusNone;
      entered_q <= 1'b0;
      from_idle_q <= 1'b0;
      open_q <= 1'b0;
      resident_q <= 1'b0;
    end else begin
      state_q <= state_d;
      purge_q <= state_d == StPurge;
      after_purge_q <= after_purge_d;
      status_q <= status_d;
      entered_q <= state_d == state_q;
      from_idle_q <= state_q == StIdle;
      open_q <= open_d;
      resident_q <= resident_d;
    end
  end

  // ------------------------------------------------------------------------------ engine memories
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      clean_q <= 1'b0;
      clearing_q <= 1'b0;
    end else if (clearing_q) begin
      if (engine_clear_done_i) begin
        clearing_q <= 1'b0;
        clean_q <= 1'b1;
      end
    end else if (state_q == StPurge && !clean_q) begin
      clearing_q <= 1'b1;
    end else if (frames_boot_o || engine_run_o) begin
      clean_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || engine_run_o || state_q == StPurge) engine_done_q <= 1'b0;
    else if (engine_done_i) engine_done_q <= 1'b1;
  end

  // After its end the engine asks for nothing, so once quiet it stays quiet. The comparison is not in it.
  always_ff @(posedge clk_i) begin
    quiet_q <= rst_ni && state_q == StRun && entered_q && engine_done_q && frames_idle_i &&
               read_idle_i && write_idle_i;
    gate_q <= rst_ni && state_q == StRun && entered_q && compared && all_verified_q;
  end

  // ------------------------------------------------------------------------------ watchdog
  logic progress_q;  // it comes from all sides, and a cycle does not matter
  always_ff @(posedge clk_i) begin
    progress_q <= progress_i;
    if (!rst_ni || state_q != StRun || progress_q) begin
      stall_q   <= '0;
      stalled_q <= 1'b0;
    end else begin
      stall_q <= stall_q + 1'b1;
      if (&stall_q) stalled_q <= 1'b1;
    end
  end

  assign opened_load_o = state_q == StLoad && !entered_q;
  assign opened_compare_o = from_idle_q && state_q inside {StCompare, StBoot, StRun};
  assign frames_header_o = state_q == StHeader && !entered_q;
  assign frames_boot_o = state_q == StBoot && !entered_q;
  assign engine_run_o = state_q == StRun && !entered_q;
  assign engine_warm_o = resident_q;
  assign lock_clear_o = purge_q;
  assign frames_clear_o = purge_q;
  assign bus_flush_o = purge_q;
  assign engine_clear_o = clearing_q;
  assign lock_open_valid_o = state_q == StOpen;
  assign opened_hold_o = resident_q;
  assign gate_open_o = gate_q;
  assign done_o = state_q == StDone;
  assign status_o = status_q;
  assign opening_o = state_q inside {StLoad, StCheck, StOpen, StHeader, StClean, StOpened} ||
                     (state_q == StPurge && after_purge_q != StDone);

  logic unused_header;
  assign unused_header = ^header_i;

  `KEYWAY_ASSERT(NothingOpenAfterFailure, !(done_o && status_q != StatusOk) || (!open_q && clean_q))
  // The lock unit reads header and licence through the port that a comparison takes.
  `KEYWAY_ASSERT(LockReadsAlone, !(state_q inside {StOpen, StHeader}) || !opened_busy_i)
  `KEYWAY_ASSERT(PurgeIsState, purge_q == (state_q == StPurge))
  `KEYWAY_ASSERT(ResidentIsOpen, !resident_q || open_q)
  `KEYWAY_ASSERT(OpenIsVerified, !(open_q && locked) || frames_header_good_i)
  `KEYWAY_ASSERT(GateAfterComparison, !gate_open_o || !(opened_busy_i || opened_mismatch_i))

endmodule
