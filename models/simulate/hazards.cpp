// SPDX-License-Identifier: Apache-2.0
#include "simulate/hazards.hpp"

#include <algorithm>
#include <array>

#include "arith/number_system.hpp"
#include "common/integers.hpp"
#include "simulate/decoded.hpp"

namespace keyway::simulate {
namespace {

using program::CoreConfig;
using program::Mode;

constexpr uint64_t kUnitBytes = 16;  ///< of weight memory that are followed as one
constexpr int kInputs = 3;  ///< followed where inputs overlap: the first, one between, the last

/// What last happened to an activation word.
struct Word {
  enum class Writer : uint8_t { kNothing, kProduct, kInput };
  Writer writer = Writer::kNothing;
  int64_t when = 0;          ///< product, or input row, both counted from one
  int64_t read_product = 0;  ///< last product that read it
  int stored = 0;            ///< input, counted from one, whose STORE reads it
};

/// What last happened to a unit of weight memory.
struct Unit {
  bool written = false;
  int64_t frame = 0;         ///< counted from one; 0: the program image
  int64_t read_product = 0;  ///< last product that reads it
  bool permanent = false;    ///< an instruction, or read by a TABLE: never to be overwritten
};

class Checker {
 public:
  Checker(const CoreConfig& core, size_t image_bytes, size_t weight_frames, size_t limit)
      : core_(core),
        limit_(limit),
        weight_frames_(weight_frames),
        words_(size_t{contract::kRowBanks} * core.block_banks() * core.bank_words()),
        units_(common::ceil_div(core.weight_bytes, kUnitBytes)) {
    for (size_t i = 0; i < common::ceil_div(image_bytes, kUnitBytes); ++i) units_[i].written = true;
  }

  std::vector<Hazard> run(const DecodedProgram& program) {
    for (size_t i = 0; i < program.instructions * contract::kInstructionBytes / kUnitBytes; ++i) {
      units_[i].permanent = true;
    }
    const auto& end = program.end;
    inputs_ = end.overlap != 0 ? kInputs : 1;
    for (input_ = 1; input_ <= inputs_; ++input_) {
      waited_stores_ = false;
      for (const Step& step : program.steps) {
        if (found_.size() >= limit_) return std::move(found_);
        std::visit([this](const auto& s) { check(s); }, step);
      }
      if (input_ == 1) check_end(program);
      products_before_ = products_base_;
      products_base_ += end.products;
      rows_base_ += end.rows;
    }
    return std::move(found_);
  }

 private:
  void report(uint64_t instruction, const std::string& what) {
    const bool repeated =
        !found_.empty() && found_.back().instruction == instruction && found_.back().what == what;
    if (found_.size() < limit_ && !repeated) found_.push_back({instruction, what});
  }

  /// An END of zeros is that of a program for one input a start.
  void check_end(const DecodedProgram& program) {
    const auto& end = program.end;
    const uint64_t index = program.instructions - 1;
    if (end.products == 0 && end.rows == 0 && end.overlap == 0) return;
    if (end.products != products_) report(index, "END names another number of products");
    if (end.rows != this_rows_) report(index, "END names another number of input rows");
    if (end.overlap == 0) return;
    if (frames_ > resident_frames_) report(index, "inputs overlap, but weights are streamed");
    if (next_rows_ != this_rows_) report(index, "the next input is not asked for");
  }

  /// A wait as the core counts it, over all inputs.
  int64_t from_here(int64_t wait) const {
    return wait == 0 ? products_before_ : products_base_ + wait;
  }

  void check_progress(uint64_t index, int64_t products, int64_t rows, int64_t frames) {
    if (products > products_) report(index, "waits for a product that comes later");
    if (rows > input_rows_) report(index, "waits for input rows that are asked for later");
    if (frames > frames_) report(index, "waits for frames that are asked for later");
  }

