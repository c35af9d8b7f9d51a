// SPDX-License-Identifier: Apache-2.0
// Random small networks, compiled, run on the RTL in the simulated platform with random memory
// stalls, and on the program simulator: equal output bytes. Plain and locked packages, several
// cores.
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <random>

#include "common/error.hpp"
#include "program/instructions.hpp"
#include "seed.hpp"
#include "system/board.hpp"

using namespace keyway;
using test::Bytes;

namespace {

/// One after the other on one board, so that each start meets what the one before left.
constexpr uint64_t kProgramsPerBoard = 10;

std::string first_difference(const Bytes& got, const Bytes& want) {
  for (size_t i = 0; i < want.size(); ++i) {
    if (i >= got.size() || got[i] != want[i]) {
      return "first difference at byte " + std::to_string(i) + ": got " +
             (i < got.size() ? std::to_string(got[i]) : "nothing") + ", expected " +
             std::to_string(want[i]);
    }
  }
  return "equal";
}

/// The axis of a signal, for test::RandomNetworkOptions: mostly none, sometimes a long one, rarely
/// one of more rows than their field holds.
int64_t most_length(uint64_t choice) {
  const uint64_t kind = choice % 400;
  return kind == 0 ? 6000 : kind < 20 ? 300 : 0;
}

/// With a gap, so that a stride is not the size of an image by accident.
size_t stride_of(size_t bytes) { return (bytes + 15) / 16 * 16 + 32; }

/// For this core with its own memories or smaller ones, if the network fits those; nothing where it
/// does not fit its own, as some with a long axis do not.
std::optional<program::Program> compile_for_some_memory(const quantise::Network& network,
                                                        const std::string& core, uint64_t choice) {
  constexpr const char* kMemories[] = {"-tiny", "-small", ""};
  for (const std::string& memories : {std::string(kMemories[choice]), std::string()}) {
    try {
      return test::compile_for(network, core + memories);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFit) throw;
    }
  }
  return std::nullopt;
}

/// Several inputs in one start, right after the runs above or from a cold start.
void check_several_inputs(driver::SimBoard& board, const test::Model& model,
                          const test::Region& package, const test::Region* licence,
                          std::mt19937_64& random) {
  const auto count = static_cast<uint32_t>(2 + random() % 3);
  const size_t output_bytes = model.program.output_image.bytes();
  Bytes images, want;
  for (uint32_t i = 0; i < count; ++i) {
    const Bytes image = model.random_input(random());
    const Bytes expected = model.expected(image);
    images.insert(images.end(), image.begin(), image.end());
    images.resize(stride_of(image.size()) * (i + 1), 0x5a);
    want.insert(want.end(), expected.begin(), expected.end());
    want.resize(stride_of(output_bytes) * (i + 1), 0xa5);
  }
  const test::Region input(board, images);
  const test::Region output(board, want.size(), 0xa5);
  driver::KernelArguments arguments = test::arguments(package, licence, input, output);
  if (random() % 2 == 0) {  // another package makes the next start a cold one
    const test::Model other =
        test::plain_model(test::random_program(model.program.core.array_name(), random()));
    const test::Region other_package(board, other.package);
    const test::Region other_input(board, other.random_input(1));
    const test::Region other_output(board, other.program.output_image.bytes(), 0);
    REQUIRE(test::run_kernel(board, test::arguments(other_package, nullptr, other_input,
                                                    other_output)) == contract::Status::kOk);
  }
  arguments.count = count;
  arguments.input_stride = static_cast<uint32_t>(images.size() / count);
  arguments.output_stride = static_cast<uint32_t>(want.size() / count);
  const contract::Status status = test::run_kernel(board, arguments);
  if (!model.program.resident) {  // its frames can be had once a start
    REQUIRE(status == contract::Status::kBadProgram);
    return;
  }
  REQUIRE(status == contract::Status::kOk);
  const Bytes got = output.read();
  INFO(count << " inputs in one start, " << first_difference(got, want));
  REQUIRE(got == want);
}

}  // namespace

TEST_CASE("random programs give the program simulator's bytes on the core") {
  const uint64_t seed = test::seed();
  const uint64_t count = test::setting("KEYWAY_COUNT", 2000);
  const test::Party party;
  std::map<uint8_t, uint64_t> instructions;
  const std::vector<std::string> cores = platform::kernel_names();

  std::mt19937_64 random;
  std::unique_ptr<driver::SimBoard> board;
  std::string core;
  for (uint64_t i = 0; i < count; ++i) {
    if (i % kProgramsPerBoard == 0) {
      random.seed(seed + i);
      core = cores[random() % cores.size()];
      driver::SimOptions options;
      options.core = core;
      options.device_file = party.device_file();
      options.memory.latency = 1 + static_cast<uint32_t>(random() % 80);
      options.memory.stall = 0.25 * static_cast<double>(random() % 3);
      options.memory.seed = random();
      board = std::make_unique<driver::SimBoard>(options);
    }
    INFO("KEYWAY_SEED=" << seed + i - i % kProgramsPerBoard << " KEYWAY_COUNT=" << kProgramsPerBoard
                        << " repeats it, core " << core);
    const int64_t length = most_length(random());
    const quantise::Network network = test::random_network_for(core, random(), length);
    const auto compiled = compile_for_some_memory(network, core, random() % 3);
    if (!compiled) continue;
    const program::Program& program = *compiled;
    for (size_t at = 0; at < program.instructions; ++at) {
      ++instructions[program.program_image[at * contract::kInstructionBytes] & 15];
    }
    const bool locked = i % 4 == 0;
    const test::Model model = locked
                                  ? test::locked_model(program, lock::Policy::kBlind, party.owner())
                                  : test::plain_model(program);
    const test::Region package(*board, model.package);
    const test::Region licence(*board, locked ? party.licence(model) : Bytes(144));
    for (uint64_t run = 0; run < 2; ++run) {  // cold, then warm
      const Bytes image = model.random_input(random());
      const test::Region input(*board, image);
      const test::Region output(*board, program.output_image.bytes(), 0xa5);
      REQUIRE(test::run_kernel(*board, test::arguments(package, locked ? &licence : nullptr, input,
                                                       output)) == contract::Status::kOk);
      const Bytes want = model.expected(image);
      const Bytes got = output.read();
      INFO((run == 0 ? "cold, " : "warm, ") << first_difference(got, want));
      REQUIRE(got == want);
    }
    if (i % 3 == 0)
      check_several_inputs(*board, model, package, locked ? &licence : nullptr, random);
  }
  if (count >= 1000) {
    for (const auto opcode :
         {contract::Opcode::kLayer, contract::Opcode::kMultiply, contract::Opcode::kTable,
          contract::Opcode::kLoadWeights, contract::Opcode::kLoadInput, contract::Opcode::kStore,
          contract::Opcode::kEnd}) {
      CHECK(instructions[static_cast<uint8_t>(opcode)] > 0);
    }
  }
}
