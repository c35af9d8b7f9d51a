// SPDX-License-Identifier: Apache-2.0
/// What is known of a fleet so far, in an SQLite file, so that a run that was interrupted goes on
/// where it was and the results can be asked anything:
///
///     fleet(package, devices, pairs, seed)         one row: what the fleet was begun with
///     device(number, opened, outputs, message)     each licence on its own device
///     wrong(licence, device, opened)               a licence on another device
///     wrong_accuracy(licence, device, accuracy)    `blind`: what such a device answers
///
/// Errors: kFile, naming the file. Not for several threads at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace keyway::tool {

/// Numbers of a licence's device and of the one that it is tried on; devices count from 1.
using DevicePair = std::pair<uint32_t, uint32_t>;

class FleetStore {
 public:
  struct Setup {
    std::string package;  ///< hexadecimal id
    size_t devices = 0, pairs = 0;
    uint64_t seed = 0;  ///< which pairs are drawn
  };

  /// Opens the file, or makes it with what is given. Throws Error(kUsage) where it was begun with
  /// another package or other numbers.
  FleetStore(const std::string& path, const Setup& wanted);
  ~FleetStore();
  FleetStore(const FleetStore&) = delete;
  FleetStore& operator=(const FleetStore&) = delete;

  const Setup& setup() const { return setup_; }

  struct OwnDevice {
    uint32_t number = 0;
    bool opened = false;
    std::string outputs;  ///< hexadecimal digest of what it answered
    std::string message;  ///< why it did not open
  };
  void add(const std::vector<OwnDevice>& devices);
  std::vector<OwnDevice> own_devices() const;

  struct WrongDevice {
    DevicePair pair;
    bool opened = false;
  };
  void add(const std::vector<WrongDevice>& devices);
  std::vector<WrongDevice> wrong_devices() const;  ///< in the order of their pairs

  void add_accuracy(const DevicePair& pair, double accuracy);
  std::vector<std::pair<DevicePair, double>> accuracies() const;

 private:
  class Database;
  std::unique_ptr<Database> database_;
  Setup setup_;
};

}  // namespace keyway::tool
