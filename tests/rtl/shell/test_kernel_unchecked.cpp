// SPDX-License-Identifier: Apache-2.0
/// Programs that no compiler makes, on a kernel without assertions: plain packages whose
/// instructions hold any bits. Whatever they say, the kernel touches the buffers of the start and
/// nothing else, ends, and works as ever afterwards.

#include <VKernelUnchecked.h>
#include <VKernelUnchecked___024root.h>

#include "kernel_scene.hpp"
#include "platform/verilated_kernel.hpp"
#include "program/listing.hpp"
#include "seed.hpp"

namespace keyway::rtl_test {
namespace {

const test::Shape kShape{8, 8, 65536, 131072};
constexpr uint64_t kBad = kBase + 0x10'0000, kBadOutput = kBase + 0x22'0000;
constexpr uint32_t kBadInputBytes = 2048, kBadOutputBytes = 4096;

/// Instructions of a good program in which some fields hold other bits, or all do.
Bytes mutated(const Bytes& good, std::mt19937_64& random) {
  Bytes image = good;
  size_t instructions = 0;
  while (static_cast<Opcode>(image[instructions++ * kInstructionBytes] & 15) != Opcode::kEnd) {
  }
  const size_t changes = 1 + random() % 4;
  for (size_t i = 0; i < changes; ++i) {
    uint8_t* instruction = &image[random() % instructions * kInstructionBytes];
    const size_t first = random() % (8 * kInstructionBytes), bits = 1 + random() % 24;
    for (size_t bit = first; bit < std::min<size_t>(first + bits, 8 * kInstructionBytes); ++bit)
      if (random() % 2) instruction[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    if (random() % 8 == 0)  // anything behind the opcode
      for (size_t k = 1; k < kInstructionBytes; ++k)
        instruction[k] = static_cast<uint8_t>(random());
  }
  return image;
}

}  // namespace

TEST_CASE("a program of any bits stays in its buffers and ends") {
  const uint64_t first = test::setting("KEYWAY_SEED", 1),
                 count = test::setting("KEYWAY_PROGRAMS", 300);
  KernelBench bench(std::make_unique<platform::VerilatedKernel<VKernelUnchecked>>(), first);
  const Party nobody(1);
  const auto good = resident_scenario(kShape, 2);
  const Locked known = make(*good, Policy::kPlain, true, nobody);
  std::map<std::string, size_t> seen;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    INFO("repeat with KEYWAY_SEED=" << seed << " KEYWAY_PROGRAMS=1");
    std::mt19937_64 random(seed);
    const auto scenario = test::random_scenario(kShape, seed);
    program::Program program = program_of(*scenario, scenario->frames().empty());
    program.program_image = mutated(program.program_image, random);
    const Bytes package = lock::make_plain_package(program);
    load(bench, known, *good);
    bench.put(kBad, package);
    bench.memory.timing = {1, static_cast<unsigned>(1 + random() % 60), random() % 2 ? 0.2 : 0.0};
    const std::vector<uint8_t> before = bench.memory.bytes;
    const std::vector<uint64_t> list{0,
                                     kBad,
                                     0,
                                     kInput,
                                     kBadOutput,
                                     1 + random() % 3,
                                     random() % 3 * 16 * (random() % 64),
                                     random() % 3 * 16 * (random() % 64),
                                     package.size(),
                                     kBadInputBytes,
                                     kBadOutputBytes,
                                     2};  // cycle_limit
    ++seen[name(bench.run(list))];
    for (const auto& burst : bench.memory.reads) {
      const auto in = [&](uint64_t from, uint64_t bytes) {
        return burst.address >= from && burst.address + burst.bytes <= from + bytes;
      };
      CAPTURE(burst.address - kBase, burst.bytes);
      REQUIRE((in(kBad, package.size()) || in(kInput, kBadInputBytes)));
    }
    for (size_t i = 0; i < before.size(); ++i) {
      if (i >= kBadOutput - kBase && i < kBadOutput - kBase + kBadOutputBytes) continue;
      if (bench.memory.bytes[i] != before[i]) FAIL("byte " << i << " was written");
    }
    load(bench, known, *good);
    REQUIRE_STATUS(bench.run(arguments(known)), Status::kOk);
    REQUIRE(difference(bench, *good) == "");
  }
  std::string text;
  for (const auto& [status, times] : seen) text += std::to_string(times) + " x " + status + "  ";
  WARN(text);
  if (count >= 300) {
    CHECK(seen[name(Status::kOutsideBuffer)] > 0);
    CHECK(seen[name(Status::kBadProgram)] > 0);
    CHECK(seen[name(Status::kOk)] > 0);
  }
}

TEST_CASE("a transfer with more bytes than a request can say is outside of every buffer") {
  KernelBench bench(std::make_unique<platform::VerilatedKernel<VKernelUnchecked>>(), 1);
  const auto scenario = resident_scenario(kShape, 2);
  program::Program program = program_of(*scenario, true);
  program.weight_image.clear();  // outputs wait for all frames
  // Words of 8 bytes. In 32 bits, bytes wrap to 256 in the first, words to none in the second.
  for (const char* extents :
       {"rows=1552 blocks=257 width=1346", "rows=2048 blocks=2048 width=1024"})
    for (const char* opcode : {"LOAD_INPUT ", "STORE "}) {
      CAPTURE(opcode, extents);
      program.program_image = program::assemble(opcode + std::string(extents) + "\nEND\n");
      const Locked huge{lock::make_plain_package(program), {}};
      load(bench, huge, *scenario);
      std::vector<uint64_t> list = arguments(huge);
      list.push_back(4);  // cycle_limit
      CHECK(name(bench.run(list)) == name(Status::kOutsideBuffer));
      CHECK(untouched(bench));
    }
}

}  // namespace keyway::rtl_test
