// SPDX-License-Identifier: Apache-2.0
#include "compile/channels.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "common/printable.hpp"
#include "compile/layers.hpp"

namespace keyway::compile {
namespace {

using quantise::Layer;
using quantise::LayerKind;
using quantise::Network;

/// Union-find over tensors.
class Classes {
 public:
  explicit Classes(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0); }
  size_t root(int tensor) {
    auto at = static_cast<size_t>(tensor);
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }
  void join(int a, int b) { parent_[root(a)] = root(b); }

 private:
  std::vector<size_t> parent_;
};

uint32_t words_of(const std::vector<uint32_t>& position, const program::CoreConfig& core) {
  uint32_t last = 0;
  for (const uint32_t p : position) last = std::max(last, p);
  return last / core.word_channels() + 1;
}

/// The output's mapping that puts source blocks on whole output blocks, if that costs no block.
std::optional<Mapping> align(const std::vector<int64_t>& channel, const Mapping& source,
                             const program::CoreConfig& core) {
  const uint32_t lanes = core.lanes;
  const size_t blocks = common::ceil_div(channel.size(), lanes);
  std::vector<int32_t> output_block(source.blocks(core), -1);
  for (const int64_t s : channel) {
    if (s >= 0) output_block[source.position[static_cast<size_t>(s)] / lanes] = 0;
  }
  size_t used = 0;
  for (int32_t& block : output_block) {
    if (block == 0) block = static_cast<int32_t>(used++);
  }
  if (used > blocks) return std::nullopt;
  std::vector<bool> taken(blocks * lanes, false);
  Mapping mapping;
  mapping.position.assign(channel.size(), 0);
  for (size_t c = 0; c < channel.size(); ++c) {
    if (channel[c] < 0) continue;
    const uint32_t from = source.position[static_cast<size_t>(channel[c])];
    const uint32_t to = static_cast<uint32_t>(output_block[from / lanes]) * lanes + from % lanes;
    if (taken[to]) return std::nullopt;  // one source channel met twice
    taken[to] = true;
    mapping.position[c] = to;
  }
  size_t free = 0;
  for (size_t c = 0; c < channel.size(); ++c) {
    if (channel[c] >= 0) continue;
    while (taken[free]) ++free;
    taken[free] = true;
    mapping.position[c] = static_cast<uint32_t>(free);
  }
  mapping.words = words_of(mapping.position, core);
  return mapping;
}

bool consistent(const std::vector<int64_t>& channel, const Mapping& source, const Mapping& output,
                const program::CoreConfig& core) {
  std::vector<int32_t> met(output.blocks(core), -1);
  for (size_t c = 0; c < channel.size(); ++c) {
    if (channel[c] < 0) continue;
    const uint32_t from = source.position[static_cast<size_t>(channel[c])];
    const uint32_t to = output.position[c];
    if (from % core.lanes != to % core.lanes) return false;
    const auto block = static_cast<int32_t>(from / core.lanes);
    int32_t& other = met[to / core.lanes];
    if (other >= 0 && other != block) return false;
    other = block;
  }
  return true;
}

/// Codes of operand one and zero; which they are says the number system.
void one_hot_codes(Layer& copy, const std::vector<int64_t>& channel, int64_t channels,
                   arith::NumberSystem number_system, arith::ArrayKind kind) {
  copy.number_system = number_system;
  const arith::NumberSystemInfo& system = arith::info(number_system);
  if (system.tabulate != nullptr) {
    arith::Operands wanted{};
    const int64_t codes = system.codes(),
                  count = std::clamp<int64_t>(codes / channels, 1, codes - 1);
    std::fill_n(wanted.begin(), count, 1);
    copy.table = system.tabulate(wanted);
  }
  const arith::Operands operands = system.operands(copy.table, kind);
  std::vector<uint8_t> ones, zeros;
  for (size_t code = 0; code < system.codes(); ++code) {
    if (operands[code] == 1) ones.push_back(static_cast<uint8_t>(code));
    if (operands[code] == 0) zeros.push_back(static_cast<uint8_t>(code));
  }
  if (ones.empty() || zeros.empty()) {
    throw Error(ErrorKind::kFit, "layer " + common::quoted(copy.name) +
                                     ": a copy of channels needs weights of " +
                                     "one and zero, which " + system.name + " does not have");
  }
  size_t next = 0;
  copy.codes.reserve(channel.size() * static_cast<size_t>(channels));
  for (const int64_t source : channel) {
    for (int64_t c = 0; c < channels; ++c) {
      const std::vector<uint8_t>& from = c == source ? ones : zeros;
      copy.codes.push_back(from[next++ % from.size()]);
    }
  }
}

/// Gives the residual of layer `index` a tensor of its own, made by a new layer ahead of it.
void materialise(Network& network, size_t index) {
  const Layer& user = network.layers[index];
  const quantise::Tensor source = tensor(network, user.residual.tensor);
  const auto made = static_cast<int>(network.tensors.size());
  quantise::Tensor result;
  result.name = user.name + ".shortcut";
  result.shape = tensor(network, user.output).shape;
  result.is_signed = source.is_signed;

  Layer copy;
  copy.name = result.name;
  copy.kind = LayerKind::kDense;
  copy.input = user.residual.tensor;
  copy.output = made;
  copy.window.stride_h = user.residual.stride_h;
  copy.window.stride_w = user.residual.stride_w;
  const arith::NumberSystem system = network.number_system;
  one_hot_codes(copy, user.residual.channel, source.shape.channels,
                arith::info(system).tabulate != nullptr
                    ? system
                    : arith::selecting_system(system, network.array_kind),
                network.array_kind);
  quantise::Region whole;
  whole.height = result.shape.height;
  whole.width = result.shape.width;
  whole.post.assign(static_cast<size_t>(result.shape.channels), unchanged(source.is_signed));
  copy.regions.push_back(std::move(whole));

  network.tensors.push_back(std::move(result));
  quantise::Residual& residual = network.layers[index].residual;
  residual.tensor = made;
  residual.stride_h = residual.stride_w = 1;
  std::iota(residual.channel.begin(), residual.channel.end(), 0);
  network.layers.insert(network.layers.begin() + static_cast<std::ptrdiff_t>(index),
                        std::move(copy));
}

/// Mappings, or the index of a layer whose residual cannot meet its output.
std::optional<size_t> try_assign(const Network& network, const program::CoreConfig& core,
                                 std::vector<Mapping>& result) {
  Classes classes(network.tensors.size());
  for (const Layer& layer : network.layers) {
    if (layer.kind != LayerKind::kDense) classes.join(layer.input, layer.output);
    if (layer.has_residual && is_plain(network, layer))
      classes.join(layer.residual.tensor, layer.output);
  }
  std::vector<std::optional<Mapping>> chosen(network.tensors.size());
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    if (!layer.has_residual || is_plain(network, layer)) continue;
    std::optional<Mapping>& source = chosen[classes.root(layer.residual.tensor)];
    if (!source)
      source = identity_mapping(tensor(network, layer.residual.tensor).shape.channels, core);
    std::optional<Mapping>& output = chosen[classes.root(layer.output)];
    if (!output) output = align(layer.residual.channel, *source, core);
    if (!output || !consistent(layer.residual.channel, *source, *output, core)) return i;
  }
  result.clear();
  for (size_t t = 0; t < network.tensors.size(); ++t) {
    const std::optional<Mapping>& mapping = chosen[classes.root(static_cast<int>(t))];
    result.push_back(mapping ? *mapping
                             : identity_mapping(network.tensors[t].shape.channels, core));
  }
  return std::nullopt;
}

}  // namespace

