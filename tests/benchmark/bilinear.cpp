// SPDX-License-Identifier: Apache-2.0
/// What it takes to do without an array of logarithms: products of mit8 by ordinary matrix
/// products.
///
///     build/tests/bilinear                                                  (rank and speed)
///     build/tests/bilinear model.onnx calib.npy inputs.npy labels.npy [count]
///
/// Rank: singular values of the table of all products, codes by bytes, under secret corrections;
/// r ordinary matrix products, of tables of the weights and tables of the activations, give the
/// best table of rank r. Accuracy: of a network calibrated for the corrections, with its own
/// products, with exact ones of the same codes, and with tables of small rank. Speed: sums of such
/// products in AVX2, bit for bit, against 8-bit integers in AVX2, on shapes of ResNet-8's layers.
/// Ends with 1 where the sums are not those of the definition.
#include <fmt/format.h>
#include <immintrin.h>

#include <Eigen/SVD>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "arith/mit8.hpp"
#include "arith/products.hpp"
#include "common/npy.hpp"
#include "graph/onnx_import.hpp"
#include "quantise/quantise.hpp"
#include "quantise/reference.hpp"

using namespace keyway;
using arith::mit8::product;

namespace {

constexpr uint64_t kSeed = 20260101;
constexpr int kBytes = arith::kMostActivation + 1;

arith::Table corrections() {
  std::mt19937_64 random(kSeed);
  std::array<uint8_t, 64> bytes{};
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return arith::mit8::secret_corrections(bytes);
}

// ------------------------------------------------------------------ rank
Eigen::MatrixXd all_products(const arith::Table& table) {
  Eigen::MatrixXd all(256, kBytes);
  for (int code = 0; code < 256; ++code) {
    for (int x = 0; x < kBytes; ++x) all(code, x) = product(static_cast<uint8_t>(code), x, table);
  }
  return all;
}

using Decomposition = Eigen::BDCSVD<Eigen::MatrixXd>;

Eigen::MatrixXd of_rank(const Decomposition& d, int rank) {
  return d.matrixU().leftCols(rank) * d.singularValues().head(rank).asDiagonal() *
         d.matrixV().leftCols(rank).transpose();
}

void tell_rank(const Eigen::MatrixXd& all, const Decomposition& d) {
  fmt::print("rank of the table of products, {} codes by {} bytes:\n", all.rows(), all.cols());
  for (const int bits : {4, 6, 8, 10, 12, 16, 24}) {
    const double least = std::ldexp(d.singularValues()[0], -bits);
    fmt::print("  {:3} singular values above 2^-{} of the largest\n",
               (d.singularValues().array() > least).count(), bits);
  }
  fmt::print("  matrix products   root mean square, worst error of a product of its size\n");
  for (int rank = 1; rank <= 16; ++rank) {
    const Eigen::MatrixXd near = of_rank(d, rank);
    double square = 0, worst = 0;
    int count = 0;
    for (int code = 1; code < 128; ++code) {
      for (int x = 1; x < kBytes; ++x, ++count) {
        const double off = std::abs(near(code, x) / all(code, x) - 1);
        square += off * off;
        worst = std::max(worst, off);
      }
    }
    const double off = (near - all).cwiseAbs().maxCoeff();
    fmt::print("  {:15}   {:16.5f} {:6.3f}{}\n", rank, std::sqrt(square / count), worst,
               off < 0.5 ? "   exact when rounded" : "");
    if (off < 0.5) break;
  }
}

// ------------------------------------------------------------------ accuracy
Eigen::MatrixXd near_table;  // what near_product reads

int32_t near_product(uint8_t code, int32_t x, const arith::Table&) {
  const double size = near_table(code, std::abs(x));
  return static_cast<int32_t>(std::lround(x < 0 ? -size : size));
}

/// mit8's codes with other products.
arith::NumberSystem other_system(int value, const char* name,
                                 int32_t (*other)(uint8_t, int32_t, const arith::Table&)) {
  arith::NumberSystemInfo system = arith::info(arith::NumberSystem::kMit8);
  system.system = static_cast<arith::NumberSystem>(value);
  system.name = name;
  system.product = other;
  arith::add_number_system(system);
  return system.system;
}

double accuracy(const quantise::Network& network, const common::NpyArray<float>& inputs,
                const std::vector<int64_t>& labels, int64_t count) {
  const std::vector<float> outputs =
      quantise::Reference(network).infer(inputs.values.data(), count, 2);
  const size_t classes = outputs.size() / static_cast<size_t>(count);
  int64_t right = 0;
  for (int64_t n = 0; n < count; ++n) {
    const float* first = outputs.data() + static_cast<size_t>(n) * classes;
    right += std::max_element(first, first + classes) - first == labels[static_cast<size_t>(n)];
  }
  return 100.0 * static_cast<double>(right) / static_cast<double>(count);
}

void tell_accuracy(char** argument, int64_t most, const arith::Table& table,
                   const Decomposition& d) {
  const graph::Graph graph = graph::import_onnx(argument[1]);
  const auto calibration = common::read_npy_float(argument[2]);
  const auto inputs = common::read_npy_float(argument[3]);
  const std::vector<int64_t> labels = common::read_npy_int(argument[4]).values;
  const int64_t count = std::min(most, inputs.rows());
  quantise::Options options;
  options.array_kind = arith::ArrayKind::kLogarithmic;
  options.threads = 2;
  // The same corrections in every layer.
  options.secret = [](uint8_t* bytes, size_t size) {
    std::mt19937_64 random(kSeed);
    for (size_t k = 0; k < size; ++k) bytes[k] = static_cast<uint8_t>(random());
  };
  const quantise::Network network = quantise::quantise(
      graph, calibration.values.data(), calibration.rows(), arith::NumberSystem::kMit8, options);
  const auto with = [&](arith::NumberSystem system) {
    quantise::Network other = network;
    for (quantise::Layer& layer : other.layers) {
      if (layer.codes.empty() || layer.number_system != arith::NumberSystem::kMit8) continue;
      if (layer.table != table) throw std::runtime_error("a layer has other corrections");
      layer.number_system = system;
    }
    return accuracy(other, inputs, labels, count);
  };
  fmt::print("accuracy over {} labels:\n", count);
  fmt::print("  {:5.1f} % with its own products\n", with(arith::NumberSystem::kMit8));
  fmt::print("  {:5.1f} % with exact products of the same codes\n",
             with(other_system(30, "exact", nullptr)));
  const arith::NumberSystem near = other_system(31, "near", near_product);
  for (const int rank : {1, 2, 3, 4, 6, 8}) {
    near_table = of_rank(d, rank);
    fmt::print("  {:5.1f} % by {} ordinary matrix product{}\n", with(near), rank,
               rank > 1 ? "s" : "");
  }
}

// ------------------------------------------------------------------ speed
constexpr int kOutputs = 32;  ///< side by side

struct Shape {
  int pixels, taps, outputs;
};
constexpr Shape kShapes[] = {{1024, 144, 32}, {256, 288, 32}, {64, 576, 64}};

/// By activation: 128 times what a weight of octave 0 and each fraction gives, less 2^15 to fit 16
/// bits, its lower and its upper bytes.
struct ByteTables {
  std::array<std::array<uint8_t, 16>, kBytes> lower{}, upper{};
};

ByteTables byte_tables(const arith::Table& table) {
  ByteTables tables;
  for (int x = 0; x < kBytes; ++x) {
    for (int f = 0; f < 16; ++f) {
      // Of octave 1, halved, since code 0 is zero.
      const int size = product(static_cast<uint8_t>(16 + f), x, table) / 2;
      const auto bits = static_cast<uint16_t>(size - (1 << 15));
      tables.lower[static_cast<size_t>(x)][static_cast<size_t>(f)] = static_cast<uint8_t>(bits);
      tables.upper[static_cast<size_t>(x)][static_cast<size_t>(f)] =
          static_cast<uint8_t>(bits >> 8);
    }
  }
  return tables;
}

/// Weights of 32 outputs and two taps: fractions, and signed powers of two in the order in which
/// unpacking leaves the products.
struct WeightPair {
  std::array<std::array<uint8_t, kOutputs>, 2> fraction;
  std::array<std::array<int16_t, 16>, 4> power;
};

int power_of(uint8_t code) {
  const int weight = code & 0x7f, power = 1 << (weight >> 4);
  return weight == 0 ? 0 : code >= 128 ? -power : power;
}

/// The outputs whose pairs are in quarter q, lane by lane, as unpacklo and unpackhi of bytes, then
/// of words, order them.
int output_of(int quarter, int pair) {
  return pair / 4 * 16 + quarter / 2 * 8 + quarter % 2 * 4 + pair % 4;
}

WeightPair weight_pair(const std::vector<uint8_t>& codes, int taps, int first, int tap) {
  WeightPair pair{};
  const auto code = [&](int output, int t) {
    return codes[static_cast<size_t>((first + output) * taps + tap + t)];
  };
  for (int t = 0; t < 2; ++t) {
    for (int o = 0; o < kOutputs; ++o) {
      pair.fraction[static_cast<size_t>(t)][static_cast<size_t>(o)] = code(o, t) & 15;
    }
    for (int q = 0; q < 4; ++q) {
      for (int p = 0; p < 8; ++p) {
        pair.power[static_cast<size_t>(q)][static_cast<size_t>(2 * p + t)] =
            static_cast<int16_t>(power_of(code(output_of(q, p), t)));
      }
    }
  }
  return pair;
}

__attribute__((target("avx2"))) inline __m256i both(const std::array<uint8_t, 16>& table) {
  return _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data())));
}

