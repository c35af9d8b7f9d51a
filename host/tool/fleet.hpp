// SPDX-License-Identifier: Apache-2.0
/// A fleet: many simulated devices of one owner, a licence for each, every licence opened on its
/// own device and a sample of them on others.
///
/// The folder holds everything that such an owner has, and what was found (fleet_store.hpp):
///
///     owner.kwo  model.kwp              only where no package is given
///     devices/000001.kwd .kwe .kwl ...
///     fleet.db
///
/// A licence opens on its own device (target func) when the package runs there and answers as on
/// the others. On a wrong device `sealed` has to refuse; under `blind`, where nothing refuses, the
/// package key that the device derives has to be another one, and what it answers is measured.
///
/// An interrupted run leaves whole files, and the same call goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lock/keys.hpp"
#include "tool/fleet_store.hpp"

namespace keyway::tool {

struct FleetOptions {
  std::string folder;
  std::string package, owner;  ///< both or neither; without them the zoo's network is locked
  lock::Policy policy = lock::Policy::kSealed;  ///< of the package that is made
  std::string input, labels;  ///< `blind`, with a package: what answers are judged by; may be empty
  size_t devices = 0;         ///< at least 2
  size_t pairs = 0;           ///< most pairs of a licence and a wrong device that are tried
  size_t answers = 0;         ///< most wrong devices whose answers are judged, `blind` only
  int threads = 1;
};

struct FleetReport {
  lock::Policy policy{};
  size_t devices = 0, opened = 0;
  size_t wrong_tried = 0, wrong_opened = 0;
  std::optional<double> accuracy;        ///< of the first device, where labels are at hand
  std::vector<double> wrong_accuracies;  ///< under `blind`
  std::vector<std::string> failures;     ///< of devices that did not open their licence, a few

  bool holds() const { return opened == devices && wrong_opened == 0; }
};

/// Errors: kUsage for a folder that was begun with something else, kFile and kRefused for files
/// that do not belong together; kDevice when it is interrupted.
FleetReport run_fleet(const FleetOptions& options);

/// `count` different pairs (licence's device, another device) out of devices 1..devices, in
/// ascending order; all of them if there are not more.
std::vector<DevicePair> wrong_pairs(size_t devices, size_t count, uint64_t seed);

}  // namespace keyway::tool
