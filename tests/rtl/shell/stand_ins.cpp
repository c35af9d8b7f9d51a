// SPDX-License-Identifier: Apache-2.0
#include "stand_ins.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace keyway::rtl_test {
namespace {

using namespace contract;

uint64_t mix(uint64_t x) {
  x ^= x >> 31;
  x *= 0x9e3779b97f4a7c15;
  x ^= x >> 29;
  return x * 0xbf58476d1ce4e5b9;
}

uint64_t load64(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, 8);
  return value;
}

Word operator^(const Word& a, const Word& b) {
  Word out;
  for (size_t i = 0; i < 16; ++i) out[i] = a[i] ^ b[i];
  return out;
}

uint32_t field(const Word& word, int index) {
  uint32_t value;
  std::memcpy(&value, word.data() + 4 * index, 4);
  return value;
}

[[noreturn]] void broken(const char* rule) { throw std::logic_error(rule); }

constexpr uint32_t kHeaderTagWord = kHeaderTagOffset / 16;

}  // namespace

Word toy_tag(const std::vector<Word>& words, FrameKind kind, uint32_t index, uint32_t total) {
  uint64_t state = mix(static_cast<uint64_t>(kind) << 56 ^ uint64_t{index} << 28 ^ total);
  for (const Word& word : words) {
    state = mix(state ^ load64(word.data()));
    state = mix(state ^ load64(word.data() + 8));
  }
  const uint64_t tag[2] = {state, mix(state + 1)};
  Word out;
  std::memcpy(out.data(), tag, 16);
  return out;
}

Word toy_mask(uint64_t key, uint32_t index, uint32_t word) {
  const uint64_t mask[2] = {mix(key ^ uint64_t{index} << 32 ^ word), mix(key + 7 * word + index)};
  Word out;
  std::memcpy(out.data(), mask, 16);
  return out;
}

// ------------------------------------------------------------------------------ lock unit

void LockStandIn::drive(LockPins& pins) {
  pins.idle = frames_.empty() && verdicts_.empty() && open_left_ == 0;
  pins.open_done = open_done_;
  pins.header_place = static_cast<uint8_t>(reads_ % kHeaderWords);
  pins.licence_place = static_cast<uint8_t>(reads_ % kLicenceWords);
  pins.open_status = static_cast<uint8_t>(status_);
  pins.frame_ready = frames_.size() < 3 && open_left_ == 0;
  ready_ =
      !frames_.empty() && !(stall > 0 && std::uniform_real_distribution<>(0, 1)(random_) < stall);
  pins.data_ready = ready_;
  pins.payload_valid = !payload_.empty();
  if (pins.payload_valid) pins.payload = payload_.front();
  pins.frame_done = !verdicts_.empty() && payload_out_ >= verdicts_.front().after;
  pins.frame_ok = pins.frame_done && verdicts_.front().ok;
}

void LockStandIn::read(const LockPins& pins) {
  const auto take = [&](auto& stored, size_t words, const Word& word) {
    uint8_t* place = stored.data() + 16 * ((reads_ - 1) % words);
    if (reads_ > words && std::memcmp(place, word.data(), 16) != 0)
      broken("header or licence changed during an open");
    std::memcpy(place, word.data(), 16);
  };
  if (reads_ > 0) {
    take(header_, kHeaderWords, pins.header_word);
    take(licence_, kLicenceWords, pins.licence_word);
    if (header_[kHeaderPolicyOffset] != pins.policy) broken("another policy");
  }
  ++reads_;
}

