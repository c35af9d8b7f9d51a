// SPDX-License-Identifier: Apache-2.0
#include "common/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace keyway::common {
namespace {

struct Range {
  uint32_t first, last;
};

/// Characters that are not seen themselves: Unicode's category Cf and the separators of lines.
constexpr std::array<Range, 18> kUnseen{{{0x00ad, 0x00ad},
                                         {0x0600, 0x0605},
                                         {0x061c, 0x061c},
                                         {0x06dd, 0x06dd},
                                         {0x070f, 0x070f},
                                         {0x0890, 0x0891},
                                         {0x08e2, 0x08e2},
                                         {0x180e, 0x180e},
                                         {0x200b, 0x200f},
                                         {0x2028, 0x202e},
                                         {0x2060, 0x206f},
                                         {0xfeff, 0xfeff},
                                         {0xfff9, 0xfffb},
                                         {0x110bd, 0x110cd},
                                         {0x13430, 0x1343f},
                                         {0x1bca0, 0x1bca3},
                                         {0x1d173, 0x1d17a},
                                         {0xe0000, 0xe007f}}};

/// The character that begins `text`, and its bytes; no bytes if it is no UTF-8.
struct Character {
  uint32_t code = 0;
  size_t bytes = 0;
};

Character first_of(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || lead > 0xf7 || text.size() < bytes) return {};
  uint32_t code = lead & (0x7fU >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kLeast[bytes] || code > 0x10ffff || is_surrogate) return {};
  return {code, bytes};
}

bool is_control(uint32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

bool is_unseen(uint32_t code) {
  return std::any_of(kUnseen.begin(), kUnseen.end(),
                     [code](const Range& r) { return r.first <= code && code <= r.last; });
}

std::string escape(const char* form, uint32_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

/// Appends the text's characters or their escapes, one by one.
void append(std::string_view text, std::vector<std::string>& pieces) {
  for (size_t at = 0; at < text.size();) {
    const Character c = first_of(text.substr(at));
    if (c.bytes == 0 || is_control(c.code)) {
      pieces.push_back(escape("\\x%02x", c.bytes == 0 ? static_cast<uint8_t>(text[at]) : c.code));
    } else if (is_unseen(c.code)) {
      pieces.push_back(escape("\\u{%x}", c.code));
    } else {
      pieces.emplace_back(text.substr(at, c.bytes));
    }
    at += std::max<size_t>(c.bytes, 1);
  }
}

}  // namespace

std::string printable(std::string_view text, size_t most) {
  std::vector<std::string> pieces;
  constexpr size_t kMostBytes = 4;              // of a character
  if (text.size() / (2 * kMostBytes) > most) {  // of a very long text the ends are enough
    append(text.substr(0, kMostBytes * most), pieces);
    append(text.substr(text.size() - kMostBytes * most), pieces);
  } else {
    append(text, pieces);
  }
  const auto width = [](const std::string& piece) { return piece[0] == '\\' ? piece.size() : 1; };
  size_t all = 0;
  for (const std::string& piece : pieces) all += width(piece);
  std::string result;
  if (all <= most) {
    for (const std::string& piece : pieces) result += piece;
    return result;
  }
  constexpr std::string_view kGap = "...";
  const size_t room = most - std::min(most, kGap.size());
  size_t used = 0, first = 0, last = pieces.size();
  for (; used + width(pieces[first]) <= room * 2 / 3; ++first) used += width(pieces[first]);
  for (; used + width(pieces[last - 1]) <= room; --last) used += width(pieces[last - 1]);
  for (size_t i = 0; i < first; ++i) result += pieces[i];
  result += kGap;
  for (size_t i = last; i < pieces.size(); ++i) result += pieces[i];
  return result;
}

std::string quoted(std::string_view name) { return "'" + printable(name) + "'"; }

}  // namespace keyway::common
