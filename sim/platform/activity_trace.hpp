// SPDX-License-Identifier: Apache-2.0
/// Timeline of one device in the Chrome trace format (JSON), which Perfetto and chrome://tracing
/// open. One microsecond on screen is one clock cycle. Tracks: runs, layers, the array (busy, or
/// the cause of its stall), post-processing, the ports of activation and weight memory, the
/// unsealer, the bus in both directions, the load and store queues. Spans of units, ports and bus
/// that are at most `kMerge` cycles apart are drawn as one. Reads and writes of the activation
/// memory are those of its users: steps of the array and stores, results and input words.
///
/// A trace holds no secret and no data. It has three sources: bus handshakes (valid and ready,
/// never an address or a byte), the kernel's event pins, and names of layers from the package's
/// manifest, which is in the clear in every package. When the pins are high follows from the
/// program's public shape alone: no unit of the core takes longer for one value than for another.
/// tests/tool/test_trace.py holds it to that: a wrong device, which deciphers other weights and
/// computes other numbers, gives the same trace, byte for byte.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "common/file.hpp"
#include "platform/pins.hpp"
#include "platform/public_layers.hpp"

namespace keyway::platform {

class ActivityTrace {
 public:
  ActivityTrace(const std::string& path, const std::string& device);
  ~ActivityTrace();  ///< the file appears only after close()

  /// For the run that starts.
  void name_layers(PublicLayers layers);
  /// `product`: the MULTIPLY at hand, see CycleAccount.
  void sample(uint64_t cycle, bool running, size_t product, const KernelInputs& in,
              const KernelOutputs& out);
  void close();

 private:
  static constexpr uint64_t kMerge = 8;
  enum Track : unsigned {
    kRun,
    kLayer,
    kArray,
    kPost,
    kActivationRead,
    kActivationWrite,
    kWeightRead,
    kWeightWrite,
    kUnsealer,
    kReadBus,
    kWriteBus,
    kLoad,
    kStore,
    kTracks
  };

  struct Span {
    const char* label = nullptr;
    uint64_t begin = 0, end = 0;  ///< [begin, end)
  };

  void extend(Track track, const char* label, uint64_t cycle, uint64_t merge);
  void flush(Track track);

  common::AtomicFile file_;
  std::string pending_;
  PublicLayers layers_;
  size_t product_ = 0;
  const char* layer_label_ = nullptr;
  std::array<Span, kTracks> spans_{};
  bool closed_ = false;
};

}  // namespace keyway::platform
