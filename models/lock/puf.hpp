// SPDX-License-Identifier: Apache-2.0
/// A simulated physical unclonable function: what the cells of one piece of silicon read, boot by
/// boot. A model for experiments; a chip has its own.
///
/// Cell i compares two things that manufacture made almost equal. Their difference, in units of its
/// spread over cells, is at a boot
///
///     skew_i + celsius_i (T - 25) + volt_i (V - 1) + wear_i(years) + noise
///
/// and the cell reads 1 where it is positive. skew_i is normal around the value that gives the
/// wanted share of ones, the other coefficients are normal around zero, all drawn from the seed;
/// noise is normal and new at every boot.
///
///   kSram            power-up state of a memory cell: much noise, and what it holds wears it: the
///                    difference moves against its sign with years^0.2 (bias temperature
///                    instability of a cell that keeps what it woke up with)
///   kRingOscillator  two oscillators counted against each other: little noise, wear in a random
///                    direction
///
/// The figures are chosen, not measured on a chip: two readings differ in some 4 % of memory cells
/// and 1.5 % of oscillator pairs under nominal conditions, and in some 7 % and 4 % at 85 degrees.
/// `keyway device quality` measures them.
/// Test: tests/lock/test_puf.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "lock/fuzzy_extractor.hpp"

namespace keyway::lock {

enum class PufKind { kSram, kRingOscillator };

inline constexpr const char* kPufKindNames[] = {"sram", "ro"};

/// What a cell reads depends on.
struct Environment {
  double celsius = 25;
  double volts = 1;  ///< of the nominal supply
  double years = 0;  ///< in use, at nominal conditions
};

/// Ranges outside of which the model says nothing.
inline constexpr double kLeastCelsius = -55, kMostCelsius = 125, kLeastVolts = 0.8,
                        kMostVolts = 1.2, kMostYears = 30;

/// Throws Error(kind), which begins with `where`, for conditions out of range.
void check_environment(const Environment& environment, ErrorKind kind, const std::string& where);

/// Throws Error(kFile), which begins with `where`, for an unknown name.
PufKind puf_kind(const std::string& name, const std::string& where);

class Puf {
 public:
  /// `bias`: share of ones, between 0 and 1. The same seed is the same piece of silicon.
  Puf(PufKind kind, const Key& seed, double bias = 0.5);

  /// Another `boot`, other noise. Throws Error(kUsage) for conditions out of range.
  PufCells read(const Environment& environment, uint64_t boot) const;

 private:
  struct Cell {
    float skew, celsius, volt, wear;
  };
  PufKind kind_;
  Key seed_;
  std::vector<Cell> cells_;
};

/// How good the cells of many devices are, by the usual measures (Maiti, Gunreddy, Schaumont, A
/// systematic method to evaluate and compare the performance of physical unclonable functions,
/// 2013), as shares of 1.
struct PufQuality {
  struct Measure {
    static constexpr size_t kBins = 200;
    double mean = 0, least = 0, most = 0;
    std::array<size_t, kBins> histogram{};  ///< of equal parts of 0..1; 1 is in the last
  };
  Measure uniqueness;    ///< distance of two devices: 0.5 is best. Over all pairs of devices
  Measure reliability;   ///< 1 - distance of a boot from the enrolment: 1 is best. Over boots
  Measure uniformity;    ///< ones of a device: 0.5 is best. Over devices
  Measure bit_aliasing;  ///< ones of a cell in all devices: 0.5 is best. Over cells
  size_t boots = 0;
  size_t failures = 0;  ///< boots whose key was not that of the enrolment
};

/// `devices` pieces of silicon (at least 2), each enrolled at boot 0 under nominal conditions and
/// read `boots` more times (at least 1) in `environment`; `progress` is called with the number of
/// devices that are done. Throws Error(kUsage).
PufQuality measure_quality(PufKind kind, double bias, size_t devices, size_t boots,
                           const Environment& environment, const Key& seed,
                           const std::function<void(size_t)>& progress = {});

}  // namespace keyway::lock
