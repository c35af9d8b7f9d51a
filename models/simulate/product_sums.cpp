// SPDX-License-Identifier: Apache-2.0
#include "simulate/product_sums.hpp"

#include <algorithm>

namespace keyway::simulate {

void add_products(const DenseRow& row, const arith::Products& products) {
  const uint32_t group = std::min(row.lanes, kLaneGroup);
  for (size_t x = 0; x < row.width; ++x) {
    const int16_t* pixel = row.patch + x * row.step;
    const int16_t* codes = row.weights;
    for (uint32_t first = 0; first < row.lanes; first += group) {
      int32_t* sums = row.sums + x * row.lanes + first;
      std::fill_n(sums, group, 0);
      for (size_t t = 0; t < row.taps; ++t) {
        const int16_t* word = pixel + row.offsets[t];
        for (uint32_t c = 0; c < row.word_channels; c += 2, codes += 2 * group) {
          const int32_t *even = products.of(word[c]), *odd = products.of(word[c + 1]);
          for (uint32_t l = 0; l < group; ++l)
            sums[l] += even[codes[2 * l]] + odd[codes[2 * l + 1]];
        }
      }
    }
  }
}

void add_products(const WindowRow& row, const arith::Products& products) {
  const size_t pairs = (row.taps + 1) / 2, wc = row.word_channels;
  for (size_t x = 0; x < row.width; ++x) {
    for (size_t l = 0; l < row.lanes; ++l) {
      const int16_t* codes = row.weights + l / wc * pairs * 2 * wc + 2 * (l % wc);
      const int16_t* pixel = row.patch + x * row.step + l / wc * row.word_distance + l % wc;
      int32_t sum = 0;
      for (size_t t = 0; t < row.taps; ++t) {
        sum += products.of(pixel[row.offsets[t]])[codes[t / 2 * 2 * wc + t % 2]];
      }
      row.sums[x * row.lanes + l] = sum;
    }
  }
}

}  // namespace keyway::simulate
