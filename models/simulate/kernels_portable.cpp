// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "simulate/kernels.hpp"

namespace keyway::simulate {
namespace {

void widen(const uint8_t* bytes, size_t count, bool is_signed, int16_t* values) {
  for (size_t i = 0; i < count; ++i) {
    values[i] = is_signed ? static_cast<int16_t>(static_cast<int8_t>(bytes[i]))
                          : static_cast<int16_t>(bytes[i]);
  }
}

void dense(const DenseRow& row) {
  const uint32_t group = std::min(row.lanes, kLaneGroup);
  const uint32_t pairs = row.word_channels / 2;
  for (size_t x = 0; x < row.width; ++x) {
    const int16_t* pixel = row.patch + x * row.step;
    const int16_t* weights = row.weights;
    for (uint32_t first = 0; first < row.lanes; first += group) {
      uint32_t sums[kLaneGroup] = {};
      for (size_t t = 0; t < row.taps; ++t) {
        const int16_t* word = pixel + row.offsets[t];
        for (uint32_t j = 0; j < pairs; ++j, weights += 2 * group) {
          for (uint32_t l = 0; l < group; ++l) {
            sums[l] += static_cast<uint32_t>(word[2 * j] * weights[2 * l] +
                                             word[2 * j + 1] * weights[2 * l + 1]);
          }
        }
      }
      for (uint32_t l = 0; l < group; ++l) {
        row.sums[x * row.lanes + first + l] = static_cast<int32_t>(sums[l]);
      }
    }
  }
}

void window(const WindowRow& row) {
  const size_t pairs = (row.taps + 1) / 2;
  for (size_t x = 0; x < row.width; ++x) {
    for (uint32_t l = 0; l < row.lanes; ++l) {
      const uint32_t word = l / row.word_channels, channel = l % row.word_channels;
      const int16_t* pixel = row.patch + x * row.step + word * row.word_distance + channel;
      const int16_t* weights = row.weights + (word * pairs * row.word_channels + channel) * 2;
      uint32_t sum = 0;
      for (size_t t = 0; t < row.taps; ++t) {
        sum += static_cast<uint32_t>(pixel[row.offsets[t]] *
                                     weights[t / 2 * row.word_channels * 2 + t % 2]);
      }
      row.sums[x * row.lanes + l] = static_cast<int32_t>(sum);
    }
  }
}

void maximum(const WindowRow& row) {
  for (size_t x = 0; x < row.width; ++x) {
    for (uint32_t l = 0; l < row.lanes; ++l) {
      const uint32_t word = l / row.word_channels, channel = l % row.word_channels;
      const int16_t* pixel = row.patch + x * row.step + word * row.word_distance + channel;
      int16_t most = kNeverWins;
      for (size_t t = 0; t < row.taps; ++t) most = std::max(most, pixel[row.offsets[t]]);
      row.sums[x * row.lanes + l] = most;
    }
  }
}

void post(const PostRow& row) {
  for (size_t x = 0; x < row.width; ++x) {
    for (uint32_t l = 0; l < row.lanes; ++l) {
      const PostParameters::Lane& p = row.parameters->lanes[l];
      const uint32_t word = l / row.word_channels, channel = l % row.word_channels;
      int64_t residual = 0;
      if (row.residual != nullptr) {
        const uint8_t byte =
            row.residual[x * row.residual_step + word * row.residual_word_distance + channel];
        residual = row.residual_signed ? static_cast<int8_t>(byte) : int64_t{byte};
      }
      const int64_t scaled = p.m * (row.sums[x * row.lanes + l] + p.bias) + p.mr * residual +
                             (int64_t{1} << (p.shift - 1));
      row.output[x * row.word_channels + word * row.output_word_distance + channel] =
          static_cast<uint8_t>(std::min(std::max(scaled >> p.shift, p.lo), p.hi) & 0xff);
    }
  }
}

}  // namespace

void PostParameters::add(const Lane& lane) {
  lanes.push_back(lane);
  const double unit = std::ldexp(1.0, -static_cast<int>(lane.shift));
  scaled_m.push_back(static_cast<double>(lane.m) * unit);
  scaled_mr.push_back(static_cast<double>(lane.mr) * unit);
  constant.push_back(static_cast<double>(lane.m * lane.bias + (int64_t{1} << (lane.shift - 1))) *
                     unit);
  lo.push_back(static_cast<double>(lane.lo));
  hi.push_back(static_cast<double>(lane.hi));
}

const Kernels& portable_kernels() {
  static const Kernels kernels{"portable", widen, dense, window, maximum, post};
  return kernels;
}

const Kernels& best_kernels() {
  const Kernels* fast = avx2_kernels();
  return fast != nullptr ? *fast : portable_kernels();
}

}  // namespace keyway::simulate
