// SPDX-License-Identifier: Apache-2.0
#include "tool/bench_suites.hpp"

#include <algorithm>
#include <filesystem>

#include "common/error.hpp"
#include "driver/companions.hpp"

namespace keyway::tool {

namespace {

struct KnownNetwork {
  const char* stem;
  const char* name;
  Metric metric;
  const char* published;
};

struct KnownSuite {
  const char* name;
  bool installed;  ///< its files come with this program
  std::vector<KnownNetwork> networks;
  std::vector<std::string> notes;
};

const std::vector<KnownSuite>& known_suites() {
  static const std::vector<KnownSuite> suites{
      {"zoo", true, {{"fashion_mnist", "Fashion-MNIST CNN (ours)", Metric::kTopOne, ""}}, {}},
      {"mlperf-tiny",
       false,
       {{"resnet20_cifar10", "ResNet-20 (CIFAR-10)", Metric::kTopOne,
         "on ResNet-50: DPU 53 %, NVDLA 23 % of peak"},
        {"ic_resnet8", "MLPerf Tiny image classification", Metric::kTopOne,
         "fpgaConvNet, ZC706, 525 DSP: 27,542 cycles; NE16: 34 % of peak"},
        {"kws_dscnn", "MLPerf Tiny keyword spotting", Metric::kTopOne,
         "fpgaConvNet, ZedBoard: 46,310 cycles; NE16: 9 % of peak"},
        {"vww_mobilenet", "MLPerf Tiny visual wake words", Metric::kTopOne,
         "ANPU, VCU128, 994 DSP: 69,191 cycles; NE16: 11 %, DPU: 3 % of peak"},
        {"ad_autoencoder", "MLPerf Tiny anomaly detection", Metric::kAuc,
         "no FPGA in the closed division"}},
       {"Others, as published, not measured here: fpgaConvNet, ANPU and GreenWaves GAP9's NE16 on "
        "MLPerf Tiny; the Xilinx DPU (its 3 % on MobileNetV1-0.25) and NVDLA. For dense matrix "
        "products alone RedMulE reaches 98.8 % (DATE 2022, arXiv 2204.11192)."}}};
  return suites;
}

/// Without what is not there of inputs and labels.
BenchNetwork files_of(const KnownNetwork& network, const std::filesystem::path& place) {
  const auto file = [&](const char* ending) {
    return (place / (std::string(network.stem) + ending)).string();
  };
  BenchNetwork one{network.name,        file(".onnx"),  file(".calib.npy"), file(".test.npy"),
                   file(".labels.npy"), network.metric, network.published};
  if (!std::filesystem::exists(one.labels)) one.labels.clear();
  if (!std::filesystem::exists(one.input)) one.input = one.labels = "";
  return one;
}

/// The first of the files that a network needs and that is not there; empty: none.
std::string missing(const BenchNetwork& network) {
  for (const std::string* needed : {&network.model, &network.calibration}) {
    if (!std::filesystem::exists(*needed)) return *needed;
  }
  return "";
}

}  // namespace

const std::vector<std::string>& suite_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const KnownSuite& suite : known_suites()) all.emplace_back(suite.name);
    return all;
  }();
  return names;
}

Suite find_suite(const std::string& name, const std::string& folder) {
  namespace fs = std::filesystem;
  const auto& known = known_suites();
  const auto suite = std::find_if(known.begin(), known.end(), [&](const KnownSuite& candidate) {
    return name == candidate.name;
  });
  if (suite == known.end()) throw Error(ErrorKind::kUsage, "no suite is called '" + name + "'");
  if (folder.empty() && !suite->installed) {
    throw Error(ErrorKind::kUsage, "suite " + name + " needs --data: the folder with its networks");
  }
  const fs::path place = folder.empty() ? fs::path(driver::zoo_folder()) : fs::path(folder);
  Suite result{name, {}, suite->notes};
  for (const KnownNetwork& network : suite->networks) {
    BenchNetwork one = files_of(network, place);
    const std::string file = missing(one);
    if (!file.empty()) throw Error(ErrorKind::kFile, file + ": is not there");
    result.networks.push_back(std::move(one));
  }
  return result;
}

std::vector<BenchNetwork> networks_at_hand(const std::string& folder) {
  std::vector<BenchNetwork> networks;
  for (const KnownSuite& suite : known_suites()) {
    for (const KnownNetwork& network : suite.networks) {
      BenchNetwork one = files_of(network, folder);
      if (missing(one).empty()) {
        networks.push_back(std::move(one));
      } else if (suite.installed) {
        networks.push_back(files_of(network, driver::zoo_folder()));
      }
    }
  }
  return networks;
}

}  // namespace keyway::tool
