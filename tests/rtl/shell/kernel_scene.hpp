// SPDX-License-Identifier: Apache-2.0
/// Real packages in the memory of a KernelBench: parties, the engine tests' scenarios as packages
/// of every policy, and what a run must leave in the output.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "golden.hpp"
#include "kernel_bench.hpp"
#include "lock/licence.hpp"
#include "lock/package.hpp"
#include "lock/seal.hpp"
#include "scenario.hpp"

namespace keyway::rtl_test {

using namespace contract;
using test::Bytes;
using test::Scenario;

inline constexpr uint64_t kBase = KernelBench::kBase;
inline constexpr uint64_t kPackage = kBase, kLicence = kBase + 0x20'0000,
                          kInput = kBase + 0x21'0000, kOutput = kBase + 0x30'0000,
                          kOutputBytes = 0x10'0000;

inline std::string name(Status status) {
  return "status " + std::to_string(static_cast<int>(status));
}
#define REQUIRE_STATUS(actual, expected) REQUIRE(name(actual) == name(expected))

inline test::Shape shape_of(const std::string& core) {
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
    fill(device.fuse);
    device.id = seed;
    const lock::Key key = lock::owner_key(owner.root);
    device.owner_key = key;
    enrolment.device_id = seed;
    enrolment.record = lock::enrolment_record(lock::boot(device, 0), key);
    enrolment.owner = lock::owner_fingerprint(key);
  }
  lock::Owner owner;
  lock::Device device;
  lock::Enrolment enrolment;

  platform::Identity identity() const {
    platform::Identity pins;
    pins.sources = device.sources;
    std::copy(device.fuse.begin(), device.fuse.end(), pins.fuse.begin());
    std::copy(device.owner_key->begin(), device.owner_key->end(), pins.owner_key.begin());
    pins.enrolled = true;
    return pins;
  }
};

inline program::Program program_of(const Scenario& scenario, bool resident) {
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

inline Locked make(const Scenario& scenario, Policy policy, bool resident, const Party& party) {
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

inline void load(KernelBench& bench, const Locked& locked, const Scenario& scenario) {
  bench.put(kPackage, locked.package);
  bench.put(kLicence, locked.licence);
  bench.put(kInput, scenario.input_bytes());
  std::fill_n(&bench.memory.at(kOutput), kOutputBytes, uint8_t{0xee});
}

inline std::vector<uint64_t> arguments(const Locked& locked, uint64_t mode = 0) {
  return {mode,
          kPackage,
          locked.licence.empty() ? 0 : kLicence,
          kInput,
          kOutput,
          1,
          0,
          0,
          locked.package.size(),
          kOutput - kInput,
          kOutputBytes};
}

/// Empty when the output area is what the reference stores, else the first difference.
inline std::string difference(KernelBench& bench, const Scenario& scenario) {
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

inline bool untouched(KernelBench& bench) {
  const uint8_t* output = &bench.memory.at(kOutput);
  return bench.memory.writes.empty() &&
         std::all_of(output, output + kOutputBytes, [](uint8_t byte) { return byte == 0xee; });
}

/// Three convolutions over weights that stay resident.
inline std::unique_ptr<Scenario> resident_scenario(const test::Shape& shape, uint64_t seed) {
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

}  // namespace keyway::rtl_test
