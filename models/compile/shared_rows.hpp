// SPDX-License-Identifier: Apache-2.0
/// Words of a gathered signal that stand once in memory and count in several rows.
///
/// Gathering the taps of a kernel repeats a signal wherever windows overlap: 80 taps at stride 4,
/// each sample twenty times. Cut the taps of a row into groups of g: group k of row y holds the
/// samples of group 0 of row y + k g / stride. If that is a whole number of row banks further down,
/// it lies a fixed distance behind, which can be the distance of a layer's input blocks. So only
/// group 0 of every row is loaded, and some rows more at the end:
///
///     block k n + w of row y  =  block w of row y + k rows,      rows = g / stride, 4 | rows
///
/// for groups of n words. In words of a bank that asks for n / BlockBanks = 1 or rows = 4, since
/// block_pitch is also the distance of a group's own words; and a last group that is not whole must
/// end with a word, for its other lanes would not be zero. Only for one column, as signals have.
#pragma once

#include <cstdint>
#include <optional>

#include "common/integers.hpp"
#include "compile/mapping.hpp"
#include "program/core_config.hpp"

namespace keyway::compile {

struct SharedRows {
  int64_t channels = 0;  ///< taps times channels of a group
  int64_t words = 0;     ///< of a group
  int64_t rows = 0;      ///< from a group to the next

  /// Rows below a tensor's last that its words reach into.
  int64_t below(const Mapping& mapping) const {
    return (common::ceil_div<int64_t>(mapping.words, words) - 1) * rows;
  }
};

/// How the rows of `taps` taps of `channels` channels share words best: with the fewest for the
/// array, then the fewest in memory; nothing where they cannot.
std::optional<SharedRows> share_rows(int64_t taps, int64_t channels, int64_t stride,
                                     const program::CoreConfig& core);

/// Where the gathered channels stand.
Mapping shared_mapping(const SharedRows& shared, int64_t channels, const program::CoreConfig& core);

}  // namespace keyway::compile
