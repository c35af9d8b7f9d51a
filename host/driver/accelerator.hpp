// SPDX-License-Identifier: Apache-2.0
/// One accelerator with one package open on it. Implemented once for everything with a kernel
/// (card, hw_emu, sim: `KernelAccelerator` over a `Board`) and once for the program simulator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "driver/counters.hpp"

namespace keyway::driver {

class Accelerator {
 public:
  virtual ~Accelerator() = default;

  /// Opens a package (its whole file) with a licence (its whole file, or nothing). Throws
  /// Error(kRefused), Error(kAuthentication), Error(kFit) with a sentence that says why.
  virtual void open(const std::vector<uint8_t>& package,
                    const std::optional<std::vector<uint8_t>>& licence) = 0;

  /// Runs the open package on `images.size()` input images (bytes in the order of
  /// program::InputImage); transfers overlap computation. `done(i, output image, counters)` is
  /// called in order, for each. With `batch` above 1 the kernel takes so many inputs a start (one
  /// while weights are not resident yet), the next one's transfer beside this one's computation.
  /// Counters are those of a start and come with its last input; they are null with the others and
  /// where the target has no cycles.
  using Done = std::function<void(size_t, const std::vector<uint8_t>&, const Counters*)>;
  virtual void run(const std::vector<std::vector<uint8_t>>& images, size_t output_bytes,
                   const Done& done, size_t batch = 1) = 0;

  /// Counters of the opening; null where the target has no cycles.
  virtual const Counters* open_counters() const = 0;

  /// Ends the device and writes out what it recorded; only the destructor may follow. Throws
  /// Error(kFile) when that cannot be written.
  virtual void close() {}
};

}  // namespace keyway::driver
