// SPDX-License-Identifier: Apache-2.0
/// Whole-file reading with limits, and writing that is complete or absent.
///
/// A file is written aside in its own folder, flushed to the disk and renamed, so its name appears
/// only with its whole content and a failure leaves neither file nor temporary. Secrets get mode
/// 0600 from the first byte on. A name that stands for something other than a regular file
/// (/dev/stdout, a pipe) is written directly; a symbolic link is followed.
///
/// Errors: kFile, naming the file and the cause.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace keyway::common {

inline constexpr size_t kMaxFileBytes = size_t{2} << 30;

/// Reads at most `max_bytes`; a longer file is an error.
std::vector<uint8_t> read_file(const std::string& path, size_t max_bytes = kMaxFileBytes);

/// What a repository with Git LFS holds in a large file's place until that is fetched, and what to
/// say of it.
bool is_lfs_pointer(const void* data, size_t size);
inline constexpr char kLfsPointer[] =
    "is a pointer of Git LFS and not the file itself, which 'git lfs pull' fetches";

/// Exactly `size` bytes from `offset` of a regular file that is no symbolic link.
std::vector<uint8_t> read_file_part(const std::string& path, uint64_t offset, size_t size);

enum class FileMode { kPublic, kSecret };

/// Collects a file aside; commit() makes it appear. Without commit() the destructor removes it.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path, FileMode mode = FileMode::kPublic);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t size);
  void commit();

  /// As the caller named it.
  const std::string& path() const { return path_; }
  /// Where the bytes are until commit(); for libraries that want to open a file by name.
  const std::string& temporary() const { return temporary_; }

 private:
  [[noreturn]] void fail(const char* what, int error);
  void remove();

  std::string path_;       ///< as the caller named it, for messages
  std::string target_;     ///< after symbolic links
  std::string temporary_;  ///< equal to target_ when written directly
  int descriptor_ = -1;
  bool direct_ = false;
  bool committed_ = false;
};

/// For main(): a signal that ends the process (SIGINT, SIGTERM, SIGHUP) first removes what
/// AtomicFile objects have not finished.
void remove_unfinished_on_signals();

void write_file(const std::string& path, const void* data, size_t size,
                FileMode mode = FileMode::kPublic);
void write_file(const std::string& path, const std::string& text,
                FileMode mode = FileMode::kPublic);

}  // namespace keyway::common
