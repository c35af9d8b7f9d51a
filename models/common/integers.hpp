// SPDX-License-Identifier: Apache-2.0
/// Division and multiples that round up; for numbers that are not negative.
#pragma once

#include <type_traits>

namespace keyway::common {

template <typename A, typename B>
constexpr std::common_type_t<A, B> ceil_div(A a, B b) {
  using T = std::common_type_t<A, B>;
  return (T{a} + T{b} - 1) / T{b};
}

/// The least multiple of `to` that is not below `a`.
template <typename A, typename B>
constexpr std::common_type_t<A, B> round_up(A a, B to) {
  return ceil_div(a, to) * std::common_type_t<A, B>{to};
}

}  // namespace keyway::common
