// SPDX-License-Identifier: Apache-2.0
#include "platform/activity_trace.hpp"

namespace keyway::platform {
namespace {

constexpr std::array<const char*, 7> kTrackNames = {
    "runs", "array", "bus read", "bus write", "unsealer", "load queue", "store queue"};
constexpr std::array<const char*, 7> kArrayLabels = {
    "busy",        "stall: tile",     "stall: bank",       "stall: frames",
    "stall: rows", "stall: products", "stall: no multiply"};
constexpr size_t kFlushBytes = 1 << 20;

bool has(uint16_t events, KernelEvent event) { return ((events >> event) & 1) != 0; }

}  // namespace

ActivityTrace::ActivityTrace(const std::string& path, const std::string& device) : file_(path) {
  static_assert(kTrackNames.size() == kTracks);
  pending_ =
      "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"unit\":\"1 us = 1 clock cycle\"},"
      "\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"" +
      device + "\"}}";
  for (size_t i = 0; i < kTracks; ++i)
    pending_ += ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":" + std::to_string(i + 1) +
                ",\"name\":\"thread_name\",\"args\":{\"name\":\"" + kTrackNames[i] + "\"}}";
}

ActivityTrace::~ActivityTrace() = default;

void ActivityTrace::sample(uint64_t cycle, bool running, const KernelInputs& in,
                           const KernelOutputs& out) {
  if (running) extend(kRun, has(out.events, kEventOpening) ? "open" : "run", cycle, 0);
  for (unsigned event = kEventArrayBusy; event <= kEventStallEmpty; ++event)
    if (has(out.events, static_cast<KernelEvent>(event)))
      extend(kArray, kArrayLabels[event], cycle, 0);
  if (in.memory.rvalid && out.memory.rready) extend(kReadBus, "read", cycle, kMerge);
  if (out.memory.wvalid && in.memory.wready) extend(kWriteBus, "write", cycle, kMerge);
  if (has(out.events, kEventUnsealer)) extend(kUnsealer, "unseal", cycle, kMerge);
  if (has(out.events, kEventLoad)) extend(kLoad, "load", cycle, kMerge);
  if (has(out.events, kEventStore)) extend(kStore, "store", cycle, kMerge);
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
              ",\"dur\":" + std::to_string(span.end - span.begin) + ",\"name\":\"" + span.label +
              "\"}";
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