Status LockStandIn::judge(const LockPins& pins) const {
  if (!pins.licence_present) return Status::kNoLicence;
  if (std::memcmp(licence_.data(), kLicenceMagic, 8) != 0 ||
      std::memcmp(licence_.data() + kLicenceIdOffset, header_.data() + kHeaderIdOffset, 16) ||
      std::memcmp(licence_.data() + kLicenceHeaderTagOffset, header_.data() + kHeaderTagOffset,
                  16) != 0) {
    return Status::kLicenceRefused;
  }
  // Every licence byte counts: its tag is the sum of all others.
  uint8_t sum = 0;
  for (size_t i = 0; i + 1 < kLicenceBytes; ++i) sum = static_cast<uint8_t>(sum + licence_[i]);
  return sum == licence_[kLicenceBytes - 1] ? Status::kOk : Status::kLicenceRefused;
}

void LockStandIn::clock(const LockPins& pins) {
  open_done_ = false;
  if (pins.payload_valid) {
    payload_.pop_front();
    ++payload_out_;
  }
  if (pins.frame_done) verdicts_.pop_front();

  if (pins.clear) {
    if (!clear_) ++clears;
    clear_ = true;
    key_ = 0;
    open_left_ = 0;
    frames_.clear();
    words_.clear();
    payload_.clear();
    verdicts_.clear();
    payload_in_ = payload_out_ = 0;
    return;
  }
  clear_ = false;

  if (pins.open_valid && !pins.open_done) {
    if (!frames_.empty() || !verdicts_.empty()) broken("a licence is opened while frames are here");
    if (open_left_ == 0) {
      open_left_ = std::max(open_cycles, static_cast<unsigned>(2 * kLicenceWords + 1));
      reads_ = 0;
    } else if (read(pins); --open_left_ == 0) {
      ++opens;
      status_ = judge(pins);
      open_done_ = true;
      key_ = status_ == Status::kOk ? load64(licence_.data() + kLicenceWrappedOffset) | 1 : 0;
    }
  }

  if (pins.frame_valid && pins.frame_ready) {
    if (!pins.frame_plain && key_ == 0) broken("a locked frame without a key");
    frames_.push_back(
        {static_cast<FrameKind>(pins.kind), pins.index, pins.total, pins.beats, pins.frame_plain});
  }
  if (pins.data_valid && pins.data_ready) {
    const Frame& frame = frames_.front();
    const bool last = words_.size() + 1 == frame.beats;
    if (frame.kind != FrameKind::kHeader && !last) {
      payload_.push_back(frame.plain ? pins.data
                                     : pins.data ^ toy_mask(key_, frame.index,
                                                            static_cast<uint32_t>(words_.size())));
      ++payload_in_;
    }
    words_.push_back(pins.data);
    if (last) finish_frame();
  }
}

void LockStandIn::finish_frame() {
  const Frame frame = frames_.front();
  frames_.pop_front();
  bool ok = frame.plain;
  if (!frame.plain) {
    std::vector<Word> words = words_;
    const size_t at = frame.kind == FrameKind::kHeader ? kHeaderTagWord : words.size() - 1;
    const Word tag = words[at];
    words.erase(words.begin() + static_cast<long>(at));
    ok = toy_tag(words, frame.kind, frame.index, frame.total) == tag;
    if (frame.kind == FrameKind::kHeader) {
      for (size_t i = 0; i < kHeaderBlockBytes; ++i)
        ok = ok && words_[i / 16][i % 16] == header_[i];
    }
  }
  words_.clear();
  verdicts_.push_back({payload_in_, ok});
}

// ------------------------------------------------------------------------------ engine

Word encode(const Step& step) {
  Word word{};
  const uint32_t fields[4] = {step.op, step.a, step.b, step.c};
  std::memcpy(word.data(), fields, 16);
  return word;
}

bool EngineStandIn::clean() const {
  for (const Word& word : weights) {
    if (word != Word{}) return false;
  }
  return sum_ == Word{} && output_.empty();
}

