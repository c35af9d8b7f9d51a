// SPDX-License-Identifier: Apache-2.0
// Integers of the requantiser: ranges, precision, exact identities and grids.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "graphs.hpp"
#include "quantise/requantise.hpp"

using namespace keyway::quantise;

namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
}

TEST_CASE("factors keep 17 significant bits and stay in range") {
  for (int exponent = -30; exponent <= 15; ++exponent) {
    for (const double mantissa : {1.0, 1.3333, 1.99999, 1.9999999}) {
      for (const double sign : {-1.0, 1.0}) {
        const double factor = sign * std::ldexp(mantissa, exponent);
        const ChannelPost p = make_post(factor, 0, 0, -kInfinity, kInfinity, true);
        INFO("factor " << factor << " m " << p.m << " shift " << p.shift);
        CHECK(std::abs(p.m) < 1 << 17);
        CHECK(p.shift >= 1);
        CHECK(p.shift <= 47);
        CHECK(std::ldexp(p.m, -p.shift) == Approx(factor).epsilon(1.0 / (1 << 16)));
      }
    }
  }
}

TEST_CASE("equal scales give the exact identity") {
  const ChannelPost p = make_post(1.0, 0, 0, -kInfinity, kInfinity, true);
  CHECK(p.m == 1 << 16);
  CHECK(p.shift == 16);
}

TEST_CASE("a residual shares the shift, and grid factors are exact beside it") {
  keyway::test::Random random(5);
  for (int i = 0; i < 2000; ++i) {
    const double residual = std::exp(3 * random.normal());
    const double wish = std::exp(-4 + 4 * random.normal());
    const double grid = factor_grid(2 * wish, residual);
    const double factor = grid * std::max(1.0, std::round(wish / grid));
    const ChannelPost p = make_post(factor, residual, 0, -kInfinity, kInfinity, true);
    INFO("residual " << residual << " factor " << factor);
    CHECK(std::ldexp(p.m, -p.shift) == Approx(factor).epsilon(1e-12));
    CHECK(std::abs(p.m) < 1 << 17);
    CHECK(std::abs(p.mr) < 1 << 17);
    CHECK(std::abs(std::ldexp(p.mr, -p.shift) - residual) <= std::ldexp(0.5000001, -p.shift));
  }
  CHECK(factor_grid(0.1, 0) == 0);
}

TEST_CASE("clamps are cut to the byte's range, biases to 32 bits") {
  ChannelPost p = make_post(1, 0, 1e20, 0, 6.4, false);
  CHECK(p.lo == 0);
  CHECK(p.hi == 6);
  CHECK(p.bias == std::numeric_limits<int32_t>::max());
  p = make_post(1, 0, -1e20, -kInfinity, kInfinity, false);
  CHECK(p.lo == 0);
  CHECK(p.hi == 255);
  CHECK(p.bias == -std::numeric_limits<int32_t>::max());
  p = make_post(1, 0, 0.4, -500, 500, true);
  CHECK(p.lo == -128);
  CHECK(p.hi == 127);
  CHECK(p.bias == 0);
}

TEST_CASE("factors beyond the range saturate instead of wrapping") {
  const ChannelPost p = make_post(1e9, 0, 0, -kInfinity, kInfinity, true);
  CHECK(p.m == kMaxMultiplier);
  CHECK(p.shift == 1);
  CHECK(make_post(1e-30, 0, 0, -kInfinity, kInfinity, true).m == 0);
}
