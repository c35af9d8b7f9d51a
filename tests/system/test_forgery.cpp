// SPDX-License-Identifier: Apache-2.0
// Whoever has opened one chip knows the owner's authentication key A, and no more: what he gets of
// a package on another, licensed device of that owner. README, "What is not defended", says it in
// words.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "lock/cipher.hpp"
#include "lock/keys.hpp"
#include "program/listing.hpp"
#include "system/board.hpp"

using namespace keyway;
using contract::Status;
using test::Bytes;

namespace {

constexpr size_t kWeightFrames = 4, kProgramFrames = 3;
constexpr size_t kTileBytes = 256, kTiles = kWeightFrames * contract::kPayloadBytes / kTileBytes;
constexpr size_t kParameterWord = 188, kWordBytes = 64;

/// A 16x16 program that multiplies every weight tile with sixteen one-hot pixels and stores the
/// products: the codes themselves.
Bytes reading_program() {
  std::string text = "LOAD_WEIGHTS count=" + std::to_string(kWeightFrames) +
                     " destination=1024 resident=1\n"
                     "LOAD_INPUT rows=1 width=16 blocks=1\n"
                     "LAYER mode=0 number_system=0 kernel_h=1 kernel_w=1 blocks=1 stride_y=1 "
                     "stride_x=1 input_height=1 input_width=16 short_parameters=1 "
                     "output_signed=1\n";
  const auto number = [](size_t value) { return std::to_string(value); };
  for (size_t tile = 0; tile < kTiles; ++tile)
    text += "MULTIPLY wait_frames=" + number(kWeightFrames) +
            " wait_rows=1 height=1 width=16 weight_address=" + number(256 + 4 * tile) +
            " parameter_address=" + number(kParameterWord) +
            " output_phase=1 output_base=" + number(16 * tile) + "\n";
  text += "STORE wait_products=" + number(kTiles) + " rows=1 width=" + number(16 * kTiles) +
          " blocks=1 phase=1\nEND products=" + number(kTiles) + " rows=1\n";
  Bytes image = program::assemble(text);
  REQUIRE(image.size() <= kParameterWord * kWordBytes);
  image.resize(kProgramFrames * contract::kPayloadBytes);
  for (size_t lane = 0; lane < 16; ++lane) {  // m 2, shift 1, hi 127
    const uint8_t second[] = {2, 0, 1 << 2, 127};
    std::copy(std::begin(second), std::end(second),
              &image[(kParameterWord + 1) * kWordBytes + 4 * lane]);
  }
  return image;
}

/// A package with random weight codes and some program.
test::Model target(lock::Policy policy, const lock::Owner& owner) {
  program::Program program = test::random_program("16x16", 3);
  program.program_image.assign(kProgramFrames * contract::kPayloadBytes, 0);
  program.program_image[0] = static_cast<uint8_t>(contract::Opcode::kEnd);
  program.weight_image.resize(kWeightFrames * contract::kPayloadBytes);
  std::mt19937_64 random(7);
  for (uint8_t& code : program.weight_image) code = static_cast<uint8_t>(random());
  return test::locked_model(program, policy, owner);
}

struct Forgery {
  Bytes package, licence;
};

/// The package with another program and policy, its tags made with A and no P; the licence with the
/// genuine W and a tag to match.
Forgery forge(const Bytes& package, const Bytes& licence, lock::Policy policy, const lock::Key& a) {
  Forgery forged{package, licence};
  const auto view = lock::parse_package(package, "target");
  const lock::Header& header = view.header;
  REQUIRE(header.program_frames == kProgramFrames);
  // In the clear A gives both keys of a blind package but the one of its weights.
  const auto keys = lock::frame_keys(a, lock::Key{}, header.id, lock::Policy::kBlind);
  const Bytes program = reading_program();
  Bytes& out = forged.package;
  out[contract::kHeaderPolicyOffset] = static_cast<uint8_t>(policy);
  for (uint32_t i = 0; i < header.total_frames; ++i) {
    uint8_t* frame = &out[(size_t{header.header_pages} + i) * contract::kFrameBytes];
    const bool is_program = i < header.program_frames;
    const auto iv =
        lock::frame_iv(is_program ? contract::FrameKind::kProgram : contract::FrameKind::kWeights,
                       i, header.total_frames);
    if (is_program) {
      std::copy_n(&program[size_t{i} * contract::kPayloadBytes], contract::kPayloadBytes, frame);
      lock::ctr(keys.program, iv, frame, contract::kPayloadBytes);
    }
    const auto tag = lock::gmac(keys.mac, iv, {lock::ByteView(frame, contract::kPayloadBytes)});
    std::copy(tag.begin(), tag.end(), frame + contract::kPayloadBytes);
  }
  const size_t pages = size_t{header.header_pages} * contract::kFrameBytes;
  constexpr size_t kTag = contract::kHeaderTagOffset, kAfter = kTag + contract::kTagBytes;
  const auto tag =
      lock::gmac(keys.mac, lock::frame_iv(contract::FrameKind::kHeader, 0, header.total_frames),
                 {lock::ByteView(out.data(), kTag), lock::ByteView(&out[kAfter], pages - kAfter)});
  std::copy(tag.begin(), tag.end(), &out[kTag]);

  Bytes& l = forged.licence;
  l[contract::kLicenceHeadOffset + 8] = static_cast<uint8_t>(policy);
  std::copy(tag.begin(), tag.end(), &l[contract::kLicenceHeaderTagOffset]);
  if (policy == lock::Policy::kBlind)
    std::fill_n(&l[contract::kLicenceCheckOffset], contract::kLicenceCheckBytes, uint8_t{0});
  const auto licence_tag =
      lock::kdf(contract::kKdfLicence, {a, lock::ByteView(l.data(), contract::kLicenceTagOffset)});
  std::copy(licence_tag.begin(), licence_tag.end(), &l[contract::kLicenceTagOffset]);
  return forged;
}

/// Weight codes that the stored products give away.
size_t codes_read(const Bytes& output, const Bytes& weights) {
  size_t same = 0;
  for (size_t tile = 0; tile < kTiles; ++tile)
    for (size_t lane = 0; lane < 16; ++lane)
      for (size_t d = 0; d < 16; ++d)
        same += output[tile * kTileBytes + 16 * d + lane] ==
                weights[tile * kTileBytes + d / 4 * kWordBytes + 4 * lane + d % 4];
  return same;
}

}  // namespace

