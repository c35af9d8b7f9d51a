// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <random>

#include "common/error.hpp"
#include "program/instructions.hpp"

using namespace keyway;
using namespace keyway::program;

namespace {

constexpr uint64_t kSeed = 20240601;

int64_t random_value(const contract::Field& field, std::mt19937_64& random) {
  const int64_t lo = field.is_signed ? -(int64_t{1} << (field.bits - 1)) : 0;
  const int64_t span = int64_t{1} << field.bits;
  const uint64_t kind = random() % 4;
  if (kind == 0) return lo;
  if (kind == 1) return lo + span - 1;
  return lo + static_cast<int64_t>(random() % static_cast<uint64_t>(span));
}

template <typename T>
void round_trip(std::mt19937_64& random) {
  for (int n = 0; n < 200; ++n) {
    T written;
    T::visit(written, [&](const contract::Field& field, int64_t& value) {
      value = random_value(field, random);
    });
    const InstructionBytes bytes = encode(written, "test");
    const Instruction read = decode(bytes.data(), 0);
    REQUIRE(std::holds_alternative<T>(read));
    std::vector<int64_t> a, b;
    T::visit(written, [&](const contract::Field&, int64_t value) { a.push_back(value); });
    T::visit(std::get<T>(read), [&](const contract::Field&, int64_t value) { b.push_back(value); });
    REQUIRE(a == b);
    REQUIRE((bytes[0] & 15) == static_cast<int>(T::kOpcode));
  }
}

/// Every field of the contract is one member, in the contract's order.
template <typename T, size_t N>
void same_fields(const std::array<contract::Field, N>& fields) {
  T instruction;
  size_t at = 0;
  T::visit(instruction, [&](const contract::Field& field, int64_t&) {
    REQUIRE(at < N);
    CHECK(std::string(field.name) == fields[at].name);
    CHECK(field.lsb == fields[at].lsb);
    ++at;
  });
  CHECK(at == N);
}

}  // namespace

TEST_CASE("instructions survive encoding", "[encode]") {
  std::mt19937_64 random(kSeed);
  INFO("seed " << kSeed);
  round_trip<LayerInstruction>(random);
  round_trip<MultiplyInstruction>(random);
  round_trip<TableInstruction>(random);
  round_trip<LoadWeightsInstruction>(random);
  round_trip<LoadInputInstruction>(random);
  round_trip<StoreInstruction>(random);
  round_trip<EndInstruction>(random);
}

TEST_CASE("structures have the contract's fields", "[encode]") {
  same_fields<LayerInstruction>(contract::layer::kFields);
  same_fields<MultiplyInstruction>(contract::multiply::kFields);
  same_fields<TableInstruction>(contract::table::kFields);
  same_fields<LoadWeightsInstruction>(contract::load_weights::kFields);
  same_fields<LoadInputInstruction>(contract::load_input::kFields);
  same_fields<StoreInstruction>(contract::store::kFields);
}

TEST_CASE("fields stand where the contract says", "[encode]") {
  MultiplyInstruction i;
  i.height = i.width = 0;
  i.input_y = -1;  // 14 bits from bit 106
  const InstructionBytes bytes = encode(i, "test");
  InstructionBytes expected{};
  expected[0] = 2;
  expected[13] = 0xfc;
  expected[14] = 0xff;
  CHECK(bytes == expected);
}

TEST_CASE("a value beyond its field is refused by name", "[encode]") {
  LayerInstruction i;
  i.stride_y = 16;
  CHECK_THROWS_WITH(encode(i, "layer 'conv1'"),
                    "layer 'conv1': stride_y = 16 is outside the core's range 0 to 15");
  try {
    encode(i, "");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kFit);
  }
  MultiplyInstruction m;
  m.input_x = -8193;
  CHECK_THROWS_WITH(encode(m, "x"), Catch::Contains("input_x = -8193"));
}

TEST_CASE("an unknown opcode is no program", "[encode]") {
  for (const uint8_t opcode : {uint8_t{0}, uint8_t{8}, uint8_t{15}}) {
    InstructionBytes bytes{};
    bytes[0] = opcode;
    try {
      decode(bytes.data(), 5);
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kFile);
      CHECK_THAT(error.what(), Catch::Contains("malformed program: instruction 5"));
    }
  }
}

TEST_CASE("parameter records survive encoding, long and short", "[encode]") {
  std::mt19937_64 random(kSeed);
  for (int n = 0; n < 500; ++n) {
    const ParameterForm form{n % 2 == 1, n % 4 >= 2};
    std::vector<Parameter> written(1 + n % 40);
    for (Parameter& parameter : written) {
      Parameter::visit(parameter, [&](const contract::Field& field, int64_t& value) {
        value = random_value(field, random);
      });
      if (form.is_short) {
        parameter.mr = 0;
        parameter.lo = form.least();
        parameter.hi = std::abs(parameter.hi) % 256;
      }
    }
    const std::vector<uint8_t> bytes = encode_parameters(written, form, "test");
    REQUIRE(bytes.size() == written.size() * 4 * form.words());
    const std::vector<Parameter> read = decode_parameters(bytes.data(), written.size(), form);
    std::vector<int64_t> a, b;
    for (size_t i = 0; i < written.size(); ++i) {
      Parameter::visit(written[i],
                       [&](const contract::Field&, int64_t value) { a.push_back(value); });
      Parameter::visit(read.at(i),
                       [&](const contract::Field&, int64_t value) { b.push_back(value); });
    }
    REQUIRE(a == b);
  }
  Parameter wide;
  wide.m = 1 << 17;
  CHECK_THROWS_WITH(encode_parameters({wide}, {}, "layer 'a'"),
                    Catch::Contains("layer 'a': m = 131072"));
}

TEST_CASE("what the short form cannot hold is not written in it", "[encode]") {
  Parameter residual, clamped, negative;
  residual.mr = 1;
  clamped.lo = 1;
  negative.lo = -128;
  negative.hi = -1;
  for (const Parameter& parameter : {residual, clamped, negative}) {
    CHECK_THROWS_AS(encode_parameters({parameter}, {true, false}, "layer 'a'"), Error);
  }
  CHECK_THROWS_AS(encode_parameters({negative}, {true, true}, "layer 'a'"), Error);
  CHECK_THROWS_AS(encode_parameters({Parameter{}}, {true, true}, "layer 'a'"), Error);
  CHECK_NOTHROW(encode_parameters({Parameter{}}, {true, false}, "layer 'a'"));
}
