// SPDX-License-Identifier: Apache-2.0
/// The compiler: a quantised network in, a program for one core out.
///
/// Passes, in order; each is one file and knows only what it takes and gives:
///
///     check          what every pass takes for granted
///     bounds         proof that no accumulator overflows
///     orientation    which axis lies along the rows of the activation memory
///     input_layout   how the host lays the image out (gathered taps where that is faster)
///     channels       which lane of which block holds each channel; shortcuts fall on whole blocks
///     fold           windows of more positions than a kernel holds
///     activations    where every tensor lies in the activation memory, and for how long
///     groups         rectangles of at most 512 output pixels
///     weights        where tiles lie in the weight memory: resident, or streamed through a ring
///     emit           instructions, and the waits that order them
///     tiles          weight tiles and parameter records as the array reads them
///     assemble       bytes
///
/// `cost` holds what the passes assume of cycles, `mapping` and `layers` the words they share,
/// `transpose` turns a network, `shared_rows` packs narrow rows; `plan` runs those from
/// input_layout to groups; `producers` tells `emit` who wrote what. `program/listing.hpp` turns the
/// bytes back into text. The program computes what the network says, bit for bit (models/simulate
/// and the core are judged by quantise/reference.hpp).
///
/// Errors: kUnsupported for a layer that the instruction set cannot express, kFit for a network
/// that exceeds a memory or a field; both name the layer. kUsage for a network that contradicts
/// itself. Test: tests/compile, tests/simulate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "program/program.hpp"

namespace keyway::quantise {
struct Network;
}

namespace keyway::compile {

/// Fills memory with random bytes.
using RandomBytes = std::function<void(uint8_t*, size_t)>;

struct Options {
  /// Codes that pad tiles and frames. Their values never matter to a result, only to what an
  /// attacker sees; `lock` passes a cryptographic source. Empty: a generator of fixed seed, so that
  /// plain packages are repeatable.
  RandomBytes padding;
};

program::Program compile(const quantise::Network& network, const program::CoreConfig& core,
                         const Options& options = {});

/// Throws the error with which `compile` will refuse every network of this structure
/// (quantise/structure.hpp), whatever its values: kFit, or kUnsupported for its shapes. A network
/// that it lets pass may still miss by the few bytes that values decide (how many parameter records
/// are short, how many decode tables equal).
void check_fit(const quantise::Network& structure, const program::CoreConfig& core);

}  // namespace keyway::compile