Mapping identity_mapping(int64_t channels, const program::CoreConfig& core) {
  Mapping mapping;
  mapping.position.resize(static_cast<size_t>(channels));
  std::iota(mapping.position.begin(), mapping.position.end(), 0u);
  mapping.words = words_of(mapping.position, core);
  return mapping;
}

bool is_plain(const Network& network, const Layer& layer) {
  const std::vector<int64_t>& channel = layer.residual.channel;
  if (tensor(network, layer.residual.tensor).shape.channels !=
      static_cast<int64_t>(channel.size())) {
    return false;
  }
  for (size_t c = 0; c < channel.size(); ++c) {
    if (channel[c] != static_cast<int64_t>(c)) return false;
  }
  return true;
}

std::vector<Mapping> assign_channels(Network& network, const program::CoreConfig& core) {
  std::vector<Mapping> mappings;
  // Each round makes one residual plain, so this ends.
  while (const std::optional<size_t> conflict = try_assign(network, core, mappings)) {
    materialise(network, *conflict);
  }
  return mappings;
}

std::vector<int32_t> residual_blocks(const Layer& layer, const Mapping& source,
                                     const Mapping& output, const program::CoreConfig& core) {
  std::vector<int32_t> blocks(output.blocks(core), -1);
  for (size_t c = 0; c < layer.residual.channel.size(); ++c) {
    const int64_t from = layer.residual.channel[c];
    if (from < 0) continue;
    blocks[output.position[c] / core.lanes] =
        static_cast<int32_t>(source.position[static_cast<size_t>(from)] / core.lanes);
  }
  return blocks;
}

}  // namespace keyway::compile
