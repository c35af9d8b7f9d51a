// SPDX-License-Identifier: Apache-2.0
/// The package's manifest: what the host must know of a program (how inputs are quantised and laid
/// out, what the output bytes mean) and what a reader may want to know (name, sizes, layers). JSON,
/// readable, authenticated with the header. It holds shapes and the scales of input and output; the
/// scales inside the network are in the sealed program.
#pragma once

#include <string>

#include "lock/bytes.hpp"
#include "program/contract.hpp"
#include "program/program.hpp"

namespace keyway::lock {

std::string manifest_text(const program::Program& program, contract::Policy policy,
                          const Bytes16& id);

/// The description in a manifest, with empty images. Nothing in it is trusted: sizes, indices and
/// numbers are checked. Throws Error(kFile) naming the field.
program::Program parse_manifest(ByteView text, const std::string& name);

}  // namespace keyway::lock
