// SPDX-License-Identifier: Apache-2.0
/// The whole kernel with real packages: random programs of every policy against the engine's
/// reference, residency, lock overhead, wrong devices and licences, and a host that changes memory.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "golden.hpp"
#include "kernel_bench.hpp"
#include "lock/licence.hpp"
#include "lock/package.hpp"
#include "lock/seal.hpp"
#include "scenario.hpp"

namespace keyway::rtl_test {
namespace {

using namespace contract;
using test::Bytes;
using test::Scenario;

constexpr uint64_t kBase = KernelBench::kBase;
constexpr uint64_t kPackage = kBase, kLicence = kBase + 0x20'0000, kInput = kBase + 0x21'0000,
                   kOutput = kBase + 0x30'0000, kOutputBytes = 0x10'0000;

std::string name(Status status) { return "status " + std::to_string(static_cast<int>(status)); }
#define REQUIRE_STATUS(actual, expected) REQUIRE(name(actual) == name(expected))

test::Shape shape_of(const std::string& core) {
  if (core == "8x8") return {8, 8, 262144, 524288};
  if (core == "16x16") return {16, 16, 262144, 524288};
  return {8, 8, 65536, 262144};
}

/// An owner, one of his devices, and what he locks.
struct Party {
  explicit Party(uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto fill = [&](lock::Key& key) {
      std::generate_n(key.data(), key.size(), [&] { return static_cast<uint8_t>(random()); });
    };
    fill(owner.root);
    fill(device.secret);
    device.id = seed;
    const lock::Key key = lock::owner_key(owner.root);
    device.owner_key = key;
    enrolment.device_id = seed;
    enrolment.record = lock::enrolment_record(device.secret, key);
    enrolment.owner = lock::owner_fingerprint(key);
  }
  lock::Owner owner;
  lock::Device device;
  lock::Enrolment enrolment;

