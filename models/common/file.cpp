// SPDX-License-Identifier: Apache-2.0
#include "common/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <string_view>

#include "common/error.hpp"

namespace keyway::common {

namespace {

[[noreturn]] void fail_on(const std::string& path, const std::string& what, int error) {
  throw Error(ErrorKind::kFile, path + ": " + what + ": " + std::strerror(error));
}

/// Closes a descriptor at the end of a scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

/// Names of the files that are being written; null where a slot is free. For a signal's handler.
std::array<std::atomic<const char*>, 64> unfinished;

void exchange_unfinished(const char* from, const char* to) {
  for (auto& slot : unfinished) {
    const char* expected = from;
    if (slot.compare_exchange_strong(expected, to)) return;
  }
}

extern "C" void end_by_signal(int number) {
  for (const auto& slot : unfinished) {
    const char* name = slot.load();
    if (name != nullptr) ::unlink(name);
  }
  std::signal(number, SIG_DFL);
  std::raise(number);
}

/// Creates a new file beside `target`, with a name that nobody has; -1 and errno on failure.
int create_beside(const std::string& target, mode_t mode, std::string& name) {
  std::random_device random;
  for (int attempt = 0; attempt < 16; ++attempt) {
    char suffix[16];
    std::snprintf(suffix, sizeof suffix, ".%08x.tmp", static_cast<unsigned>(random()));
    name = target + suffix;
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

}  // namespace

std::vector<uint8_t> read_file(const std::string& path, size_t max_bytes) try {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail_on(path, "cannot be opened", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail_on(path, "cannot be examined", errno);
  if (S_ISDIR(status.st_mode)) throw Error(ErrorKind::kFile, path + ": is a folder");
  const auto too_long = [&] {
    throw Error(ErrorKind::kFile,
                path + ": is longer than " + std::to_string(max_bytes) + " bytes");
  };
  constexpr size_t kChunk = size_t{1} << 20;
  std::vector<uint8_t> bytes;
  if (S_ISREG(status.st_mode)) {
    if (static_cast<uintmax_t>(status.st_size) > max_bytes) too_long();
    bytes.reserve(static_cast<size_t>(status.st_size) + 1);
  } else if (max_bytes < kChunk) {
    bytes.reserve(max_bytes + 1);  // it never grows, so a secret leaves no copies behind
  }
  // To the end, not to the size: pipes have none, and a file may change while it is read.
  for (size_t length = 0;;) {
    bytes.resize(std::max(std::min(bytes.capacity(), length + kChunk), length + 1));
    const ssize_t got = ::read(file.get(), bytes.data() + length, bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_on(path, "cannot be read", errno);
    length += static_cast<size_t>(got);
    if (length > max_bytes) too_long();
    if (got == 0) {
      bytes.resize(length);
      return bytes;
    }
  }
} catch (const std::bad_alloc&) {
  throw Error(ErrorKind::kFile, path + ": is longer than the memory of this computer takes");
}

bool is_lfs_pointer(const void* data, size_t size) {
  constexpr std::string_view kFirst = "version https://git-lfs.github.com/spec/";
  return std::string_view(static_cast<const char*>(data), size).substr(0, kFirst.size()) == kFirst;
}

std::vector<uint8_t> read_file_part(const std::string& path, uint64_t offset, size_t size) {
  // Without O_NONBLOCK a pipe would hold the caller before it is found to be none.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) fail_on(path, "cannot be opened", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail_on(path, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::kFile, path + ": is no regular file");
  const auto length = static_cast<uint64_t>(status.st_size);
  const auto too_short = [&] {
    throw Error(ErrorKind::kFile, path + ": has " + std::to_string(length) +
                                      " bytes, too few for " + std::to_string(size) + " from " +
                                      std::to_string(offset));
  };
  if (offset > length || size > length - offset) too_short();
  std::vector<uint8_t> bytes(size);
  for (size_t at = 0; at < size;) {
    const ssize_t got =
        ::pread(file.get(), bytes.data() + at, size - at, static_cast<off_t>(offset + at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_on(path, "cannot be read", errno);
    if (got == 0) too_short();
    at += static_cast<size_t>(got);
  }
  return bytes;
}

AtomicFile::AtomicFile(const std::string& path, FileMode mode) : path_(path), target_(path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) throw Error(ErrorKind::kFile, path + ": is a folder");
    direct_ = !S_ISREG(status.st_mode);
    std::error_code ignored;
    if (!direct_) {
      const auto real = std::filesystem::canonical(path, ignored);
      if (!ignored) target_ = real.string();
    }
  }
  if (direct_) {
    temporary_ = target_;
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("cannot be opened for writing", errno);
    return;
  }
  descriptor_ = create_beside(target_, mode == FileMode::kSecret ? 0600 : 0666, temporary_);
  if (descriptor_ < 0) {
    temporary_.clear();
    fail("cannot be created", errno);
  }
  exchange_unfinished(nullptr, temporary_.c_str());
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!committed_) remove();
}

void AtomicFile::remove() {
  if (direct_ || temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  exchange_unfinished(temporary_.c_str(), nullptr);
}

void AtomicFile::fail(const char* what, int error) {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  remove();
  temporary_.clear();
  fail_on(path_, what, error);
}

void AtomicFile::write(const void* data, size_t size) {
  const auto* at = static_cast<const uint8_t*>(data);
  while (size > 0) {
    const ssize_t done = ::write(descriptor_, at, size);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("cannot be written", errno);
    at += done;
    size -= static_cast<size_t>(done);
  }
}

void AtomicFile::commit() {
  // Pipes and devices cannot be flushed to a disk.
  if (!direct_ && ::fsync(descriptor_) != 0) fail("cannot be flushed", errno);
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("cannot be closed", errno);
  committed_ = true;
  if (direct_) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    committed_ = false;
    fail("cannot be put in place", errno);
  }
  exchange_unfinished(temporary_.c_str(), nullptr);
  // The new name has to be on the disk too; a file system that cannot do that is not a failure.
  const std::string parent = std::filesystem::path(target_).parent_path().string();
  const Descriptor folder(
      ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) static_cast<void>(::fsync(folder.get()));
}

void remove_unfinished_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    if (std::signal(number, end_by_signal) == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

void write_file(const std::string& path, const void* data, size_t size, FileMode mode) {
  AtomicFile file(path, mode);
  file.write(data, size);
  file.commit();
}

void write_file(const std::string& path, const std::string& text, FileMode mode) {
  write_file(path, text.data(), text.size(), mode);
}

}  // namespace keyway::common
