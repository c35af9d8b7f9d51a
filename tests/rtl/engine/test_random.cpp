// SPDX-License-Identifier: Apache-2.0
// Random programs with every instruction, mode and option against the reference, with random
// stalls. KEYWAY_SEED repeats one seed and lists its program, KEYWAY_PROGRAMS sets their number.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "common.hpp"
#include "golden.hpp"

namespace keyway::test {

TEST_CASE("random programs agree with the reference") {
  const char* one = std::getenv("KEYWAY_SEED");
  const char* number = std::getenv("KEYWAY_PROGRAMS");
  const uint64_t first = one != nullptr ? std::strtoull(one, nullptr, 10) : 1;
  const uint64_t count = one != nullptr      ? 1
                         : number != nullptr ? std::strtoull(number, nullptr, 10)
                                             : 300;
  const Shape shape = dut_shape();
  Golden golden(shape);
  Bench bench;
  uint64_t cycles = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    INFO("repeat with KEYWAY_SEED=" << seed);
    const auto scenario = random_scenario(shape, seed);
    if (one != nullptr) std::fputs(scenario->listing().c_str(), stderr);
    const Bytes image = scenario->image();
    golden.write_weights(image);
    const auto expected =
        golden.run(scenario->input_bytes(), scenario->frames(), scenario->inputs());
    std::mt19937_64 random(seed);
    const auto chance = [&] { return std::uniform_int_distribution<>(0, 2)(random) * 0.3; };
    const Stalls stalls{chance(), chance(), chance()};
    bench.write_weights(image);
    RunResult result;
    REQUIRE_NOTHROW(result = bench.run(scenario->input_bytes(), scenario->frames(), stalls, false,
                                       0, scenario->inputs()));
    REQUIRE_FALSE(result.error);
    REQUIRE(difference(expected, result.stored) == "");
    cycles += result.cycles;
  }
  WARN(count << " programs from seed " << first << ", " << cycles << " cycles");
}

}  // namespace keyway::test
