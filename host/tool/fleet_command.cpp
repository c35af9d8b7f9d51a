// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "common/error.hpp"
#include "common/interrupt.hpp"
#include "common/printable.hpp"
#include "tool/commands.hpp"
#include "tool/fleet.hpp"
#include "tool/report.hpp"

namespace keyway::tool {

namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMostDevices = 100'000;
constexpr size_t kPairs = 100'000;
constexpr size_t kAnswers = 20;

struct Options {
  FleetOptions fleet;
  std::string policy = contract::kPolicyNames[static_cast<size_t>(lock::Policy::kSealed)];
  bool json = false;
};

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Json to_json(const FleetReport& report, const FleetOptions& options) {
  Json wrong = nullptr;
  if (!report.wrong_accuracies.empty()) {
    wrong = {{"devices", report.wrong_accuracies.size()},
             {"mean", mean(report.wrong_accuracies)},
             {"most",
              *std::max_element(report.wrong_accuracies.begin(), report.wrong_accuracies.end())}};
  }
  return {{"status", kSuccess},
          {"policy", contract::kPolicyNames[static_cast<size_t>(report.policy)]},
          {"devices", report.devices},
          {"opened", report.opened},
          {"wrong_tried", report.wrong_tried},
          {"wrong_opened", report.wrong_opened},
          {"accuracy", report.accuracy ? Json(*report.accuracy) : Json(nullptr)},
          {"wrong_accuracy", wrong},
          {"folder", options.folder}};
}

std::string to_text(const FleetReport& report) {
  std::string text =
      fmt::format("{} of {} licences open on their own devices and answer alike\n", report.opened,
                  report.devices) +
      fmt::format("{} of {} licences on other devices {}\n", report.wrong_opened,
                  report.wrong_tried,
                  report.policy == lock::Policy::kSealed ? "open" : "give the package's key");
  if (report.accuracy)
    text += fmt::format("accuracy on the first device: {:.1f} %\n", 100 * *report.accuracy);
  if (!report.wrong_accuracies.empty()) {
    text += fmt::format(
        "accuracy on {} wrong devices: {:.1f} % in the mean, {:.1f} % at most\n",
        report.wrong_accuracies.size(), 100 * mean(report.wrong_accuracies),
        100 * *std::max_element(report.wrong_accuracies.begin(), report.wrong_accuracies.end()));
  }
  return text;
}

void run(Options& options) {
  FleetOptions& fleet = options.fleet;
  if (fleet.package.empty() != fleet.owner.empty()) {
    throw Error(ErrorKind::kUsage, "a package and --owner go together: licences are its owner's");
  }
  if (fleet.package.empty() && !(fleet.input.empty() && fleet.labels.empty())) {
    throw Error(ErrorKind::kUsage, "--input and --labels go with a package of your own");
  }
  if (fleet.input.empty() && !fleet.labels.empty()) {
    throw Error(ErrorKind::kUsage, "--labels needs --input");
  }
  fleet.policy = options.policy == contract::kPolicyNames[static_cast<size_t>(lock::Policy::kBlind)]
                     ? lock::Policy::kBlind
                     : lock::Policy::kSealed;
  fleet.pairs = kPairs;
  fleet.answers = kAnswers;
  const common::InterruptGuard guard;
  const FleetReport report = run_fleet(fleet);
  if (!report.holds()) {
    std::string message = to_text(report);
    for (const std::string& failure : report.failures) message += common::printable(failure) + "\n";
    throw Error(ErrorKind::kDevice, "the lock does not hold over this fleet:\n" + message);
  }
  if (options.json)
    print_json(to_json(report, fleet));
  else
    print_text(to_text(report));
}

}  // namespace

void add_fleet_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(
      "fleet", "Make many simulated devices, license all, and try licences on wrong ones");
  command->add_option("package", options->fleet.package,
                      "A locked package (.kwp); without one the zoo's network is locked");
  command->add_option("--owner", options->fleet.owner, "The owner file (.kwo) of that package");
  command->add_option("--devices", options->fleet.devices, "Number of devices")
      ->required()
      ->check(CLI::Range(uint64_t{2}, kMostDevices));
  command
      ->add_option("--dir", options->fleet.folder,
                   "Folder for devices, records, licences and results (fleet.db, SQLite)")
      ->required();
  command
      ->add_option("--policy", options->policy,
                   "Of the package that is made without one: sealed or blind")
      ->check(CLI::IsMember({contract::kPolicyNames[static_cast<size_t>(lock::Policy::kSealed)],
                             contract::kPolicyNames[static_cast<size_t>(lock::Policy::kBlind)]}))
      ->capture_default_str();
  command->add_option("--input", options->fleet.input,
                      "Inputs (.npy) that devices of a blind package of yours are judged by");
  command->add_option("--labels", options->fleet.labels, "Their labels (.npy)");
  options->fleet.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  command->add_option("--threads", options->fleet.threads, "Threads of the host")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print one JSON object");
  command->footer(fmt::format(
      "Every licence is opened on its own device (target func), and up to {} pairs of a licence "
      "and\n"
      "another device are tried. sealed: none may open. blind: none may give the package's key, "
      "and\n"
      "the answers of {} wrong devices are judged. The same command goes on after an interruption.",
      kPairs, kAnswers));
  command->callback([options] { run(*options); });
}

}  // namespace keyway::tool
