// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A lock_unit of either kind, the device around it and the shell's side of its ports.

#include <catch2/catch.hpp>

#include "clocked.hpp"
#include "reference.hpp"

namespace keyway::lock_bench {

/// An owner, an enrolled device, a package and the licence between them.
struct World {
  explicit World(std::uint64_t seed, Policy policy = Policy::kSealed, std::size_t header_pages = 1,
                 std::size_t program_frames = 2, std::size_t weight_frames = 3)
      : random(seed),
        owner(random),
        device(owner.new_device(random)),
        package(owner.new_package(random, policy, header_pages, program_frames, weight_frames)),
        licence(owner.licence(package, device)),
        keys(derived_keys(device, package, licence)) {}
  Random random;
  Owner owner;
  Device device;
  Package package;
  Bytes licence;
  Keys keys;
};

struct Opened {
  int status = 0;
  std::uint64_t cycles = 0;
};

struct Verdict {
  bool ok = false;
  Bytes payload;
};

struct Passed {
  std::vector<Verdict> verdicts;
  std::uint64_t cycles = 0;
};

template <class Model>
class LockBench : public Clocked<Model> {
 public:
  explicit LockBench(const Device& device) { insert(device); }

  /// Puts the device's pins at the lock.
  void insert(const Device& device) {
    auto& model = *this;
    write_port(model->secret_i, device.secret);
    model->secret_valid_i = 1;
    model->secret_failed_i = 0;
    write_port(model->owner_key_i, device.owner_key);
    model->enrolled_i = device.enrolled;
  }

  /// What the shell has read; the lock asks for its words by place. An empty licence is none.
  void store(const Bytes& header, const Bytes& licence) {
    auto& model = *this;
    header_.assign(header.begin(), header.begin() + 128);
    licence_ = licence;
    licence_.resize(144);
    model->policy_i = header_[8];
    model->licence_present_i = !licence.empty();
  }

  /// The words of the places asked for come a cycle later.
  void tick() {
    auto& model = *this;
    model.settle();
    const std::size_t header_place = model->header_place_o, licence_place = model->licence_place_o;
    Clocked<Model>::tick();
    if (header_.empty()) return;
    std::memcpy(model->header_word_i.data(), &header_[16 * header_place], 16);
    if (licence_place < licence_.size() / 16)
      std::memcpy(model->licence_word_i.data(), &licence_[16 * licence_place], 16);
  }

  Opened open(const Bytes& header, const Bytes& licence) {
    auto& model = *this;
    store(header, licence);
    model->open_valid_i = 1;
    const auto start = model.cycles();
    for (model.settle(); !model->open_done_o; model.tick()) {
      REQUIRE(model.cycles() < start + 5000);
      REQUIRE(!model->frame_ready_o);
      REQUIRE(!model->payload_valid_o);
    }
    const Opened opened{model->open_status_o, model.cycles() - start};
    model.tick();
    model->open_valid_i = 0;
    model.settle();
    REQUIRE(model->idle_o);
    REQUIRE(to_hex(read_port(model->payload_o)) == std::string(32, '0'));
    return opened;
  }

  /// Passes the frames; the bus pauses before a beat, and the conductor before a frame, with the
  /// given probability.
  Passed pass(const std::vector<Frame>& frames, Random& random, double pause) {
    auto& model = *this;
    std::bernoulli_distribution pauses(pause);
    Passed passed;
    std::vector<Bytes> payloads(frames.size());
    std::size_t described = 0, sent = 0, beat = 0;
    std::size_t giver = 0;  // the frame whose beat was taken in the cycle before: payload is its
    bool frame_offered = false, beat_offered = false;
    const auto start = model.cycles();
    while (passed.verdicts.size() < frames.size()) {
      REQUIRE(model.cycles() - start < 100 + 60000 * frames.size());
      if (!frame_offered && described < frames.size() && !pauses(random)) {
        const auto& frame = frames[described];
        model->frame_kind_i = static_cast<CData>(frame.kind);
        model->frame_index_i = frame.index;
        model->total_frames_i = frame.total;
        model->frame_beats_i = static_cast<IData>(frame.bytes.size() / 16);
        model->frame_plain_i = frame.plain;
        frame_offered = true;
      }
      if (!beat_offered && sent < frames.size() && !pauses(random)) {
        std::memcpy(model->data_i.data(), &frames[sent].bytes[16 * beat], 16);
        beat_offered = true;
      }
      model->frame_valid_i = frame_offered;
      model->data_valid_i = beat_offered;
      model.settle();
      if (model->frame_done_o) {
        passed.verdicts.emplace_back();
        passed.verdicts.back().ok = model->frame_ok_o;
      }
      if (model->payload_valid_o) {
        REQUIRE(giver + 1 >= passed.verdicts.size());
        payloads[giver] = payloads[giver] + read_port(model->payload_o);
      }
      if (frame_offered && model->frame_ready_o) {
        frame_offered = false;
        described++;
      }
      if (beat_offered && model->data_ready_o) {
        REQUIRE(sent < described + 1);
        beat_offered = false;
        giver = sent;
        if (++beat * 16 == frames[sent].bytes.size()) {
          beat = 0;
          sent++;
        }
      }
      model.tick();
    }
    REQUIRE(sent == frames.size());
    model->frame_valid_i = 0;
    model->data_valid_i = 0;
    model.settle();
    REQUIRE(!model->payload_valid_o);
    REQUIRE(model->idle_o);
    for (std::size_t i = 0; i < frames.size(); i++) passed.verdicts[i].payload = payloads[i];
    passed.cycles = model.cycles() - start;
    return passed;
  }

  /// One frame's verdict, without pauses.
  Verdict pass(const Frame& frame) {
    Random random(0);
    return pass(std::vector<Frame>{frame}, random, 0.0).verdicts[0];
  }

  void clear() {
    auto& model = *this;
    model->clear_i = 1;
    model.tick();
    model->clear_i = 0;
    model.settle();
  }

 private:
  Bytes header_, licence_;
};

}  // namespace keyway::lock_bench
