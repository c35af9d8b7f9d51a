// SPDX-License-Identifier: Apache-2.0
#include "platform/activity_trace.hpp"

#include <nlohmann/json.hpp>

#include "program/contract.hpp"

namespace keyway::platform {
namespace {

constexpr std::array<const char*, 13> kTrackNames = {"runs",
                                                     "layers",
                                                     "array",
                                                     "post-processing",
                                                     "activation memory read",
                                                     "activation memory write",
                                                     "weight memory read",
                                                     "weight memory write",
                                                     "unsealer",
                                                     "bus read",
                                                     "bus write",
                                                     "load queue",
                                                     "store queue"};
constexpr std::array<const char*, 7> kArrayLabels = {
    "busy",        "stall: tile",     "stall: bank",       "stall: frames",
    "stall: rows", "stall: products", "stall: no multiply"};
constexpr size_t kFlushBytes = 1 << 20;

bool has(uint32_t events, contract::KernelEvent event) { return ((events >> event) & 1) != 0; }

/// A JSON string; names of layers come from whoever made the model.
std::string json_string(const char* text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

ActivityTrace::ActivityTrace(const std::string& path, const std::string& device) : file_(path) {
  static_assert(kTrackNames.size() == kTracks);
  pending_ =
      "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"unit\":\"1 us = 1 clock cycle\"},"
      "\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":" +
      json_string(device.c_str()) + "}}";
  for (size_t i = 0; i < kTracks; ++i) {
    const std::string track = ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":" + std::to_string(i + 1);
    pending_ += track + ",\"name\":\"thread_name\",\"args\":{\"name\":\"" + kTrackNames[i] +
                "\"}}" + track + ",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":" +
                std::to_string(i + 1) + "}}";
  }
}

ActivityTrace::~ActivityTrace() = default;

void ActivityTrace::name_layers(PublicLayers layers) {
  flush(kLayer);  // its label is a name that goes
  layers_ = std::move(layers);
  product_ = 0;
  layer_label_ = nullptr;
}

void ActivityTrace::sample(uint64_t cycle, bool running, size_t product, const KernelInputs& in,
                           const KernelOutputs& out) {
  if (running) extend(kRun, has(out.events, contract::kEventOpening) ? "open" : "run", cycle, 0);
  if (layer_label_ == nullptr || product != product_) {
    product_ = product;
    const std::string* name = layers_.of_product(product);
    layer_label_ = name == nullptr ? "product" : name->c_str();
  }
  for (unsigned event = contract::kEventArrayBusy; event <= contract::kEventStallEmpty; ++event)
    if (has(out.events, static_cast<contract::KernelEvent>(event))) {
      extend(kArray, kArrayLabels[event], cycle, 0);
      // Before the first product and after the last no MULTIPLY is at hand.
      if (event != contract::kEventStallEmpty) extend(kLayer, layer_label_, cycle, kMerge);
    }
  const auto unit = [&](Track track, contract::KernelEvent event, const char* label) {
    if (has(out.events, event)) extend(track, label, cycle, kMerge);
  };
  unit(kPost, contract::kEventResult, "results");
  unit(kWeightRead, contract::kEventWeightRead, "read");
  unit(kWeightWrite, contract::kEventWeightWrite, "write");
  unit(kUnsealer, contract::kEventUnsealer, "unseal");
  unit(kLoad, contract::kEventLoad, "load");
  unit(kStore, contract::kEventStore, "store");
  // Activation memory: the array's steps and stores read, results and input words are written.
  unit(kActivationRead, contract::kEventArrayBusy, "read");
  unit(kActivationRead, contract::kEventStore, "read");
  unit(kActivationWrite, contract::kEventResult, "write");
  unit(kActivationWrite, contract::kEventLoad, "write");
  if (in.memory.rvalid && out.memory.rready) extend(kReadBus, "read", cycle, kMerge);
  if (out.memory.wvalid && in.memory.wready) extend(kWriteBus, "write", cycle, kMerge);
}

void ActivityTrace::extend(Track track, const char* label, uint64_t cycle, uint64_t merge) {
  Span& span = spans_[track];
  if (span.label == label && cycle <= span.end + merge) {
    span.end = cycle + 1;
    return;
  }
  flush(track);
  span = {label, cycle, cycle + 1};
}

void ActivityTrace::flush(Track track) {
  Span& span = spans_[track];
  if (span.label == nullptr) return;
  pending_ += ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":" + std::to_string(track + 1) +
              ",\"ts\":" + std::to_string(span.begin) +
              ",\"dur\":" + std::to_string(span.end - span.begin) +
              ",\"name\":" + json_string(span.label) + "}";
  span = {};
  if (pending_.size() >= kFlushBytes) {
    file_.write(pending_.data(), pending_.size());
    pending_.clear();
  }
}

void ActivityTrace::close() {
  if (closed_) return;
  closed_ = true;
  for (unsigned track = 0; track < kTracks; ++track) flush(static_cast<Track>(track));
  pending_ += "\n]}\n";
  file_.write(pending_.data(), pending_.size());
  file_.commit();
}

}  // namespace keyway::platform
