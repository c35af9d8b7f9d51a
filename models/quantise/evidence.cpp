// SPDX-License-Identifier: Apache-2.0
#include "quantise/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <string_view>

#include "graph/execute.hpp"

namespace keyway::quantise {
namespace {

/// Correlation of neighbouring values over all images.
class Neighbours {
 public:
  void add(const float* channel, const Shape& shape) {
    double mean = 0;
    for (int64_t i = 0; i < shape.pixels(); ++i) mean += static_cast<double>(channel[i]);
    mean /= static_cast<double>(shape.pixels());
    const auto pair = [&](int64_t a, int64_t b) {
      const double u = static_cast<double>(channel[a]) - mean;
      const double v = static_cast<double>(channel[b]) - mean;
      product_ += u * v;
      power_ += (u * u + v * v) / 2;
      ++pairs_;
    };
    for (int64_t y = 0; y < shape.height; ++y) {
      for (int64_t x = 0; x < shape.width; ++x) {
        const int64_t at = y * shape.width + x;
        if (x + 1 < shape.width) pair(at, at + 1);
        if (y + 1 < shape.height) pair(at, at + shape.width);
      }
    }
  }

  bool are_independent() const {
    return pairs_ >= kFewestPairs && power_ > 0 && std::abs(product_) < kNoise * power_;
  }

 private:
  double product_ = 0, power_ = 0;
  int64_t pairs_ = 0;
};

}  // namespace

Evidence weigh(const graph::Graph& graph, const float* inputs, int64_t images) {
  const Shape& shape = graph.tensors.at(static_cast<size_t>(graph.input)).shape;
  const int64_t elements = shape.elements();
  Evidence evidence;
  evidence.inputs = images;
  evidence.constant =
      std::all_of(inputs, inputs + images * elements, [&](float v) { return v == inputs[0]; });
  std::set<std::string_view> different;
  Neighbours neighbours;
  std::vector<float> image(static_cast<size_t>(elements));
  for (int64_t n = 0; n < images; ++n) {
    const float* const input = inputs + n * elements;
    different.emplace(reinterpret_cast<const char*>(input),
                      static_cast<size_t>(elements) * sizeof(float));
    graph::load_input(graph, input, image.data());
    for (int64_t c = 0; c < shape.channels; ++c) {
      neighbours.add(image.data() + c * shape.pixels(), shape);
    }
  }
  evidence.different = static_cast<int64_t>(different.size());
  evidence.is_noise = neighbours.are_independent();
  return evidence;
}

double caution(const Evidence& evidence) {
  if (evidence.is_noise) return 1;
  return std::min(1.0, kCautious / std::sqrt(static_cast<double>(evidence.different)));
}

std::vector<std::string> remarks(const Evidence& e) {
  std::vector<std::string> all;
  const std::string number = std::to_string(e.inputs);
  if (e.constant) {
    all.push_back("every value of the " + number +
                  " calibration inputs is the same: nothing can be told of the activations");
  } else if (e.different == 1 && e.inputs > 1) {
    all.push_back("the " + number +
                  " calibration inputs are all equal: they tell no more than one");
  } else if (e.different < kFewInputs) {
    const std::string few =
        e.inputs == 1 ? "only one calibration input"
                      : "only " + std::to_string(e.different) + " different calibration inputs";
    all.push_back(
        few + ": ranges follow from the weights for the most part; some hundred inputs are better");
  }
  if (!e.constant && e.is_noise) {
    all.push_back(
        "the calibration inputs look like noise (neighbouring values are independent): "
        "ranges follow from the weights for the most part; typical inputs are better");
  }
  return all;
}

}  // namespace keyway::quantise
