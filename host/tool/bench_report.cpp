// SPDX-License-Identifier: Apache-2.0
#include "tool/bench_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "common/printable.hpp"

namespace keyway::tool {

namespace {

using Json = nlohmann::ordered_json;
using contract::Counter;
using Rows = std::vector<std::vector<std::string>>;

constexpr std::array<const char*, platform::CycleAccount::kCauses> kCauses = {
    "busy", "tile", "bank", "frames", "rows", "products", "empty"};

/// 1234567 as 1,234,567.
std::string grouped(uint64_t value) {
  std::string text = std::to_string(value);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string percent(double share, int digits = 1) {
  return fmt::format("{:.{}f} %", 100 * share, digits);
}

std::string change(double share) { return fmt::format("{:+.2f} %", 100 * share); }

/// A name as a table's cell: nothing in it ends the cell.
std::string cell(const std::string& name) {
  std::string text;
  for (const char c : common::printable(name))
    text += c == '|' ? std::string("\\|") : std::string(1, c);
  return text;
}

/// The first row is the heading. Columns up to `left` are text, the others numbers but the last.
std::string table(const Rows& rows, size_t left, bool last_is_text) {
  std::vector<size_t> width(rows.front().size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  const auto is_text = [&](size_t i) {
    return i < left || (last_is_text && i + 1 == width.size());
  };
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t i = 0; i < width.size(); ++i) {
      text += is_text(i) ? fmt::format("| {:<{}} ", rows[r][i], width[i])
                         : fmt::format("| {:>{}} ", rows[r][i], width[i]);
    }
    text += "|\n";
    if (r != 0) continue;
    for (size_t i = 0; i < width.size(); ++i) {
      text += "| " + std::string(width[i] - (is_text(i) ? 0 : 1), '-') + (is_text(i) ? " " : ": ");
    }
    text += "|\n";
  }
  return text;
}

std::string traffic(const Inference& inference) {
  return grouped(inference.counter(Counter::kReadBytes)) + " + " +
         grouped(inference.counter(Counter::kWriteBytes));
}

std::string accuracy_text(const BenchResult& result) {
  if (!result.accuracy) return "";
  return result.network.metric == Metric::kAuc
             ? fmt::format("AUC {:.3f} ({})", *result.accuracy, result.accuracy_labels)
             : fmt::format("{:.2f} % ({})", 100 * *result.accuracy, result.accuracy_labels);
}

Json to_json(const Inference& inference) {
  return {{"cycles", inference.cycles()},
          {"read_bytes", inference.counter(Counter::kReadBytes)},
          {"write_bytes", inference.counter(Counter::kWriteBytes)}};
}

Json to_json(const CoreArea& area, uint64_t cycles) {
  return {{"lut", area.lut},
          {"ff", area.ff},
          {"dsp", area.dsp},
          {"ramb36", area.ramb36},
          {"rtl", area.rtl},
          {"cycles_lut", cycles * area.lut},
          {"cycles_lut_and_dsp", cycles * area.lut_and_dsp()}};
}

Json to_json(const PackageCycles& cycles) {
  return {{"cycles_open", cycles.open},
          {"cold", to_json(cycles.cold)},
          {"warm", to_json(cycles.warm)},
          {"cycles_batch", cycles.batch ? Json(*cycles.batch) : Json(nullptr)}};
}

/// The part of a layer's cycles beyond the ideal that is largest, and its share of the layer's
/// cycles: `tile 12 %`. `multipliers` when the layer comes within 2 % of the ideal, `shape` when
/// the array is busy but channels or taps do not fill it.
std::string binding_limit(const LayerCycles& layer, const program::CoreConfig& core) {
  constexpr double kNear = 0.98;
  if (layer.kind.empty() || layer.cycles == 0) return "";
  const auto cycles = static_cast<double>(layer.cycles);
  const double ideal = layer.ideal(core);
  if (ideal >= kNear * cycles) return "multipliers";
  double most = static_cast<double>(layer.causes[0]) - ideal;
  std::string name = layer.macs == 0 ? "no products" : "shape";
  for (size_t i = 1; i < layer.causes.size(); ++i) {
    if (static_cast<double>(layer.causes[i]) <= most) continue;
    most = static_cast<double>(layer.causes[i]);
    name = kCauses[i];
  }
  return name + " " + percent(most / cycles, 0);
}

Json layers_json(const Inference& inference, const program::CoreConfig& core) {
  Json layers = Json::array();
  for (const LayerCycles& layer : inference.layers) {
    Json stalls;
    for (size_t i = 1; i < kCauses.size(); ++i) stalls[kCauses[i]] = layer.causes[i];
    const double cycles = static_cast<double>(std::max<uint64_t>(layer.cycles, 1));
    layers.push_back({{"name", layer.name},
                      {"kind", layer.kind},
                      {"macs", layer.macs},
                      {"cycles", layer.cycles},
                      {"ideal_cycles", layer.ideal(core)},
                      {"utilisation", layer.ideal(core) / cycles},
                      {"busy", layer.causes[0]},
                      {"stalls", stalls},
                      {"limit", binding_limit(layer, core)}});
  }
  return layers;
}

}  // namespace

std::string bench_table(const std::vector<BenchResult>& results) {
  const bool judged = std::any_of(results.begin(), results.end(),
                                  [](const BenchResult& r) { return r.accuracy.has_value(); });
  const bool compared = std::any_of(results.begin(), results.end(), [](const BenchResult& r) {
    return !r.network.published.empty();
  });
  Rows rows{{"network", "MMAC", "cycles, warm", "utilisation", "in batches", "cycles, cold",
             "lock, warm", "lock, cold", "bytes read + written, warm", "cold"}};
  if (judged) rows.front().emplace_back("accuracy (labels)");
  if (compared) rows.front().emplace_back("others");
  for (const BenchResult& r : results) {
    rows.push_back(
        {cell(r.network.name), fmt::format("{:.3g}", static_cast<double>(r.macs) / 1e6),
         grouped(r.sealed.warm.cycles()), percent(r.utilisation()),
         r.sealed.batch ? grouped(static_cast<uint64_t>(std::lround(*r.sealed.batch))) : "streams",
         grouped(r.sealed.cold.cycles()), change(r.overhead_warm()), change(r.overhead_cold()),
         traffic(r.sealed.warm), traffic(r.sealed.cold)});
    if (judged) rows.back().push_back(accuracy_text(r));
    if (compared) rows.back().push_back(r.network.published);
  }
  return table(rows, 1, compared);
}

std::string area_table(const std::vector<BenchResult>& results) {
  Rows rows{{"network", "core", "format", "accuracy (labels)", "cycles, warm", "LUT", "DSP",
             "cycles x LUT, 1e9", "cycles x (LUT + 50 DSP), 1e9"}};
  std::set<std::string> states;
  for (const BenchResult& r : results) {
    rows.push_back({cell(r.network.name), r.core.name(), r.format, accuracy_text(r),
                    grouped(r.sealed.warm.cycles())});
    if (!r.area) {
      rows.back().resize(rows.front().size());
      continue;
    }
    states.insert(r.area->rtl);
    const auto giga = [&](uint64_t area) {
      return fmt::format("{:.3f}", 1e-9 * static_cast<double>(r.sealed.warm.cycles() * area));
    };
    for (const std::string& text : {grouped(r.area->lut), grouped(r.area->dsp), giga(r.area->lut),
                                    giga(r.area->lut_and_dsp())}) {
      rows.back().push_back(text);
    }
  }
  std::string text = table(rows, 4, false);
  if (!states.empty()) {
    text += fmt::format("\nArea: core without lock, UltraScale+, of RTL in state {}.\n",
                        fmt::join(states, ", "));
  }
  return text;
}

std::string layer_table(const BenchResult& result) {
  Rows rows{{"layer", "kind", "cycles", "ideal", "utilisation"}};
  for (const char* cause : kCauses) rows.front().emplace_back(cause);
  rows.front().emplace_back("limit");
  LayerCycles sum{"all", "", 0, 0, {}};
  const auto add = [&](const LayerCycles& layer) {
    const double ideal = layer.ideal(result.core);
    rows.push_back({cell(layer.name), layer.kind, grouped(layer.cycles),
                    layer.macs == 0 ? "" : fmt::format("{:.1f}", ideal),
                    layer.macs == 0 ? "" : percent(ideal / static_cast<double>(layer.cycles))});
    for (const uint64_t cycles : layer.causes) {
      rows.back().push_back(cycles == 0 ? "" : grouped(cycles));
    }
    rows.back().push_back(binding_limit(layer, result.core));
  };
  for (const LayerCycles& layer : result.sealed.warm.layers) {
    add(layer);
    sum.macs += layer.macs;
    sum.cycles += layer.cycles;
    for (size_t i = 0; i < sum.causes.size(); ++i) sum.causes[i] += layer.causes[i];
  }
  add(sum);
  return table(rows, 2, true);
}

Json to_json(const BenchResult& result, bool layers) {
  Json json{
      {"name", result.network.name},
      {"core", result.core.name()},
      {"format", result.format},
      {"macs", result.macs},
      {"cycles_warm", result.sealed.warm.cycles()},
      {"cycles_cold", result.sealed.cold.cycles()},
      {"cycles_batch", result.sealed.batch ? Json(*result.sealed.batch) : Json(nullptr)},
      {"utilisation", result.utilisation()},
      {"area", result.area ? to_json(*result.area, result.sealed.warm.cycles()) : Json(nullptr)},
      {"lock_overhead", {{"warm", result.overhead_warm()}, {"cold", result.overhead_cold()}}},
      {"sealed", to_json(result.sealed)},
      {"plain", to_json(result.plain)},
      {"metric", result.network.metric == Metric::kAuc ? "auc" : "top-1"},
      {"accuracy", result.accuracy ? Json(*result.accuracy) : Json(nullptr)},
      {"accuracy_labels", result.accuracy_labels},
      {"published",
       result.network.published.empty() ? Json(nullptr) : Json(result.network.published)}};
  if (layers) {
    json["layers"] = layers_json(result.sealed.warm, result.core);
    json["layers_cold"] = layers_json(result.sealed.cold, result.core);
  }
  return json;
}

}  // namespace keyway::tool
