// SPDX-License-Identifier: Apache-2.0
#include "bench.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace keyway::test {

namespace {

Beat beat_at(const Bytes& bytes, size_t at) {
  Beat beat{};
  if (at < bytes.size())
    std::memcpy(beat.data(), &bytes[at], std::min<size_t>(16, bytes.size() - at));
  return beat;
}

}  // namespace

Bench::Bench(uint64_t seed) : dut_(make_dut()), random_(seed) { clear(); }

bool Bench::stalls_now(double chance) {
  return chance > 0 && std::uniform_real_distribution<>(0, 1)(random_) < chance;
}

void Bench::write_weights(const Bytes& image) {
  Pins in;
  Outputs out;
  for (size_t at = 0; at < image.size(); at += 16) {
    in.weight_write_valid = true;
    in.weight_write_address = static_cast<uint32_t>(at / 16);
    in.weight_write_data = beat_at(image, at);
    dut_->settle(in, out);
    dut_->clock();
  }
}

void Bench::clear() {
  Pins in;
  Outputs out;
  in.clear = true;
  for (int i = 0; i < 100'000; ++i) {
    dut_->settle(in, out);
    dut_->clock();
    if (!out.clear_done) continue;
    in.clear = false;  // the units hear of it now
    dut_->settle(in, out);
    dut_->clock();
    return;
  }
  throw std::runtime_error("clearing does not end");
}

RunResult Bench::run(const Bytes& input, const std::vector<Bytes>& frames, const Stalls& stalls,
                     bool warm, uint64_t stop_after, const Inputs& inputs) {
  constexpr uint64_t kMaxCycles = 2'000'000;
  struct FrameRequest {
    uint32_t destination, left;
  };
  struct InputRequest {
    size_t at, end;
  };
  RunResult result;
  std::deque<FrameRequest> frame_requests;
  std::deque<InputRequest> input_requests;
  size_t frame = 0, frame_byte = 0;
  bool verify_next = false, running = false;
  Pins in;
  Outputs out;
  for (uint64_t cycle = 0;; ++cycle) {
    if (cycle > kMaxCycles) {
      throw std::runtime_error("no end after " + std::to_string(cycle) + " cycles");
    }
    in.run = cycle == 0;
    in.warm = warm;
    in.inputs = inputs;
    // Frames: payloads in order, each verified in the cycle after its last beat.
    in.frames_ready = !stalls_now(stalls.frames) && frame_requests.size() < 2;
    in.frame_verified = verify_next;
    verify_next = false;
    in.weight_write_valid =
        !frame_requests.empty() && !in.frame_verified && !stalls_now(stalls.frames);
    if (in.weight_write_valid) {
      FrameRequest& request = frame_requests.front();
      const Bytes& payload = frames.at(frame);
      in.weight_write_address = request.destination;
      in.weight_write_data = beat_at(payload, frame_byte);
      ++request.destination;
      frame_byte += 16;
      if (frame_byte >= payload.size()) {
        frame_byte = 0;
        ++frame;
        verify_next = true;
        if (--request.left == 0) frame_requests.pop_front();
      }
    }
    // Input: a beat stays until it is taken.
    in.input_request_ready = !stalls_now(stalls.input);
    if (!in.input_valid && !input_requests.empty() && !stalls_now(stalls.input)) {
      in.input_valid = true;
      in.input_data = beat_at(input, input_requests.front().at);
    }
    in.output_request_ready = !stalls_now(stalls.output);
    in.output_ready = !stalls_now(stalls.output);

    dut_->settle(in, out);
    if (out.frames_valid && in.frames_ready) {
      result.frames_requested += out.frames_count;
      if (out.frames_count != 0)
        frame_requests.push_back({out.frames_destination, out.frames_count});
    }
    if (in.input_valid && out.input_ready) {
      in.input_valid = false;
      InputRequest& request = input_requests.front();
      request.at += 16;
      if (request.at >= request.end) input_requests.pop_front();
    }
    if (out.input_request_valid && in.input_request_ready) {
      input_requests.push_back(
          {out.input_request_offset, size_t{out.input_request_offset} + out.input_request_bytes});
    }
    if (out.output_valid && in.output_ready) {
      if (result.stored.empty()) throw std::runtime_error("output without a request");
      const auto* bytes = reinterpret_cast<const uint8_t*>(out.output_data.data());
      Bytes& data = result.stored.back().data;
      data.insert(data.end(), bytes, bytes + 16);
    }
    if (out.output_request_valid && in.output_request_ready) {
      result.stored.push_back({out.output_request_offset, out.output_request_bytes, {}});
    }
    size_t events = 0;
    for (size_t i = 0; i < out.events.size(); ++i) {
      if (out.events[i]) {
        ++result.events[i];
        ++events;
      }
    }
    if (events > 1) throw std::runtime_error("more than one event in a cycle");
    if (running && events != 1 && cycle > 2 && !out.done) {
      throw std::runtime_error("a cycle of the run without an event");
    }
    running = true;
    dut_->clock();
    if (out.done || (out.error && cycle > 1) || (stop_after != 0 && cycle == stop_after)) {
      result.error = out.error;
      result.cycles = cycle;
      break;
    }
  }
  // Leave the ports idle for the next run.
  dut_->settle(Pins{}, out);
  return result;
}

}  // namespace keyway::test