  platform::Identity identity() const {
    platform::Identity pins;
    std::copy(device.secret.begin(), device.secret.end(), pins.secret.begin());
    std::copy(device.owner_key->begin(), device.owner_key->end(), pins.owner_key.begin());
    pins.enrolled = true;
    return pins;
  }
};

program::Program program_of(const Scenario& scenario, bool resident) {
  program::Program program;
  program.core.lanes = static_cast<uint32_t>(scenario.shape().lanes);
  program.core.depth = static_cast<uint32_t>(scenario.shape().depth);
  program.core.activation_bytes = static_cast<uint32_t>(scenario.shape().activation_bytes);
  program.core.weight_bytes = static_cast<uint32_t>(scenario.shape().weight_bytes);
  program.name = "scenario";
  program.program_image = scenario.image();
  for (const Bytes& frame : scenario.frames()) {
    program.weight_image.insert(program.weight_image.end(), frame.begin(), frame.end());
  }
  program.resident = resident;
  program.input.scale = program.input.input_scale = program.output.scale = {1.0F};
  program.input.input_offset = program.output.offset = {0.0F};
  // Resident weights: LOAD_WEIGHTS is skipped once they are there.
  for (size_t at = 0; resident; at += kInstructionBytes) {
    uint8_t* instruction = &program.program_image[at];
    const auto opcode = static_cast<Opcode>(*instruction & 15);
    if (opcode == Opcode::kEnd) break;
    if (opcode == Opcode::kLoadWeights) test::set_field(instruction, load_weights::kResident, 1);
  }
  return program;
}

struct Locked {
  Bytes package, licence;
};

Locked make(const Scenario& scenario, Policy policy, bool resident, const Party& party) {
  const program::Program program = program_of(scenario, resident);
  Locked out;
  if (policy == Policy::kPlain) {
    out.package = lock::make_plain_package(program);
  } else {
    out.package = lock::seal_program(program, policy, party.owner);
    out.licence = lock::make_licence(lock::parse_package(out.package, "package"), party.owner,
                                     party.enrolment);
  }
  return out;
}

void load(KernelBench& bench, const Locked& locked, const Scenario& scenario) {
  bench.put(kPackage, locked.package);
  bench.put(kLicence, locked.licence);
  bench.put(kInput, scenario.input_bytes());
  std::fill_n(&bench.memory.at(kOutput), kOutputBytes, uint8_t{0xee});
}

std::vector<uint64_t> arguments(const Locked& locked, uint64_t mode = 0) {
  return {mode, kPackage, locked.licence.empty() ? 0 : kLicence, kInput, kOutput, 1, 0, 0,
          locked.package.size(), kOutput - kInput, kOutputBytes};
}

/// Empty when the output area is what the reference stores, else the first difference.
std::string difference(KernelBench& bench, const Scenario& scenario) {
  test::Golden golden(scenario.shape());
  golden.write_weights(scenario.image());
  std::vector<uint8_t> expected(kOutputBytes, 0xee);
  for (const test::StoredBlock& block : golden.run(scenario.input_bytes(), scenario.frames())) {
    std::copy_n(block.data.begin(), block.bytes, expected.begin() + block.offset);
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const int actual = bench.memory.at(kOutput + i);
    if (actual != expected[i]) {
      return "output byte " + std::to_string(i) + ": expected " + std::to_string(expected[i]) +
             ", got " + std::to_string(actual);
    }
  }
  return "";
}

bool untouched(KernelBench& bench) {
  const uint8_t* output = &bench.memory.at(kOutput);
  return bench.memory.writes.empty() &&
         std::all_of(output, output + kOutputBytes, [](uint8_t byte) { return byte == 0xee; });
}

/// Three convolutions over weights that stay resident.
std::unique_ptr<Scenario> resident_scenario(const test::Shape& shape, uint64_t seed) {
  auto scenario = std::make_unique<Scenario>(shape, seed);
  test::LayerSpec spec;
  spec.kernel_h = spec.kernel_w = 3;
  spec.pad_top = spec.pad_left = 1;
  spec.height = spec.width = 12;
  spec.output_blocks = 2;
  spec.weights_by_frames = true;
  test::Tensor tensor = scenario->input(12, 12, 1, true);
  for (int layer = 0; layer < 3; ++layer) tensor = scenario->layer(tensor, spec);
  scenario->store(tensor);
  return scenario;
}

uint64_t environment(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

}  // namespace

TEST_CASE("random programs of every policy give what the reference stores") {
  const std::string core = GENERATE("8x8", "16x16", "narrow", "wide");
  const uint64_t first = environment("KEYWAY_SEED", 1), count = environment("KEYWAY_PROGRAMS", 24);
  const Party party(99);
  KernelBench bench(make_kernel(core), first);
  bench.set_identity(party.identity());
  for (uint64_t seed = first; seed < first + count; ++seed) {
    INFO("repeat with KEYWAY_SEED=" << seed << " KEYWAY_PROGRAMS=1, core " << core);
    bench.memory.timing = {1, static_cast<unsigned>(1 + seed * 7 % 90), seed % 3 ? 0.0 : 0.3};
    const auto scenario = test::random_scenario(shape_of(core), seed);
    const Policy policy = static_cast<Policy>(seed % 3);
    const Locked locked = make(*scenario, policy, scenario->frames().empty(), party);
    for (int run = 0; run < 2; ++run) {
      CAPTURE(run);
      load(bench, locked, *scenario);
      REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
      REQUIRE(difference(bench, *scenario) == "");
    }
  }
}

TEST_CASE("lock overhead is within its bounds, and resident runs read no frame") {
  const std::string core = GENERATE("8x8", "16x16");
  const auto scenario = resident_scenario(shape_of(core), 5);
  const Party party(7);
  uint64_t cold[3], warm[3];
  for (Policy policy : {Policy::kPlain, Policy::kSealed, Policy::kBlind}) {
    KernelBench bench(make_kernel(core), 1);
    bench.memory.timing = {60, 60, 0};
    bench.set_identity(party.identity());
    const Locked locked = make(*scenario, policy, true, party);
    load(bench, locked, *scenario);
    REQUIRE_STATUS(bench.run(arguments(locked, 1)), Status::kOk);
    REQUIRE(untouched(bench));
    REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
    REQUIRE(difference(bench, *scenario) == "");
    const auto index = static_cast<size_t>(policy);
    CHECK(bench.counter(Counter::kOpen) == 0);
    CHECK(bench.counter(Counter::kFrames) >= scenario->frames().size());
    cold[index] = bench.counter(Counter::kTotal);
    for (int run = 0; run < 2; ++run) {
      load(bench, locked, *scenario);
      REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
      REQUIRE(difference(bench, *scenario) == "");
      CHECK(bench.counter(Counter::kFrames) == 0);
      warm[index] = bench.counter(Counter::kTotal);
    }
  }
  WARN(core << ": cold " << cold[0] << " plain, " << cold[1] << " sealed; warm " << warm[0]
            << " plain, " << warm[1] << " sealed");
  for (size_t locked : {1, 2}) {
    CHECK(warm[locked] == warm[0]);
    CHECK(cold[locked] <= cold[0] + cold[0] * 3 / 100);
  }
}

TEST_CASE("wrong devices, owners and licences") {
  const auto scenario = resident_scenario(shape_of("16x16"), 6);
  const Party party(1), stranger(2);
  for (Policy policy : {Policy::kSealed, Policy::kBlind}) {
    const Locked locked = make(*scenario, policy, true, party);
    const Locked other = make(*scenario, policy, true, party);  // another id, so other keys
    const auto run = [&](KernelBench& bench, const Bytes& licence) {
      load(bench, locked, *scenario);
      bench.put(kLicence, licence);
      auto list = arguments(locked);
      if (licence.empty()) list[2] = 0;
      return bench.run(list);
    };
    {
      KernelBench bench(make_kernel("16x16"), 2);
      bench.set_identity(party.identity());
      // Each refusal follows a resident run, whose residency it must not borrow.
      for (int i = 0; i < 2; ++i) {
        REQUIRE_STATUS(run(bench, locked.licence), Status::kOk);
        REQUIRE(difference(bench, *scenario) == "");
        REQUIRE_STATUS(i == 0 ? run(bench, {}) : run(bench, other.licence),
                       i == 0 ? Status::kNoLicence : Status::kLicenceRefused);
        REQUIRE(untouched(bench));
      }
      REQUIRE_STATUS(run(bench, locked.licence), Status::kOk);
      REQUIRE(difference(bench, *scenario) == "");
    }
    const auto fresh_device = [&](const platform::Identity& identity) {
      auto bench = std::make_unique<KernelBench>(make_kernel("16x16"), 3);
      bench->set_identity(identity);
      return bench;
    };
    auto bench = fresh_device(stranger.identity());
    REQUIRE_STATUS(run(*bench, locked.licence), Status::kLicenceRefused);
    REQUIRE(untouched(*bench));
    bench = fresh_device(platform::Identity{});
    REQUIRE_STATUS(run(*bench, locked.licence), Status::kNotEnrolled);
    REQUIRE(untouched(*bench));
    platform::Identity near = party.identity();
    near.secret[17] ^= 0x20;
    bench = fresh_device(near);
    const Status status = run(*bench, locked.licence);
    if (policy == Policy::kSealed) {
      REQUIRE_STATUS(status, Status::kWrongDevice);
      REQUIRE(untouched(*bench));
    } else {
      REQUIRE_STATUS(status, Status::kOk);
      REQUIRE(difference(*bench, *scenario) != "");
    }
  }
}

TEST_CASE("every bit of a locked package counts") {
  const uint64_t seed = environment("KEYWAY_SEED", 4), flips = environment("KEYWAY_FLIPS", 40);
  const auto scenario = resident_scenario(shape_of("8x8"), 6);
  const Party party(3);
  std::mt19937_64 random(seed);
  KernelBench bench(make_kernel("8x8"), seed);
  bench.set_identity(party.identity());
  for (Policy policy : {Policy::kSealed, Policy::kBlind}) {
    const Locked locked = make(*scenario, policy, true, party);
    for (uint64_t i = 0; i < flips; ++i) {
      // One in four in the header block, one in four in the licence.
      const uint64_t where = random() % 4;
      const uint64_t address = where == 0   ? kPackage + random() % kHeaderBlockBytes
                               : where == 1 ? kLicence + random() % kLicenceBytes
                                            : kPackage + random() % locked.package.size();
      const auto bit = static_cast<uint8_t>(1 << random() % 8);
      CAPTURE(seed, i, address - kBase, int{bit});
      load(bench, locked, *scenario);
      bench.memory.at(address) ^= bit;
      REQUIRE(name(bench.run(arguments(locked))) != name(Status::kOk));
      REQUIRE(untouched(bench));
    }
    load(bench, locked, *scenario);
    REQUIRE_STATUS(bench.run(arguments(locked)), Status::kOk);
    REQUIRE(difference(bench, *scenario) == "");
  }
}

TEST_CASE("memory that changes between two reads of the header is refused") {
  const auto scenario = resident_scenario(shape_of("8x8"), 6);
  const Party party(3);
  KernelBench bench(make_kernel("8x8"), 5);
  bench.set_identity(party.identity());
  const Locked locked = make(*scenario, Policy::kBlind, true, party);
  for (uint32_t offset = 0; offset < kHeaderBlockBytes; offset += 3) {
    for (bool first_is_genuine : {true, false}) {
      // A first read that names no valid package is refused before there is a second one.
      if (!first_is_genuine && offset < 80) continue;
      CAPTURE(offset, first_is_genuine);
      load(bench, locked, *scenario);
      if (!first_is_genuine) bench.memory.at(kPackage + offset) ^= 0x10;
      int reads = 0;
      bench.memory.on_read = [&](uint64_t address, uint64_t) {
        if (address == kPackage && ++reads == 2) bench.memory.at(kPackage + offset) ^= 0x10;
      };
      REQUIRE_STATUS(bench.run(arguments(locked)), Status::kAuthentication);
      REQUIRE(untouched(bench));
      bench.memory.on_read = {};
    }
  }
}

}  // namespace keyway::rtl_test
