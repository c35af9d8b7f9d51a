// SPDX-License-Identifier: Apache-2.0
// Statistics, bounds and scales.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "common/error.hpp"
#include "graphs.hpp"
#include "quantise/calibrate.hpp"

using namespace keyway;
using namespace keyway::quantise;
using keyway::test::GraphBuilder;
using keyway::test::kRelu;
using keyway::test::kRelu6;
using keyway::test::window;

TEST_CASE("bounds follow clamps, pools, padding and additions") {
  GraphBuilder b(1);
  const int x = b.input({4, 8, 8});
  const int a = b.conv(x, 4, window(3, 1, 1), kRelu6);
  const int p = b.pad(b.max_pool(a, window(3, 1, 1)), 1, 1, 1, 1);
  const int r = b.conv(p, 4, window(3, 1, 0), kRelu);
  const int s = b.add(r, a);
  const int t = b.add(s, x);
  const auto bounds = value_bounds(b.finish(t));
  CHECK(bounds[static_cast<size_t>(a)].hi == 6);
  CHECK(bounds[static_cast<size_t>(p)].lo == 0);
  CHECK(bounds[static_cast<size_t>(p)].hi == 6);
  CHECK(bounds[static_cast<size_t>(s)].lo == 0);
  CHECK(std::isinf(bounds[static_cast<size_t>(s)].hi));
  CHECK(bounds[static_cast<size_t>(t)].lo < 0);
}

TEST_CASE("statistics of the input are exact") {
  GraphBuilder b(2);
  const int x = b.input({2, 2, 2});
  const graph::Graph g = b.finish(b.conv(x, 3, window(1, 1, 0)));
  const std::vector<float> inputs{1, 2, 3, 4, -1, 0, 0, 1, 4, 4, 0, 0, 0, 0, -3, 0};
  const auto all = calibrate(g, inputs.data(), 2, 1);
  const TensorStatistics& s = all[static_cast<size_t>(x)];
  CHECK(s.images == 2);
  CHECK(s.channels[0].high == 4);
  CHECK(s.channels[0].low == 0);
  CHECK(s.channels[0].at_peak == 3);
  CHECK(s.channels[1].low == -3);
  CHECK(s.channels[1].at_peak == 1);
  CHECK(s.channels[0].square == Approx((1 + 4 + 9 + 16 + 16 + 16) / 8.0));
  CHECK(s.mean[0] == Approx(2.5));
  CHECK(s.mean[6] == Approx(-1.5));
  CHECK_THROWS_AS(calibrate(g, inputs.data(), 0, 1), Error);
}

namespace {

/// A channel that held these magnitudes, all of one sign, and `zeros` zeros.
ChannelStatistics channel(const std::vector<double>& magnitudes, int64_t zeros = 0) {
  ChannelStatistics c;
  for (const double m : magnitudes) {
    c.magnitudes.add(m);
    c.square += m * m;
    c.at_peak = m > c.high ? 1 : c.at_peak + (m == c.high ? 1 : 0);
    c.high = std::max(c.high, m);
  }
  c.count = static_cast<int64_t>(magnitudes.size()) + zeros;
  if (c.count > 0) c.square /= static_cast<double>(c.count);
  return c;
}

/// 1000 values evenly up to `peak`.
std::vector<double> ramp(double peak) {
  std::vector<double> values;
  for (int i = 1; i <= 1000; ++i) values.push_back(peak * i / 1000);
  return values;
}

ScaleContext context(double lo, double hi, bool is_input) {
  ScaleContext result;
  result.bound = {lo, hi};
  result.is_input = is_input;
  return result;
}

}  // namespace

TEST_CASE("scales: sign, bound, shared peaks, channels without values") {
  const graph::Tensor tensor{"t", {3, 1, 1}};
  TensorStatistics s;
  s.images = 1000;
  s.channels = {channel(ramp(5)), channel(ramp(50)), channel({}, 1000)};
  ScaleOptions options;
  options.headroom = 1.0;
  options.values = 1.0;
  const double inf = std::numeric_limits<double>::infinity();
  SECTION("unsigned, one dead channel") {
    const Tensor t = choose_scales(tensor, s, context(0, inf, false), options);
    CHECK_FALSE(t.is_signed);
    CHECK(t.scale[0] == Approx(5.0 / 255).epsilon(0.1));
    CHECK(t.scale[1] == Approx(50.0 / 255).epsilon(0.1));
    CHECK(t.scale[2] > 0);
  }
  SECTION("headroom, and room for values that few inputs did not show") {
    const float plain = choose_scales(tensor, s, context(0, inf, false), options).scale[0];
    options.headroom = 1.5;
    CHECK(choose_scales(tensor, s, context(0, inf, false), options).scale[0] ==
          Approx(1.5 * plain));
    options.values = 1e6;
    CHECK(choose_scales(tensor, s, context(0, inf, false), options).scale[0] ==
          Approx(1.5 * std::sqrt(2.0) * plain));
  }
  SECTION("a proved bound") {
    const Tensor t = choose_scales(tensor, s, context(0, 6, false), options);
    CHECK(t.scale[1] == Approx(6.0 / 255));
    CHECK(t.scale[2] <= 6.0F / 255);
  }
  SECTION("sign from the structure, for the input from the data") {
    CHECK(choose_scales(tensor, s, context(-inf, inf, false), options).is_signed);
    CHECK_FALSE(choose_scales(tensor, s, context(-inf, inf, true), options).is_signed);
    s.channels[0].low = -1;
    CHECK(choose_scales(tensor, s, context(-inf, inf, true), options).is_signed);
  }
  SECTION("a peak that many input values share is a bound") {
    s.channels[1].at_peak = 100;
    options.headroom = 2.0;
    CHECK(choose_scales(tensor, s, context(-inf, inf, true), options).scale[1] ==
          Approx(50.0 / 255));
  }
  SECTION("nothing but zeros") {
    s.channels.assign(3, ChannelStatistics{});
    for (const float scale : choose_scales(tensor, s, context(0, inf, false), options).scale) {
      CHECK(scale > 0);
    }
  }
}
