// SPDX-License-Identifier: Apache-2.0
// Trained networks from ONNX, through quantiser, compiler and simulator. Calibrated on noise: what
// counts here is that every output byte is the reference executor's, for every core and number
// system.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>

#include "check.hpp"
#include "compile/compile.hpp"
#include "graph/onnx_import.hpp"
#include "quantise/quantise.hpp"

using namespace keyway;

namespace {

struct Model {
  const char* file;
  float lo, hi;  ///< of the input values
};

constexpr Model kShared[] = {{"resnet20_cifar10.onnx", -2, 2},
                             {"mlperf_tiny/ic_resnet8.onnx", 0, 255},
                             {"mlperf_tiny/kws_dscnn.onnx", -60, 20},
                             {"mlperf_tiny/vww_mobilenet.onnx", 0, 1},
                             {"mlperf_tiny/ad_autoencoder.onnx", -60, 10}};

/// By kind of array.
const std::vector<std::vector<const char*>> kCores{
    {"8x8", "16x16", "32x32"}, {"8x8-log"}, {"8x8-serial"}};

void check_model(const std::filesystem::path& path, float lo, float hi) {
  const graph::Graph graph = graph::import_onnx(path.string());
  constexpr int64_t kImages = 4;
  const Shape& shape = graph.tensors[static_cast<size_t>(graph.input)].shape;
  std::vector<float> calibration(static_cast<size_t>(kImages * shape.elements()));
  std::mt19937 random(7);
  std::uniform_real_distribution<float> values(lo, hi);
  for (float& value : calibration) value = values(random);
  for (const arith::NumberSystemInfo& system : arith::number_systems()) {
    for (const auto& names : kCores) {
      quantise::Options options;
      options.array_kind = program::core_from_name(names.front()).array_kind;
      if (!system.runs_on(options.array_kind)) continue;
      const quantise::Network network =
          quantise::quantise(graph, calibration.data(), kImages, system.system, options);
      for (const char* name : names) {
        INFO(path.filename().string() << ", " << system.name << ", core " << name);
        test::check_network(network, program::core_from_name(name), 1);
      }
    }
  }
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

TEST_CASE("third-party networks equal the reference", "[networks][optional-data]") {
  const std::filesystem::path folder = environment("KEYWAY_SHARED_DATA");
  for (const Model& model : kShared) {
    if (!std::filesystem::exists(folder / model.file)) {
      std::cout << "\nSKIPPED: " << model.file << " is not there" << std::endl;
      return;
    }
  }
  for (const Model& model : kShared) check_model(folder / model.file, model.lo, model.hi);
}

TEST_CASE("our own network equals the reference", "[networks]") {
  const std::filesystem::path folder =
      std::filesystem::path(environment("KEYWAY_SOURCE_DIR")) / "models/zoo/fashion_mnist";
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".onnx") continue;
    check_model(entry.path(), 0, 1);
    ++found;
  }
  CHECK(found > 0);
}