  void check(const MultiplyStep& step) {
    const auto& m = step.multiply;
    const int64_t products = from_here(m.wait_products), rows = rows_base_ + m.wait_rows;
    check_progress(step.index, products, rows, m.wait_frames);
    waited_products_ = std::max(waited_products_, products);
    waited_rows_ = std::max(waited_rows_, rows);
    waited_stores_ = waited_stores_ || m.wait_stores != 0;
    waited_frames_ = std::max(waited_frames_, m.wait_frames);
    ++products_;
    check_reads(step.index, step.input, "operand");
    check_reads(step.index, step.residual, "residual");
    check_in_place(step);
    step.output.for_each_word([&](size_t w) {
      Word& word = words_[w];
      if (word.stored == input_) report(step.index, "overwrites a word that a STORE reads");
      if (word.stored != 0 && word.stored < input_ && !waited_stores_) {
        report(step.index, "needs wait_stores");
      }
      word.stored = 0;
      if (word.writer == Word::Writer::kInput && word.when > waited_rows_) {
        report(step.index, "overwrites input that may not have come yet");
      }
      word.writer = Word::Writer::kProduct;
      word.when = products_;
    });
    const uint64_t unit = core_.weight_word_bytes();
    if (step.reads_weights) {
      check_weights(step.index, static_cast<uint64_t>(m.weight_address) * unit, step.weight_bytes,
                    "weights");
      const auto system = static_cast<arith::NumberSystem>(step.layer.number_system);
      if (arith::info(system).has_table &&
          !slot_loaded_[static_cast<size_t>(step.layer.table_slot)]) {
        report(step.index, "uses a table slot that is not loaded");
      }
    }
    check_weights(step.index, static_cast<uint64_t>(m.parameter_address) * unit,
                  program::form_of(step.layer).words() * unit, "parameters");
    rows_at_product_.push_back(waited_rows_);
  }

  void check_reads(uint64_t index, const WordBox& box, const char* what) {
    box.for_each_word([&](size_t w) {
      Word& word = words_[w];
      word.read_product = products_;
      switch (word.writer) {
        case Word::Writer::kNothing:
          report(index, std::string(what) + ": reads a word that nothing has written");
          break;
        case Word::Writer::kProduct:
          if (word.when > waited_products_) {
            report(index,
                   std::string(what) + ": needs wait_products of " + std::to_string(word.when));
          }
          break;
        case Word::Writer::kInput:
          if (word.when > waited_rows_) {
            report(index, std::string(what) + ": needs wait_rows of " + std::to_string(word.when));
          }
          break;
      }
    });
  }

  void check_in_place(const MultiplyStep& step) {
    if (!step.output.may_meet(step.input) && !step.output.may_meet(step.residual)) return;
    std::vector<size_t> written;
    step.output.for_each_word([&](size_t w) { written.push_back(w); });
    std::vector<size_t> sorted = written;
    std::sort(sorted.begin(), sorted.end());
    step.input.for_each_word([&](size_t w) {
      if (std::binary_search(sorted.begin(), sorted.end(), w)) {
        report(step.index, "writes words that it reads");
      }
    });
    size_t at = 0;  // residual and output have as many words, in one order
    step.residual.for_each_word([&](size_t w) {
      if (w != written[at++] && std::binary_search(sorted.begin(), sorted.end(), w)) {
        report(step.index, "writes residual words of other pixels");
      }
    });
  }

  void check_weights(uint64_t index, uint64_t address, uint64_t bytes, const char* what) {
    for (uint64_t u = address / kUnitBytes; u < common::ceil_div(address + bytes, kUnitBytes);
         ++u) {
      Unit& unit = units_[u];
      unit.read_product = products_;
      if (!unit.written) {
        report(index, std::string(what) + ": reads weight memory that nothing has written");
      } else if (unit.frame > waited_frames_) {
        report(index, std::string(what) + ": needs wait_frames of " + std::to_string(unit.frame));
      }
    }
  }

  void check(const TableStep& step) {
    const uint64_t address =
        static_cast<uint64_t>(step.table.table_address) * core_.weight_word_bytes();
    const uint64_t bytes = program::table_bytes(step.table.short_table != 0);
    check_weights(step.index, address, bytes, "table");
    for (uint64_t u = address / kUnitBytes; u < (address + bytes) / kUnitBytes; ++u) {
      units_[u].permanent = true;
    }
    slot_loaded_[static_cast<size_t>(step.table.slot)] = true;
  }

