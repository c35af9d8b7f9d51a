// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>

#include "lock/parties.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"

namespace keyway::tool {

void add_device_command(CLI::App& app) {
  auto* device = app.add_subcommand("device", "Make and enrol simulated devices");
  device->require_subcommand(1);

  struct New {
    uint64_t id = 0;
    std::string device_class = "default";
    std::string output;
  };
  auto made = std::make_shared<New>();
  auto* make =
      device->add_subcommand("new", "Write a new device file: a piece of simulated silicon");
  make->add_option("--id", made->id, "Number of the device, for people")->required();
  make->add_option("--class", made->device_class, "Class of the device, for people")
      ->capture_default_str();
  make->add_option("-o,--output", made->output,
                   "The device file (.kwd) to write; an existing one is not replaced")
      ->required();
  make->footer("The file holds the device's secret fuses. Whoever has it is inside the chip.");
  make->callback([made] {
    refuse_to_replace(made->output, "a device file");
    lock::write_device(lock::new_device(made->id, made->device_class), made->output);
  });

  struct Enrol {
    std::string device, owner, output;
  };
  auto enrolled = std::make_shared<Enrol>();
  auto* enrol = device->add_subcommand(
      "enrol", "Burn the owner's authentication key into a device and write its enrolment record");
  enrol->add_option("device", enrolled->device, "The device file (.kwd); it is changed")
      ->required();
  enrol->add_option("--owner", enrolled->owner, "The owner file (.kwo)")->required();
  enrol->add_option("-o,--output", enrolled->output, "The enrolment record (.kwe) to write")
      ->required();
  enrol->footer(
      "Done once per device, at the owner's. The same owner again gets the same record;\n"
      "another owner is refused (exit status 6). Licences are made with the record.");
  enrol->callback([enrolled] {
    check_enrolment_output(enrolled->output, enrolled->device, enrolled->owner);
    lock::enrol(enrolled->device, lock::read_owner(enrolled->owner), enrolled->output);
  });
}

}  // namespace keyway::tool
