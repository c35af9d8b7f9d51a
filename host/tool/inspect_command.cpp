// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

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

using Json = nlohmann::ordered_json;

/// As `run` takes and gives it: N first.
std::string shape_text(const Layout& layout) {
  std::string text = "N";
  for (const int64_t dim : layout.dims) text += fmt::format(" x {}", dim);
  return text;
}

/// Empty where everything is given.
std::string selection_text(const OutputSelection& selection) {
  if (selection.gives == OutputSelection::Gives::kAll) return "";
  const bool indices = selection.gives == OutputSelection::Gives::kIndices;
  if (indices && selection.count == 1) return selection.smallest_first ? "argmin" : "argmax";
  return fmt::format("{} of the {} {}", indices ? "indices" : "values", selection.count,
                     selection.smallest_first ? "smallest" : "largest");
}

/// What the host makes of the core's output, in words; empty for nothing.
std::string host_text(const program::OutputBoundary& output) {
  const std::string selection = selection_text(output.selection);
  std::string text;
  if (output.function != OutputFunction::kNone) text = program::function_name(output.function);
  if (!text.empty() && !selection.empty()) text += ", then ";
  return text + selection;
}

Json to_json(const lock::Header& header, const program::Program& p, size_t file_bytes) {
  Json layers = Json::array();
  for (const auto& l : p.layers) {
    layers.push_back({{"name", l.name},
                      {"kind", l.kind},
                      {"instructions", l.instructions},
                      {"macs", l.macs},
                      {"array_cycles", l.ideal_cycles}});
  }
  const bool locked = header.policy != lock::Policy::kPlain;
  const std::string selection = selection_text(p.output.selection);
  return {{"status", kSuccess},
          {"name", p.name},
          {"policy", contract::kPolicyNames[static_cast<size_t>(header.policy)]},
          {"id", locked ? Json(lock::to_hex(header.id)) : Json(nullptr)},
          {"format", arith::info(p.number_system).name},
          {"core", p.core.name()},
          {"file_bytes", file_bytes},
          {"header_pages", header.header_pages},
          {"program_frames", header.program_frames},
          {"weight_frames", header.total_frames - header.program_frames},
          {"activation_bytes", p.activation_peak_bytes},
          {"weight_bytes", p.weight_peak_bytes},
          {"resident", p.resident},
          {"input", {{"shape", p.input.layout.dims}}},
          {"output",
           {{"shape", p.output.layout.dims},
            {"function", program::function_name(p.output.function)},
            {"selection", selection.empty() ? Json(nullptr) : Json(selection)}}},
          {"macs", p.macs},
          {"layers", std::move(layers)}};
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
  line("input", shape_text(p.input.layout));
  const std::string host = host_text(p.output);
  line("output",
       shape_text(p.output.layout) + (host.empty() ? "" : ": " + host + " (on the host)"));
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
    bool program = false, json = false;
  };
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("inspect", "Show what a package tells of itself");
  command->add_option("package", options->package, "The package (.kwp)")->required();
  auto* list = command->add_flag("--program", options->program,
                                 "List the instructions (plain packages only)");
  command->add_flag("--json", options->json, "One JSON object on stdout, nothing else")
      ->excludes(list);
  command->footer("The manifest is readable in every package. The program of a locked one is not.");
  command->callback([options] {
    const auto bytes = common::read_file(options->package);
    const lock::PackageView package = lock::parse_package(bytes, options->package);
    if (!options->program) {
      const auto program = lock::describe(package, options->package);
      if (options->json) {
        print_json(to_json(package.header, program, bytes.size()));
      } else {
        print_text(summary(package.header, program, bytes.size()));
      }
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
