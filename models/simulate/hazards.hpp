// SPDX-License-Identifier: Apache-2.0
/// Proof that a program's waits leave the core no choice: whatever the speed of bus and memories,
/// it computes what the program says in order.
///
/// The rules of the core (contract.toml, "Order" and "Several inputs of one start"):
///   - array, load and store queue each work in order, and run beside each other;
///   - a MULTIPLY starts once its own waits and those of earlier array instructions hold, even
///     while the last words of the product before are still on their way; it is counted when its
///     last word is written, in order;
///   - so an array instruction's reads and writes are ordered after the reads and writes of
///     earlier ones, except that what it reads may not be written yet.
/// Checked, for every word of activations and every 16 bytes of the weight memory:
///   read after write    a MULTIPLY's operands and residual come from products that its
///                       wait_products covers or input rows that its wait_rows covers; a STORE
///                       likewise; weights, tables and parameters from the program image or frames
///                       that wait_frames covers
///   write after read    loads overwrite only what products read that their wait_products covers;
///                       nothing overwrites what a STORE reads
///   write after write   the same for writers on different queues
///   nothing unwritten   no word is read that nothing has written
///   in place            a MULTIPLY does not write what it reads, except the residual of the same
///                       pixel
///   progress            every wait is for something that stands earlier in the program
///   tables              a slot that is used has been loaded
///   inputs              what END says of the program is true; where inputs of one start overlap,
///                       all of the above holds over several of them, in whatever order loads,
///                       products and stores of different inputs meet
///   order of loads      the first weight frame is asked for before any input (LOAD_INPUT)
/// Test: tests/simulate/test_hazards.cpp (planted faults are found; compiled programs have none).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program/program.hpp"

namespace keyway::simulate {

struct Hazard {
  uint64_t instruction = 0;
  std::string what;
};

/// At most `limit` findings; empty is the proof. Throws as decode_program does.
std::vector<Hazard> find_hazards(const program::CoreConfig& core,
                                 const std::vector<uint8_t>& program_image,
                                 const std::vector<uint8_t>& weight_image, size_t limit = 10);

}  // namespace keyway::simulate
