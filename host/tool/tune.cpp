// SPDX-License-Identifier: Apache-2.0
#include "tool/tune.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/interrupt.hpp"
#include "common/printable.hpp"
#include "graph/onnx_export.hpp"
#include "graph/onnx_import.hpp"
#include "tool/graph_output.hpp"
#include "tool/report.hpp"
#include "tool/tensors.hpp"
#include "tune/trainer.hpp"

namespace keyway::tool {
namespace {

using Json = nlohmann::ordered_json;

/// Labels need an output that is a list of classes; without any it may be what it likes.
int64_t classes(const graph::Graph& graph, bool needed) {
  try {
    return classes_of(output_of(graph));
  } catch (const Error&) {
    if (needed) throw;
    return 0;
  }
}

std::string percent(const tune::Score& score) {
  return score.accuracy ? fmt::format("{:.1f} %", 100 * *score.accuracy) : "";
}

Json accuracy_json(const tune::Score& score) {
  return score.accuracy ? Json(*score.accuracy) : Json(nullptr);
}

void say(const std::string& text) {
  fmt::print(stderr, "{}\n", common::printable(text, common::kAllShown));
}

class Run {
 public:
  explicit Run(const TuneOptions& options)
      : options_(options),
        system_(arith::info(arith::number_system_from_name(options.format))),
        graph_(graph::import_onnx(options.model)) {
    inputs_ = read_inputs(options.inputs, graph_.input_layout.dims, -1);
    examples_.inputs = inputs_.values.data();
    examples_.images = inputs_.rows();
    examples_.classes = classes(graph_, !options.labels.empty());
    if (!options.labels.empty()) {
      examples_.labels =
          read_labels(options.labels, static_cast<size_t>(examples_.images), examples_.classes);
    }
    graph::export_onnx(graph_, options.model);  // what cannot be written need not be tuned
    tune::Options settings;
    settings.epochs = options.epochs;
    settings.batch = options.batch;
    settings.learning_rate = options.learning_rate;
    settings.seed = options.seed;
    settings.threads = static_cast<int>(options.threads);
    std::string saved;
    if (options.resume) {
      const auto bytes = common::read_file(options.checkpoint_file());
      saved.assign(bytes.begin(), bytes.end());
    }
    make_trainer(settings);
    before_ = trainer_->score();
    if (options.resume) restore(saved);
  }

  /// Ctrl-C is noticed by the progress line, between two steps.
  void train() {
    const common::InterruptGuard guard;
    try {
      while (!trainer_->finished()) train_epoch();
    } catch (const Error& error) {
      if (!common::interrupted()) throw;
      save();
      throw Error(error.kind(),
                  fmt::format("interrupted in epoch {} of {}; the same command with --resume goes "
                              "on from {}",
                              trainer_->epoch() + 1, options_.epochs, options_.checkpoint_file()));
    }
  }

  void finish() {
    const std::string model = graph::export_onnx(trainer_->tuned(), options_.model);
    common::write_file(options_.output, model);
    std::error_code ignored;
    std::filesystem::remove(options_.checkpoint_file(), ignored);
    report(trainer_->score());
  }

 private:
  /// What is wrong with values that the network computes comes from its inputs.
  void make_trainer(const tune::Options& settings) {
    try {
      trainer_ =
          std::make_unique<tune::Trainer>(graph_, tune::Projection(system_), examples_, settings);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::kFile) throw;
      throw Error(e.kind(), options_.inputs + ": " + e.what());
    }
  }

  void restore(const std::string& saved) {
    try {
      trainer_->restore(saved);
    } catch (const Error& e) {
      throw Error(e.kind(), options_.checkpoint_file() + ": " + e.what());
    }
  }

  void save() const { common::write_file(options_.checkpoint_file(), trainer_->checkpoint()); }

  void train_epoch() {
    const int64_t epoch = trainer_->epoch();
    {
      Progress progress(fmt::format("epoch {} of {}", epoch + 1, options_.epochs),
                        static_cast<size_t>(trainer_->batches()));
      for (trainer_->step(); trainer_->epoch() == epoch; trainer_->step()) {
        progress.at(static_cast<size_t>(trainer_->batch()));
      }
    }
    save();
    const tune::Score& score = trainer_->epoch_scores().back();
    std::string text =
        fmt::format("epoch {} of {}: loss {:.4f}", epoch + 1, options_.epochs, score.loss);
    if (score.accuracy) {
      text +=
          fmt::format(", {} right (float {})", percent(score), percent(trainer_->float_score()));
    }
    say(text);
  }

  void report(const tune::Score& after) const {
    const tune::Score before = before_, whole = trainer_->float_score();
    std::string text =
        fmt::format("{}: {} epochs over {} inputs, loss {:.4f} before, {:.4f} after",
                    options_.output, options_.epochs, examples_.images, before.loss, after.loss);
    if (after.accuracy) {
      text += fmt::format("; of these inputs right: float {}, {} {} before, {} after",
                          percent(whole), system_.name, percent(before), percent(after));
    }
    say(text);
    if (!options_.json) return;
    Json losses = Json::array(), accuracies = Json::array();
    for (const tune::Score& score : trainer_->epoch_scores()) {
      losses.push_back(score.loss);
      accuracies.push_back(accuracy_json(score));
    }
    print_json({{"status", kSuccess},
                {"message", text},
                {"model", options_.output},
                {"format", options_.format},
                {"inputs", examples_.images},
                {"epochs", options_.epochs},
                {"batch", options_.batch},
                {"learning_rate", options_.learning_rate},
                {"seed", options_.seed},
                {"threads", options_.threads},
                {"loss", {{"before", before.loss}, {"epochs", losses}, {"after", after.loss}}},
                {"accuracy",
                 {{"float", accuracy_json(whole)},
                  {"before", accuracy_json(before)},
                  {"epochs", accuracies},
                  {"after", accuracy_json(after)}}}});
  }

  const TuneOptions& options_;
  const arith::NumberSystemInfo& system_;
  graph::Graph graph_;
  common::NpyArray<float> inputs_;
  tune::Examples examples_;
  std::unique_ptr<tune::Trainer> trainer_;
  tune::Score before_;
};

}  // namespace

void tune(const TuneOptions& options) {
  Run run(options);
  run.train();
  run.finish();
}

}  // namespace keyway::tool
