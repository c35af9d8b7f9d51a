// SPDX-License-Identifier: Apache-2.0
#include "lock/key_file.hpp"

#include <algorithm>
#include <charconv>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/printable.hpp"

namespace keyway::lock {

namespace {

constexpr size_t kMaxBytes = 64 * 1024;
constexpr size_t kReserved = 4096;  // class names are what varies; the keys of a device take 1 KB

/// Of the form of a kind's fields.
constexpr uint64_t version_of(std::string_view kind) {
  return kind == "device" || kind == "enrolment" ? 2 : 1;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes a file's text apart; every function returns false where it cannot go on.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    skip_space();
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool quoted(std::string_view& out) {
    if (!take('"')) return false;
    const size_t end = text_.find_first_of("\"\\\n");
    if (end == std::string_view::npos || text_[end] != '"') return false;
    return cut(end, out) && take('"');
  }
  bool digits(std::string_view& out) {
    skip_space();
    size_t end = 0;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    return end > 0 && cut(end, out);
  }
  bool at_end() {
    skip_space();
    return text_.empty();
  }

 private:
  void skip_space() {
    text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size()));
  }
  bool cut(size_t length, std::string_view& out) {
    out = text_.substr(0, length);
    text_.remove_prefix(length);
    return true;
  }
  std::string_view text_;
};

/// What a text field may hold.
bool is_storable(std::string_view text) {
  const auto forbidden = [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; };
  return text.size() <= 1000 && std::none_of(text.begin(), text.end(), forbidden);
}

}  // namespace

KeyFileReader::KeyFileReader(const std::string& path)
    : path_(path), content_(common::read_file(path, kMaxBytes)) {
  parse();
}

KeyFileReader::KeyFileReader(const std::string& path, const std::string& kind)
    : path_(path), content_(common::read_file(path, kMaxBytes)) {
  const auto other = [&] { fail("not a Keyway " + kind + " file"); };
  try {
    parse();
  } catch (const Error&) {
    other();
  }
  const Field* found = find("keyway");
  if (found == nullptr || !found->is_text) other();
  if (found->value != kind) {
    const std::string other_kind = is_storable(found->value) ? std::string(found->value) : "?";
    fail("a Keyway " + other_kind + " file, where one of kind " + kind + " is needed");
  }
  const Field* version = find("version");
  if (version == nullptr || version->is_text ||
      version->value != std::to_string(version_of(kind))) {
    fail("made by another version of Keyway");
  }
}

void KeyFileReader::parse() {
  Cursor cursor({content_.text(), content_.size()});
  const auto must = [&](bool ok) {
    if (!ok) fail("not a Keyway key file");
  };
  must(cursor.take('{'));
  do {
    Field field;
    must(cursor.quoted(field.name) && cursor.take(':'));
    field.is_text = cursor.quoted(field.value);
    must(field.is_text || cursor.digits(field.value));
    must(find(field.name) == nullptr);
    fields_.push_back(field);
  } while (cursor.take(','));
  must(cursor.take('}') && cursor.at_end());
}

const KeyFileReader::Field* KeyFileReader::find(std::string_view field) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.name == field; });
  return found == fields_.end() ? nullptr : &*found;
}

std::string KeyFileReader::text(std::string_view field) const {
  const Field* found = find(field);
  if (found == nullptr || !found->is_text) fail_on(field, "is missing or not a string");
  if (!is_storable(found->value)) fail_on(field, "holds what no such file holds");
  return std::string(found->value);
}

uint64_t KeyFileReader::number(std::string_view field) const {
  const Field* found = find(field);
  if (found == nullptr || found->is_text) fail_on(field, "is missing or not a number");
  uint64_t value = 0;
  const char* end = found->value.data() + found->value.size();
  if (std::from_chars(found->value.data(), end, value).ec != std::errc()) {
    fail_on(field, "is too large a number");
  }
  return value;
}

void KeyFileReader::bytes(std::string_view field, uint8_t* out, size_t size) const {
  const Field* found = find(field);
  if (found == nullptr || !found->is_text) fail_on(field, "is missing or not a string");
  from_hex(found->value, out, size, path_ + ": field '" + std::string(field) + "'");
}

void KeyFileReader::fail(const std::string& what) const {
  throw Error(ErrorKind::kFile, path_ + ": " + what);
}

void KeyFileReader::fail_on(std::string_view field, const std::string& what) const {
  fail("field '" + std::string(field) + "' " + what);
}

KeyFileWriter::KeyFileWriter(const std::string& kind) {
  content_.reserve(kReserved);
  text("keyway", kind);
  number("version", version_of(kind));
}

KeyFileWriter::~KeyFileWriter() { wipe(content_.data(), content_.size()); }

void KeyFileWriter::name(const char* field) {
  content_ += content_.empty() ? "{\n  \"" : ",\n  \"";
  content_ += field;
  content_ += "\": ";
}

void KeyFileWriter::text(const char* field, const std::string& value) {
  if (!is_storable(value)) {
    throw Error(ErrorKind::kUsage, std::string(field) +
                                       " takes at most 1000 letters, digits and signs, without "
                                       "quotes and backslashes");
  }
  name(field);
  content_ += '"';
  content_ += value;
  content_ += '"';
}

void KeyFileWriter::number(const char* field, uint64_t value) {
  name(field);
  content_ += std::to_string(value);
}

void KeyFileWriter::bytes(const char* field, ByteView value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  name(field);
  content_ += '"';
  for (size_t i = 0; i < value.size; ++i) {
    content_ += kDigits[value.data[i] >> 4];
    content_ += kDigits[value.data[i] & 15];
  }
  content_ += '"';
}

void KeyFileWriter::write(const std::string& path) {
  content_ += "\n}\n";
  common::write_file(path, content_, common::FileMode::kSecret);
}

}  // namespace keyway::lock
