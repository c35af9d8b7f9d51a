// SPDX-License-Identifier: Apache-2.0
/// The `keyway` command: one subcommand for each file that commands.hpp lists.
#include <CLI/CLI.hpp>
#include <string>

#include "common/error.hpp"
#include "driver/sim_target.hpp"
#include "tool/command_line.hpp"
#include "tool/commands.hpp"

namespace {

constexpr char kFooter[] = R"(A first round, from a trained model to a locked run:
  keyway owner new -o owner.kwo
  keyway device new --id 1 -o dev.kwd
  keyway device enrol dev.kwd --owner owner.kwo -o dev.kwe
  keyway lock model.onnx --calib images.npy --owner owner.kwo -o model.kwp
  keyway licence model.kwp --owner owner.kwo --device dev.kwe -o dev.kwl
  keyway run model.kwp --device dev.kwd --licence dev.kwl --input images.npy --target sim

)";

std::string footer() {
  std::string statuses = "Exit status:";
  size_t line = 0;  // where the last one began
  for (const keyway::ExitStatus& status : keyway::kExitStatuses) {
    const std::string one = std::to_string(status.value) + " " + status.sentence + ",";
    const bool full = statuses.size() + one.size() - line > 90;
    if (full) line = statuses.size() + 1;
    statuses += (full ? "\n" : " ") + one;
  }
  statuses.back() = '.';
  return kFooter + statuses;
}

}  // namespace

int main(int argc, char** argv) {
  keyway::driver::add_sim_target();
  CLI::App app{"Keyway locks neural networks to an accelerator and runs them there.", "keyway"};
  app.set_version_flag("--version", "keyway " KEYWAY_VERSION);
  app.footer(footer());
  app.require_subcommand(1);
  keyway::tool::add_owner_command(app);
  keyway::tool::add_device_command(app);
  keyway::tool::add_compile_command(app);
  keyway::tool::add_lock_command(app);
  keyway::tool::add_licence_command(app);
  keyway::tool::add_run_command(app);
  keyway::tool::add_inspect_command(app);
  keyway::tool::add_operators_command(app);
  keyway::tool::add_number_command(app);
  keyway::tool::add_numerics_command(app);
  keyway::tool::add_bench_command(app);
  keyway::tool::add_tune_command(app);
  keyway::tool::add_fleet_command(app);
  keyway::tool::add_attack_command(app);
  return keyway::tool::run_command_line(app, argc, argv);
}
