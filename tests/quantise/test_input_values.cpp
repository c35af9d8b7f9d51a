// SPDX-License-Identifier: Apache-2.0
// Grids of input values, the unit and zero of their bytes, and networks whose input bytes are
// exact.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "graph/execute.hpp"
#include "graphs.hpp"
#include "quantise/centre.hpp"
#include "quantise/input_values.hpp"
#include "quantise/network_boundary.hpp"
#include "quantise/quantise.hpp"
#include "quantise/reference.hpp"

using namespace keyway;
using namespace keyway::program;
using namespace keyway::quantise;
using keyway::arith::NumberSystem;
using keyway::test::GraphBuilder;
using keyway::test::kRelu;

namespace {

/// (k - zero) * step for k in [first, last], in float as a user would compute it.
std::vector<float> grid(int first, int last, double zero, double step) {
  std::vector<float> values;
  for (int k = first; k <= last; ++k) values.push_back(static_cast<float>((k - zero) * step));
  return values;
}

InputValues seen(const std::vector<float>& values) {
  InputValues v;
  v.add(values.data(), static_cast<int64_t>(values.size()));
  return v;
}

/// Largest distance of a value from what its byte stands for, in steps.
double worst(const std::vector<float>& values, const InputUnit& unit, bool is_signed) {
  double most = 0;
  for (const float v : values) {
    const double q = (static_cast<double>(v) - unit.middle) / unit.step;
    const double byte =
        std::clamp(std::nearbyint(q), is_signed ? -128.0 : 0.0, is_signed ? 127.0 : 255.0);
    most = std::max(most, std::abs(q - byte));
  }
  return most;
}

}  // namespace

TEST_CASE("a grid is found, and only where there is one") {
  CHECK(seen(grid(0, 255, 0, 1.0 / 255)).grid_step(false) == Approx(1.0 / 255));
  CHECK(seen(grid(0, 255, 123.7, 0.0174)).grid_step(false) == Approx(0.0174));
  CHECK(seen(grid(3, 90, 83, 0.5847)).grid_step(true) == Approx(0.5847));
  CHECK(seen(grid(0, 20, 0, 1)).grid_step(false) == 0);     // too few to believe it
  CHECK(seen(grid(0, 256, 0, 1)).grid_step(false) == 0);    // too many for a byte
  CHECK(seen(grid(300, 400, 0, 1)).grid_step(false) == 1);  // far from zero
  CHECK(seen(grid(300, 400, 0, 1)).grid_step(true) == 0);   // and zero must be there, too
  auto off = grid(0, 200, 0, 1);
  off[77] += 0.3F;
  CHECK(seen(off).grid_step(false) == 0);
  test::Random random(1);
  CHECK(seen(random.normals(100, 1)).grid_step(false) == 0);
}

TEST_CASE("units make the bytes of a grid exact") {
  for (const bool with_zero : {false, true}) {
    for (const auto& values :
         {grid(0, 255, 0, 1.0 / 255), grid(0, 255, 123.7, 0.0174), grid(-128, 127, 83, 0.5847),
          grid(-60, 80, 0, 0.1), grid(10, 100, 0, 2), grid(0, 255, 255, 1)}) {
      const auto unit = choose_units({seen(values)}, with_zero, true, 1.1).front();
      const bool is_signed = *std::min_element(values.begin(), values.end()) < unit.middle;
      INFO("step " << unit.step << ", middle " << unit.middle);
      REQUIRE(unit.step > 0);
      CHECK(worst(values, unit, is_signed) < 0.02);
      if (!with_zero) continue;
      const double zero = -static_cast<double>(unit.middle) / unit.step;
      CHECK((zero >= (is_signed ? -128.5 : 0) && zero <= (is_signed ? 127.5 : 255)));
    }
  }
}

