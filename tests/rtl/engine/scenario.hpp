// SPDX-License-Identifier: Apache-2.0
/// Writes engine programs: tensors in activation memory, layers over them, waits that are just
/// enough.
///
/// Weights, parameters and inputs are random from the seed given. A layer is cut into groups of
/// output pixels; each MULTIPLY waits for the products (or input rows) that made what it reads, no
/// more. Errors: std::runtime_error when memories are full, so that a random scenario can stop
/// growing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "program.hpp"

namespace keyway::test {

struct Tensor {
  int base = 0, phase = 0, row_pitch = 0, block_pitch = 0;
  int height = 0, width = 0, blocks = 0;
  bool is_signed = false;
  int products = 0;  ///< readable when so many products are written
  int rows = 0;      ///< and so many input rows
};

/// The first number system of such arrays whose operands come out of a table, with codes of so many
/// bits.
std::optional<int> system_with_table(contract::ArrayKind kind, uint32_t code_bits = 8);
/// The first number system of such arrays.
int first_system(contract::ArrayKind kind);

struct LayerSpec {
  int mode = 0;
  bool ones = false;
  int number_system = -1;  ///< the first one that the array runs
  int table_slot = 0;
  bool pair_rows = false;
  int kernel_h = 1, kernel_w = 1, stride_y = 1, stride_x = 1;
  int pad_top = 0, pad_left = 0;
  int height = 1, width = 1;     ///< output
  int output_blocks = 1;         ///< of Lanes channels
  int group_h = 0, group_w = 0;  ///< 0: as many as fit 512
  bool output_signed = true;
  std::optional<Tensor> residual;
  int residual_stride_y = 1, residual_stride_x = 1;
  std::optional<Tensor> output;  ///< where to, when not to a new tensor
  bool extreme = false;          ///< parameters at the ends of their ranges
  bool short_parameters = false;
  bool weights_by_frames = false;
  int64_t schedule = 0;  ///< of all MULTIPLYs, with schedule_run
  int schedule_run = 0;
};

class Scenario {
 public:
  Scenario(const Shape& shape, uint64_t seed);

  /// To be called first: the program is for several inputs a run, one after the other or (overlap)
  /// the next one's transfer beside this one's products.
  void several_inputs(int count, bool overlap);
  Inputs inputs() const;

  const Shape& shape() const { return shape_; }
  std::mt19937_64& random() { return random_; }
  int uniform(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  /// A place in activation memory for a tensor; phase and gaps are random unless given.
  Tensor place(int height, int width, int blocks, bool is_signed, int phase = -1);
  /// The same by a LOAD_INPUT of random bytes (in `parts` instructions of whole rows).
  Tensor input(int height, int width, int blocks, bool is_signed, int parts = 1, int phase = -1);
  /// TABLE of random operands.
  void table(int slot, int number_system);
  Tensor layer(const Tensor& input, const LayerSpec& spec);
  void store(const Tensor& tensor);
  void raw(const Instruction& instruction) { program_.push_back(instruction); }
  /// Frees all activation memory; what follows waits for everything before.
  void reuse_activations();

  /// Random bytes in weight memory, at a whole weight word; gives the word's address.
  int add_weights(int words);
  /// The same through LOAD_WEIGHTS; what reads them waits for `frames_done()`.
  int add_weight_frames(int words, bool resident = false);
  int frames_done() const { return static_cast<int>(frames_.size()); }
  int products() const { return products_; }

  /// The program, one instruction a line with the fields that are not zero.
  std::string listing() const;
  /// The weight image with the program and END; input; frames.
  Bytes image() const;
  Bytes input_bytes() const;  ///< of all inputs
  const std::vector<Bytes>& frames() const { return frames_; }

 private:
  int add_parameters(const LayerSpec& spec, int taps);
  int take_weights(int words);

  Shape shape_;
  std::mt19937_64 random_;
  std::vector<Instruction> program_with_end() const;

  std::vector<Instruction> program_;
  int inputs_ = 1;
  bool overlap_ = false;
  int last_reader_ = 0;  // product that reads an input
  Bytes weights_;        // image without the program
  int weight_words_used_;
  int activation_words_used_ = 0;
  int products_ = 0;
  int input_rows_ = 0;
  int must_wait_ = 0;  // products that used memory that is used again
  int output_beats_ = 0;
  Bytes input_;
  std::vector<Bytes> frames_;
};

/// A random scenario of a few layers, every instruction, mode and option among them.
std::unique_ptr<Scenario> random_scenario(const Shape& shape, uint64_t seed);

}  // namespace keyway::test
