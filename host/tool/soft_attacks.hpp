// SPDX-License-Identifier: Apache-2.0
/// Attacks on a softly locked float network (soft/attacks.hpp), and what they reach.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "soft/attacks.hpp"

namespace keyway::tool {

struct AttackResult {
  const soft::Attack* attack;
  double accuracy;  ///< share of the judged inputs that get their label
  double seconds;
};

/// What attackers know and what they are judged by; in the user's layout.
struct AttackData {
  const float* known = nullptr;  ///< inputs without labels
  int64_t known_images = 0;
  const float* judged = nullptr;
  std::vector<int64_t> labels;  ///< of the judged inputs
};

/// Is the network's output a list of classes?
bool has_classes(const graph::Graph& graph);
/// Class of each input, as the network answers. Throws Error(kUsage) where there are none.
std::vector<int64_t> answers(const graph::Graph& graph, const float* inputs, int64_t images);

/// All of them, with progress.
std::vector<AttackResult> run_attacks(const graph::Graph& graph, const AttackData& data);

/// A table for people.
std::string attack_table(const std::vector<AttackResult>& results);
nlohmann::ordered_json to_json(const std::vector<AttackResult>& results);

}  // namespace keyway::tool
