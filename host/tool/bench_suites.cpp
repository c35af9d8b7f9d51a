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
    const auto file = [&](const char* ending) {
      return (place / (std::string(network.stem) + ending)).string();
    };
    BenchNetwork one{network.name,        file(".onnx"),  file(".calib.npy"), file(".test.npy"),
                     file(".labels.npy"), network.metric, network.published};
    for (const std::string* needed : {&one.model, &one.calibration}) {
      if (!fs::exists(*needed)) throw Error(ErrorKind::kFile, *needed + ": is not there");
    }
    if (!fs::exists(one.labels)) one.labels.clear();
    if (!fs::exists(one.input)) one.input = one.labels = "";
    result.networks.push_back(std::move(one));
  }
  return result;
}

}  // namespace keyway::tool
