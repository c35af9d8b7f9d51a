// SPDX-License-Identifier: Apache-2.0
/// The form of the parties' files: one flat JSON object of strings without escapes and unsigned
/// numbers, written with mode 0600.
///
///   { "keyway": "device", "version": 1, "id": 1, "class": "c", "secret": "00ff..." }
///
/// A general JSON library would leave copies of the secrets in memory that it gives back without
/// wiping them; here the text of a file is kept in one place, and that is wiped.
///
/// Errors: kFile, naming the file and the field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lock/bytes.hpp"
#include "lock/secret.hpp"

namespace keyway::lock {

class KeyFileReader {
 public:
  /// Throws Error(kFile) when the file is not one of this `kind`, in this version.
  KeyFileReader(const std::string& path, const std::string& kind);
  /// Any kind.
  explicit KeyFileReader(const std::string& path);

  std::string kind() const { return text("keyway"); }
  bool has(std::string_view field) const { return find(field) != nullptr; }
  std::string text(std::string_view field) const;  ///< for what is no secret
  uint64_t number(std::string_view field) const;
  void bytes(std::string_view field, uint8_t* out, size_t size) const;  ///< from hexadecimal

 private:
  /// Parts of the file's text.
  struct Field {
    std::string_view name, value;
    bool is_text = false;
  };
  void parse();
  const Field* find(std::string_view field) const;
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail_on(std::string_view field, const std::string& what) const;

  std::string path_;
  SecretBytes content_;
  std::vector<Field> fields_;
};

class KeyFileWriter {
 public:
  explicit KeyFileWriter(const std::string& kind);
  ~KeyFileWriter();
  KeyFileWriter(const KeyFileWriter&) = delete;
  KeyFileWriter& operator=(const KeyFileWriter&) = delete;

  /// Throws Error(kUsage) for text with quotes, backslashes, or other than printable ASCII.
  void text(const char* field, const std::string& value);
  void number(const char* field, uint64_t value);
  void bytes(const char* field, ByteView value);
  /// Complete or absent (common/file.hpp).
  void write(const std::string& path);

 private:
  void name(const char* field);
  std::string content_;  ///< reserved once, so that it leaves no copy where it was before
};

}  // namespace keyway::lock
