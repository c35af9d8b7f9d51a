// SPDX-License-Identifier: Apache-2.0
#include "toy_package.hpp"

#include <cstring>
#include <random>

namespace keyway::rtl_test {
namespace {

using namespace contract;
constexpr uint32_t kPayloadWords = kPayloadBytes / 16;

void put(std::vector<uint8_t>& bytes, uint32_t offset, uint64_t value, uint32_t size) {
  std::memcpy(bytes.data() + offset, &value, size);
}

std::vector<Word> words_of(const uint8_t* bytes, size_t count) {
  std::vector<Word> words(count);
  for (size_t i = 0; i < count; ++i) std::memcpy(words[i].data(), bytes + 16 * i, 16);
  return words;
}

std::vector<Word> random_words(std::mt19937_64& random, size_t count) {
  std::vector<Word> words(count);
  for (auto& word : words) {
    for (auto& byte : word) byte = static_cast<uint8_t>(random());
  }
  return words;
}

}  // namespace

std::vector<Word> ToyPackage::memory(uint32_t destination) const {
  std::vector<Word> image(program_frames * kPayloadWords);
  for (size_t i = 0; i < program.size(); ++i) image[i] = encode(program[i]);
  for (const auto& frame : payload) {
    if (image.size() < destination) image.resize(destination);
    image.insert(image.end(), frame.begin(), frame.end());
  }
  return image;
}

std::vector<uint8_t> ToyPackage::bytes() const {
  std::vector<uint8_t> file((header_pages + total_frames()) * kFrameBytes);
  std::memcpy(file.data(), kPackageMagic, 8);
  put(file, kHeaderPolicyOffset, static_cast<uint64_t>(policy), 1);
  put(file, kHeaderLanesOffset, lanes, 1);
  put(file, kHeaderArrayKindOffset, array_kind, 1);
  put(file, kHeaderDepthOffset, depth, 1);
  put(file, kHeaderResidentOffset, resident, 1);
  put(file, kHeaderContractOffset, contract_hash, 4);
  put(file, kHeaderIdOffset, id, 8);
  put(file, kHeaderManifestBytesOffset, manifest_bytes, 4);
  put(file, kHeaderHeaderPagesOffset, header_pages, 4);
  put(file, kHeaderProgramFramesOffset, program_frames, 4);
  put(file, kHeaderTotalFramesOffset, total_frames(), 4);
  put(file, kHeaderActivationBytesOffset, activation_bytes, 4);
  put(file, kHeaderWeightBytesOffset, weight_bytes, 4);
  for (uint32_t i = kManifestOffset; i < header_pages * kFrameBytes; ++i) {
    file[i] = static_cast<uint8_t>(i * 7 + id);
  }
  const std::vector<Word> image = memory(program_frames * kPayloadWords);
  for (uint32_t frame = 0; frame < total_frames(); ++frame) {
    const bool is_program = frame < program_frames;
    std::vector<Word> words;
    for (uint32_t i = 0; i < kPayloadWords; ++i) {
      Word word = image[frame * kPayloadWords + i];
      if (policy != Policy::kPlain) {
        const Word mask = toy_mask(key | 1, frame, i);
        for (size_t k = 0; k < 16; ++k) word[k] ^= mask[k];
      }
      words.push_back(word);
    }
    words.push_back(policy == Policy::kPlain
                        ? Word{}
                        : toy_tag(words, is_program ? FrameKind::kProgram : FrameKind::kWeights,
                                  frame, total_frames()));
    std::memcpy(file.data() + (header_pages + frame) * kFrameBytes, words.data(), kFrameBytes);
  }
  if (policy != Policy::kPlain) {
    std::vector<Word> words = words_of(file.data(), header_pages * kFrameBytes / 16);
    words.erase(words.begin() + kHeaderTagOffset / 16);
    const Word tag = toy_tag(words, FrameKind::kHeader, 0, total_frames());
    std::memcpy(file.data() + kHeaderTagOffset, tag.data(), 16);
  }
  return file;
}

std::vector<uint8_t> ToyPackage::licence() const {
  const std::vector<uint8_t> file = bytes();
  std::vector<uint8_t> out(kLicenceBytes);
  std::memcpy(out.data(), kLicenceMagic, 8);
  std::memcpy(out.data() + kLicenceIdOffset, file.data() + kHeaderIdOffset, 16);
  std::memcpy(out.data() + kLicenceHeaderTagOffset, file.data() + kHeaderTagOffset, 16);
  put(out, kLicenceWrappedOffset, key, 8);
  uint8_t sum = 0;
  for (uint8_t byte : out) sum = static_cast<uint8_t>(sum + byte);
  out.back() = sum;
  return out;
}

ToyPackage resident_package(uint64_t seed, Policy policy) {
  std::mt19937_64 random(seed);
  ToyPackage package;
  package.policy = policy;
  package.id = seed;
  package.key = random();
  package.program = {{Step::kLoadWeights, 2, kToyDestination, 1},
                     {Step::kLoadInput, 0, kToyInputBytes},
                     {Step::kWaitFrames, 2},
                     {Step::kCompute, 50},
                     {Step::kLoadWeights, 1, kToyDestination + 510, 1},
                     {Step::kWaitFrames, 3},
                     {Step::kStore, kToyOutputOffset, kToyOutputWords, kToyDestination + 700},
                     {Step::kEnd}};
  for (int i = 0; i < 3; ++i) package.payload.push_back(random_words(random, kPayloadWords));
  return package;
}

ToyPackage streaming_package(uint64_t seed, Policy policy) {
  std::mt19937_64 random(seed);
  ToyPackage package;
  package.policy = policy;
  package.id = seed;
  package.key = random();
  package.resident = 0;
  package.program_frames = 2;
  package.program = {{Step::kLoadWeights, 2, 600},
                     {Step::kLoadInput, 0, kToyInputBytes},
                     {Step::kWaitFrames, 2},
                     {Step::kCompute, 20},
                     {Step::kLoadWeights, 2, 600},
                     {Step::kWaitFrames, 4},
                     {Step::kCompute, 20},
                     {Step::kStore, kToyOutputOffset, kToyOutputWords, 700},
                     {Step::kEnd}};
  for (int i = 0; i < 4; ++i) package.payload.push_back(random_words(random, kPayloadWords));
  return package;
}

}  // namespace keyway::rtl_test
