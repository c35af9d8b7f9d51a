// SPDX-License-Identifier: Apache-2.0
/// Channel assignment: at which position (lane of a block) every channel of every tensor stands.
///
/// A dense layer can put its output channels anywhere; depthwise layers, sums and maxima keep them
/// where they are; a residual meets the output lane by lane. So tensors that must agree form
/// classes (depthwise, sum, max: input and output; plain residual: source and output). A residual
/// whose channels shift (the zero-padded shortcut of ResNets) would need two blocks per output
/// block; instead the output's channels are permuted so that source blocks fall on whole output
/// blocks. Where a class is already fixed otherwise, the shortcut is made a layer of its own: a 1 x
/// 1 dense layer of zeros and ones that copies the channels to where they are wanted. Such a layer
/// only moves channels, but takes arith::selecting_system only where the network's system has no
/// table: with one it stays in that system, whose table is made for it, so that all codes are
/// equally likely there too where one weight in `channels` is one.
///
/// Errors: kFit, naming the layer, where the system has no weights of one and zero. Test:
/// tests/compile/test_channels.cpp.
#pragma once

#include <vector>

#include "compile/mapping.hpp"
#include "program/core_config.hpp"
#include "quantise/network.hpp"

namespace keyway::compile {

/// One mapping per tensor. May insert copying layers and their tensors into the network.
std::vector<Mapping> assign_channels(quantise::Network& network, const program::CoreConfig& core);

/// Channels in their own order.
Mapping identity_mapping(int64_t channels, const program::CoreConfig& core);

/// True if output channel c adds channel c of the residual, for every c.
bool is_plain(const quantise::Network& network, const quantise::Layer& layer);

/// Source block that meets each output block of a residual; -1 for none. Consistent by
/// construction.
std::vector<int32_t> residual_blocks(const quantise::Layer& layer, const Mapping& source,
                                     const Mapping& output, const program::CoreConfig& core);

}  // namespace keyway::compile
