// SPDX-License-Identifier: Apache-2.0
#include "compile/activations.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <random>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "common/printable.hpp"
#include "compile/layers.hpp"
#include "program/contract.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::Network;

constexpr int64_t kBanks = contract::kRowBanks;
constexpr int kOrders = 200;  ///< tried before a network is said not to fit

struct Item {
  int tensor = -1;
  int64_t birth = 0, death = -1;  ///< layers; -1 is before the first
  int64_t height = 0, row_pitch = 0;
  uint32_t block_pitch = 0;
  int64_t phase = 0;

  /// Words in a bank from base on: [first, last) rows of it.
  int64_t first_row(int64_t bank) const { return bank < phase ? 1 : 0; }
  int64_t end_row(int64_t bank) const {
    const int64_t rows = height + phase - bank;  // rows y with y + phase >= bank, from there on
    return rows <= 0 ? 0 : common::ceil_div(rows, kBanks);
  }
  int64_t words() const {  // of one bank, from base to the end
    return common::ceil_div(height + phase, kBanks) * row_pitch;
  }
  bool lives_with(const Item& other) const { return birth <= other.death && other.birth <= death; }
};

bool apart(const Item& a, int64_t base_a, const Item& b, int64_t base_b) {
  for (int64_t k = 0; k < kBanks; ++k) {
    const int64_t first_a = base_a + a.first_row(k) * a.row_pitch;
    const int64_t end_a = base_a + a.end_row(k) * a.row_pitch;
    const int64_t first_b = base_b + b.first_row(k) * b.row_pitch;
    const int64_t end_b = base_b + b.end_row(k) * b.row_pitch;
    if (first_a >= end_a || first_b >= end_b) continue;
    if (first_a < end_b && first_b < end_a) return false;
  }
  return true;
}

std::vector<Item> items_of(const Network& network, const std::vector<Mapping>& mappings,
                           const InputStorage& stored, size_t leading_layers, bool overlap,
                           const program::CoreConfig& core) {
  std::vector<Item> items(network.tensors.size());
  const auto layers = static_cast<int64_t>(network.layers.size());
  const auto leading = static_cast<int64_t>(leading_layers);
  std::vector<bool> made(network.tensors.size(), false);
  const auto touch = [&](int t, int64_t layer) {
    Item& item = items[static_cast<size_t>(t)];
    item.death = std::max(item.death, layer);
  };
  const auto make = [&](int t, int64_t layer) {
    Item& item = items[static_cast<size_t>(t)];
    item.tensor = t;
    item.birth = item.death = layer;
    made[static_cast<size_t>(t)] = true;
  };
  make(network.input, -1);
  for (int64_t i = 0; i < layers; ++i) {
    // Leading layers run as one: they begin together and end together.
    const int64_t begin = i < leading ? 0 : i, end = std::max(i, leading - 1);
    const Layer& layer = network.layers[static_cast<size_t>(i)];
    touch(layer.input, end);
    if (layer.has_residual) touch(layer.residual.tensor, end);
    make(layer.output, begin);
    touch(layer.output, end);
  }
  touch(network.output, layers);
  if (overlap) {
    touch(network.input, layers);
    items[static_cast<size_t>(network.output)].birth = -1;
  }
  std::vector<Item> result;
  for (size_t t = 0; t < items.size(); ++t) {
    if (!made[t]) continue;
    Item item = items[t];
    const Shape& shape = network.tensors[t].shape;
    const bool input = static_cast<int>(t) == network.input;
    const uint32_t words = input ? stored.words : mappings[t].blocks(core) * core.lane_words();
    item.height = shape.height;
    item.block_pitch = static_cast<uint32_t>(shape.width);
    if (input && stored.block_rows > 0) {
      item.height += stored.rows_below;
      item.block_pitch *= static_cast<uint32_t>(stored.block_rows / kBanks);
    }
    item.row_pitch = common::ceil_div(words, core.block_banks()) * shape.width;
    result.push_back(item);
  }
  return result;
}