  void check(const LoadWeightsStep& step) {
    if (step.load.resident != 0 && input_ > 1) return;
    check_progress(step.index, from_here(step.load.wait_products), 0, 0);
    load_waited_ = std::max(load_waited_, from_here(step.load.wait_products));
    if (step.load.resident != 0) resident_frames_ += step.load.count;
    uint64_t unit = static_cast<uint64_t>(step.load.destination);
    for (int64_t f = 0; f < step.load.count; ++f) {
      ++frames_;
      for (uint64_t i = 0; i < contract::kPayloadBytes / kUnitBytes; ++i, ++unit) {
        Unit& u = units_[unit];
        if (u.permanent) report(step.index, "overwrites instructions or a table");
        if (u.read_product > load_waited_) {
          report(step.index, "needs wait_products of " + std::to_string(u.read_product));
        }
        u.written = true;
        u.frame = frames_;
      }
    }
  }

  void check(const LoadInputStep& step) {
    if (frames_ == 0 && weight_frames_ > 0) {
      report(step.index, "asks for input before the first weight frame");
    }
    const auto turn = static_cast<program::Turn>(step.load.turn);
    if (input_ == 1) (turn == program::Turn::kNext ? next_rows_ : this_rows_) += step.words.y_end;
    if (turn == program::Turn::kFirst && input_ > 1) return;
    if (turn == program::Turn::kNext && input_ == inputs_) return;
    check_progress(step.index, from_here(step.load.wait_products), 0, 0);
    load_waited_ = std::max(load_waited_, from_here(step.load.wait_products));
    WordBox row = step.words;
    for (int64_t y = 0; y < step.words.y_end; ++y) {
      ++input_rows_;
      row.y = y;
      row.y_end = y + 1;
      row.for_each_word([&](size_t w) {
        Word& word = words_[w];
        if (word.stored != 0) report(step.index, "overwrites a word that a STORE reads");
        const int64_t written = word.writer == Word::Writer::kProduct ? word.when : 0;
        const int64_t last = std::max(written, word.read_product);
        if (last > load_waited_) {
          report(step.index, "needs wait_products of " + std::to_string(last));
        }
        word.writer = Word::Writer::kInput;
        word.when = input_rows_;
      });
    }
  }

  void check(const StoreStep& step) {
    check_progress(step.index, from_here(step.store.wait_products), 0, 0);
    store_waited_ = std::max(store_waited_, from_here(step.store.wait_products));
    // What products have waited for has happened too.
    const auto known = static_cast<size_t>(std::min(store_waited_, products_));
    const int64_t rows = known > 0 ? rows_at_product_[known - 1] : 0;
    step.words.for_each_word([&](size_t w) {
      Word& word = words_[w];
      word.stored = input_;
      if (word.writer == Word::Writer::kNothing) {
        report(step.index, "stores a word that nothing has written");
      } else if (word.writer == Word::Writer::kProduct && word.when > store_waited_) {
        report(step.index, "needs wait_products of " + std::to_string(word.when));
      } else if (word.writer == Word::Writer::kInput && word.when > rows) {
        report(step.index, "stores input that may not have come yet");
      }
    });
  }

  const CoreConfig& core_;
  const size_t limit_;
  const size_t weight_frames_;
  std::vector<Word> words_;
  std::vector<Unit> units_;
  std::vector<Hazard> found_;
  int64_t products_ = 0, input_rows_ = 0, frames_ = 0;                 ///< asked for so far
  int64_t waited_products_ = 0, waited_rows_ = 0, waited_frames_ = 0;  ///< of the array queue
  int64_t load_waited_ = 0, store_waited_ = 0;
  // Inputs of one start.
  int input_ = 1, inputs_ = 1;
  int64_t products_base_ = 0, products_before_ = 0, rows_base_ = 0;
  int64_t this_rows_ = 0, next_rows_ = 0, resident_frames_ = 0;  ///< asked for by the first
  bool waited_stores_ = false;                                   ///< in this input
  std::vector<int64_t> rows_at_product_;
  std::array<bool, contract::kTableSlots> slot_loaded_{};
};

}  // namespace

std::vector<Hazard> find_hazards(const CoreConfig& core, const std::vector<uint8_t>& program_image,
                                 const std::vector<uint8_t>& weight_image, size_t limit) {
  const size_t frames = common::ceil_div(weight_image.size(), contract::kPayloadBytes);
  const DecodedProgram program =
      decode_program(core, program_image, frames * contract::kPayloadBytes);
  return Checker(core, program_image.size(), frames, limit).run(program);
}

}  // namespace keyway::simulate
