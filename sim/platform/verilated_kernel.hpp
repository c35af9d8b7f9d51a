// SPDX-License-Identifier: Apache-2.0
/// KernelModel over a class that Verilator made of a top with the ports of
/// rtl/keyway_kernel.sv, at any bus width; include its header and that of its root before.
/// `events_o`, and what a core measures of its class, are used when the top has them.
#pragma once

#include <verilated.h>
#if VM_TRACE_FST
#include <verilated_fst_c.h>
#elif VM_TRACE
#include <verilated_saif_c.h>
#endif

#include <cstring>
#include <optional>
#include <type_traits>

#include "common/error.hpp"
#include "common/file.hpp"
#include "platform/kernel_model.hpp"
#include "platform/wave_file.hpp"

namespace keyway::platform {

#if VM_TRACE_FST
using Wave = VerilatedFstC;
#elif VM_TRACE
using Wave = VerilatedSaifC;
#endif

template <typename Top, typename = void>
struct HasEvents : std::false_type {};
template <typename Top>
struct HasEvents<Top, std::void_t<decltype(std::declval<Top>().events_o)>> : std::true_type {};

/// Root, the model's insides, has a core that measures its class.
template <typename Root, typename = void>
struct HasClass : std::false_type {};
template <typename Root>
struct HasClass<
    Root, std::void_t<decltype(std::declval<Root>().keyway_kernel__DOT__u_core__DOT__class_valid)>>
    : std::true_type {};

template <typename Top>
class VerilatedKernel final : public KernelModel {
 public:
  VerilatedKernel() : top_(&context_, "kernel") {
#if VM_TRACE
    context_.traceEverOn(true);
#endif
    context_.randReset(0);
    context_.fatalOnError(false);  // an assertion ends the run, not the process
    top_.ap_clk = 0;
    top_.ap_rst_n = 0;
  }
  ~VerilatedKernel() override {
    // Names that Verilator gave the model's insides are taken out of the thread's context, which
    // may be that of another kernel, and gone.
    Verilated::threadContextp(&context_);
    top_.final();
  }

  unsigned bus_bytes() const override {
    // Ports up to 64 bits are an integer of just that many bytes, wider ones an array of words.
    return sizeof(top_.m_axi_gmem_rdata);
  }

  void set_identity(const Identity& identity) override {
    static_assert(sizeof(top_.fuse_i) == 32 && sizeof(top_.owner_key_i) == 32);
    identity_ = identity;
    top_.sources_i = identity.sources;
    std::memcpy(&top_.fuse_i, identity.fuse.data(), identity.fuse.size());
    std::memcpy(&top_.owner_key_i, identity.owner_key.data(), identity.owner_key.size());
    top_.enrolled_i = identity.enrolled;
  }

  void settle(const KernelInputs& in, KernelOutputs& out) override {
    drive(in);
    top_.ap_clk = 0;
    evaluate();
    observe(out);
  }

  void clock() override {
    const bool cell_taken = top_.puf_valid_i && top_.puf_ready_o;
    const bool bit_taken = top_.helper_valid_i && top_.helper_ready_o;
    const bool boots = top_.puf_start_o;
    top_.ap_clk = 1;
    evaluate();
    if (boots || cell_taken || bit_taken) feed_boot(boots, cell_taken, bit_taken);
  }

  std::optional<lock::ClassFingerprints> class_fingerprints() const override {
    return class_of(*top_.rootp);
  }

  /// For tests that look into the model.
  VerilatedContext& context() { return context_; }

  void open_wave([[maybe_unused]] const std::string& path) override {
#if VM_TRACE
    wave_file_.emplace(path, common::FileMode::kSecret);
    wave_ = std::make_unique<Wave>();
    top_.trace(wave_.get(), kWaveDepth);
    wave_->open(wave_file_->temporary().c_str());
#else
    throw Error(ErrorKind::kUsage, "this kernel was built without waveforms");
#endif
  }

  void close_wave() override {
#if VM_TRACE
    if (!wave_) return;
    wave_->flush();
    try {
      require_room(wave_file_->temporary());
    } catch (const Error&) {
      static_cast<void>(wave_.release());  // its end would be the process's
      throw;
    }
    wave_->close();
    wave_.reset();
#if VM_TRACE_FST
    require_whole_wave(wave_file_->temporary());
#endif
    wave_file_->commit();
#endif
  }

 private:
  static constexpr int kWaveDepth = 99;
  static constexpr uint64_t kHalfPeriod = 2;  // ns, as the board's clock

  template <typename Root>
  static std::optional<lock::ClassFingerprints> class_of(const Root& root) {
    static_assert(sizeof(Root) > 0, "include the model's ___024root.h");
    lock::ClassFingerprints found;
    if constexpr (HasClass<Root>::value) {
      if (!root.keyway_kernel__DOT__u_core__DOT__class_valid) return std::nullopt;
      std::memcpy(found.clock.data(), root.keyway_kernel__DOT__u_core__DOT__class_clock.data(),
                  found.clock.size());
      std::memcpy(found.precision.data(),
                  root.keyway_kernel__DOT__u_core__DOT__class_precision.data(),
                  found.precision.size());
      return found;
    }
    return std::nullopt;
  }

