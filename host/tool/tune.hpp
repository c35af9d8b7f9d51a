// SPDX-License-Identifier: Apache-2.0
/// What `keyway tune` does once LibTorch is there: files in, a tuned model out.
#pragma once

#include "tool/tune_options.hpp"

namespace keyway::tool {

/// Tunes, writes the model, and removes the checkpoint. Throws Error(kDevice) when Ctrl-C ended it,
/// with the checkpoint written.
void tune(const TuneOptions& options);

}  // namespace keyway::tool