/// How often a residual's bank meets the array's, in pixels, over all layers.
int64_t conflicts(const Network& network, const std::vector<int64_t>& phase) {
  int64_t total = 0;
  for (const Layer& layer : network.layers) {
    if (!layer.has_residual) continue;
    const Shape& out = tensor(network, layer.output).shape;
    const graph::Window& w = layer.window;
    // Rows that the last pass reads for output row y; of a window all of them at once.
    const int64_t last = w.kernel_h - 1;
    const int64_t first = layer.kind == quantise::LayerKind::kDense
                              ? last
                              : last / contract::kWindowRows * contract::kWindowRows;
    for (int64_t y = 0; y < std::min<int64_t>(out.height, 4 * kBanks); ++y) {
      const int64_t meets =
          y * layer.residual.stride_h + phase[static_cast<size_t>(layer.residual.tensor)];
      // The residual is read some cycles after the operands: the array may be a row ahead.
      for (int64_t ahead = 0; ahead < 2; ++ahead) {
        for (int64_t ky = first; ky <= last; ++ky) {
          const int64_t row = (y + ahead) * w.stride_h - w.pad_top + ky;
          const int64_t reads = row + phase[static_cast<size_t>(layer.input)];
          if ((reads - meets) % kBanks == 0) total += ahead == 0 ? out.width : 1;
        }
      }
    }
  }
  return total;
}

/// Coordinate descent; phase zero wastes least, so it stays unless another is better.
std::vector<int64_t> choose_phases(const Network& network, const std::vector<Item>& items) {
  std::vector<int64_t> phase(network.tensors.size(), 0);
  int64_t best = conflicts(network, phase);
  for (int round = 0; round < 3 && best > 0; ++round) {
    const int64_t before = best;
    for (const Item& item : items) {
      int64_t& mine = phase[static_cast<size_t>(item.tensor)];
      int64_t chosen = mine;
      for (int64_t p = 0; p < kBanks; ++p) {
        mine = p;
        const int64_t count = conflicts(network, phase);
        if (count < best) {
          best = count;
          chosen = p;
        }
      }
      mine = chosen;
    }
    if (best == before) break;
  }
  return phase;
}

/// Bases in the given order of placing, and the highest word; none if it exceeds `limit`.
struct Packing {
  std::vector<int64_t> base;
  int64_t peak = 0;
};

std::optional<Packing> pack(const std::vector<Item>& items, const std::vector<size_t>& order,
                            int64_t limit) {
  Packing packing;
  packing.base.assign(items.size(), -1);
  for (size_t n = 0; n < order.size(); ++n) {
    const Item& item = items[order[n]];
    std::vector<int64_t> candidates{0};
    for (size_t m = 0; m < n; ++m) {
      const Item& other = items[order[m]];
      if (!item.lives_with(other)) continue;
      for (int64_t k = 0; k < kBanks; ++k) {
        const int64_t end = packing.base[order[m]] + other.end_row(k) * other.row_pitch;
        candidates.push_back(std::max<int64_t>(0, end));
        candidates.push_back(std::max<int64_t>(0, end - item.row_pitch));
      }
    }
    std::sort(candidates.begin(), candidates.end());
    for (const int64_t base : candidates) {
      const bool free =
          std::all_of(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), [&](size_t m) {
            return !item.lives_with(items[m]) || apart(item, base, items[m], packing.base[m]);
          });
      if (!free) continue;
      packing.base[order[n]] = base;
      break;
    }
    packing.peak = std::max(packing.peak, packing.base[order[n]] + item.words());
    if (packing.peak > limit) return std::nullopt;
  }
  return packing;
}

/// True if some tensors that live together have more words than all banks: no order can help.
bool exceeds_banks(const std::vector<Item>& items, int64_t limit) {
  return std::any_of(items.begin(), items.end(), [&](const Item& newest) {
    int64_t words = 0;
    for (const Item& item : items) {
      const bool lives = item.birth <= newest.birth && newest.birth <= item.death;
      if (lives) words += item.height * item.row_pitch;
    }
    return words > kBanks * limit;
  });
}

std::optional<Packing> pack_somehow(const std::vector<Item>& items, int64_t limit) {
  if (exceeds_banks(items, limit)) return std::nullopt;
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return items[a].words() > items[b].words(); });
  if (auto packing = pack(items, order, limit)) return packing;
  std::sort(order.begin(), order.end());  // in order of birth
  if (auto packing = pack(items, order, limit)) return packing;
  std::mt19937 generator(1);
  for (int i = 0; i < kOrders; ++i) {
    for (size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[generator() % k]);
    if (auto packing = pack(items, order, limit)) return packing;
  }
  return std::nullopt;
}

/// Bytes of a word in all banks.
uint64_t word_bytes_of(const program::CoreConfig& core) {
  return uint64_t{core.word_channels()} * kBanks * core.block_banks();
}

