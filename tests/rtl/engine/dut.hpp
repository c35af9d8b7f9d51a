// SPDX-License-Identifier: Apache-2.0
/// The Verilated engine behind one interface, so that the bench is compiled once for all shapes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "program.hpp"

namespace keyway::test {

using Beat = std::array<uint32_t, 4>;

struct Pins {
  bool rst_n = true, clear = false, run = false, warm = false;
  Inputs inputs;  ///< with run; the strides as long as it runs
  bool weight_write_valid = false;
  uint32_t weight_write_address = 0;
  Beat weight_write_data{};
  bool frames_ready = false, frame_verified = false;
  bool input_request_ready = false, input_valid = false;
  Beat input_data{};
  bool output_request_ready = false, output_ready = false;
};

struct Outputs {
  bool clear_done = false, done = false, error = false;
  bool frames_valid = false;
  uint32_t frames_count = 0, frames_destination = 0;
  bool input_request_valid = false;
  uint32_t input_request_offset = 0, input_request_bytes = 0;
  bool input_ready = false;
  bool output_request_valid = false;
  uint32_t output_request_offset = 0, output_request_bytes = 0;
  bool output_valid = false;
  Beat output_data{};
  std::array<bool, 7> events{};  ///< busy, then stalls: tile, bank, frames, rows, products, empty
};

class Dut {
 public:
  virtual ~Dut() = default;
  /// Sets inputs in the low half of a cycle and gives the outputs that belong to them.
  virtual void settle(const Pins& inputs, Outputs& outputs) = 0;
  /// The rising edge.
  virtual void clock() = 0;
};

/// The shape this program was linked with, and a new core of it, after reset.
Shape dut_shape();
std::unique_ptr<Dut> make_dut();

}  // namespace keyway::test
