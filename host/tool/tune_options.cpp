// SPDX-License-Identifier: Apache-2.0
#include "tool/tune_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "arith/number_system.hpp"

namespace keyway::tool {
namespace {

constexpr int64_t kMostEpochs = 100000, kMostInputs = 100000, kMostThreads = 256;

}  // namespace

std::string TuneOptions::checkpoint_file() const {
  return checkpoint.empty() ? output + ".ckpt" : checkpoint;
}

int64_t TuneOptions::all_threads() {
  return std::clamp<int64_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
}

void add_tune_options(CLI::App& command, TuneOptions& options) {
  command.add_option("model", options.model, "The trained model (.onnx)")->required();
  command
      .add_option("--input", options.inputs,
                  "Inputs to learn from (.npy of float32, N first), as in the model's training")
      ->required();
  command.add_option("--labels", options.labels,
                     "Their classes (.npy of integers); without them the answers of the float "
                     "network are all that is learnt");
  command
      .add_option("--format", options.format,
                  "Number system of the weights: " + arith::number_system_names())
      ->required();
  command.add_option("-o,--output", options.output, "The tuned model (.onnx) to write")->required();
  command.add_option("--epochs", options.epochs, "Times that every input is used")
      ->check(CLI::Range(int64_t{1}, kMostEpochs))
      ->capture_default_str();
  command.add_option("--batch", options.batch, "Inputs of one step")
      ->check(CLI::Range(int64_t{1}, kMostInputs))
      ->capture_default_str();
  command
      .add_option("--learning-rate", options.learning_rate,
                  "Of Adam, in units of a tensor's root mean square weight; falls to zero")
      ->check(CLI::Range(1e-9, 1.0))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Of the order of the inputs")->capture_default_str();
  command.add_option("--threads", options.threads, "They do not change the result")
      ->check(CLI::Range(int64_t{1}, kMostThreads))
      ->capture_default_str();
  command.add_option("--checkpoint", options.checkpoint,
                     "Where an interrupted run is kept; OUTPUT.ckpt unless given");
  command.add_flag("--resume", options.resume, "Go on from the checkpoint");
  command.add_flag("--json", options.json,
                   "One JSON object on stdout: status, message, loss and accuracy of each epoch");
  command.footer(
      "The tuned model has the input and output of the model, and weights that the number system\n"
      "holds nearly without error; compile or lock it with the same --format. A run that Ctrl-C\n"
      "ends, or that died behind its first epoch, goes on with the same command and --resume, to\n"
      "the same result.");
}

std::vector<std::string> arguments(const TuneOptions& options) {
  std::vector<std::string> list = {"--input=" + options.inputs,
                                   "--format=" + options.format,
                                   "--output=" + options.output,
                                   "--epochs=" + std::to_string(options.epochs),
                                   "--batch=" + std::to_string(options.batch),
                                   fmt::format("--learning-rate={}", options.learning_rate),
                                   "--seed=" + std::to_string(options.seed),
                                   "--threads=" + std::to_string(options.threads)};
  if (!options.labels.empty()) list.push_back("--labels=" + options.labels);
  if (!options.checkpoint.empty()) list.push_back("--checkpoint=" + options.checkpoint);
  if (options.resume) list.emplace_back("--resume");
  if (options.json) list.emplace_back("--json");
  list.emplace_back("--");  // the model may be called like an option
  list.push_back(options.model);
  return list;
}

}  // namespace keyway::tool