/// When the tensors that live together have most words.
struct Crowd {
  int64_t layer = -1;  ///< -1: before the first
  int64_t words = -1;
};

Crowd largest_crowd(const std::vector<Item>& items, size_t layers) {
  Crowd most;
  for (int64_t layer = -1; layer < static_cast<int64_t>(layers); ++layer) {
    int64_t words = 0;
    for (const Item& item : items) {
      if (item.birth <= layer && layer <= item.death) words += item.words();
    }
    if (words > most.words) most = {layer, words};
  }
  return most;
}

[[noreturn]] void refuse(const Network& network, const std::vector<Item>& items,
                         const program::CoreConfig& core) {
  const uint64_t word_bytes = word_bytes_of(core);
  const auto [at, most] = largest_crowd(items, network.layers.size());
  const uint64_t needed = static_cast<uint64_t>(most) * word_bytes;
  const uint64_t there = uint64_t{core.bank_words()} * word_bytes;
  const std::string who =
      at < 0 ? std::string("the input")
             : "layer " + common::quoted(network.layers[static_cast<size_t>(at)].name);
  std::string tensors;
  uint64_t padding = needed;
  for (const Item& item : items) {
    if (item.birth > at || at > item.death) continue;
    const uint64_t bytes = static_cast<uint64_t>(item.words()) * word_bytes;
    const quantise::Tensor& of = tensor(network, item.tensor);
    tensors +=
        (tensors.empty() ? "" : ", ") + common::quoted(of.name) + " " + std::to_string(bytes);
    // Rows that share words have fewer than elements (shared_rows.hpp).
    padding -= std::min(bytes, static_cast<uint64_t>(of.shape.elements()));
  }
  tensors += "; " + std::to_string(padding) + " are padding";
  if (needed <= there) {
    throw Error(ErrorKind::kFit,
                "activation memory: no arrangement of the tensors was found that fits " +
                    std::to_string(there) + " bytes; " + who + " alone needs " +
                    std::to_string(needed) + " (" + tensors + ")");
  }
  throw Error(ErrorKind::kFit, "activation memory: " + who + " needs " + std::to_string(needed) +
                                   " bytes (" + tensors + "), the core has " +
                                   std::to_string(there) + ": " + std::to_string(needed - there) +
                                   " too many");
}

}  // namespace

ActivationPlan plan_activations(const Network& network, const std::vector<Mapping>& mappings,
                                const InputStorage& stored, size_t leading_layers, bool overlap,
                                const program::CoreConfig& core) {
  std::vector<Item> items = items_of(network, mappings, stored, leading_layers, overlap, core);
  const auto limit = static_cast<int64_t>(core.bank_words());
  const std::vector<int64_t> phases = choose_phases(network, items);
  for (Item& item : items) item.phase = phases[static_cast<size_t>(item.tensor)];
  std::optional<Packing> packing = pack_somehow(items, limit);
  if (!packing) {  // phases cost memory
    for (Item& item : items) item.phase = 0;
    packing = pack_somehow(items, limit);
  }
  if (!packing) refuse(network, items, core);

  ActivationPlan plan;
  plan.overlap = overlap;
  plan.placements.resize(network.tensors.size());
  plan.overlaps_input.assign(network.tensors.size(), false);
  size_t input = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].tensor == network.input) input = i;
  }
  for (size_t i = 0; i < items.size(); ++i) {
    const auto t = static_cast<size_t>(items[i].tensor);
    plan.placements[t] = {static_cast<uint32_t>(packing->base[i]),
                          static_cast<uint32_t>(items[i].phase),
                          static_cast<uint32_t>(items[i].row_pitch), items[i].block_pitch};
    plan.overlaps_input[t] =
        i != input && !apart(items[i], packing->base[i], items[input], packing->base[input]);
  }
  plan.peak_bytes = static_cast<uint64_t>(packing->peak) * word_bytes_of(core);
  return plan;
}

uint64_t least_activation_bytes(const Network& network, const std::vector<Mapping>& mappings,
                                const InputStorage& stored, const program::CoreConfig& core) {
  const std::vector<Item> items = items_of(network, mappings, stored, 1, false, core);
  const Crowd most = largest_crowd(items, network.layers.size());
  return static_cast<uint64_t>(most.words) * word_bytes_of(core);
}

}  // namespace keyway::compile
