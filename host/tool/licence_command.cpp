// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "common/file.hpp"
#include "lock/licence.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"

namespace keyway::tool {

void add_licence_command(CLI::App& app) {
  struct Options {
    std::string package, owner, device, output;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("licence", "Let one device open one locked package");
  command->add_option("package", options->package, "The locked package (.kwp)")->required();
  command->add_option("--owner", options->owner, "The owner file (.kwo)")->required();
  command->add_option("--device", options->device, "The device's enrolment record (.kwe)")
      ->required();
  command->add_option("-o,--output", options->output, "The licence (.kwl) to write")->required();
  command->footer(
      "A licence is 144 bytes and no secret: it helps nobody but the device that it is made for.");
  command->callback([options] {
    check_files({{"the package", options->package},
                 {"--owner", options->owner},
                 {"--device", options->device}},
                {{"--output", options->output}});
    const auto bytes = common::read_file(options->package);
    const auto package = lock::parse_package(bytes, options->package);
    const auto licence = lock::make_licence(package, lock::read_owner(options->owner),
                                            lock::read_enrolment(options->device));
    common::write_file(options->output, licence.data(), licence.size());
  });
}

}  // namespace keyway::tool