__attribute__((target("avx2"))) inline __m256i load(const void* at) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}

/// Sums for one pixel of 32 outputs, in the order of the quarters; less 2^15 times the powers.
__attribute__((target("avx2"))) void mitchell(const ByteTables& tables, const uint8_t* x,
                                              const std::vector<WeightPair>& weights,
                                              int32_t* sums) {
  __m256i sum[4];
  for (__m256i& s : sum) s = _mm256_setzero_si256();
  for (const WeightPair& w : weights) {
    __m256i words[2][2];
    for (int t = 0; t < 2; ++t) {
      const __m256i f = load(w.fraction[static_cast<size_t>(t)].data());
      const __m256i lower = _mm256_shuffle_epi8(both(tables.lower[x[t]]), f);
      const __m256i upper = _mm256_shuffle_epi8(both(tables.upper[x[t]]), f);
      words[t][0] = _mm256_unpacklo_epi8(lower, upper);
      words[t][1] = _mm256_unpackhi_epi8(lower, upper);
    }
    for (int h = 0; h < 2; ++h) {
      const __m256i a = _mm256_unpacklo_epi16(words[0][h], words[1][h]);
      const __m256i b = _mm256_unpackhi_epi16(words[0][h], words[1][h]);
      const auto q = static_cast<size_t>(2 * h);
      sum[q] = _mm256_add_epi32(sum[q], _mm256_madd_epi16(a, load(w.power[q].data())));
      sum[q + 1] = _mm256_add_epi32(sum[q + 1], _mm256_madd_epi16(b, load(w.power[q + 1].data())));
    }
    x += 2;
  }
  for (int q = 0; q < 4; ++q) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + 8 * q), sum[q]);
  }
}

