// SPDX-License-Identifier: Apache-2.0
// Attacks on soft locks: plain quantisation is good where nothing was locked and bad where it was,
// and what undoes a lock does so.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "graph/check.hpp"
#include "graph/execute.hpp"
#include "graphs.hpp"
#include "random_bytes.hpp"
#include "seed.hpp"
#include "soft/attacks.hpp"
#include "soft/decoys.hpp"
#include "soft/scales.hpp"

using namespace keyway;
using namespace keyway::test;
using soft::Equalisation;

namespace {

constexpr int64_t kImages = 24;
constexpr double kGood = 0.15, kBad = 0.35;  ///< relative distances of outputs

/// Two residual blocks with hidden tensors of sixteen channels.
graph::Graph network(uint64_t seed) {
  GraphBuilder b(seed);
  int x = b.conv(b.input({3, 8, 8}), 16, window(3, 1, 1), kRelu);
  for (int block = 0; block < 2; ++block) {
    const int y = b.conv(b.conv(x, 16, window(3, 1, 1), kRelu), 16, window(3, 1, 1));
    x = b.add(y, x, kRelu);
  }
  return b.finish(b.dense(x, 8));
}

struct Locked {
  explicit Locked(uint64_t seed)
      : plain(network(seed)), scaled(plain), decoyed(plain), random(seed) {
    inputs = random_inputs(plain, kImages, seed);
    soft::scale_channels(scaled, 8, random_bytes(random));
    soft::add_decoys(decoyed, inputs.data(), kImages, {}, random_bytes(random));
  }

  /// How far outputs go off by an attack.
  double off(const graph::Graph& graph, const soft::Attack& attack) const {
    const graph::Graph made = soft::attacked(graph, attack, inputs.data(), kImages, 1);
    graph::check(made);
    return relative_distance(graph::execute(made, inputs.data(), kImages),
                             graph::execute(graph, inputs.data(), kImages));
  }

  graph::Graph plain, scaled, decoyed;
  std::vector<float> inputs;
  Random random;
};

}  // namespace

TEST_CASE("eight bits are enough for a network that is not locked, whatever stands ahead") {
  const Locked locked(seed());
  std::set<std::string> names;
  for (const soft::Attack& attack : soft::attacks()) {
    CAPTURE(attack.name);
    CHECK(locked.off(locked.plain, attack) < kGood);
    CHECK(names.insert(attack.name).second);
  }
}

TEST_CASE("scales withstand pairs of layers, and fall to whole streams") {
  const Locked locked(seed());
  CHECK(locked.off(locked.scaled, {"plain"}) > kBad);
  CHECK(locked.off(locked.scaled, {"pairs", false, Equalisation::kPairs}) > kBad);
  CHECK(locked.off(locked.scaled, {"streams", false, Equalisation::kStreams}) < kGood);
  CHECK(locked.off(locked.scaled, {"ranges", false, Equalisation::kRanges}) < kGood);
}

TEST_CASE("decoys withstand equalisation, and fall to who drops silent channels") {
  const Locked locked(seed());
  for (const Equalisation by :
       {Equalisation::kNone, Equalisation::kPairs, Equalisation::kStreams, Equalisation::kRanges}) {
    CAPTURE(static_cast<int>(by));
    CHECK(locked.off(locked.decoyed, {"equalised", false, by}) > kBad);
  }
  CHECK(locked.off(locked.decoyed, {"dropped", true}) < kGood);
  CHECK(locked.off(locked.decoyed, {"searched", false, Equalisation::kNone,
                                    soft::StepChoice::kOutputError}) < kGood);
  CHECK(locked.off(locked.decoyed, {"wide", false, Equalisation::kRanges,
                                    soft::StepChoice::kLargest, true, 16}) < 2 * kGood);
}
