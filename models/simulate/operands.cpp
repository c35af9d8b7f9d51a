// SPDX-License-Identifier: Apache-2.0
#include "simulate/operands.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "program/digit_schedule.hpp"
#include "program/tile_layout.hpp"
#include "simulate/kernels.hpp"

namespace keyway::simulate {
namespace {

using program::CoreConfig;
using program::Mode;

std::vector<Tap> dense_taps(const CoreConfig& core, const MultiplyStep& step) {
  const auto& l = step.layer;
  const int64_t words = core.read_words();
  const int64_t row_step = l.pair_rows != 0 ? words : 1, block_step = l.pair_rows != 0 ? 1 : words;
  std::vector<Tap> taps;
  uint64_t pass = 0;
  for (int64_t ky = 0; ky < l.kernel_h; ky += row_step) {
    for (int64_t kx = 0; kx < l.kernel_w; ++kx) {
      for (int64_t b = 0; b < l.blocks; b += block_step, ++pass) {
        for (uint32_t word = 0; word < core.read_words(); ++word) {
          const int64_t row = ky + (l.pair_rows != 0 ? word : 0);
          const int64_t block = b + (l.pair_rows != 0 ? 0 : word);
          if (row >= l.kernel_h || block >= l.blocks) continue;
          taps.push_back({row, kx, block, pass, word * core.word_channels()});
        }
      }
    }
  }
  return taps;
}

std::vector<Tap> window_taps(const CoreConfig& core, const MultiplyStep& step) {
  const auto& l = step.layer;
  const int64_t most = core.max_columns();
  std::vector<Tap> taps;
  uint64_t pass = 0;
  for (int64_t ky0 = 0; ky0 < l.kernel_h; ky0 += contract::kWindowRows) {
    const int64_t rows = std::min<int64_t>(contract::kWindowRows, l.kernel_h - ky0);
    for (int64_t kx0 = 0; kx0 < l.kernel_w; kx0 += most, ++pass) {
      const int64_t columns = std::min(most, l.kernel_w - kx0);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
          taps.push_back(
              {ky0 + r, kx0 + c, 0, pass, static_cast<uint32_t>(r * most + most - columns + c)});
        }
      }
    }
  }
  return taps;
}

}  // namespace

std::vector<Tap> taps_of(const CoreConfig& core, const MultiplyStep& step) {
  return step.mode == Mode::kDense ? dense_taps(core, step) : window_taps(core, step);
}

std::vector<int16_t> decode_operands(const CoreConfig& core, const MultiplyStep& step,
                                     const std::vector<Tap>& taps, const uint8_t* tiles,
                                     const arith::Table& table) {
  if (step.mode == Mode::kMaximum) return {};
  arith::Operands values{};
  uint32_t code_bits = 8;
  bool has_digits = false;
  if (step.reads_weights) {
    const auto& system = arith::info(static_cast<arith::NumberSystem>(step.layer.number_system));
    if (system.product != nullptr) {
      std::iota(values.begin(), values.end(), 0);
    } else {
      values = system.operands(table, core.array_kind);
    }
    code_bits = system.code_bits;
    has_digits = system.has_digits;
  }
  const uint64_t tile_bytes = core.tile_bytes(code_bits);
  const program::DigitSchedule schedule(step.multiply);
  const auto at = [&](const Tap& tap, uint32_t lane, uint32_t depth) -> int16_t {
    if (!step.reads_weights) return 1;
    const program::CodePlace place = program::code_place(core, code_bits, lane, depth);
    // Of a byte of several codes the lowest bits count.
    const auto code =
        static_cast<uint8_t>(tiles[tap.pass * tile_bytes + place.byte] >> place.shift);
    return static_cast<int16_t>(
        values[has_digits ? arith::upper_digits(code, schedule.digits(tap.pass)) : code]);
  };
  const uint32_t wc = core.word_channels();
  std::vector<int16_t> operands;
  if (step.mode == Mode::kDense) {
    const uint32_t group = std::min(core.lanes, kLaneGroup);
    operands.reserve(taps.size() * wc * core.lanes);
    for (uint32_t first = 0; first < core.lanes; first += group) {
      for (const Tap& tap : taps) {
        for (uint32_t c = 0; c < wc; c += 2) {
          for (uint32_t l = first; l < first + group; ++l) {
            operands.push_back(at(tap, l, tap.depth + c));
            operands.push_back(at(tap, l, tap.depth + c + 1));
          }
        }
      }
    }
    return operands;
  }
  for (uint32_t first = 0; first < core.lanes; first += wc) {
    for (size_t t = 0; t < taps.size(); t += 2) {
      for (uint32_t l = first; l < first + wc; ++l) {
        operands.push_back(at(taps[t], l, taps[t].depth));
        operands.push_back(t + 1 < taps.size() ? at(taps[t + 1], l, taps[t + 1].depth)
                                               : int16_t{0});
      }
    }
  }
  return operands;
}

}  // namespace keyway::simulate
