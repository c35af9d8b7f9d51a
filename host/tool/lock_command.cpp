// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/file.hpp"
#include "lock/bytes.hpp"
#include "lock/lock_network.hpp"
#include "lock/renew.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"
#include "tool/model_to_network.hpp"
#include "tool/soft_lock.hpp"

namespace keyway::tool {
namespace {

std::string policy_name(lock::Policy policy) {
  return contract::kPolicyNames[static_cast<size_t>(policy)];
}

lock::Policy policy_of(const std::string& name) {
  return name == policy_name(lock::Policy::kBlind) ? lock::Policy::kBlind : lock::Policy::kSealed;
}

/// The package `path` under another key, as the owner makes it of the one that he has.
void renew(const std::string& path, const lock::Owner& owner, std::optional<lock::Policy> policy,
           const std::string& output) {
  const std::vector<uint8_t> bytes = common::read_file(path);
  const auto renewed = [&] {
    try {
      return lock::renew_package(lock::parse_package(bytes, path), owner, policy);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::kAuthentication) throw;
      throw Error(e.kind(), path + ": is not a package of this owner, or was changed");
    }
  }();
  common::write_file(output, renewed.data(), renewed.size());
}

}  // namespace

void add_lock_command(CLI::App& app) {
  struct Options {
    ModelOptions model;
    SoftOptions soft;
    std::string owner, policy = policy_name(lock::Policy::kSealed);
    bool renew = false;
  };
  auto options = std::make_shared<Options>();
  options->model.format = default_format(true);
  auto* command = app.add_subcommand("lock", "Compile an ONNX model into a locked package");
  add_model_options(*command, options->model);
  command->add_option("--owner", options->owner, "The owner file (.kwo)")->required();
  command->add_option("--policy", options->policy, "What a wrong device meets: sealed or blind")
      ->check(
          CLI::IsMember({policy_name(lock::Policy::kSealed), policy_name(lock::Policy::kBlind)}))
      ->capture_default_str();
  add_soft_options(*command, options->soft);
  // What makes another network has no place in a renewal.
  const std::vector<CLI::Option*> taken = {
      command->get_option("model"), command->get_option("--owner"), command->get_option("--policy"),
      command->get_option("--output"), command->get_help_ptr()};
  const std::vector<CLI::Option*> all = command->get_options();
  auto* renewal = command->add_flag(
      "--renew", options->renew,
      "The model is a locked package of this owner (.kwp): give it another key, and its policy "
      "unless --policy says another");
  for (CLI::Option* option : all)
    if (std::find(taken.begin(), taken.end(), option) == taken.end()) renewal->excludes(option);
  command->footer(
      "sealed: a device without the right licence is refused with a clear error.\n"
      "blind:  a wrong device of the same owner runs and answers by chance; neither package nor\n"
      "        licence lets anyone without the owner's key test a guess.\n"
      "Every lock makes fresh keys: a licence opens this package only, not a second lock of the "
      "model.\n"
      "So does --renew, which takes a package instead of a model and needs no calibration: who "
      "has\n"
      "no licence for the new one cannot run it.");
  command->callback([options, command] {
    check_files({{"the model", options->model.model},
                 {"--calib", options->model.calibration},
                 {"--owner", options->owner}},
                {{"--output", options->model.output},
                 {"--emit-onnx", options->soft.emit},
                 {"--soft-report", options->soft.report}});
    const lock::Owner owner = lock::read_owner(options->owner);
    if (options->renew) {
      std::optional<lock::Policy> policy;
      if (command->count("--policy") > 0) policy = policy_of(options->policy);
      renew(options->model.model, owner, policy, options->model.output);
      return;
    }
    lock::LockOptions lock_options;
    lock_options.core = program::core_from_name(options->model.core);
    lock_options.policy = policy_of(options->policy);
    arith::number_system_from_name(options->model.format);
    LoadedModel model = load_model(options->model.model, options->model.calibration);
    nlohmann::ordered_json soft_report;
    if (!options->soft.locks.empty()) {
      soft_report = lock_softly(model, lock_options.core, options->soft);
    }
    BuiltNetwork built =
        build_network(model, options->model.format, lock_options.core, lock::fill_random);
    const auto& system = arith::info(built.network.number_system);
    if (lock_options.policy == lock::Policy::kBlind && !system.equally_likely) {
      built.findings.warnings.push_back(
          std::string("the codes of ") + system.name +
          " are not equally likely, so under 'blind' who has opened one of your chips can test "
          "guesses cheaply; " +
          default_format(true) + " is better");
    }
    const lock::LockedNetwork locked = lock::lock_network(built.network, owner, lock_options);
    common::write_file(options->model.output, locked.package.data(), locked.package.size());
    write_soft_report(std::move(soft_report), built.findings, options->soft);
    report(locked.program, built.findings, options->model);
  });
}

}  // namespace keyway::tool
