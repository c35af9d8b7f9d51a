// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "common/file.hpp"
#include "lock/bytes.hpp"
#include "lock/lock_network.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"
#include "tool/model_to_network.hpp"
#include "tool/soft_lock.hpp"

namespace keyway::tool {
namespace {

std::string policy_name(lock::Policy policy) {
  return contract::kPolicyNames[static_cast<size_t>(policy)];
}

}  // namespace

void add_lock_command(CLI::App& app) {
  struct Options {
    ModelOptions model;
    SoftOptions soft;
    std::string owner, policy = policy_name(lock::Policy::kSealed);
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
  command->footer(
      "sealed: a device without the right licence is refused with a clear error.\n"
      "blind:  a wrong device of the same owner runs and answers by chance; neither package nor\n"
      "        licence lets anyone without the owner's key test a guess.\n"
      "Every lock makes fresh keys: a licence opens this package only, not a second lock of the "
      "model.");
  command->callback([options] {
    check_files({{"the model", options->model.model},
                 {"--calib", options->model.calibration},
                 {"--owner", options->owner}},
                {{"--output", options->model.output},
                 {"--emit-onnx", options->soft.emit},
                 {"--soft-report", options->soft.report}});
    const lock::Owner owner = lock::read_owner(options->owner);
    lock::LockOptions lock_options;
    lock_options.core = program::core_from_name(options->model.core);
    lock_options.policy = options->policy == policy_name(lock::Policy::kBlind)
                              ? lock::Policy::kBlind
                              : lock::Policy::kSealed;
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
