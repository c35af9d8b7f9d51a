// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "arith/number_system.hpp"
#include "common/error.hpp"
#include "common/file.hpp"
#include "common/printable.hpp"
#include "lock/package.hpp"
#include "program/listing.hpp"
#include "tool/commands.hpp"
#include "tool/report.hpp"

namespace keyway::tool {

namespace {

std::string shape_text(const Shape& s) {
  return fmt::format("{} x {} x {}", s.channels, s.height, s.width);
}

std::string summary(const lock::Header& header, const program::Program& p, size_t file_bytes) {
  std::string text;
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("{:<12} {}\n", name, value);
  };
  line("name", common::printable(p.name));
  line("policy", contract::kPolicyNames[static_cast<size_t>(header.policy)]);
  if (header.policy != lock::Policy::kPlain) line("id", lock::to_hex(header.id));
  line("format", arith::info(p.number_system).name);
  line("core", fmt::format("{}, {} KiB activations, {} KiB weights and parameters", p.core.name(),
                           p.core.activation_bytes / 1024, p.core.weight_bytes / 1024));
  line("file", fmt::format("{} bytes: {} header, {} program and {} weight frames", file_bytes,
                           header.header_pages, header.program_frames,
                           header.total_frames - header.program_frames));
  line("memory", fmt::format("{} bytes activations, {} bytes weights, {}", p.activation_peak_bytes,
                             p.weight_peak_bytes,
                             p.resident ? "resident between inputs" : "streamed for every input"));
  line("input", shape_text(p.input.user_shape()));
  line("output", shape_text(p.output.user_shape()));
  line("macs", std::to_string(p.macs));
  text += fmt::format("\n{:<32} {:<10} {:>12} {:>12} {:>14}\n", "layer", "kind", "instructions",
                      "macs", "array cycles");
  for (const auto& l : p.layers) {
    text += fmt::format("{:<32} {:<10} {:>12} {:>12} {:>14}\n", common::printable(l.name),
                        common::printable(l.kind), l.instructions, l.macs, l.ideal_cycles);
  }
  return text;
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  struct Options {
    std::string package;
    bool program = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("inspect", "Show what a package tells of itself");
  command->add_option("package", options->package, "The package (.kwp)")->required();
  command->add_flag("--program", options->program, "List the instructions (plain packages only)");
  command->footer("The manifest is readable in every package. The program of a locked one is not.");
  command->callback([options] {
    const auto bytes = common::read_file(options->package);
    const lock::PackageView package = lock::parse_package(bytes, options->package);
    if (!options->program) {
      const auto program = lock::describe(package, options->package);
      print_text(summary(package.header, program, bytes.size()));
      return;
    }
    if (package.header.policy != lock::Policy::kPlain) {
      throw Error(ErrorKind::kRefused,
                  options->package + ": the program of a locked package is enciphered");
    }
    const program::Program program = lock::describe(package, options->package);
    const lock::Images images = lock::open_package(package, std::nullopt, std::nullopt);
    print_text(program::list(images.program, program.layers));
  });
}

}  // namespace keyway::tool
