// SPDX-License-Identifier: Apache-2.0
// Both sets of kernels against plain formulas, and against each other.
#include <catch2/catch.hpp>
#include <random>

#include "simulate/kernels.hpp"

using namespace keyway::simulate;

namespace {

constexpr uint64_t kSeed = 20240602;

struct Shape {
  uint32_t lanes, word_channels;
};
constexpr Shape kShapes[] = {{8, 8}, {16, 16}, {32, 16}};

std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> kernels{&portable_kernels()};
  if (avx2_kernels() != nullptr) kernels.push_back(avx2_kernels());
  return kernels;
}

/// Values at the ends of the range more often than not, so that sums wrap.
int16_t extreme(std::mt19937_64& random, int lo, int hi) {
  const uint64_t kind = random() % 3;
  if (kind == 0) return static_cast<int16_t>(lo);
  if (kind == 1) return static_cast<int16_t>(hi);
  return static_cast<int16_t>(lo + static_cast<int>(random() % static_cast<uint64_t>(hi - lo + 1)));
}

void fill(std::vector<int16_t>& values, std::mt19937_64& random, int lo, int hi) {
  for (int16_t& value : values) value = extreme(random, lo, hi);
}

}  // namespace

TEST_CASE("dense sums are 32 bits and wrap around", "[kernels]") {
  std::mt19937_64 random(kSeed);
  INFO("seed " << kSeed);
  for (const Shape& shape : kShapes) {
    const uint32_t wc = shape.word_channels, group = std::min(shape.lanes, kLaneGroup);
    for (const size_t width : {1u, 2u, 3u, 4u, 7u, 33u}) {
      for (const size_t taps : {1u, 9u, 700u}) {
        const size_t step = wc * (1 + random() % 3);
        std::vector<int16_t> patch(step * width + taps * wc + 64);
        fill(patch, random, 240, 255);
        std::vector<int32_t> offsets(taps);
        for (int32_t& offset : offsets) offset = static_cast<int32_t>(random() % taps * wc);
        std::vector<int16_t> weights(size_t{shape.lanes} * taps * wc);
        fill(weights, random, 1900, 2047);  // 700 * 16 * 2^19 exceeds 2^31
        // Lane l, tap t, channel c: see the layout in kernels.hpp.
        const auto weight = [&](uint32_t l, size_t t, uint32_t c) {
          return weights[(((l / group * taps + t) * (wc / 2) + c / 2) * group + l % group) * 2 +
                         c % 2];
        };
        for (const Kernels* kernels : all_kernels()) {
          std::vector<int32_t> sums(width * shape.lanes, 1);
          kernels->dense({patch.data(), step, width, offsets.data(), taps, weights.data(),
                          shape.lanes, wc, sums.data()});
          for (size_t x = 0; x < width; ++x) {
            for (uint32_t l = 0; l < shape.lanes; ++l) {
              int64_t sum = 0;
              for (size_t t = 0; t < taps; ++t) {
                for (uint32_t c = 0; c < wc; ++c) {
                  sum += int64_t{weight(l, t, c)} *
                         patch[x * step + static_cast<size_t>(offsets[t]) + c];
                }
              }
              INFO(kernels->name << ", lanes " << shape.lanes << ", taps " << taps << ", pixel "
                                 << x << ", lane " << l);
              REQUIRE(sums[x * shape.lanes + l] ==
                      static_cast<int32_t>(static_cast<uint32_t>(sum)));
            }
          }
        }
      }
    }
  }
}