TEST_CASE("with A alone a sealed package gives no weight away, and a blind one all of them") {
  const test::Party party;
  const lock::Key a = *lock::read_device(party.device_file()).owner_key;
  driver::SimOptions options;
  options.device_file = party.device_file();
  driver::SimBoard board(options);
  Bytes one_hot(contract::kFrameBytes);
  for (size_t pixel = 0; pixel < 16; ++pixel) one_hot[17 * pixel] = 1;
  const test::Region input(board, one_hot);
  const auto run = [&](const Forgery& forged, Bytes& output) {
    const test::Region package(board, forged.package), licence(board, forged.licence);
    const test::Region stored(board, kTiles * kTileBytes, 0xa5);
    const Status status =
        test::run_kernel(board, test::arguments(package, &licence, input, stored));
    output = stored.read();
    return status;
  };
  constexpr size_t kAll = kTiles * kTileBytes;
  // Of independent bytes one in 256 is equal, with a deviation of some eight.
  constexpr size_t kByChance = kAll / 256 + 50;
  Bytes output;
  const test::Model sealed = target(lock::Policy::kSealed, party.owner());
  const test::Model blind = target(lock::Policy::kBlind, party.owner());

  // The control: what README concedes for blind packages is so, and the program reads what there
  // is.
  const Bytes blind_licence = party.licence(blind);
  REQUIRE(run(forge(blind.package, blind_licence, lock::Policy::kBlind, a), output) == Status::kOk);
  CHECK(codes_read(output, blind.program.weight_image) == kAll);

  // A sealed package that says it is blind: the device believes A, but the policy is part of the
  // key that unwraps P, so weights decipher to noise.
  const Bytes licence = party.licence(sealed);
  CHECK(run(forge(sealed.package, licence, lock::Policy::kBlind, a), output) == Status::kOk);
  CHECK(codes_read(output, sealed.program.weight_image) < kByChance);

  // Still sealed: tags need P.
  CHECK(run(forge(sealed.package, licence, lock::Policy::kSealed, a), output) ==
        Status::kAuthentication);
  CHECK(output == Bytes(kAll, 0xa5));

  // The genuine package under another W, with a tag that A gives.
  Forgery other{sealed.package, licence};
  other.licence[contract::kLicenceWrappedOffset + 2] ^= 1;
  const auto tag =
      lock::kdf(contract::kKdfLicence,
                {a, lock::ByteView(other.licence.data(), contract::kLicenceTagOffset)});
  std::copy(tag.begin(), tag.end(), &other.licence[contract::kLicenceTagOffset]);
  CHECK(run(other, output) == Status::kWrongDevice);
  CHECK(output == Bytes(kAll, 0xa5));
}
