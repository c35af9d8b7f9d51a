// SPDX-License-Identifier: Apache-2.0
#include "soft/scales.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "graph/zero_channels.hpp"
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
  // A factor of a channel that is always zero would only make a decoy's weights smaller somewhere.
  std::vector<bool> has_zeros(streams.groups(), false);
  const std::vector<std::vector<bool>> zero = graph::zero_channels(graph);
  for (size_t t = 0; t < zero.size(); ++t) {
    for (size_t c = 0; c < zero[t].size(); ++c) {
      if (!zero[t][c]) continue;
      has_zeros[streams.group(static_cast<int>(t), static_cast<int64_t>(c))] = true;
    }
  }
  for (size_t g = 0; g < factors.size(); ++g) {
    if (streams.is_fixed(g) || has_zeros[g]) continue;
    factors[g] = std::exp2(draw(random, -octaves, octaves));
    ++report.scaled;
  }
  rescale(graph, streams, factors);
  return report;
}

}  // namespace keyway::soft