/// The same with 8-bit integers: four taps of eight outputs an instruction, four pixels at a time.
__attribute__((target("avx2"))) void integers(const uint8_t* x, size_t pitch,
                                              const std::vector<std::array<int8_t, 128>>& weights,
                                              int32_t* sums) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sum[2][4];
  for (auto& row : sum) {
    for (__m256i& s : row) s = _mm256_setzero_si256();
  }
  for (const std::array<int8_t, 128>& w : weights) {
    for (size_t p = 0; p < 2; ++p) {
      int32_t four;
      std::copy_n(x + p * pitch, 4, reinterpret_cast<uint8_t*>(&four));
      const __m256i a = _mm256_set1_epi32(four);
      for (int v = 0; v < 4; ++v) {
        const __m256i pairs = _mm256_maddubs_epi16(a, load(w.data() + 32 * v));
        sum[p][v] = _mm256_add_epi32(sum[p][v], _mm256_madd_epi16(pairs, ones));
      }
    }
    x += 4;
  }
  for (size_t p = 0; p < 2; ++p) {
    for (int v = 0; v < 4; ++v) {
      _mm256_storeu_si256(
          reinterpret_cast<__m256i*>(sums + p * kOutputs + static_cast<size_t>(8 * v)), sum[p][v]);
    }
  }
}

template <typename Work>
double seconds(const Work& work) {
  double best = HUGE_VAL;
  for (int turn = 0; turn < 7; ++turn) {
    const auto before = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
    best = std::min(best, took.count());
  }
  return best;
}

