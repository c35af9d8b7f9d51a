// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "lock/parties.hpp"
#include "platform/kernel_model.hpp"
#include "program/core_config.hpp"
#include "tool/commands.hpp"
#include "tool/file_checks.hpp"
#include "tool/puf_options.hpp"

namespace keyway::tool {

namespace {

std::vector<std::string> source_names() {
  std::vector<std::string> names;
  for (const auto& source : contract::kSecretSources) names.emplace_back(source.name);
  return names;
}

lock::Sources mask(const std::vector<std::string>& names) {
  lock::Sources sources = 0;
  for (const auto& source : contract::kSecretSources)
    if (std::find(names.begin(), names.end(), source.name) != names.end())
      sources = static_cast<lock::Sources>(sources | static_cast<lock::Sources>(source.source));
  return sources;
}

/// The class of a core of this build, measured by the core itself.
lock::ClassFingerprints measure(const std::string& core) {
  return platform::measure_class(platform::kernel_factory(core));
}

}  // namespace

void add_device_command(CLI::App& app) {
  auto* device = app.add_subcommand("device", "Make and enrol simulated devices");
  device->require_subcommand(1);

  struct New {
    uint64_t id = 0;
    std::string core;
    std::string device_class = "default", puf = default_puf_kind();
    lock::Environment environment;
    std::string output;
  };
  auto made = std::make_shared<New>();
  auto* make =
      device->add_subcommand("new", "Write a new device file: a piece of simulated silicon");
  make->add_option("--id", made->id, "Number of the device, for people")->required();
  make->add_option("--class", made->device_class, "Class of the device, for people")
      ->capture_default_str();
  make->add_option("--core", made->core,
                   "Its structure, as the name of a core; a package for another one is refused. "
                   "Without it any core of the build stands for the device, until its secret is "
                   "bound to a class");
  make->add_option("-o,--output", made->output,
                   "The device file (.kwd) to write; an existing one is not replaced")
      ->required();
  add_puf_option(*make, made->puf);
  add_environment_options(*make, made->environment);
  make->footer(
      "The file holds the device's secret fuses and the seed of its PUF. Whoever has it is inside\n"
      "the chip.");
  make->callback([made] {
    refuse_to_replace(made->output, "a device file");
    lock::Device silicon = lock::new_device(made->id, made->device_class);
    if (!made->core.empty()) silicon.core = program::core_from_name(made->core).name();
    silicon.puf.kind = puf_kind(made->puf);
    silicon.puf.environment = made->environment;
    lock::check_environment(silicon.puf.environment, ErrorKind::kUsage, "the device");
    lock::write_device(silicon, made->output);
  });

  struct Set {
    std::string device;
    lock::Environment environment;
  };
  auto set = std::make_shared<Set>();
  auto* change = device->add_subcommand(
      "set", "Expose a simulated device to another temperature, supply or age");
  change->add_option("device", set->device, "The device file (.kwd); it is changed")->required();
  const EnvironmentOptions options = add_environment_options(*change, set->environment);
  change->callback([set, options] {
    lock::change_device(set->device, [&](lock::Device& silicon) {
      lock::Environment& now = silicon.puf.environment;
      if (options.celsius->count() > 0) now.celsius = set->environment.celsius;
      if (options.volts->count() > 0) now.volts = set->environment.volts;
      if (options.years->count() > 0) now.years = set->environment.years;
      lock::check_environment(now, ErrorKind::kUsage, "the device");
    });
  });

  struct Enrol {
    std::string device, owner, output;
    std::vector<std::string> bind{contract::kSecretSources.front().name};
  };
  auto enrolled = std::make_shared<Enrol>();
  auto* enrol = device->add_subcommand(
      "enrol", "Burn the owner's authentication key into a device and write its enrolment record");
  enrol->add_option("device", enrolled->device, "The device file (.kwd); it is changed")
      ->required();
  enrol->add_option("--owner", enrolled->owner, "The owner file (.kwo)")->required();
  enrol->add_option("-o,--output", enrolled->output, "The enrolment record (.kwe) to write")
      ->required();
  enrol
      ->add_option("--bind", enrolled->bind,
                   "What its secret is made of, with commas between: fuse, puf, and beside one of "
                   "them clock and precision, which bind it to the class of its core")
      ->delimiter(',')
      ->check(CLI::IsMember(source_names()))
      ->capture_default_str();
  enrol->footer(
      "Done once per device, at the owner's. The same owner again gets the same record;\n"
      "another owner is refused (exit status 6). Licences are made with the record. A device with "
      "a\n"
      "PUF in its secret keeps public helper data, and finds the secret again at every boot. One\n"
      "that is bound to a class is a core of that structure from then on (--core of `device new`,\n"
      "else 16x16), and opens nothing under another bitstream.");
  enrol->callback([enrolled] {
    check_enrolment_output(enrolled->output, enrolled->device, enrolled->owner);
    lock::enrol(enrolled->device, lock::read_owner(enrolled->owner), enrolled->output,
                mask(enrolled->bind), measure);
  });

  struct Class {
    std::string core = program::CoreConfig{}.name(), output;
  };
  auto of_class = std::make_shared<Class>();
  auto* write = device->add_subcommand(
      "class", "Let a core of this build measure its class, cycles and results, and write it");
  write->add_option("--core", of_class->core, "The core")->capture_default_str();
  write->add_option("-o,--output", of_class->output, "The class file (.kwc) to write")->required();
  write->footer(
      "The class is public, and the same for all devices with one bitstream. `run --class` takes\n"
      "the file where a program stands for the core (--target func).");
  write->callback([of_class] {
    check_files({}, {{"--output", of_class->output}});
    const std::string core = program::core_from_name(of_class->core).name();
    lock::write_class({core, measure(core)}, of_class->output);
  });

  add_device_quality_command(*device);
}

}  // namespace keyway::tool
