// SPDX-License-Identifier: Apache-2.0
#include "compile/shared_rows.hpp"

#include "program/contract.hpp"

namespace keyway::compile {

std::optional<SharedRows> share_rows(int64_t taps, int64_t channels, int64_t stride,
                                     const program::CoreConfig& core) {
  const int64_t banks = core.block_banks(), word = core.word_channels();
  const int64_t step = stride * int64_t{contract::kRowBanks};  // taps of whole turns of the banks
  std::optional<SharedRows> best;
  int64_t fewest = 0;
  for (int64_t group = step; group < taps; group += step) {
    const int64_t words = common::round_up(common::ceil_div(group * channels, word), banks);
    const int64_t rest = taps % group * channels;
    if ((words != banks && group != step) || rest % word != 0) continue;
    const int64_t met = taps / group * words + rest / word;
    if (best && (met > fewest || (met == fewest && words >= best->words))) continue;
    fewest = met;
    best = SharedRows{group * channels, words, group / stride};
  }
  return best;
}

Mapping shared_mapping(const SharedRows& shared, int64_t channels,
                       const program::CoreConfig& core) {
  const int64_t word = core.word_channels();
  Mapping mapping;
  for (int64_t c = 0; c < channels; ++c) {
    mapping.position.push_back(
        static_cast<uint32_t>(c / shared.channels * shared.words * word + c % shared.channels));
  }
  mapping.words = mapping.position.back() / core.word_channels() + 1;
  return mapping;
}

}  // namespace keyway::compile
