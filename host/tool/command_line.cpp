// SPDX-License-Identifier: Apache-2.0
#include "tool/command_line.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/printable.hpp"

namespace keyway::tool {
namespace {

bool wants_json(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--json") return true;
  }
  return false;
}

bool has_command(const CLI::App& app, const std::string& name) {
  return !app.get_subcommands([&](const CLI::App* one) { return one->check_name(name); }).empty();
}

int fail(ErrorKind kind, const std::string& message, bool json) {
  if (json) {
    std::fputs((nlohmann::ordered_json{{"status", keyway::name(kind)}, {"message", message}}.dump(
                    2, ' ', false, nlohmann::json::error_handler_t::replace) +
                "\n")
                   .c_str(),
               stdout);
  }
  std::fprintf(stderr, "keyway: %s\n", common::printable(message, common::kAllShown).c_str());
  return static_cast<int>(kind);
}

}  // namespace

int run_command_line(CLI::App& app, int argc, char** argv) {
  common::remove_unfinished_on_signals();
  const bool json = wants_json(argc, argv);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    // CLI11 says that a command is missing, not that it does not know this one.
    if (argc > 1 && argv[1][0] != '-' && !has_command(app, argv[1])) {
      return fail(ErrorKind::kUsage,
                  "there is no command '" + std::string(argv[1]) + "' (try --help)", json);
    }
    return fail(ErrorKind::kUsage, std::string(e.what()) + " (try --help)", json);
  } catch (const Error& e) {
    return fail(e.kind(), e.what(), json);
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::kDevice, "out of memory", json);
  } catch (const std::exception& e) {
    return fail(ErrorKind::kDevice, std::string("internal error: ") + e.what(), json);
  }
}

}  // namespace keyway::tool
