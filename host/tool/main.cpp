// SPDX-License-Identifier: Apache-2.0
/// The `keyway` command: parses the command line, runs one subcommand, turns errors into messages
/// and exit statuses.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/printable.hpp"
#include "driver/sim_target.hpp"
#include "tool/commands.hpp"
#include "tool/report.hpp"

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

bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--json") return true;
  }
  return false;
}

bool has_command(const CLI::App& app, const std::string& name) {
  return !app.get_subcommands([&](const CLI::App* one) { return one->check_name(name); }).empty();
}

int fail(keyway::ErrorKind kind, const std::string& message, bool json) {
  if (json) {
    std::fputs((nlohmann::ordered_json{{"status", keyway::name(kind)}, {"message", message}}.dump(
                    2, ' ', false, nlohmann::json::error_handler_t::replace) +
                "\n")
                   .c_str(),
               stdout);
  }
  std::fprintf(stderr, "keyway: %s\n",
               keyway::common::printable(message, keyway::common::kAllShown).c_str());
  return static_cast<int>(kind);
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
  keyway::tool::add_bench_command(app);
  keyway::common::remove_unfinished_on_signals();
  const bool json = wants_json(argc, argv);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    // CLI11 says that a command is missing, not that it does not know this one.
    if (argc > 1 && argv[1][0] != '-' && !has_command(app, argv[1])) {
      return fail(keyway::ErrorKind::kUsage,
                  "there is no command '" + std::string(argv[1]) + "' (try --help)", json);
    }
    return fail(keyway::ErrorKind::kUsage, std::string(e.what()) + " (try --help)", json);
  } catch (const keyway::Error& e) {
    return fail(e.kind(), e.what(), json);
  } catch (const std::bad_alloc&) {
    return fail(keyway::ErrorKind::kDevice, "out of memory", json);
  } catch (const std::exception& e) {
    return fail(keyway::ErrorKind::kDevice, std::string("internal error: ") + e.what(), json);
  }
}
