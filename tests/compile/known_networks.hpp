// SPDX-License-Identifier: Apache-2.0
/// Networks of the shapes of ResNet-20 and the four MLPerf Tiny reference models, with random
/// codes: what the compiler sees of them, without files.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "quantise/network.hpp"

namespace keyway::test {

quantise::Network resnet20();     ///< 40.6 MMAC, shortcuts padded with zero channels
quantise::Network resnet8();      ///< image classification, 12.5 MMAC
quantise::Network dscnn();        ///< keyword spotting, 2.66 MMAC
quantise::Network mobilenet();    ///< visual wake words, 7.49 MMAC
quantise::Network autoencoder();  ///< anomaly detection, 0.264 MMAC

/// M5 on raw audio (Dai et al., arXiv 1610.00087, 128 channels): 80 taps at stride 4, then three
/// times 3 taps, and after each the maximum of four. An ECG has twelve leads.
quantise::Network m5(int64_t channels, int64_t samples, int64_t leads = 1);

struct KnownNetwork {
  const char* name;
  quantise::Network (*make)();
  /// Cycles of the array on the 16 x 16 core when nothing ever stalls, 25 a layer apart: the
  /// analytic model of the micro-architecture.
  uint64_t model_cycles;
};

const std::vector<KnownNetwork>& known_networks();

}  // namespace keyway::test
