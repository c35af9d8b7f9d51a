// SPDX-License-Identifier: Apache-2.0
/// Packages and sessions (session.hpp) for the rest of this tree: what libkeyway does not show,
/// because its types are not installed.
#pragma once

#include <memory>

#include "driver/session.hpp"

namespace keyway::program {
struct Program;
}

namespace keyway::driver {

class Accelerator;

/// The whole manifest, with empty images (lock/manifest.hpp). Lives as long as the package or a
/// copy of it.
const program::Program& description(const Package& package);

/// Opens the package on a device of the caller's. Throws as Accelerator::open does.
Session open_session(const Package& package, const Licence& licence,
                     std::unique_ptr<Accelerator> device);

}  // namespace keyway::driver
