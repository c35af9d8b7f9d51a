// SPDX-License-Identifier: Apache-2.0
/// Named sets of networks for `keyway bench --suite`, and the published figures of others that
/// stand beside ours.
///
/// Files of a network STEM in the suite's folder: STEM.onnx, STEM.calib.npy (inputs to calibrate
/// with), and, to measure accuracy, STEM.test.npy (inputs) and STEM.labels.npy.
#pragma once

#include <string>
#include <vector>

#include "tool/bench.hpp"

namespace keyway::tool {

struct Suite {
  std::string name;
  std::vector<BenchNetwork> networks;
  std::vector<std::string> notes;  ///< below the table
};

const std::vector<std::string>& suite_names();

/// `folder`: where its files are; empty: where this program is installed (suite `zoo` only). Throws
/// Error(kUsage) for an unknown suite or a missing folder, Error(kFile) for a missing file.
Suite find_suite(const std::string& name, const std::string& folder);

/// Those networks of all suites whose files are in the folder, and those that this program brings
/// along, from there where the folder has none of them; `folder` may be empty.
std::vector<BenchNetwork> networks_at_hand(const std::string& folder);

}  // namespace keyway::tool
