// SPDX-License-Identifier: Apache-2.0
/// Behavioural stand-ins for the two working parts, on the pins of rtl/shell/shell.sv, so that the
/// start sequence can be tested with every fault at every moment.
///
/// Their cryptography is a toy with the right dependencies: a frame's tag depends on each of its
/// bytes, its kind, index and the number of frames; payload is masked by a key that comes from the
/// licence. Their program is a list of steps in weight memory, so a run depends on every verified
/// byte.
///
/// Both throw std::logic_error when the shell breaks their port contract.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "program/contract.hpp"

namespace keyway::rtl_test {

using Word = std::array<uint8_t, 16>;

/// Tag over words, for a frame of that kind, index and total.
Word toy_tag(const std::vector<Word>& words, contract::FrameKind kind, uint32_t index,
             uint32_t total);
/// Mask of a payload word.
Word toy_mask(uint64_t key, uint32_t index, uint32_t word);

// ------------------------------------------------------------------------------ lock unit
/// Inputs and outputs of lock_unit, in its own direction.
struct LockPins {
  bool clear = false, open_valid = false, licence_present = false, frame_valid = false,
       frame_plain = false, data_valid = false;
  uint8_t policy = 0, kind = 0;
  Word header_word{}, licence_word{};  // of the places below, a cycle earlier
  uint32_t index = 0, total = 0, beats = 0;
  Word data{};

  bool idle = false, open_done = false, frame_ready = false, data_ready = false,
       payload_valid = false, frame_done = false, frame_ok = false;
  uint8_t open_status = 0, header_place = 0, licence_place = 0;
  Word payload{};
};

class LockStandIn {
 public:
  explicit LockStandIn(uint64_t seed) : random_(seed) {}
  double stall = 0;           ///< probability that it takes no word in a cycle
  unsigned open_cycles = 40;  ///< an open takes so long, but long enough to read everything twice
  bool has_key() const { return key_ != 0; }
  unsigned opens = 0, clears = 0;

  void drive(LockPins& pins);
  void clock(const LockPins& pins);

 private:
  struct Frame {
    contract::FrameKind kind;
    uint32_t index, total, beats;
    bool plain;
  };
  void finish_frame();
  void read(const LockPins& pins);
  contract::Status judge(const LockPins& pins) const;
  std::mt19937_64 random_;
  uint64_t key_ = 0;
  static constexpr size_t kHeaderWords = contract::kHeaderBlockBytes / 16;
  static constexpr size_t kLicenceWords = contract::kLicenceBytes / 16;
  std::array<uint8_t, contract::kHeaderBlockBytes> header_{};
  std::array<uint8_t, contract::kLicenceBytes> licence_{};
  size_t reads_ = 0;  ///< words asked for of each in this open
  unsigned open_left_ = 0;
  bool open_done_ = false, clear_ = false, ready_ = false;
  contract::Status status_{};
  std::deque<Frame> frames_;
  std::vector<Word> words_;
  std::deque<Word> payload_;  ///< leaves one a cycle
  struct Verdict {
    size_t after;
    bool ok;
  };
  std::deque<Verdict> verdicts_;  ///< once so many payload words have left
  size_t payload_out_ = 0, payload_in_ = 0;
};

// ------------------------------------------------------------------------------ engine
struct EnginePins {
  bool clear = false, run = false, warm = false, weight_valid = false, frames_ready = false,
       frame_verified = false, input_request_ready = false, input_valid = false,
       output_request_ready = false, output_ready = false;
  uint32_t weight_address = 0;
  Word weight_data{}, input{};

  bool clear_done = false, done = false, error = false, frames_valid = false,
       input_request_valid = false, input_ready = false, output_request_valid = false,
       output_valid = false, busy = false, stall_empty = false;
  uint32_t frames_count = 0, frames_destination = 0, input_offset = 0, input_bytes = 0,
           output_offset = 0, output_bytes = 0;
  Word output{};
};

/// One step of the toy program, one weight word.
struct Step {
  enum Op : uint8_t {
    kLoadWeights = 1,  ///< a frames to address b; c: resident
    kLoadInput,        ///< b bytes from offset a
    kWaitFrames,       ///< until a frames are there
    kCompute,          ///< a cycles
    kStore,            ///< b words to offset a: sum of all input words xor weight words from c
    kEnd,
    kUnknown
  };
  Op op;
  uint32_t a = 0, b = 0, c = 0;
};
Word encode(const Step& step);

class EngineStandIn {
 public:
  EngineStandIn(size_t weight_words, uint64_t seed) : weights(weight_words), random_(seed) {}
  double stall = 0;
  unsigned clear_cycles = 100;
  bool rogue = false;  ///< asks for no frames all the time, also where it may not
  std::vector<Word> weights;
  unsigned runs = 0, warm_runs = 0;
  bool running() const { return running_; }
  bool clean() const;

  void drive(EnginePins& pins);
  void clock(const EnginePins& pins);

 private:
  void advance(const EnginePins& pins);
  std::mt19937_64 random_;
  bool running_ = false, warm_ = false, error_ = false, done_ = false, input_ready_ = false,
       busy_ = false;
  unsigned clear_left_ = 0;
  uint32_t pc_ = 0, wait_ = 0, frames_ = 0;
  bool asked_ = false;  ///< the current step's request was taken
  uint32_t input_expected_ = 0;
  Word sum_{};
  std::deque<Word> output_;
};

}  // namespace keyway::rtl_test
