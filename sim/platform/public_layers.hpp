// SPDX-License-Identifier: Apache-2.0
/// Names of layers for people who look at a running core: read from the manifest of the package in
/// the board's memory, which anyone can read in any package. Nothing enciphered is looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "platform/ddr.hpp"

namespace keyway::platform {

class PublicLayers {
 public:
  PublicLayers() = default;
  /// Knows no layer when there is no readable package at `package`.
  PublicLayers(const Ddr& memory, uint64_t package);

  /// The layer of a product, counted from 0 and on over several inferences; null when unknown.
  const std::string* of_product(size_t product) const;

 private:
  struct Run {
    size_t end = 0;  ///< products up to and with this run
    size_t layer = 0;
  };
  std::vector<std::string> names_;
  std::vector<Run> runs_;
};

}  // namespace keyway::platform
