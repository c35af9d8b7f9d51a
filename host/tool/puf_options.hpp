// SPDX-License-Identifier: Apache-2.0
/// Options about a device's PUF that several commands have.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "lock/puf.hpp"

namespace keyway::tool {

struct EnvironmentOptions {
  CLI::Option *celsius, *volts, *years;
};

/// --celsius, --volts and --years.
EnvironmentOptions add_environment_options(CLI::App& command, lock::Environment& environment);

/// --puf; `kind` is a name out of lock::kPufKindNames.
void add_puf_option(CLI::App& command, std::string& kind);
lock::PufKind puf_kind(const std::string& name);

/// The name that --puf has unless told otherwise.
std::string default_puf_kind();

}  // namespace keyway::tool
