// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <string>

#include "common/printable.hpp"

using keyway::common::kAllShown;
using keyway::common::kMostShown;
using keyway::common::printable;
using keyway::common::quoted;

TEST_CASE("text that shows as itself passes", "[printable]") {
  for (const char* text : {"", "conv2d/Relu:0", "Straße", "層一", "😀", "a\\b 'c' \"d\" | e"}) {
    CHECK(printable(text) == text);
  }
  CHECK(quoted("conv1") == "'conv1'");
}

TEST_CASE("what acts on a terminal is written as an escape", "[printable]") {
  CHECK(printable("a\x1b[31mb") == "a\\x1b[31mb");
  CHECK(printable("one\ntwo\r\tthree") == "one\\x0atwo\\x0d\\x09three");
  CHECK(printable(std::string("a\0b", 3)) == "a\\x00b");
  CHECK(printable("\x7f") == "\\x7f");
  CHECK(printable("\xc2\x9b"
                  "31m") == "\\x9b31m");  // CSI in one character
  CHECK(printable("\xe2\x80\xae"
                  "cod") == "\\u{202e}cod");  // right to left
  CHECK(printable("a\xe2\x80\x8b"
                  "b") == "a\\u{200b}b");  // no width
  CHECK(printable("a\xe2\x80\xa8"
                  "b") == "a\\u{2028}b");                // line separator
  CHECK(printable("\xf3\xa0\x80\xa0") == "\\u{e0020}");  // tag
  for (int c = 0; c < 256; ++c) {
    const std::string shown = printable(std::string(1, static_cast<char>(c)));
    CHECK(shown.size() == (c >= 0x20 && c < 0x7f ? 1U : 4U));
  }
}

TEST_CASE("bytes that are no UTF-8 are written one by one", "[printable]") {
  CHECK(printable("a\xff"
                  "b") == "a\\xffb");
  CHECK(printable("\xc3") == "\\xc3");           // cut
  CHECK(printable("\xe2\x80") == "\\xe2\\x80");  // cut
  CHECK(printable("\xc3(") == "\\xc3(");         // a character follows where a rest should
  CHECK(printable("\xc0\x9b") == "\\xc0\\x9b");  // overlong escape
  CHECK(printable("\xe0\x80\x9b") == "\\xe0\\x80\\x9b");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond the last character
}

TEST_CASE("long text loses its middle", "[printable]") {
  const std::string begin(kMostShown, 'a'), end(kMostShown, 'z');
  CHECK(printable(begin) == begin);
  const std::string shown = printable(begin + end);
  CHECK(shown.size() == kMostShown);
  CHECK(shown.find("a...z") != std::string::npos);
  CHECK(printable(begin + end, kAllShown) == begin + end);
  // An escape is not cut, nor is a character.
  CHECK(printable("ab\x1b\x1b\x1b\x1bz", 12) == "ab\\x1b...z");
  CHECK(printable("äöüäöüäöüäöü", 9) == "äöüä...öü");
  // The ends of a text as long as a file may be.
  const std::string huge = "begin" + std::string(100'000, '\x1b') + "end";
  CHECK(printable(huge).size() <= kMostShown);
  CHECK(printable(huge).find("begin\\x1b") == 0);
  CHECK(printable(huge).rfind("\\x1bend") == printable(huge).size() - 7);
}

TEST_CASE("what was printable stays as it is", "[printable]") {
  const std::string once = printable("a\x1b\n\xff\xe2\x80\xae" + std::string(500, '\\'));
  CHECK(printable(once) == once);
}
