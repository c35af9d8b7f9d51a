// SPDX-License-Identifier: Apache-2.0
// Functions carry their own target, so this file needs no flags and the rest of the program stays
// runnable everywhere.
#include "simulate/kernels.hpp"

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))

#include <immintrin.h>

#include <algorithm>
#include <cstring>

namespace keyway::simulate {
namespace {

#define KEYWAY_AVX2 __attribute__((target("avx2,fma")))
#define KEYWAY_AVX2_INLINE __attribute__((target("avx2,fma"), always_inline)) inline

constexpr size_t kBlock = 4;  ///< pixels whose sums are kept in registers

KEYWAY_AVX2_INLINE __m256i load(const int16_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

KEYWAY_AVX2_INLINE void store(int32_t* at, __m256i value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), value);
}

/// Two neighbouring 16-bit values, eight times.
KEYWAY_AVX2_INLINE __m256i broadcast_pair(const int16_t* at) {
  int32_t pair;
  std::memcpy(&pair, at, sizeof pair);
  return _mm256_set1_epi32(pair);
}

KEYWAY_AVX2 void widen(const uint8_t* bytes, size_t count, bool is_signed, int16_t* values) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m128i in = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i));
    const __m256i out = is_signed ? _mm256_cvtepi8_epi16(in) : _mm256_cvtepu8_epi16(in);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + i), out);
  }
  for (; i < count; ++i) {
    values[i] = is_signed ? static_cast<int16_t>(static_cast<int8_t>(bytes[i]))
                          : static_cast<int16_t>(bytes[i]);
  }
}

/// `Pixels` pixels by 8 * Vectors lanes; Pairs = word channels / 2.
template <size_t Pixels, size_t Vectors, size_t Pairs>
KEYWAY_AVX2_INLINE void dense_block(const DenseRow& row, const int16_t* pixel,
                                    const int16_t* weights, int32_t* sums) {
  __m256i acc[Pixels][Vectors];
  for (size_t p = 0; p < Pixels; ++p) {
    for (size_t v = 0; v < Vectors; ++v) acc[p][v] = _mm256_setzero_si256();
  }
  for (size_t t = 0; t < row.taps; ++t) {
    const int16_t* word = pixel + row.offsets[t];
#pragma GCC unroll 8
    for (size_t j = 0; j < Pairs; ++j) {
      __m256i w[Vectors];
      for (size_t v = 0; v < Vectors; ++v) w[v] = load(weights + 16 * v);
      weights += 16 * Vectors;
      for (size_t p = 0; p < Pixels; ++p) {
        const __m256i x = broadcast_pair(word + p * row.step + 2 * j);
        for (size_t v = 0; v < Vectors; ++v) {
          acc[p][v] = _mm256_add_epi32(acc[p][v], _mm256_madd_epi16(x, w[v]));
        }
      }
    }
  }
  for (size_t p = 0; p < Pixels; ++p) {
    for (size_t v = 0; v < Vectors; ++v) store(sums + p * row.lanes + 8 * v, acc[p][v]);
  }
}

template <size_t Vectors, size_t Pairs>
KEYWAY_AVX2 void dense_lanes(const DenseRow& row) {
  constexpr size_t kGroup = 8 * Vectors;
  const int16_t* weights = row.weights;
  for (size_t first = 0; first < row.lanes; first += kGroup) {
    size_t x = 0;
    for (; x + kBlock <= row.width; x += kBlock) {
      dense_block<kBlock, Vectors, Pairs>(row, row.patch + x * row.step, weights,
                                          row.sums + x * row.lanes + first);
    }
    const int16_t* pixel = row.patch + x * row.step;
    int32_t* sums = row.sums + x * row.lanes + first;
    switch (row.width - x) {
      case 3:
        dense_block<3, Vectors, Pairs>(row, pixel, weights, sums);
        break;
      case 2:
        dense_block<2, Vectors, Pairs>(row, pixel, weights, sums);
        break;
      case 1:
        dense_block<1, Vectors, Pairs>(row, pixel, weights, sums);
        break;
      default:
        break;
    }
    weights += row.taps * Pairs * 2 * kGroup;
  }
}

KEYWAY_AVX2 void dense(const DenseRow& row) {
  if (row.lanes == 8 && row.word_channels == 8) return dense_lanes<1, 4>(row);
  if (row.lanes % 16 == 0 && row.word_channels == 16) return dense_lanes<2, 8>(row);
  portable_kernels().dense(row);
}