TEST_CASE("what cannot move keeps its zero") {
  const auto far = seen(grid(0, 255, 123.7, 0.0174)), near = seen(grid(-60, 80, 0, 0.1));
  CHECK(choose_units({far}, false, false, 1.1).front().step == 0);
  CHECK(choose_units({far}, false, false, 1.1).front().middle == 0);
  CHECK(choose_units({near}, false, false, 1.1).front().step == Approx(0.1));
  // Beside a channel that needs a sign, pixels from 0 to 255 have to move.
  const auto both = choose_units({seen(grid(0, 255, 0, 1)), near}, false, true, 1.1);
  CHECK(both[0].middle == 128);
  CHECK(both[1].middle == 0);
}

TEST_CASE("without a grid the middle moves where that gains enough") {
  test::Random random(3);
  auto values = random.normals(500, 1);
  CHECK(choose_units({seen(values)}, false, true, 1.3).front().middle == 0);
  for (float& v : values) v -= 4;
  CHECK(choose_units({seen(values)}, false, true, 1.3).front().middle == Approx(-4).margin(1));
  CHECK(choose_units({seen(values)}, true, true, 1.3).front().middle == Approx(-3.5).margin(1));
}

TEST_CASE("an input off its middle is exact although the first layer pads") {
  GraphBuilder b(5);
  const int x = b.input({2, 9, 7});
  graph::Window w = test::window(3, 2, 1);
  w.pad_bottom = 2;
  const graph::Graph g = b.finish(b.conv(x, 6, w, kRelu));
  test::Random random(9);
  const int64_t images = 20;
  std::vector<float> inputs;
  for (int64_t i = 0; i < images * 2 * 63; ++i) {
    const bool first = i / 63 % 2 == 0;
    const auto k = static_cast<double>(random.integer(0, 255));
    inputs.push_back(static_cast<float>(first ? (k - 211) * 0.5847 : (k - 30.4) * 0.02));
  }
  const Network n = quantise::quantise(g, inputs.data(), images, NumberSystem::kInt8);
  const InputBoundary in = input_boundary(n);
  validate(in);
  CHECK(in.user_shape() == Shape{2, 9, 7});
  CHECK(in.shape == Shape{2, 12, 9});
  std::vector<uint8_t> bytes(static_cast<size_t>(in.shape.elements()));
  quantise_input(in, inputs.data(), bytes.data());
  const auto real = [&](int64_t c, int64_t y, int64_t px) {
    const auto byte = static_cast<int8_t>(bytes[static_cast<size_t>((c * 12 + y) * 9 + px)]);
    const auto i = static_cast<size_t>(c);
    return static_cast<double>(in.scale[i]) * byte - static_cast<double>(in.input_offset[i]);
  };
  for (int64_t c = 0; c < 2; ++c) {
    const double step = in.scale[static_cast<size_t>(c)];
    for (int64_t y = 0; y < 12; ++y) {
      for (int64_t px = 0; px < 9; ++px) {
        const bool inside = y >= 1 && y < 10 && px >= 1 && px < 8;
        const double want =
            inside ? inputs[static_cast<size_t>((c * 9 + y - 1) * 7 + px - 1)] : 0.0;
        REQUIRE(std::abs(real(c, y, px) - want) <= (inside ? 0.02 : 0.51) * step);
      }
    }
  }
  // What is left are the weights' and the output bytes' roundings.
  CHECK(test::relative_distance(Reference(n).infer(inputs.data(), images),
                                graph::execute(g, inputs.data(), images)) < 0.008);
}

TEST_CASE("moving the input changes no value of the float network") {
  GraphBuilder b(6);
  const int x = b.input({3, 8, 8});
  const graph::Graph g = b.finish(b.conv(x, 5, test::window(3, 1, 1), kRelu));
  auto inputs = test::random_inputs(g, 4, 1);
  for (float& v : inputs) v -= 5;
  const Centred centred = centre_input(g, inputs.data(), 4);
  CHECK(centred.graph.nodes.size() == 2);
  CHECK(test::relative_distance(graph::execute(centred.graph, inputs.data(), 4),
                                graph::execute(g, inputs.data(), 4)) < 1e-6);
}
