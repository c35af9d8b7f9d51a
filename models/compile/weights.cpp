// SPDX-License-Identifier: Apache-2.0
#include "compile/weights.hpp"

#include <algorithm>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "common/printable.hpp"
#include "program/contract.hpp"

namespace keyway::compile {
namespace {

using common::ceil_div;
using common::round_up;

constexpr uint64_t kPayload = contract::kPayloadBytes;
constexpr uint64_t kSegmentShare = 4;  ///< a segment aims at this part of the ring

void keep_resident(WeightPlan& plan, uint64_t base) {
  uint64_t offset = 0, first_layer_end = 0;
  for (auto& layer : plan.tiles) {
    for (BlockTiles& block : layer) {
      if (block.bytes == 0) continue;
      block.stream_offset = offset;
      block.address = base + offset;
      offset += block.bytes;
      block.frames = ceil_div(offset, kPayload);
    }
    if (first_layer_end == 0) first_layer_end = offset;
  }
  plan.frames = ceil_div(offset, kPayload);
  // The first layer's frames on their own, so that the input need not wait for the others.
  const uint64_t first = ceil_div(first_layer_end, kPayload);
  if (first > 0) plan.segments.push_back({0, first, base});
  if (plan.frames > first) {
    plan.segments.push_back({first, plan.frames - first, base + first * kPayload});
  }
  for (auto& layer : plan.tiles) {
    for (BlockTiles& block : layer) {
      if (block.bytes > 0) block.segment = block.frames <= first ? 0 : 1;
    }
  }
  plan.peak_bytes = base + plan.frames * kPayload;
}

/// Cuts the blocks into segments of whole frames.
std::vector<uint64_t> cut(WeightPlan& plan, uint64_t target) {
  std::vector<uint64_t> sizes;  // of segments, in bytes
  for (auto& layer : plan.tiles) {
    for (BlockTiles& block : layer) {
      if (block.bytes == 0) continue;
      if (sizes.empty() || sizes.back() + block.bytes > std::max(target, block.bytes)) {
        sizes.push_back(0);
      }
      block.segment = static_cast<int32_t>(sizes.size() - 1);
      block.stream_offset = sizes.back();  // within the segment, until it is placed
      sizes.back() += block.bytes;
    }
  }
  return sizes;
}

void stream(WeightPlan& plan, uint64_t base, uint64_t area_bytes, uint64_t word_bytes) {
  plan.resident = false;
  const std::vector<uint64_t> sizes = cut(plan, area_bytes / kSegmentShare);
  uint64_t head = 0;
  for (const uint64_t size : sizes) {
    Segment segment;
    segment.first_frame = plan.frames;
    segment.frames = ceil_div(size, kPayload);
    if (head + segment.frames * kPayload > area_bytes) head = 0;
    segment.address = base + head;
    head = round_up(head + segment.frames * kPayload, word_bytes);
    plan.frames += segment.frames;
    plan.segments.push_back(segment);
  }
  for (auto& layer : plan.tiles) {
    for (BlockTiles& block : layer) {
      if (block.bytes == 0) continue;
      const Segment& segment = plan.segments[static_cast<size_t>(block.segment)];
      block.address = segment.address + block.stream_offset;
      block.frames = segment.first_frame + ceil_div(block.stream_offset + block.bytes, kPayload);
      block.stream_offset += segment.first_frame * kPayload;
    }
  }
  plan.peak_bytes = base + area_bytes;
}

}  // namespace

bool Segment::overlaps(const Segment& other) const {
  return address < other.address + other.frames * kPayload &&
         other.address < address + frames * kPayload;
}

WeightPlan plan_weights(const program::CoreConfig& core, const std::vector<LayerTiles>& layers,
                        uint64_t image_bytes) {
  WeightPlan plan;
  uint64_t total = 0, largest = 0;
  const LayerTiles* largest_layer = nullptr;
  for (const LayerTiles& layer : layers) {
    std::vector<BlockTiles>& tiles = plan.tiles.emplace_back();
    for (const uint64_t bytes : layer.block_bytes) {
      tiles.emplace_back().bytes = bytes;
      total += bytes;
      if (bytes > largest) {
        largest = bytes;
        largest_layer = &layer;
      }
    }
  }
  const uint64_t word = core.weight_word_bytes(), there = core.weight_bytes;
  // The program image comes in whole frames too.
  const uint64_t base = round_up(round_up(image_bytes, kPayload), word);
  if (base > there) {
    throw Error(ErrorKind::kFit, "weight memory: instructions, tables and parameters need " +
                                     std::to_string(base) + " bytes, the core has " +
                                     std::to_string(there) + ": " + std::to_string(base - there) +
                                     " too many");
  }
  if (base + round_up(total, kPayload) <= there) {
    keep_resident(plan, base);
    return plan;
  }
  const uint64_t needed = base + round_up(largest, kPayload);
  if (needed > there) {
    throw Error(ErrorKind::kFit, "weight memory: layer " + common::quoted(largest_layer->name) +
                                     " needs " + std::to_string(needed) + " bytes (program " +
                                     std::to_string(base) + ", one output block " +
                                     std::to_string(needed - base) + "; " +
                                     std::to_string(needed - base - largest_layer->code_bytes) +
                                     " are padding), the core has " + std::to_string(there) + ": " +
                                     std::to_string(needed - there) + " too many");
  }
  stream(plan, base, there - base, word);
  return plan;
}

}  // namespace keyway::compile
