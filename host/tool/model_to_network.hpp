// SPDX-License-Identifier: Apache-2.0
/// From a model file to a quantised network: the steps that `compile`, `lock` and `bench` share.
#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "common/npy.hpp"
#include "graph/graph.hpp"
#include "program/program.hpp"
#include "quantise/findings.hpp"
#include "quantise/network.hpp"

namespace keyway::tool {

struct ModelOptions {
  std::string model, calibration, format, core = "16x16", output;
  bool json = false;
};

struct BuiltNetwork {
  quantise::Network network;
  quantise::Findings findings;
};

/// The number system that a package has unless told otherwise: under a lock the first whose codes
/// are all equally likely, without one the first of all.
std::string default_format(bool locked);

/// Adds model, --calib, --format, --core, --output and --json.
void add_model_options(CLI::App& command, ModelOptions& options);

struct LoadedModel {
  graph::Graph graph;
  common::NpyArray<float> calibration;  ///< without any inputs where none are given
  std::string file, calibration_file;   ///< for messages
};
LoadedModel load_model(const std::string& file, const std::string& calibration_file);

/// Calibrates and quantises, unless the network's shapes say that no program for this core can come
/// of it: that is told at once (compile::check_fit). `secret`: see quantise::Options.
BuiltNetwork build_network(const LoadedModel& model, const std::string& format,
                           const program::CoreConfig& core,
                           const std::function<void(uint8_t*, size_t)>& secret = {});

/// The same of a model file.
BuiltNetwork build_network(const std::string& model, const std::string& calibration,
                           const std::string& format, const program::CoreConfig& core,
                           const std::function<void(uint8_t*, size_t)>& secret = {});

/// What `compile` and `lock` say at their end: a line about the program and how close it is to the
/// float network, and warnings, on stderr; with --json all of it in one object on stdout.
void report(const program::Program& program, const quantise::Findings& findings,
            const ModelOptions& options);

}  // namespace keyway::tool
