// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "lock/parties.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"

namespace keyway::tool {

void add_owner_command(CLI::App& app) {
  auto* owner = app.add_subcommand("owner", "Make the owner's root of all keys");
  owner->require_subcommand(1);
  auto output = std::make_shared<std::string>();
  auto* make = owner->add_subcommand(
      "new", "Write a new owner file: 256 random bits from which every key of this owner comes");
  make->add_option("-o,--output", *output,
                   "The owner file (.kwo) to write; an existing one is not replaced")
      ->required();
  make->footer(
      "Keep the file secret and safe: who has it can lock and license in your name, and\n"
      "without it no further licence for your packages can be made.");
  make->callback([output] {
    refuse_to_replace(*output, "an owner file");
    lock::write_owner(lock::new_owner(), *output);
  });
}

}  // namespace keyway::tool
