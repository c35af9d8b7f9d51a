// SPDX-License-Identifier: Apache-2.0
/// The commands of `keyway`, one file each. Every function adds one subcommand to the application;
/// its work happens in the subcommand's callback and reports failure by throwing keyway::Error.
#pragma once

#include <CLI/App.hpp>

namespace keyway::tool {

void add_owner_command(CLI::App& app);
void add_device_command(CLI::App& app);
/// A subcommand of `device`.
void add_device_quality_command(CLI::App& device);
void add_compile_command(CLI::App& app);
void add_lock_command(CLI::App& app);
void add_licence_command(CLI::App& app);
void add_run_command(CLI::App& app);
void add_inspect_command(CLI::App& app);
void add_operators_command(CLI::App& app);
void add_number_command(CLI::App& app);
void add_numerics_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_tune_command(CLI::App& app);
void add_fleet_command(CLI::App& app);
void add_attack_command(CLI::App& app);

}  // namespace keyway::tool
