// SPDX-License-Identifier: Apache-2.0
/// Nothing deciphered survives. Two cores with different owners, secrets and weights do the same
/// things with the same input; however a start ends, every register and wire of one core then
/// equals the other's, but for what the bus has seen anyway and the device secret itself.
///
/// The model has no assertions, since a reset of one cycle breaks a contract (keyway_core.sv), and
/// shows all of its variables (Verilator --public-flat-rw, read through VPI).

#include <VKernelOpen.h>
#include <VKernelOpen___024root.h>

#include <functional>

#include "kernel_scene.hpp"
#include "platform/verilated_kernel.hpp"
#include "rtl/vpi_state.hpp"

namespace keyway::rtl_test {
namespace {

using Kernel = platform::VerilatedKernel<VKernelOpen>;

const test::Shape kShape{8, 8, 65536, 131072};
constexpr uint64_t kOther = kBase + 0x10'0000;  ///< a plain package, the same for both
constexpr uint64_t kOpenCycles = 12'000;        ///< more than a purge or an opening takes

/// One core, after a cold and a warm run of its owner's package.
struct Core {
  Core(uint64_t seed, Policy policy)
      : party(seed),
        scenario(resident_scenario(kShape, seed)),
        locked(make(*scenario, policy, true, party)) {
    auto kernel = std::make_unique<Kernel>();
    context = &kernel->context();
    bench = std::make_unique<KernelBench>(std::move(kernel), 1);
    bench->memory.timing = {20, 20, 0};
    bench->set_identity(party.identity());
    load(*bench, locked, *scenario);
    REQUIRE_STATUS(bench->run(arguments(locked)), Status::kOk);
    REQUIRE(difference(*bench, *scenario) == "");
    for (size_t i = 0; i < scenario->input_bytes().size(); ++i)
      bench->memory.at(kInput + i) = static_cast<uint8_t>(7 * i);
    REQUIRE_STATUS(bench->run(arguments(locked)), Status::kOk);
  }

  /// A start of the plain package that opens it, so that the next one of the owner's is cold.
  void open_other() {
    std::vector<uint64_t> list{1, kOther};
    list.resize(kArguments.size());
    list[8] = 16 * kFrameBytes;  // package_bytes
    REQUIRE_STATUS(bench->run(list), Status::kOk);
  }

  test::State state() {
    bench->set_identity({});  // the pins are the chip's, and differ
    bench->advance(8);
    return test::read_state(*context);
  }

  Party party;
  std::unique_ptr<Scenario> scenario;
  Locked locked;
  VerilatedContext* context = nullptr;
  std::unique_ptr<KernelBench> bench;
};

/// What a host that owns the bus has seen: words of header, licence, frames and input as they came
/// (the read master shows its words to all of its clients), answers as they went.
bool is_public(const std::string& path) {
  for (const char* part : {"m_axi_gmem_rdata",  "m_axi_gmem_wdata",  "rdata_i",
                           "wdata_o",           "u_read_dma.",       "u_write_dma.",
                           "licence_store.",    "u_shell.read_data", "lock_data",
                           "lock_header_word",  "lock_licence_word", "header_word_i",
                           "licence_word_i",    "u_shell.header",    "u_lock_unit.data_i",
                           "u_unsealer.data_i", "u_ghash.block_i",   "input_data",
                           "load_data",         "u_load_unit.",      ".write_data"}) {
    if (path.find(part) != std::string::npos) return true;
  }
  return false;
}

/// The device secret, which the chip keeps from its boot on as it keeps its pins, and what is read
/// of it combinationally.
bool is_device_secret(const std::string& path) {
  for (const char* part : {"u_core.secret", "u_device_secret.digest", "u_device_secret.secret_o",
                           "u_device_secret.u_kdf.", "u_lock_unit.secret_i", "u_opener.secret_i",
                           "u_opener.device_words", "u_opener.Messages"}) {
    if (path.find(part) != std::string::npos) return true;
  }
  return false;
}

/// Paths that differ, are not public and do not hold the device secret.
std::vector<std::string> differences(const test::State& a, const test::State& b) {
  REQUIRE(a.size() == b.size());
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : a)
    if (bytes != b.at(path) && !is_public(path) && !is_device_secret(path)) paths.push_back(path);
  return paths;
}

struct End {
  const char* what;
  std::function<void(Core&)> make;
};

void reset_in_a_run(Core& core, unsigned cycles) {
  core.bench->start(arguments(core.locked));
  core.bench->advance(900);  // the array works, the bus is idle
  core.bench->reset(cycles);
  core.bench->advance(kOpenCycles);
}

const std::vector<End> kEnds = {
    {"another package is opened", [](Core& core) { core.open_other(); }},
    {"a frame fails",
     [](Core& core) {
       core.open_other();
       core.bench->memory.at(kPackage + core.locked.package.size() - 100) ^= 1;
       REQUIRE_STATUS(core.bench->run(arguments(core.locked)), Status::kAuthentication);
     }},
    {"there is no licence",
     [](Core& core) {
       auto list = arguments(core.locked);
       list[2] = 0;
       REQUIRE_STATUS(core.bench->run(list), Status::kNoLicence);
     }},
    {"the output meets a bus error",
     [](Core& core) {
       core.bench->memory.error_pages = {kOutput};
       REQUIRE_STATUS(core.bench->run(arguments(core.locked)), Status::kBusError);
     }},
    {"the output has no room",
     [](Core& core) {
       auto list = arguments(core.locked);
       list[10] = 16;
       REQUIRE_STATUS(core.bench->run(list), Status::kOutsideBuffer);
     }},
    {"the host aborts a warm run",
     [](Core& core) {
       core.bench->start(arguments(core.locked));
       core.bench->advance(900);
       core.bench->write(kRegAbort, 1);
       REQUIRE_STATUS(core.bench->finish(), Status::kAborted);
     }},
    {"the host aborts while weights arrive",
     [](Core& core) {
       core.open_other();
       core.bench->start(arguments(core.locked));
       while (core.bench->memory.reads.size() < 8) core.bench->advance(1);
       core.bench->advance(130);
       core.bench->write(kRegAbort, 1);
       REQUIRE_STATUS(core.bench->finish(), Status::kAborted);
     }},
    {"a reset of 1 cycle", [](Core& core) { reset_in_a_run(core, 1); }},
    {"a reset of 4 cycles", [](Core& core) { reset_in_a_run(core, 4); }},
    {"a reset of 16 cycles", [](Core& core) { reset_in_a_run(core, 16); }},
};

}  // namespace

TEST_CASE("whatever ends a run, nothing that was deciphered is left") {
  const Policy policy = GENERATE(Policy::kSealed, Policy::kBlind);
  const Party nobody(3);
  const Locked other = make(*resident_scenario(kShape, 3), Policy::kPlain, true, nobody);
  for (const End& end : kEnds) {
    INFO(end.what << ", policy " << static_cast<int>(policy));
    test::State before[2], after[2];
    for (int i = 0; i < 2; ++i) {
      Core core(static_cast<uint64_t>(11 + i), policy);
      core.bench->put(kOther, other.package);
      before[i] = test::read_state(*core.context);
      end.make(core);
      after[i] = core.state();
    }
    CHECK(differences(before[0], before[1]).size() > 100);  // the comparison can find
    for (const std::string& path : differences(after[0], after[1])) FAIL_CHECK(path << " differs");
  }
}

}  // namespace keyway::rtl_test
