// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "arith/coding.hpp"
#include "arith/number_system.hpp"
#include "common/error.hpp"
#include "common/exit_status.hpp"
#include "common/printable.hpp"
#include "program/array_kind.hpp"
#include "tool/commands.hpp"
#include "tool/normal_weights.hpp"
#include "tool/report.hpp"

namespace keyway::tool {

namespace {

using Json = nlohmann::ordered_json;

/// A system as it is seen here: beside a tensor of normally distributed weights, whose table stands
/// for all tables where the system has one.
struct View {
  arith::NumberSystemInfo system;
  arith::Table table;
  double step;  ///< of that tensor: standard deviations that a value of one stands for

  explicit View(const arith::NumberSystemInfo& seen) : system(seen) {
    const arith::WeightProblem normal = normal_weights(kinds().front().kind);
    const arith::Coding coding = system.encode(normal);
    table = system.table_of(coding.operands);
    step = coding.step[0] / system.unit(normal.array_kind);
  }

  double value(uint32_t code) const {
    return system.exact_value(static_cast<uint8_t>(code), table);
  }

  /// The first code of the nearest value below (`direction` -1) or above (1).
  std::optional<uint32_t> next(uint32_t code, int direction) const {
    std::optional<uint32_t> nearest;
    for (uint32_t other = 0; other < system.codes(); ++other) {
      if (direction * (value(other) - value(code)) <= 0) continue;
      if (!nearest || direction * (value(*nearest) - value(other)) > 0) nearest = other;
    }
    return nearest;
  }

  std::vector<uint32_t> of_same_value(uint32_t code) const {
    std::vector<uint32_t> same;
    for (uint32_t other = 0; other < system.codes(); ++other) {
      if (other != code && value(other) == value(code)) same.push_back(other);
    }
    return same;
  }

  std::vector<contract::ArrayKindInfo> kinds() const {
    std::vector<contract::ArrayKindInfo> all;
    for (const contract::ArrayKindInfo& kind : program::array_kinds()) {
      if (system.runs_on(kind.kind)) all.push_back(kind);
    }
    return all;
  }

  std::string hex(uint32_t code) const {
    return fmt::format("0x{:0{}x}", code, system.code_bits / 4);
  }
};

/// Decimal, 0x.. or 0b..
uint32_t read_code(const std::string& text, const View& view) {
  const std::string prefix = text.substr(0, 2);
  const int base = prefix == "0x" || prefix == "0X"   ? 16
                   : prefix == "0b" || prefix == "0B" ? 2
                                                      : 10;
  uint32_t code = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + (base == 10 ? 0 : 2), end, code, base);
  const uint32_t last = view.system.codes() - 1;
  if (error != std::errc() || stop != end || code > last) {
    throw Error(ErrorKind::kUsage,
                fmt::format("{} has no code {}; its codes are 0 to {}, in decimal, as 0x0 to {:#x} "
                            "or 0b0 to {:#b}",
                            view.system.name, common::quoted(text), last, last, last));
  }
  return code;
}

std::string bits_text(uint32_t code, const View& view) {
  return arith::bits_of(static_cast<uint8_t>(code), 0, static_cast<int>(view.system.code_bits));
}

std::string fields_text(uint32_t code, const View& view) {
  std::string text;
  for (const arith::CodeField& field : view.system.fields(static_cast<uint8_t>(code))) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", field.name, field.value);
  }
  return text;
}

std::string example_text(const View& view) {
  return fmt::format(
      "Every tensor has a table of its own; this one is of weights that are normally\n"
      "distributed, where a value of one is {:.4g} standard deviations.\n",
      view.step);
}

std::string table_text(const View& view) {
  std::string text = fmt::format("{:<6}{:<10}{:<44}{:>24}", "code", "bits", "fields", "value");
  for (const auto& kind : view.kinds()) text += fmt::format("{:>13}", kind.name);
  text += '\n';
  for (uint32_t code = 0; code < view.system.codes(); ++code) {
    text += fmt::format("{:<6}{:<10}{:<44}{:>24}", view.hex(code), bits_text(code, view),
                        fields_text(code, view), view.value(code));
    for (const auto& kind : view.kinds()) {
      text += fmt::format("{:>13}",
                          view.system.operand(static_cast<uint8_t>(code), view.table, kind.kind));
    }
    text += '\n';
  }
  text += "\nIn the columns of the array kinds: the operand.";
  for (const auto& kind : view.kinds()) {
    text += fmt::format(" {}: one stands for {}.", kind.name, view.system.unit(kind.kind));
  }
  text += '\n';
  return view.system.tabulate != nullptr ? text + example_text(view) : text;
}