  void evaluate() {
    context_.timeInc(kHalfPeriod);
    top_.eval();
    if (context_.gotError())
      throw Error(ErrorKind::kDevice, "an assertion of the RTL failed (its message is above)");
#if VM_TRACE
    if (wave_) wave_->dump(context_.time());
#endif
  }

  /// The streams of the PUF, from its start on: a cell and a bit of helper data whenever the core
  /// takes one.
  void feed_boot(bool boots, bool cell_taken, bool bit_taken) {
    cell_ = boots ? 0 : cell_ + cell_taken;
    helper_bit_ = boots ? 0 : helper_bit_ + bit_taken;
    top_.puf_valid_i = cell_ < identity_.cells.size();
    if (top_.puf_valid_i) top_.puf_cell_i = identity_.cells[cell_] & 1U;
    top_.helper_valid_i = helper_bit_ < 8 * identity_.helper.size();
    if (top_.helper_valid_i)
      top_.helper_i = identity_.helper[helper_bit_ / 8] >> helper_bit_ % 8 & 1U;
  }

  void drive(const KernelInputs& in) {
    top_.ap_rst_n = in.reset_n;
    const ControlMaster& c = in.control;
    top_.s_axi_control_awvalid = c.awvalid;
    top_.s_axi_control_awaddr = static_cast<uint16_t>(c.awaddr);
    top_.s_axi_control_wvalid = c.wvalid;
    top_.s_axi_control_wdata = c.wdata;
    top_.s_axi_control_wstrb = c.wstrb;
    top_.s_axi_control_bready = c.bready;
    top_.s_axi_control_arvalid = c.arvalid;
    top_.s_axi_control_araddr = static_cast<uint16_t>(c.araddr);
    top_.s_axi_control_rready = c.rready;
    const MemorySlave& m = in.memory;
    top_.m_axi_gmem_awready = m.awready;
    top_.m_axi_gmem_wready = m.wready;
    top_.m_axi_gmem_bvalid = m.bvalid;
    top_.m_axi_gmem_bresp = m.bresp;
    top_.m_axi_gmem_arready = m.arready;
    top_.m_axi_gmem_rvalid = m.rvalid;
    if (m.rvalid) {
      top_.m_axi_gmem_rlast = m.rlast;
      top_.m_axi_gmem_rresp = m.rresp;
      std::memcpy(&top_.m_axi_gmem_rdata, m.rdata.data(), sizeof(top_.m_axi_gmem_rdata));
    }
  }

  void observe(KernelOutputs& out) const {
    out.interrupt = top_.__SYM__interrupt;  // `interrupt` is a word of C++ to Verilator
    if constexpr (HasEvents<Top>::value) out.events = top_.events_o;
    ControlSlave& c = out.control;
    c.awready = top_.s_axi_control_awready;
    c.wready = top_.s_axi_control_wready;
    c.bvalid = top_.s_axi_control_bvalid;
    c.bresp = top_.s_axi_control_bresp;
    c.arready = top_.s_axi_control_arready;
    c.rvalid = top_.s_axi_control_rvalid;
    c.rdata = top_.s_axi_control_rdata;
    c.rresp = top_.s_axi_control_rresp;
    MemoryMaster& m = out.memory;
    m.awvalid = top_.m_axi_gmem_awvalid;
    if (m.awvalid) {
      m.awaddr = top_.m_axi_gmem_awaddr;
      m.awlen = top_.m_axi_gmem_awlen;
      m.awsize = top_.m_axi_gmem_awsize;
      m.awburst = top_.m_axi_gmem_awburst;
    }
    m.wvalid = top_.m_axi_gmem_wvalid;
    if (m.wvalid) {
      std::memcpy(m.wdata.data(), &top_.m_axi_gmem_wdata, sizeof(top_.m_axi_gmem_wdata));
      m.wstrb = top_.m_axi_gmem_wstrb;
      m.wlast = top_.m_axi_gmem_wlast;
    }
    m.bready = top_.m_axi_gmem_bready;
    m.arvalid = top_.m_axi_gmem_arvalid;
    if (m.arvalid) {
      m.araddr = top_.m_axi_gmem_araddr;
      m.arlen = top_.m_axi_gmem_arlen;
      m.arsize = top_.m_axi_gmem_arsize;
      m.arburst = top_.m_axi_gmem_arburst;
    }
    m.rready = top_.m_axi_gmem_rready;
  }

  VerilatedContext context_;
  Top top_;
  Identity identity_;
  size_t cell_ = 0, helper_bit_ = 0;  ///< next ones of the boot
#if VM_TRACE
  std::optional<common::AtomicFile> wave_file_;
  std::unique_ptr<Wave> wave_;
#endif
};

}  // namespace keyway::platform
