// SPDX-License-Identifier: Apache-2.0
#include "arith/posit8.hpp"

#include <algorithm>
#include <cmath>

#include "arith/ladder.hpp"

namespace keyway::arith::posit8 {

int32_t operand(uint8_t code, const Table&, ArrayKind) {
  const bool is_negative = (code & 0x80) != 0;
  const uint32_t bits = (is_negative ? 0U - code : code) & 0x7fU;
  if (bits == 0) return 0;
  const bool of_ones = (bits & 0x40U) != 0;
  int run = 1;
  while (run < 7 && ((bits >> (6 - run) & 1U) != 0) == of_ones) ++run;
  const int regime = of_ones ? run - 1 : -run;
  const uint32_t rest = bits << (run + 1) & 0x7fU;  // exponent and fraction, from bit 6 down
  const auto exponent = static_cast<int>(rest >> 5);
  const auto significand = static_cast<int32_t>(8U + (rest >> 2 & 7U));
  const int shift = 4 * regime + exponent + 3;  // with six bits of 64 and three of the fraction
  int32_t magnitude = 0;
  if (shift > 7) {
    magnitude = kOperandMax;
  } else if (shift >= 0) {
    magnitude = significand << shift;
  } else if (shift > -5) {
    magnitude = ((2 * significand >> -shift) + 1) >> 1;
  }
  return is_negative ? -magnitude : magnitude;
}

double exact_value(uint8_t code, const Table&) {
  if (code == 0 || code == 0x80) return 0;
  if (code > 0x80) return -exact_value(static_cast<uint8_t>(256 - code), {});
  // Bit by bit, behind the sign.
  int at = 6;
  const auto next = [&] { return at < 0 ? 0 : code >> at-- & 1; };
  const int first = next();
  int run = 1;
  while (at >= 0 && (code >> at & 1) == first) {
    ++run;
    --at;
  }
  next();  // the bit that ends the run
  const int exponent = 2 * next() + next();
  double fraction = 1, weight = 0.5;
  while (at >= 0) {
    fraction += weight * next();
    weight /= 2;
  }
  return std::exp2(4 * (first == 1 ? run - 1 : -run) + exponent) * fraction;
}

double unit(ArrayKind) { return 1.0 / 64; }

CodeFields fields(uint8_t code) {
  if (code == 0) return {{"zero", bits_of(code, 0, 8), 0}};
  if (code == 0x80) return {{"not a real", bits_of(code, 0, 8), 0}};
  const auto magnitude = static_cast<uint8_t>(code < 128 ? code : 256 - code);
  const std::string bits = bits_of(magnitude, 0, 7);
  const size_t run = std::min(bits.find(bits[0] == '1' ? '0' : '1'), bits.size());
  const size_t after = std::min(run + 1, bits.size());  // the bit that ends the run is the regime's
  const auto number = [](const std::string& part) { return std::stoi("0" + part, nullptr, 2); };
  const int length = static_cast<int>(run);
  CodeFields fields{{"sign", bits_of(code, 7, 1), code < 128 ? 1 : -1},
                    {"regime", bits.substr(0, after), bits[0] == '1' ? length - 1 : -length}};
  const std::string exponent = bits.substr(after, 2),
                    fraction = bits.substr(after + exponent.size());
  if (!exponent.empty()) {
    fields.push_back({"exponent", exponent, number(exponent) << (2 - exponent.size())});
  }
  if (!fraction.empty()) fields.push_back({"fraction", fraction, number(fraction)});
  return fields;
}

Coding encode(const WeightProblem& problem) { return encode_on_ladder(problem, operand); }

}  // namespace keyway::arith::posit8