std::string code_text(uint32_t code, const View& view) {
  std::string text;
  const auto line = [&](const std::string& name, const std::string& value) {
    text += fmt::format("{:<14} {}\n", name, value);
  };
  const auto neighbour = [&](const char* name, std::optional<uint32_t> other) {
    line(name, other ? fmt::format("{}  {}", view.hex(*other), view.value(*other)) : "none");
  };
  line("code", fmt::format("{} ({}) of {}", view.hex(code), code, view.system.name));
  line("bits", bits_text(code, view));
  for (const arith::CodeField& field : view.system.fields(static_cast<uint8_t>(code))) {
    line(fmt::format("  {}", field.name), fmt::format("{:<9} {}", field.bits, field.value));
  }
  line("value", view.system.tabulate != nullptr
                    ? fmt::format("{}, {:.4g} standard deviations", view.value(code),
                                  view.value(code) * view.step)
                    : fmt::format("{}", view.value(code)));
  for (const auto& kind : view.kinds()) {
    line("operand",
         fmt::format("{} on arrays of the kind {}, where one stands for {}",
                     view.system.operand(static_cast<uint8_t>(code), view.table, kind.kind),
                     kind.name, view.system.unit(kind.kind)));
  }
  neighbour("next below", view.next(code, -1));
  neighbour("next above", view.next(code, 1));
  std::string same;
  for (const uint32_t other : view.of_same_value(code)) same += " " + view.hex(other);
  if (!same.empty()) line("same value", same.substr(1));
  return view.system.tabulate != nullptr ? text + "\n" + example_text(view) : text;
}

Json json_of_code(uint32_t code, const View& view) {
  Json fields = Json::array(), operands = Json::object();
  for (const arith::CodeField& field : view.system.fields(static_cast<uint8_t>(code))) {
    fields.push_back({{"name", field.name}, {"bits", field.bits}, {"value", field.value}});
  }
  for (const auto& kind : view.kinds()) {
    operands[kind.name] = view.system.operand(static_cast<uint8_t>(code), view.table, kind.kind);
  }
  const auto neighbour = [&](int direction) {
    const auto other = view.next(code, direction);
    return other ? Json{{"code", *other}, {"value", view.value(*other)}} : Json(nullptr);
  };
  return {{"code", code},
          {"bits", bits_text(code, view)},
          {"fields", std::move(fields)},
          {"value", view.value(code)},
          {"operands", std::move(operands)},
          {"below", neighbour(-1)},
          {"above", neighbour(1)},
          {"same_value", view.of_same_value(code)}};
}

Json json_of(const View& view) {
  Json units = Json::object();
  for (const auto& kind : view.kinds()) units[kind.name] = view.system.unit(kind.kind);
  return {{"status", kSuccess},
          {"system", view.system.name},
          {"units", std::move(units)},
          {"standard_deviations", view.step}};
}

}  // namespace

void add_number_command(CLI::App& app) {
  struct Options {
    std::string system, code;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("number", "Show what the codes of a number system stand for");
  command->add_option("system", options->system, arith::number_system_names())->required();
  auto* one = command->add_option("code", options->code,
                                  "A code, as 90, 0x5a or 0b1011010; without it, all");
  command->add_flag("--json", options->json, "One JSON object on stdout, nothing else");
  command->footer(
      "Value: the number that the code stands for; a weight is that times the step of its "
      "channel.\n"
      "Operand: the integer that an array multiplies by, the value in its units within what it\n"
      "holds. Where a table says what codes mean, there is one for every tensor, in the sealed\n"
      "program; shown is that of normally distributed weights. `standard_deviations` of --json is\n"
      "how large a value of one is among such weights. The fields of a negative posit are those "
      "of\n"
      "its magnitude.");
  command->callback([options, one] {
    const View view(arith::info(arith::number_system_from_name(options->system)));
    std::optional<uint32_t> code;
    if (one->count() > 0) code = read_code(options->code, view);
    if (!options->json) {
      print_text(code ? code_text(*code, view) : table_text(view));
      return;
    }
    Json json = json_of(view);
    if (code) {
      json.update(json_of_code(*code, view));
    } else {
      Json codes = Json::array();
      for (uint32_t c = 0; c < view.system.codes(); ++c) codes.push_back(json_of_code(c, view));
      json["codes"] = std::move(codes);
    }
    print_json(json);
  });
}

}  // namespace keyway::tool
