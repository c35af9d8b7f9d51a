// SPDX-License-Identifier: Apache-2.0
#include "common/error.hpp"
#include "tool/bench.hpp"

namespace keyway::tool {

namespace {

using platform::CycleAccount;

void add(LayerCycles& layer, const CycleAccount::Causes& causes) {
  for (size_t i = 0; i < causes.size(); ++i) {
    layer.causes[i] += causes[i];
    layer.cycles += causes[i];
  }
}

}  // namespace

std::vector<LayerCycles> layer_cycles(const program::Program& program, const CycleAccount& account,
                                      const driver::Counters& counters) {
  std::vector<LayerCycles> layers;
  for (const program::LayerInfo& info : program.layers) {
    layers.push_back({info.name, info.kind, info.macs, 0, {}});
  }
  size_t product = 0;
  for (const program::ProductRun& run : program.products) {
    for (uint32_t i = 0; i < run.count; ++i, ++product) {
      if (product < account.current()) add(layers[run.layer], account.products()[product]);
    }
  }
  LayerCycles output{"(output)", "", 0, 0, {}};
  add(output, account.products().back());
  layers.push_back(output);

  LayerCycles sum;
  for (const LayerCycles& layer : layers) add(sum, layer.causes);
  const size_t first = static_cast<size_t>(contract::Counter::kArrayBusy);
  for (size_t i = 0; i < sum.causes.size(); ++i) {
    if (product == account.current() && sum.causes[i] == counters[first + i]) continue;
    throw Error(ErrorKind::kDevice,
                "the account of cycles misses some: " + std::to_string(account.current()) + " of " +
                    std::to_string(product) + " products seen, " + std::to_string(sum.causes[i]) +
                    " cycles of counter '" + contract::kCounters[first + i].name + "', which has " +
                    std::to_string(counters[first + i]));
  }
  LayerCycles rest{"(start and end)", "", 0, 0, {}};
  rest.cycles = counters[static_cast<size_t>(contract::Counter::kTotal)] - sum.cycles;
  layers.push_back(rest);
  return layers;
}

}  // namespace keyway::tool
