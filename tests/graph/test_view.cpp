// SPDX-License-Identifier: Apache-2.0
// Strided views against the obvious model: an array of the positions themselves, transposed and
// reshaped as NumPy would.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "graph/view.hpp"

using namespace keyway::graph;
using namespace keyway::graph::importing;

namespace {

/// Element numbers in C, H, W order, in the order in which the view runs through them.
std::vector<int64_t> order_of(const View& view, const keyway::Shape& shape) {
  Group all;
  for (const Group& group : view.axes) all.insert(all.end(), group.begin(), group.end());
  std::vector<int64_t> out;
  for (const Position& p : positions(all))
    out.push_back(p.channel * shape.pixels() + p.y * shape.width + p.x);
  return out;
}

struct Array {
  std::vector<int64_t> dims, values;
};

Array transposed_array(const Array& a, const std::vector<int64_t>& perm) {
  std::vector<int64_t> strides(a.dims.size(), 1);
  for (size_t i = a.dims.size(); i-- > 1;) strides[i - 1] = strides[i] * a.dims[i];
  Array out;
  for (int64_t p : perm) out.dims.push_back(a.dims[static_cast<size_t>(p)]);
  std::vector<int64_t> index(perm.size(), 0);
  for (size_t i = 0; i < a.values.size(); ++i) {
    int64_t at = 0;
    for (size_t k = 0; k < perm.size(); ++k) at += index[k] * strides[static_cast<size_t>(perm[k])];
    out.values.push_back(a.values[static_cast<size_t>(at)]);
    for (size_t k = perm.size(); k-- > 0;) {
      if (++index[k] < out.dims[k]) break;
      index[k] = 0;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("Random chains of Transpose and Reshape order elements as arrays do") {
  const unsigned seed = 20240611;
  std::mt19937 random(seed);
  const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  int reshapes = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    const keyway::Shape shape{static_cast<int64_t>(1 + below(6)),
                              static_cast<int64_t>(1 + below(6)),
                              static_cast<int64_t>(1 + below(6))};
    View view = image_view(0, shape, 1);
    Array array{{1, shape.channels, shape.height, shape.width},
                std::vector<int64_t>(static_cast<size_t>(shape.elements()))};
    std::iota(array.values.begin(), array.values.end(), 0);
    for (size_t step = 0; step < 4; ++step) {
      if (below(2) == 0) {
        std::vector<int64_t> perm(array.dims.size());
        std::iota(perm.begin(), perm.end(), 0);
        std::shuffle(perm.begin(), perm.end(), random);
        view = transposed(view, perm);
        array = transposed_array(array, perm);
      } else {
        // Join two neighbouring dimensions, split one, or insert a one.
        std::vector<int64_t> dims = array.dims;
        const size_t at = below(dims.size());
        if (below(2) == 0 && at + 1 < dims.size()) {
          dims[at] *= dims[at + 1];
          dims.erase(dims.begin() + static_cast<ptrdiff_t>(at) + 1);
        } else {
          int64_t factor = 1;
          for (int64_t f = 2; f <= dims[at]; ++f) {
            if (dims[at] % f == 0 && below(2) == 0) factor = f;
          }
          dims[at] /= factor;
          dims.insert(dims.begin() + static_cast<ptrdiff_t>(at), factor);
        }
        const auto changed = reshaped(view, dims);
        if (!changed) continue;  // cuts an atom where it does not divide
        ++reshapes;
        view = *changed;
        array.dims = dims;
      }
      INFO("seed " << seed << ", trial " << trial << ", step " << step);
      REQUIRE(view.dims() == array.dims);
      REQUIRE(order_of(view, shape) == array.values);
    }
  }
  CHECK(reshapes > 4000);
}

TEST_CASE("Reshape refuses what a view cannot say") {
  const View view = image_view(0, {6, 4, 1}, 3);
  CHECK(reshaped(view, {3, 24}));
  CHECK(reshaped(view, {3, 2, 3, 4}));
  CHECK_FALSE(reshaped(view, {3, 4, 6}));     // would cut the channels at 4
  CHECK_FALSE(reshaped(view, {2, 36}));       // would cut the batch
  CHECK_FALSE(reshaped(view, {3, 2, 3, 2}));  // of another size
}

TEST_CASE("The network's input is bound as the first layer reads it") {
  // The user's array is H W C = 5 4 3.
  View view;
  view.axes = {
      {{Axis::kBatch, 1, 1}}, {{Axis::kUser, 5, 12}}, {{Axis::kUser, 4, 3}}, {{Axis::kUser, 3, 1}}};
  const Binding nhwc{{3, 5, 4}, 1, 12, 3};
  const auto image = bound(view, nhwc);
  REQUIRE(image);
  const auto roles = roles_of(*image, nhwc.shape);
  REQUIRE(roles);
  CHECK(roles->axes ==
        std::vector<Axis>{Axis::kBatch, Axis::kHeight, Axis::kWidth, Axis::kChannel});
  const auto flat = reshaped(view, {1, 60});
  REQUIRE(flat);
  const auto flat_image = bound(*flat, nhwc);
  REQUIRE(flat_image);
  const Group expected = {{Axis::kHeight, 5, 1}, {Axis::kWidth, 4, 1}, {Axis::kChannel, 3, 1}};
  CHECK((flat_image->axes[1] == expected));
  // As a vector, the same array has sixty channels.
  const Binding vector{{60, 1, 1}, 1, 1, 1};
  const auto channels = bound(*flat, vector);
  REQUIRE(channels);
  CHECK(covers(channels->axes[1], Axis::kChannel, 60));
}

TEST_CASE("Axes of size one take the meaning that fits") {
  const auto roles = [](const keyway::Shape& shape, const std::vector<int64_t>& perm) {
    return roles_of(transposed(image_view(0, shape, 1), perm), shape);
  };
  CHECK(roles({7, 1, 1}, {0, 2, 3, 1})->axes[3] == Axis::kChannel);
  CHECK(roles({1, 5, 6}, {0, 2, 3, 1})->axes[3] == Axis::kChannel);
  CHECK(roles({1, 5, 6}, {0, 1, 2, 3})->axes[1] == Axis::kChannel);
  CHECK(roles({2, 5, 6}, {0, 1, 3, 2})->axes[2] == Axis::kWidth);
  CHECK_FALSE(roles({2, 5, 6}, {1, 0, 2, 3}));  // the batch is not in front
}
