// SPDX-License-Identifier: Apache-2.0
/// A small program whose images are random bytes: enough for everything that does not run it.
#pragma once

#include "lock/bytes.hpp"
#include "program/program.hpp"

namespace keyway::test {

inline program::Program sample_program(size_t program_bytes = 5000, size_t weight_bytes = 30000) {
  program::Program p;
  p.name = "sample";
  p.number_system = contract::NumberSystem::kQf8;
  p.program_image.resize(program_bytes);
  p.weight_image.resize(weight_bytes);
  lock::fill_random(p.program_image.data(), p.program_image.size());
  lock::fill_random(p.weight_image.data(), p.weight_image.size());
  p.instructions = 3;
  p.input.shape = {3, 4, 5};
  p.input.layout = {{3, 4, 5}, 20, 5, 1};
  p.input.scale = {0.5F, 0.25F, 0.125F};
  p.input.input_scale = {1, 1, 1};
  p.input.input_offset = {0, 0, 0};
  p.input_image.height = 4;
  p.input_image.width = 5;
  p.input_image.lanes.resize(16);
  for (int c = 0; c < 3; ++c) p.input_image.lanes[static_cast<size_t>(c)] = {c, c, 0};
  p.output.shape = {2, 1, 1};
  p.output.layout = {{2}, 1, 1, 1};
  p.output.scale = {0.1F, 0.2F};
  p.output.offset = {0.0F, -1.0F};
  p.output_image.channels.assign(16, -1);
  p.output_image.channels[0] = 1;
  p.output_image.channels[1] = 0;
  p.layers = {{"conv \"quoted\"", "dense", 0, 2, 100, 200}};
  p.products = {{0, 1}};
  p.macs = 100;
  return p;
}

}  // namespace keyway::test
