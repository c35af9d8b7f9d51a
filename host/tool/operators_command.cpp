// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "common/exit_status.hpp"
#include "graph/onnx_import.hpp"
#include "graph/operators.hpp"
#include "tool/commands.hpp"
#include "tool/report.hpp"

namespace keyway::tool {

namespace {

std::string text_of(const std::vector<graph::Operator>& operators) {
  std::string text = fmt::format(
      "Operator sets {} to {}. Marked with *: also where all inputs are constants or shapes; such "
      "a\n"
      "node is folded, and may then do all that the operator can. In brackets: a domain other "
      "than\n"
      "ONNX's own.\n",
      graph::kMinOpset, graph::kMaxOpset);
  const auto list = [&](bool activations, const char* heading) {
    text += heading;
    for (const graph::Operator& op : operators) {
      if (op.activations != activations) continue;
      const std::string name = op.name + std::string(activations && op.constants ? " *" : "");
      const std::string domain = *op.domain ? fmt::format(" [{}]", op.domain) : "";
      text += fmt::format("  {:<26} {}{}\n", name, op.holds, domain);
    }
  };
  list(true, "\nOn what depends on the network's input:\n");
  list(false, "\nOn constants and shapes alone:\n");
  return text;
}

nlohmann::ordered_json json_of(const std::vector<graph::Operator>& operators) {
  auto rows = nlohmann::ordered_json::array();
  for (const graph::Operator& op : operators) {
    rows.push_back({{"name", op.name},
                    {"domain", op.domain},
                    {"holds", op.holds},
                    {"activations", op.activations},
                    {"constants", op.constants}});
  }
  return {{"status", kSuccess},
          {"operator_sets", {graph::kMinOpset, graph::kMaxOpset}},
          {"operators", std::move(rows)}};
}

}  // namespace

void add_operators_command(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("operators", "List the ONNX operators that a model may hold");
  command->add_flag("--json", *json, "One JSON object on stdout, nothing else");
  command->footer(
      "A model that holds another operator, or one of these in another form, is refused with exit\n"
      "status 4 by node, operator and reason.");
  command->callback([json] {
    const std::vector<graph::Operator> operators = graph::operators();
    if (*json) {
      print_json(json_of(operators));
    } else {
      print_text(text_of(operators));
    }
  });
}

}  // namespace keyway::tool
