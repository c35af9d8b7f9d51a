// SPDX-License-Identifier: Apache-2.0
#include "soft/scales.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "soft/streams.hpp"

namespace keyway::soft {

double draw(const RandomBytes& random, double low, double high) {
  std::array<uint8_t, sizeof(uint64_t)> bytes{};
  random(bytes.data(), bytes.size());
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data(), bytes.size());
  return low + (high - low) * static_cast<double>(bits >> 11) * 0x1p-53;
}

ScaleReport scale_channels(graph::Graph& graph, double octaves, const RandomBytes& random) {
  const Streams streams(graph);
  ScaleReport report;
  report.groups = streams.groups();
  std::vector<double> factors(streams.groups(), 1.0);
  for (size_t g = 0; g < factors.size(); ++g) {
    if (streams.is_fixed(g)) continue;
    factors[g] = std::exp2(draw(random, -octaves, octaves));
    ++report.scaled;
  }
  rescale(graph, streams, factors);
  return report;
}

}  // namespace keyway::soft