void EngineStandIn::drive(EnginePins& pins) {
  const Word word = running_ && pc_ < weights.size() ? weights[pc_] : Word{};
  const uint32_t op = running_ && wait_ == 0 ? field(word, 0) : 0;
  pins.clear_done = clear_left_ == 1;
  pins.done = done_;
  pins.error = error_;
  pins.frames_valid = op == Step::kLoadWeights && !(warm_ && field(word, 3));
  pins.frames_count = field(word, 1);
  pins.frames_destination = field(word, 2);
  if (rogue) {
    pins.frames_valid = true;
    pins.frames_count = pins.frames_destination = 0;
  }
  pins.input_request_valid = op == Step::kLoadInput && !asked_;
  pins.input_offset = field(word, 1);
  pins.input_bytes = field(word, 2);
  input_ready_ = input_expected_ > 0 &&
                 !(stall > 0 && std::uniform_real_distribution<>(0, 1)(random_) < stall);
  pins.input_ready = input_ready_;
  pins.output_request_valid = op == Step::kStore && !asked_;
  pins.output_offset = field(word, 1);
  pins.output_bytes = 16 * field(word, 2);
  pins.output_valid = !output_.empty();
  if (pins.output_valid) pins.output = output_.front();
  busy_ = running_ && wait_ > 0;
  pins.busy = busy_;
  pins.stall_empty = running_ && !busy_;
}

void EngineStandIn::clock(const EnginePins& pins) {
  done_ = false;
  if (pins.clear) {
    running_ = error_ = asked_ = false;
    wait_ = frames_ = input_expected_ = 0;
    sum_ = Word{};
    output_.clear();
    if (clear_left_ == 0) {
      clear_left_ = clear_cycles + 1;
    } else if (clear_left_ > 1) {
      --clear_left_;
    }
    std::fill(weights.begin(), weights.end(), Word{});
    if (pins.weight_valid) broken("weights are written while they are cleared");
    return;
  }
  clear_left_ = 0;
  if (pins.weight_valid) weights.at(pins.weight_address) = pins.weight_data;
  if (pins.frame_verified) ++frames_;
  if (pins.run) {
    if (running_) broken("run while running");
    ++runs;
    warm_runs += pins.warm;
    running_ = true;
    warm_ = pins.warm;
    error_ = asked_ = false;
    pc_ = frames_ = input_expected_ = wait_ = 0;
    sum_ = Word{};
    output_.clear();
    return;
  }
  if (pins.input_valid && pins.input_ready) {
    sum_ = sum_ ^ pins.input;
    --input_expected_;
  }
  if (pins.output_valid && pins.output_ready) output_.pop_front();
  if (running_) advance(pins);
}

void EngineStandIn::advance(const EnginePins& pins) {
  if (wait_ > 0) {
    --wait_;
    if (wait_ == 0) ++pc_;
    return;
  }
  const Word word = weights.at(pc_);
  switch (field(word, 0)) {
    case Step::kLoadWeights:
      if (warm_ && field(word, 3)) {
        frames_ += field(word, 1);
        ++pc_;
      } else if (pins.frames_ready) {
        ++pc_;
      }
      break;
    case Step::kLoadInput:
      if (!asked_ && pins.input_request_ready) {
        asked_ = true;
        input_expected_ = (field(word, 2) + 15) / 16;
      } else if (asked_ && input_expected_ == 0) {
        asked_ = false;
        ++pc_;
      }
      break;
    case Step::kWaitFrames:
      if (frames_ >= field(word, 1)) ++pc_;
      break;
    case Step::kCompute:
      wait_ = field(word, 1);
      break;
    case Step::kStore:
      if (!asked_ && pins.output_request_ready) {
        asked_ = true;
        for (uint32_t i = 0; i < field(word, 2); ++i) {
          output_.push_back(sum_ ^ weights.at(field(word, 3) + i));
        }
      } else if (asked_ && output_.empty()) {
        asked_ = false;
        ++pc_;
      }
      break;
    case Step::kEnd:
      running_ = false;
      done_ = true;
      break;
    default:
      running_ = false;
      error_ = true;
  }
}

}  // namespace keyway::rtl_test
