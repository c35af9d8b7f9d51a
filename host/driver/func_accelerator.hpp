// SPDX-License-Identifier: Apache-2.0
/// Accelerator over the program simulator (`--target func`): the same verdicts and the same output
/// bits as the core, many times faster, without cycles.
///
/// It stands for the inside of a device, so it opens the device file itself.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "driver/accelerator.hpp"
#include "driver/package_facts.hpp"
#include "lock/parties.hpp"
#include "simulate/simulator.hpp"

namespace keyway::driver {

class FuncAccelerator final : public Accelerator {
 public:
  /// `device_file`: .kwd, or empty for a blank device. `class_file`: .kwc, or empty; a device whose
  /// secret is bound to its core's class opens nothing locked without. `threads`: images in
  /// parallel.
  /// `most_cycles`: as for a kernel, of the cycles that the array of a core would need. Throws
  /// Error(kFile) for the files, Error(kUsage) for a class without or of another device.
  FuncAccelerator(const std::string& device_file, const std::string& class_file, int threads,
                  uint64_t most_cycles = kMostCycles);
  ~FuncAccelerator() override;

  void open(const std::vector<uint8_t>& package,
            const std::optional<std::vector<uint8_t>>& licence) override;
  void run(const std::vector<std::vector<uint8_t>>& images, size_t output_bytes, const Done& done,
           size_t batch = 1) override;
  const Counters* open_counters() const override { return nullptr; }

 private:
  std::optional<lock::Device> device_;
  std::optional<lock::ClassFingerprints> of_class_;
  size_t threads_;
  uint64_t most_cycles_, limit_ = 0;
  std::optional<simulate::ProgramSimulator> simulator_;
};

}  // namespace keyway::driver