KEYWAY_AVX2 void window16(const WindowRow& row) {
  const size_t pairs = (row.taps + 1) / 2;
  for (size_t word = 0; word < row.lanes / 16; ++word) {
    const int16_t* weights = row.weights + word * pairs * 32;
    for (size_t x = 0; x < row.width; ++x) {
      const int16_t* pixel = row.patch + x * row.step + word * row.word_distance;
      __m256i even = _mm256_setzero_si256(), odd = even;  // lanes 0-3 and 8-11, the others
      for (size_t t = 0; t < row.taps; t += 2) {
        const __m256i a = load(pixel + row.offsets[t]);
        const __m256i b = load(pixel + row.offsets[std::min(t + 1, row.taps - 1)]);
        const __m256i w0 = load(weights + 16 * t), w1 = load(weights + 16 * t + 16);
        even = _mm256_add_epi32(even, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b),
                                                        _mm256_permute2x128_si256(w0, w1, 0x20)));
        odd = _mm256_add_epi32(odd, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b),
                                                      _mm256_permute2x128_si256(w0, w1, 0x31)));
      }
      int32_t* sums = row.sums + x * row.lanes + word * 16;
      store(sums, _mm256_permute2x128_si256(even, odd, 0x20));
      store(sums + 8, _mm256_permute2x128_si256(even, odd, 0x31));
    }
  }
}

KEYWAY_AVX2 void window(const WindowRow& row) {
  if (row.word_channels == 16 && row.lanes % 16 == 0) return window16(row);
  portable_kernels().window(row);
}

KEYWAY_AVX2 void maximum(const WindowRow& row) {
  if (row.word_channels != 16) return portable_kernels().maximum(row);
  for (size_t word = 0; word < row.lanes / 16; ++word) {
    for (size_t x = 0; x < row.width; ++x) {
      const int16_t* pixel = row.patch + x * row.step + word * row.word_distance;
      __m256i most = _mm256_set1_epi16(kNeverWins);
      for (size_t t = 0; t < row.taps; ++t)
        most = _mm256_max_epi16(most, load(pixel + row.offsets[t]));
      int32_t* sums = row.sums + x * row.lanes + word * 16;
      store(sums, _mm256_cvtepi16_epi32(_mm256_castsi256_si128(most)));
      store(sums + 8, _mm256_cvtepi16_epi32(_mm256_extracti128_si256(most, 1)));
    }
  }
}

/// Four lanes from lane `l` on.
template <bool HasResidual>
KEYWAY_AVX2_INLINE __m128i post_quad(const PostParameters& p, size_t l, const int32_t* sums,
                                     const uint8_t* residual, bool is_signed) {
  const __m256d acc =
      _mm256_cvtepi32_pd(_mm_loadu_si128(reinterpret_cast<const __m128i*>(sums + l)));
  __m256d value = _mm256_fmadd_pd(acc, _mm256_loadu_pd(p.scaled_m.data() + l),
                                  _mm256_loadu_pd(p.constant.data() + l));
  if (HasResidual) {
    int32_t bytes;
    std::memcpy(&bytes, residual, sizeof bytes);
    const __m128i packed = _mm_cvtsi32_si128(bytes);
    const __m128i wide = is_signed ? _mm_cvtepi8_epi32(packed) : _mm_cvtepu8_epi32(packed);
    value =
        _mm256_fmadd_pd(_mm256_cvtepi32_pd(wide), _mm256_loadu_pd(p.scaled_mr.data() + l), value);
  }
  value = _mm256_max_pd(_mm256_floor_pd(value), _mm256_loadu_pd(p.lo.data() + l));
  value = _mm256_min_pd(value, _mm256_loadu_pd(p.hi.data() + l));
  return _mm_and_si128(_mm256_cvttpd_epi32(value), _mm_set1_epi32(0xff));
}

template <bool HasResidual>
KEYWAY_AVX2 void post_words(const PostRow& row) {
  const PostParameters& p = *row.parameters;
  const size_t wc = row.word_channels;
  for (size_t x = 0; x < row.width; ++x) {
    const int32_t* sums = row.sums + x * row.lanes;
    for (size_t word = 0; word < row.lanes / wc; ++word) {
      const uint8_t* residual =
          HasResidual ? row.residual + x * row.residual_step + word * row.residual_word_distance
                      : nullptr;
      uint8_t* output = row.output + x * wc + word * row.output_word_distance;
      for (size_t c = 0; c < wc; c += 8) {
        const size_t l = word * wc + c;
        const __m128i a = post_quad<HasResidual>(p, l, sums, HasResidual ? residual + c : nullptr,
                                                 row.residual_signed);
        const __m128i b = post_quad<HasResidual>(
            p, l + 4, sums, HasResidual ? residual + c + 4 : nullptr, row.residual_signed);
        const __m128i words = _mm_packus_epi32(a, b);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(output + c), _mm_packus_epi16(words, words));
      }
    }
  }
}

KEYWAY_AVX2 void post(const PostRow& row) {
  if (row.word_channels % 8 != 0) return portable_kernels().post(row);
  if (row.residual != nullptr) return post_words<true>(row);
  post_words<false>(row);
}

}  // namespace

const Kernels* avx2_kernels() {
  static const Kernels kernels{"avx2", widen, dense, window, maximum, post};
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 ? &kernels
                                                                                   : nullptr;
}

}  // namespace keyway::simulate

#else

namespace keyway::simulate {
const Kernels* avx2_kernels() { return nullptr; }
}  // namespace keyway::simulate

#endif
