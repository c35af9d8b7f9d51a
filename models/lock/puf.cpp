// SPDX-License-Identifier: Apache-2.0
#include "lock/puf.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <cstring>
#include <numeric>
#include <sstream>

#include "lock/cipher.hpp"

namespace keyway::lock {

namespace {

constexpr double kPi = 3.14159265358979323846;

/// Standard deviations of what is added to a skew of standard deviation 1.
struct Spreads {
  double noise, celsius, volt, wear;
};

constexpr Spreads spreads(PufKind kind) {
  return kind == PufKind::kSram ? Spreads{0.09, 0.003, 1.0, 0} : Spreads{0.033, 0.0019, 0.8, 0.03};
}

/// How far a memory cell has moved from what it woke up with after a year; grows with
/// years^kWearPower.
constexpr double kSramWear = 0.02, kWearPower = 0.2;

/// Normal deviates from a key, the same on every machine: AES in counter mode and the method of Box
/// and Muller.
std::vector<double> normal_deviates(const Key& key, uint64_t stream, size_t count) {
  Iv iv{};
  std::memcpy(iv.data(), &stream, sizeof(stream));
  std::vector<uint64_t> bits(count + count % 2);
  ctr(key, iv, reinterpret_cast<uint8_t*>(bits.data()), bits.size() * sizeof(uint64_t));
  const auto uniform = [](uint64_t x) { return (static_cast<double>(x >> 11) + 0.5) * 0x1p-53; };
  std::vector<double> deviates(bits.size());
  for (size_t i = 0; i < bits.size(); i += 2) {
    const double radius = std::sqrt(-2 * std::log(uniform(bits[i])));
    const double angle = 2 * kPi * uniform(bits[i + 1]);
    deviates[i] = radius * std::cos(angle);
    deviates[i + 1] = radius * std::sin(angle);
  }
  deviates.resize(count);
  return deviates;
}

/// x with P(normal deviate > -x) = share, by bisection.
double skew_for(double share) {
  double low = -8, high = 8;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

void check_environment(const Environment& environment, ErrorKind kind, const std::string& where) {
  const auto check = [&](double value, double least, double most, const char* what) {
    if (value >= least && value <= most) return;
    std::ostringstream text;
    text << where << ": " << what << " of " << value << " is outside of the model's " << least
         << " to " << most;
    throw Error(kind, text.str());
  };
  check(environment.celsius, kLeastCelsius, kMostCelsius, "a temperature");
  check(environment.volts, kLeastVolts, kMostVolts, "a supply");
  check(environment.years, 0, kMostYears, "an age");
}

PufKind puf_kind(const std::string& name, const std::string& where) {
  for (size_t kind = 0; kind < std::size(kPufKindNames); ++kind)
    if (name == kPufKindNames[kind]) return static_cast<PufKind>(kind);
  throw Error(ErrorKind::kFile, where + ": no kind of PUF has the name '" + name + "'");
}

Puf::Puf(PufKind kind, const Key& seed, double bias) : kind_(kind), seed_(seed), cells_(kPufCells) {
  if (!(bias > 0 && bias < 1)) {
    throw Error(ErrorKind::kUsage,
                "a share of ones of " + std::to_string(bias) + ": it lies between 0 and 1");
  }
  const Spreads spread = spreads(kind);
  const double middle = skew_for(bias);
  const Key silicon = kdf("puf silicon", {seed});
  const std::vector<double> drawn = normal_deviates(silicon, 0, 4 * kPufCells);
  for (size_t i = 0; i < kPufCells; ++i) {
    const double* d = &drawn[4 * i];
    cells_[i] = {static_cast<float>(middle + d[0]), static_cast<float>(spread.celsius * d[1]),
                 static_cast<float>(spread.volt * d[2]), static_cast<float>(spread.wear * d[3])};
  }
}

PufCells Puf::read(const Environment& environment, uint64_t boot) const {
  check_environment(environment, ErrorKind::kUsage, "a boot");
  const double age = environment.years > 0 ? std::pow(environment.years, kWearPower) : 0;
  const double worn = kind_ == PufKind::kSram ? kSramWear * age : 0;
  const Key noise_key = kdf("puf noise", {seed_});
  const std::vector<double> noise = normal_deviates(noise_key, boot, kPufCells);
  PufCells read;
  for (size_t i = 0; i < kPufCells; ++i) {
    const Cell& cell = cells_[i];
    const double difference =
        cell.skew - std::copysign(worn, cell.skew) + cell.celsius * (environment.celsius - 25) +
        cell.volt * (environment.volts - 1) + cell.wear * age + spreads(kind_).noise * noise[i];
    read[i] = difference > 0;
  }
  return read;
}

namespace {

using CellBits = std::bitset<kPufCells>;

CellBits bits_of(const PufCells& cells) {
  CellBits bits;
  for (size_t i = 0; i < kPufCells; ++i) bits[i] = cells[i] != 0;
  return bits;
}

double share(size_t count, size_t all) {
  return static_cast<double>(count) / static_cast<double>(all);
}

PufQuality::Measure measure(const std::vector<double>& values) {
  PufQuality::Measure out;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  out.least = *least;
  out.most = *most;
  out.mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  constexpr size_t kBins = PufQuality::Measure::kBins;
  for (const double value : values)
    ++out.histogram[std::min(kBins - 1, static_cast<size_t>(value * kBins))];
  return out;
}

}  // namespace

PufQuality measure_quality(PufKind kind, double bias, size_t devices, size_t boots,
                           const Environment& environment, const Key& seed,
                           const std::function<void(size_t)>& progress) {
  if (devices < 2 || boots < 1) {
    throw Error(ErrorKind::kUsage, "quality needs two devices or more, and a boot of each");
  }
  PufQuality quality;
  quality.boots = devices * boots;
  std::vector<CellBits> enrolled;
  std::vector<double> reliability, uniformity;
  for (uint64_t device = 0; device < devices; ++device) {
    Bytes16 number{};
    std::memcpy(number.data(), &device, sizeof(device));
    const Puf puf(kind, kdf("puf device", {seed, number}), bias);
    const PufCells cells = puf.read({}, 0);
    const ExtractedKey key = enrol_cells(cells);
    const CellBits bits = bits_of(cells);
    for (uint64_t boot = 1; boot <= boots; ++boot) {
      const PufCells again = puf.read(environment, boot);
      reliability.push_back(1 - share((bits ^ bits_of(again)).count(), kPufCells));
      const std::optional<Key> found = reproduce_key(again, key.helper);
      quality.failures += !found || *found != key.key;
    }
    uniformity.push_back(share(bits.count(), kPufCells));
    enrolled.push_back(bits);
    if (progress) progress(enrolled.size());
  }
  std::vector<double> distances;
  for (size_t a = 0; a < devices; ++a)
    for (size_t b = a + 1; b < devices; ++b)
      distances.push_back(share((enrolled[a] ^ enrolled[b]).count(), kPufCells));
  std::vector<double> aliasing;
  for (size_t cell = 0; cell < kPufCells; ++cell) {
    size_t ones = 0;
    for (const CellBits& bits : enrolled) ones += bits[cell];
    aliasing.push_back(share(ones, devices));
  }
  quality.uniqueness = measure(distances);
  quality.reliability = measure(reliability);
  quality.uniformity = measure(uniformity);
  quality.bit_aliasing = measure(aliasing);
  return quality;
}

}  // namespace keyway::lock