TEST_CASE("window sums and maxima", "[kernels]") {
  std::mt19937_64 random(kSeed + 1);
  for (const Shape& shape : kShapes) {
    const uint32_t wc = shape.word_channels;
    for (const size_t width : {1u, 5u, 32u}) {
      for (const size_t taps : {1u, 2u, 9u, 25u}) {
        const size_t step = wc, distance = (width + taps) * wc;
        std::vector<int16_t> patch(distance * (shape.lanes / wc));
        fill(patch, random, kNeverWins, 255);
        std::vector<int32_t> offsets(taps);
        for (int32_t& offset : offsets) offset = static_cast<int32_t>(random() % taps * wc);
        const size_t pairs = (taps + 1) / 2;
        std::vector<int16_t> weights(pairs * 2 * shape.lanes);
        fill(weights, random, -2048, 2047);
        if (taps % 2 == 1) {  // the missing tap of a pair is zero
          for (uint32_t l = 0; l < shape.lanes; ++l) {
            weights[((l / wc * pairs + pairs - 1) * wc + l % wc) * 2 + 1] = 0;
          }
        }
        for (const Kernels* kernels : all_kernels()) {
          std::vector<int32_t> sums(width * shape.lanes), most(width * shape.lanes);
          WindowRow row{patch.data(), step,           width,       distance, offsets.data(),
                        taps,         weights.data(), shape.lanes, wc,       sums.data()};
          kernels->window(row);
          row.sums = most.data();
          kernels->maximum(row);
          for (size_t x = 0; x < width; ++x) {
            for (uint32_t l = 0; l < shape.lanes; ++l) {
              int32_t sum = 0, best = kNeverWins;
              for (size_t t = 0; t < taps; ++t) {
                const int32_t value =
                    patch[l / wc * distance + x * step + static_cast<size_t>(offsets[t]) + l % wc];
                sum += value * weights[((l / wc * pairs + t / 2) * wc + l % wc) * 2 + t % 2];
                best = std::max(best, value);
              }
              INFO(kernels->name << ", lanes " << shape.lanes << ", taps " << taps << ", pixel "
                                 << x << ", lane " << l);
              REQUIRE(sums[x * shape.lanes + l] == sum);
              REQUIRE(most[x * shape.lanes + l] == best);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("post-processing is exact at the ends of every field", "[kernels]") {
  std::mt19937_64 random(kSeed + 2);
  for (const Shape& shape : kShapes) {
    const uint32_t wc = shape.word_channels;
    for (int n = 0; n < 400; ++n) {
      PostParameters parameters;
      for (uint32_t l = 0; l < shape.lanes; ++l) {
        PostParameters::Lane lane;
        lane.bias = static_cast<int32_t>(random());
        lane.m = static_cast<int64_t>(random() % (1 << 18)) - (1 << 17);
        lane.mr = static_cast<int64_t>(random() % (1 << 18)) - (1 << 17);
        if (random() % 4 == 0) lane.m = random() % 2 == 0 ? -(1 << 17) : (1 << 17) - 1;
        lane.shift = 1 + static_cast<int64_t>(random() % 47);
        lane.lo = random() % 2 == 0 ? -128 : 0;
        lane.hi = lane.lo + 127 + 128 * static_cast<int64_t>(random() % 2);
        parameters.add(lane);
      }
      const size_t width = 5, step = wc * 2, distance = 64 * wc;
      std::vector<int32_t> sums(width * shape.lanes);
      for (int32_t& sum : sums) {
        sum = static_cast<int32_t>(random());
        if (random() % 4 == 0) sum = random() % 2 == 0 ? INT32_MIN : INT32_MAX;
        if (random() % 2 == 0) sum >>= random() % 32;
      }
      std::vector<uint8_t> residual(distance * 2);
      for (uint8_t& byte : residual) byte = static_cast<uint8_t>(random() & 0xff);
      PostRow row;
      row.sums = sums.data();
      row.width = width;
      row.lanes = shape.lanes;
      row.word_channels = wc;
      row.parameters = &parameters;
      row.residual = n % 3 == 0 ? nullptr : residual.data();
      row.residual_step = step;
      row.residual_word_distance = distance;
      row.residual_signed = n % 2 == 0;
      row.output_word_distance = distance;
      for (const Kernels* kernels : all_kernels()) {
        std::vector<uint8_t> output(distance * 2);
        row.output = output.data();
        kernels->post(row);
        for (size_t x = 0; x < width; ++x) {
          for (uint32_t l = 0; l < shape.lanes; ++l) {
            const PostParameters::Lane& p = parameters.lanes[l];
            __extension__ typedef __int128 Wide;
            Wide value = Wide{p.m} * (int64_t{sums[x * shape.lanes + l]} + p.bias) +
                         (Wide{1} << (p.shift - 1));
            if (row.residual != nullptr) {
              const uint8_t byte = residual[x * step + l / wc * distance + l % wc];
              value += Wide{p.mr} * (row.residual_signed ? static_cast<int8_t>(byte) : int{byte});
            }
            value >>= p.shift;
            const auto clamped = static_cast<int64_t>(value < p.lo   ? Wide{p.lo}
                                                      : value > p.hi ? Wide{p.hi}
                                                                     : value);
            INFO(kernels->name << ", round " << n << ", pixel " << x << ", lane " << l);
            REQUIRE(output[x * wc + l / wc * distance + l % wc] ==
                    static_cast<uint8_t>(clamped & 0xff));
          }
        }
      }
    }
  }
}

TEST_CASE("bytes widen with and without sign", "[kernels]") {
  std::vector<uint8_t> bytes(256 + 37);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i & 0xff);
  for (const Kernels* kernels : all_kernels()) {
    for (const size_t count : {0u, 1u, 15u, 16u, 293u}) {
      std::vector<int16_t> values(count + 1, 9999);
      kernels->widen(bytes.data(), count, true, values.data());
      for (size_t i = 0; i < count; ++i) REQUIRE(values[i] == static_cast<int8_t>(bytes[i]));
      kernels->widen(bytes.data(), count, false, values.data());
      for (size_t i = 0; i < count; ++i) REQUIRE(values[i] == bytes[i]);
      REQUIRE(values[count] == 9999);
    }
  }
}
