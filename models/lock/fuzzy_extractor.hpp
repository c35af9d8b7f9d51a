// SPDX-License-Identifier: Apache-2.0
/// From the cells of a PUF to a key that is the same at every boot: the twin of
/// rtl/lock/fuzzy_extractor.sv, and what its code is worth. Sizes: contract.toml [puf].
///
/// Cells come in groups of `kPufRepetition`, whose first is the group's bit; the 511 bits are
/// corrected by a binary BCH code over GF(2^9) that mends `kPufCorrectable` errors. Helper data are
/// public: for each group how its other cells differ from the first, then the syndromes
/// S_i = r(alpha^i) of the bits for odd i below 2 kPufCorrectable, r the polynomial whose highest
/// coefficient is the first bit. Who holds them and 238 of the bits can work out the others.
///
/// Source: Dodis, Ostrovsky, Reyzin, Smith, Fuzzy Extractors (SIAM J. Comput. 2008), section 4;
/// Boesch et al., Efficient Helper Data Key Extractor on FPGAs (CHES 2008).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lock/secret.hpp"
#include "program/contract.hpp"

namespace keyway::lock {

inline constexpr size_t kPufCodeBits = (size_t{1} << contract::kPufFieldBits) - 1;
inline constexpr size_t kPufCells = kPufCodeBits * contract::kPufRepetition;

/// What cells read: a byte each, 0 or 1.
using PufCells = Secret<kPufCells>;

/// Bit k of the helper data is bit k mod 8 of byte k / 8; the last ones are zero.
using HelperData = std::array<uint8_t, contract::kPufHelperBytes>;

/// The key's bits, packed like helper data; the last ones of the 256 are zero.
struct ExtractedKey {
  Key key;
  HelperData helper{};
};

/// Helper data of a device, and the key that they belong to.
ExtractedKey enrol_cells(const PufCells& cells);

/// The key of the enrolment, or nothing where too many cells read otherwise than they did then. In
/// rare cases beyond the code's limit it is another key: who needs to know compares a check value.
std::optional<Key> reproduce_key(const PufCells& cells, const HelperData& helper);

/// Probability that a boot refuses when every cell reads wrong with probability `error`,
/// independently: more than kPufCorrectable groups have a wrong majority.
double extraction_failure(double error);

/// Lower bound, in bits, on the average min-entropy of the cells that is left when helper data are
/// known and every cell is 1 with probability `bias`, independently:
///
///     511 * -log2(P(majority of a group is what the bias prefers)) - (511 - 238)
///
/// The first term is exact for the differences within groups (of two group values that give the
/// same differences an attacker guesses the likelier one), the second is the rank of the
/// syndromes (chain rule of average min-entropy: Dodis et al., lemma 2.2). The exact term is what a
/// repetition code needs: Koeberl et al., Entropy loss in PUF-based key generation schemes: the
/// repetition code pitfall (HOST 2014); Delvaux et al., Efficient fuzzy extraction of PUF-induced
/// secrets (CHES 2016).
double entropy_left(double bias);

}  // namespace keyway::lock
