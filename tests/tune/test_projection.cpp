// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <random>

#include "seed.hpp"
#include "tune/projection.hpp"

using namespace keyway;
using tune::Folded;
using tune::Projection;

namespace {

Folded random_weights(uint64_t seed, int64_t channels, int64_t taps) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  Folded folded{channels, taps, {}};
  for (int64_t i = 0; i < channels * taps; ++i) folded.weights.push_back(normal(random));
  return folded;
}

double relative_error(const std::vector<float>& wanted, const std::vector<float>& got) {
  double error = 0, power = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    error += std::pow(double(wanted[i]) - double(got[i]), 2);
    power += std::pow(double(wanted[i]), 2);
  }
  return std::sqrt(error / power);
}

}  // namespace

TEST_CASE("Equally likely codes take equally many weights, in order, and stand for their mean") {
  for (const size_t codes : {size_t{16}, size_t{256}}) {
    const Folded wanted = random_weights(test::seed(), 1, 4100);
    const std::vector<float> got = Projection(codes).project(wanted, {});
    struct Bucket {
      double sum = 0, count = 0, least = INFINITY, most = -INFINITY;
    };
    std::map<float, Bucket> buckets;
    for (size_t i = 0; i < got.size(); ++i) {
      Bucket& b = buckets[got[i]];
      const auto w = static_cast<double>(wanted.weights[i]);
      b.sum += w;
      b.count += 1;
      b.least = std::min(b.least, w);
      b.most = std::max(b.most, w);
    }
    REQUIRE(buckets.size() == codes);
    double last = -INFINITY;
    for (const auto& [value, bucket] : buckets) {
      CHECK(std::abs(bucket.count - 4100.0 / static_cast<double>(codes)) < 1);
      CHECK(double(value) == Approx(bucket.sum / bucket.count).margin(0.02));
      CHECK(bucket.least > last);
      last = bucket.most;
    }
  }
}

TEST_CASE("The units of a channel do not matter, and what was projected stays") {
  Folded wanted = random_weights(test::seed(), 3, 90);
  const Projection projection(16);
  const std::vector<float> got = projection.project(wanted, {});
  Folded scaled = wanted;
  for (size_t i = 90; i < 180; ++i) scaled.weights[i] *= 1024;
  std::vector<float> again = projection.project(scaled, {});
  for (size_t i = 90; i < 180; ++i) again[i] /= 1024;
  CHECK(again == got);
  CHECK(relative_error(wanted.weights, got) > 0.02);
  CHECK(relative_error(got, projection.project({3, 90, got}, {})) < 0.01);
}

TEST_CASE("Fewer weights than codes stay as they are, and so does a channel of zeros") {
  const Folded few = random_weights(test::seed(), 3, 5);
  CHECK(relative_error(few.weights, Projection(16).project(few, {})) < 1e-6);
  Folded dead = random_weights(test::seed(), 4, 64);
  std::fill_n(dead.weights.begin() + 64, 64, 0.0F);
  const std::vector<float> got = Projection(16).project(dead, {});
  for (size_t i = 64; i < 128; ++i) CHECK(got[i] == 0);
}

TEST_CASE("Every system of values holds its own numbers without error, and others nearly") {
  for (const auto& system : arith::number_systems()) {
    INFO(system.name);
    const Projection projection(system);
    CHECK(projection.codes() == (system.equally_likely ? system.codes() : 0));
    if (system.equally_likely) continue;
    Folded own{1, 0, projection.operands()};
    own.taps = static_cast<int64_t>(own.weights.size());
    for (float& weight : own.weights) weight *= 0.125F;
    CHECK(relative_error(own.weights, projection.project(own, projection.fit_steps(own))) < 1e-6);
    Folded wanted = random_weights(test::seed(), 4, 300);
    for (size_t i = 0; i < 300; ++i) wanted.weights[i] *= 1e-3F;
    const std::vector<float> steps = projection.fit_steps(wanted);
    REQUIRE(steps.size() == 4);
    const double bound = 0.25 / std::sqrt(static_cast<double>(projection.operands().size()));
    CHECK(relative_error(wanted.weights, projection.project(wanted, steps)) < 4 * bound);
    // A step that does not fit costs much: the check above can fail.
    const std::vector<float> wrong(4, steps[0]);
    CHECK(relative_error(wanted.weights, projection.project(wanted, wrong)) > 4 * bound);
  }
}

TEST_CASE("A channel of zeros has a step, too") {
  const Projection projection(arith::info(arith::NumberSystem::kInt8));
  const Folded zeros{2, 3, std::vector<float>(6, 0.0F)};
  const std::vector<float> steps = projection.fit_steps(zeros);
  CHECK(projection.project(zeros, steps) == zeros.weights);
}
