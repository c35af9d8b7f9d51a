// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "common/exit_status.hpp"
#include "common/interrupt.hpp"
#include "graph/onnx_import.hpp"
#include "tool/commands.hpp"
#include "tool/graph_output.hpp"
#include "tool/report.hpp"
#include "tool/soft_attacks.hpp"
#include "tool/tensors.hpp"

namespace keyway::tool {
namespace {

struct Options {
  std::string model, known, input, labels;
  int64_t limit = -1;
  bool json = false;
};

void run(const Options& options) {
  const graph::Graph graph = graph::import_onnx(options.model);
  const auto known = read_inputs(options.known, graph.input_layout.dims, -1);
  const auto judged = read_inputs(options.input, graph.input_layout.dims, options.limit);
  AttackData data;
  data.known = known.values.data();
  data.known_images = known.rows();
  data.judged = judged.values.data();
  data.labels =
      read_labels(options.labels, static_cast<size_t>(judged.rows()), classes_of(output_of(graph)));
  const common::InterruptGuard guard;
  const std::vector<int64_t> floats = answers(graph, data.judged, judged.rows());
  size_t right = 0;
  for (size_t i = 0; i < floats.size(); ++i) right += floats[i] == data.labels[i] ? 1 : 0;
  const double in_float = static_cast<double>(right) / static_cast<double>(floats.size());
  const std::vector<AttackResult> results = run_attacks(graph, data);
  if (options.json) {
    print_json({{"status", kSuccess},
                {"inputs", judged.rows()},
                {"known_inputs", known.rows()},
                {"float", in_float},
                {"attacks", to_json(results)}});
    return;
  }
  print_text(attack_table(results) +
             fmt::format("\nfloat {:.1f} %; {} inputs with labels; attackers know {} without\n",
                         100 * in_float, judged.rows(), known.rows()));
}

}  // namespace

void add_attack_command(CLI::App& app) {
  auto* attack = app.add_subcommand("attack", "What is left of a lock once others try");
  attack->require_subcommand(1);
  auto options = std::make_shared<Options>();
  auto* command = attack->add_subcommand(
      "soft", "Quantise a softly locked float model as others would, with and without tricks");
  command->add_option("model", options->model, "The model (.onnx), as lock --emit-onnx writes it")
      ->required();
  command
      ->add_option("--calib", options->known,
                   "Inputs that attackers have (.npy of float32, N first), without labels")
      ->required();
  command->add_option("--input", options->input, "Inputs that they are judged by (.npy)")
      ->required();
  command->add_option("--labels", options->labels, "Their classes (.npy of integers)")->required();
  command->add_option("--limit", options->limit, "Judge by the first N inputs alone");
  command->add_flag("--json", options->json, "One JSON object on stdout, nothing else");
  command->footer(
      "8 bits for weights and activations unless a row says otherwise; a step of the weights for\n"
      "every output channel unless it says a tensor. Equalised pairs: channels between two "
      "layers;\n"
      "streams: all tensors of a residual stream together. Silent channels are those that are "
      "zero\n"
      "on all inputs that the attacker has. Ctrl-C ends with exit status 8.");
  command->callback([options] { run(*options); });
}

}  // namespace keyway::tool
