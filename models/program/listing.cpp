// SPDX-License-Identifier: Apache-2.0
#include "program/listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "common/error.hpp"
#include "common/printable.hpp"
#include "program/instructions.hpp"

namespace keyway::program {
namespace {

std::string fields_of(const Instruction& instruction) {
  std::string text;
  std::visit(
      [&](const auto& i) {
        using T = std::decay_t<decltype(i)>;
        T::visit(i, [&](const contract::Field& field, int64_t value) {
          if (value != 0) text += fmt::format(" {}={}", field.name, value);
        });
      },
      instruction);
  return text;
}

const char* name_of(const Instruction& instruction) {
  return std::visit([](const auto& i) { return std::decay_t<decltype(i)>::kName; }, instruction);
}

[[noreturn]] void bad_line(size_t line, const std::string& what) {
  throw Error(ErrorKind::kUsage, fmt::format("listing, line {}: {}", line, what));
}

template <typename T>
T parse_fields(std::istringstream& words, size_t line) {
  T result;
  T::visit(result, [](const contract::Field&, int64_t& value) { value = 0; });
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) bad_line(line, common::quoted(word) + " is not field=value");
    const std::string name = word.substr(0, equals), number = word.substr(equals + 1);
    bool found = false;
    T::visit(result, [&](const contract::Field& field, int64_t& value) {
      if (name != field.name) return;
      found = true;
      size_t used = 0;
      try {
        value = std::stoll(number, &used, 0);
      } catch (const std::logic_error&) {
        used = 0;
      }
      if (used == 0 || used != number.size())
        bad_line(line, common::quoted(number) + " is not a number");
    });
    if (!found) bad_line(line, std::string(T::kName) + " has no field " + common::quoted(name));
  }
  return result;
}

template <size_t Index = 0>
Instruction parse_instruction(const std::string& name, std::istringstream& words, size_t line) {
  if constexpr (Index < std::variant_size_v<Instruction>) {
    using T = std::variant_alternative_t<Index, Instruction>;
    if (name == T::kName) return parse_fields<T>(words, line);
    return parse_instruction<Index + 1>(name, words, line);
  } else {
    bad_line(line, "unknown instruction " + common::quoted(name));
  }
}

}  // namespace

std::string list(const std::vector<uint8_t>& program_image, const std::vector<LayerInfo>& layers) {
  std::string text;
  uint64_t products = 0, frames = 0;
  size_t layer = 0;
  for (uint64_t index = 0;; ++index) {
    const size_t at = static_cast<size_t>(index) * contract::kInstructionBytes;
    if (at + contract::kInstructionBytes > program_image.size()) {
      throw Error(ErrorKind::kFile, "malformed program: it has no END");
    }
    while (layer < layers.size() && layers[layer].first_instruction == index) {
      text += fmt::format("; layer {} ({}), {} MACs, about {} array cycles\n",
                          common::quoted(layers[layer].name), common::printable(layers[layer].kind),
                          layers[layer].macs, layers[layer].ideal_cycles);
      ++layer;
    }
    const Instruction instruction = decode(program_image.data() + at, index);
    std::string line =
        fmt::format("{:6} {:<12}{}", index, name_of(instruction), fields_of(instruction));
    if (std::holds_alternative<MultiplyInstruction>(instruction)) {
      line += fmt::format("  ; product {}", ++products);
    } else if (const auto* load = std::get_if<LoadWeightsInstruction>(&instruction)) {
      const uint64_t first = frames;
      frames += static_cast<uint64_t>(load->count);
      line += fmt::format("  ; weight frames {} to {}", first + 1, frames);
    }
    text += line + '\n';
    if (std::holds_alternative<EndInstruction>(instruction)) return text;
  }
}

std::vector<uint8_t> assemble(const std::string& text) {
  std::vector<uint8_t> bytes;
  std::istringstream lines(text);
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line.substr(0, line.find(';')));
    std::string name;
    if (!(words >> name)) continue;
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
        !(words >> name)) {
      bad_line(number, "an index without an instruction");
    }
    const InstructionBytes encoded =
        encode(parse_instruction(name, words, number), fmt::format("listing, line {}", number));
    bytes.insert(bytes.end(), encoded.begin(), encoded.end());
  }
  return bytes;
}

}  // namespace keyway::program