bool tell_speed(const arith::Table& table) {
  const ByteTables tables = byte_tables(table);
  std::mt19937_64 random(kSeed);
  bool equal = true;
  fmt::print("sums of products, AVX2, one thread (best of seven):\n");
  for (const Shape& shape : kShapes) {
    std::vector<uint8_t> x(static_cast<size_t>(shape.pixels * shape.taps));
    std::vector<uint8_t> codes(static_cast<size_t>(shape.outputs * shape.taps));
    for (uint8_t& byte : x) byte = static_cast<uint8_t>(random());
    for (uint8_t& code : codes) code = static_cast<uint8_t>(random());
    std::vector<std::vector<WeightPair>> weights;
    std::vector<std::vector<std::array<int8_t, 128>>> small;
    for (int first = 0; first < shape.outputs; first += kOutputs) {
      weights.emplace_back();
      for (int t = 0; t < shape.taps; t += 2) {
        weights.back().push_back(weight_pair(codes, shape.taps, first, t));
      }
      small.emplace_back(static_cast<size_t>(shape.taps / 4));
      for (auto& four : small.back()) {
        for (int8_t& w : four) w = static_cast<int8_t>(random() % 127);
      }
    }
    std::vector<int32_t> sums(static_cast<size_t>(shape.pixels * shape.outputs));
    const auto at = [&](int pixel, size_t block) {
      return sums.data() + static_cast<size_t>(pixel * shape.outputs) + block * kOutputs;
    };
    const double integer = seconds([&] {
      for (int pixel = 0; pixel < shape.pixels; pixel += 2) {
        for (size_t b = 0; b < small.size(); ++b) {
          std::array<int32_t, 2 * kOutputs> two;
          integers(&x[static_cast<size_t>(pixel * shape.taps)], static_cast<size_t>(shape.taps),
                   small[b], two.data());
          std::copy_n(two.data(), kOutputs, at(pixel, b));
          std::copy_n(two.data() + kOutputs, kOutputs, at(pixel + 1, b));
        }
      }
    });
    const double emulated = seconds([&] {
      for (int pixel = 0; pixel < shape.pixels; ++pixel) {
        for (size_t b = 0; b < weights.size(); ++b) {
          mitchell(tables, &x[static_cast<size_t>(pixel * shape.taps)], weights[b], at(pixel, b));
        }
      }
    });
    for (int pixel = 0; pixel < shape.pixels; pixel += 37) {
      for (int q = 0; q < shape.outputs; ++q) {
        const int output = q / kOutputs * kOutputs + output_of(q % kOutputs / 8, q % 8);
        int64_t wanted = 0, got = sums[static_cast<size_t>(pixel * shape.outputs + q)];
        for (int t = 0; t < shape.taps; ++t) {
          const uint8_t code = codes[static_cast<size_t>(output * shape.taps + t)];
          wanted += product(code, x[static_cast<size_t>(pixel * shape.taps + t)], table);
          got += int64_t{power_of(code)} << 15;
        }
        equal = equal && static_cast<int32_t>(wanted - got) == 0;
      }
    }
    const double products = 1e-9 * shape.pixels * shape.taps * shape.outputs;
    fmt::print(
        "  {:5} pixels, {:3} taps, {:2} outputs: {:6.2f} a nanosecond, 8-bit integers {:6.2f}: "
        "{:.1f} times slower\n",
        shape.pixels, shape.taps, shape.outputs, products / emulated, products / integer,
        emulated / integer);
  }
  if (!equal) fmt::print("the sums are not those of the definition\n");
  return equal;
}

}  // namespace

int main(int count, char** argument) {
  if (count != 1 && count != 5 && count != 6) {
    fmt::print(stderr, "usage: bilinear [model.onnx calib.npy inputs.npy labels.npy [count]]\n");
    return 2;
  }
  const arith::Table table = corrections();
  const Eigen::MatrixXd all = all_products(table);
  const Decomposition decomposition(all, Eigen::ComputeThinU | Eigen::ComputeThinV);
  tell_rank(all, decomposition);
  if (__builtin_cpu_supports("avx2") != 0 && !tell_speed(table)) return 1;
  if (count > 1) {
    tell_accuracy(argument, count > 5 ? std::atoll(argument[5]) : 1000, table, decomposition);
  }
  return 0;
}
