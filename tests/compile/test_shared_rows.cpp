// SPDX-License-Identifier: Apache-2.0
// Words that several rows of a gathered signal share are where the layer looks for them.
#include <catch2/catch.hpp>

#include "compile/shared_rows.hpp"

using namespace keyway;
using compile::share_rows;

TEST_CASE("80 taps at stride 4 take one word a row", "[compile]") {
  const auto shared = share_rows(80, 1, 4, program::core_from_name("16x16"));
  REQUIRE(shared);
  CHECK(shared->channels == 16);
  CHECK(shared->words == 1);
  CHECK(shared->rows == 4);
  const auto deep = share_rows(80, 1, 4, program::core_from_name("32x32"));
  REQUIRE(deep);  // the last group has one of its two words
  CHECK(deep->words == 2);
  CHECK(deep->rows == 8);
  const auto small = share_rows(80, 1, 4, program::core_from_name("8x8"));
  REQUIRE(small);
  CHECK(small->words == 2);
  CHECK(small->rows == 4);
}

TEST_CASE("windows that do not overlap by whole words share none", "[compile]") {
  const program::CoreConfig core = program::core_from_name("16x16");
  CHECK_FALSE(share_rows(16, 1, 4, core));  // one group
  CHECK_FALSE(share_rows(15, 1, 2, core));  // seven lanes of the last group would not be zero
  CHECK_FALSE(share_rows(80, 1, 80, core));
}

TEST_CASE("a shared word holds what the row's own would", "[compile]") {
  for (const char* name : {"8x8", "16x16", "32x32"}) {
    const program::CoreConfig core = program::core_from_name(name);
    const int64_t banks = core.block_banks(), word = core.word_channels();
    int shares = 0;
    for (int64_t taps = 1; taps <= 130; ++taps) {
      for (const int64_t channels : {1, 2, 3, 4, 6, 12, 16}) {
        for (const int64_t stride : {1, 2, 3, 4, 5, 8, 16}) {
          const auto shared = share_rows(taps, channels, stride, core);
          if (!shared) continue;
          ++shares;
          INFO(name << ": " << taps << " taps, " << channels << " channels, stride " << stride);
          const int64_t groups_apart = shared->channels / channels;  // in taps
          REQUIRE(shared->rows == groups_apart / stride);
          REQUIRE(groups_apart % stride == 0);
          REQUIRE(shared->rows % 4 == 0);
          // Words of a group in one bank, and rows of that bank: one distance for both.
          const int64_t words = shared->words / banks, pitch = shared->rows / 4;
          REQUIRE(shared->words % banks == 0);
          for (int64_t w = 0; w < words; ++w) REQUIRE(w * pitch == w);
          const compile::Mapping mapping = compile::shared_mapping(*shared, taps * channels, core);
          std::vector<bool> meets(static_cast<size_t>(mapping.words * word), false);
          for (int64_t c = 0; c < taps * channels; ++c) {
            const int64_t position = mapping.position[static_cast<size_t>(c)];
            meets[static_cast<size_t>(position)] = true;
            const int64_t group = c / shared->channels;
            REQUIRE(position - group * shared->words * word ==
                    mapping.position[static_cast<size_t>(c % shared->channels)]);
          }
          // A lane without a channel is one of every group: the host fills it with zeros.
          for (size_t p = 0; p < meets.size(); ++p) {
            REQUIRE(meets[p] == meets[p % static_cast<size_t>(shared->words * word)]);
          }
          REQUIRE(shared->below(mapping) ==
                  ((mapping.words + shared->words - 1) / shared->words - 1) * shared->rows);
        }
      }
    }
    CHECK(shares > 100);
  }
}
