// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "common/error.hpp"
#include "common/file.hpp"
#include "temporary_folder.hpp"
#include "thrown.hpp"

namespace fs = std::filesystem;
using namespace keyway;
using namespace keyway::common;

namespace {

using test::TemporaryFolder;

size_t entries(const TemporaryFolder& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

std::string text(const std::string& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

mode_t mode(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("What is written is read") {
  const TemporaryFolder folder;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4096}, (size_t{1} << 20) - 1,
                            size_t{1} << 20, size_t{3000001}}) {
    std::string content(size, '\0');
    for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 31 >> 3);
    write_file(folder.file("a"), content);
    CHECK(text(folder.file("a")) == content);
    CHECK(entries(folder) == 1);
  }
}

TEST_CASE("A file is absent until it is complete, and an old one stays until then") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  {
    AtomicFile file(path);
    file.write("new", 3);
    CHECK_FALSE(fs::exists(path));
    CHECK(fs::path(file.temporary()).parent_path() == fs::path(path).parent_path());
  }
  CHECK(entries(folder) == 0);
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new", 3);
  }
  CHECK(text(path) == "old");
  {
    AtomicFile file(path);
    file.write("new", 3);
    file.commit();
  }
  CHECK(text(path) == "new");
  CHECK(entries(folder) == 1);
}

TEST_CASE("Secrets are readable by their owner alone, from the first byte on") {
  const TemporaryFolder folder;
  const mode_t mask = ::umask(022);
  AtomicFile file(folder.file("secret"), FileMode::kSecret);
  CHECK(mode(file.temporary()) == 0600);
  file.commit();
  CHECK(mode(folder.file("secret")) == 0600);
  write_file(folder.file("public"), "x");
  CHECK(mode(folder.file("public")) == 0644);
  ::umask(mask);
}

TEST_CASE("A disk that is full leaves nothing behind") {
  const TemporaryFolder folder;
  struct rlimit old {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &old) == 0);
  struct rlimit small = old;
  small.rlim_cur = 1000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string message = test::message_of(
      ErrorKind::kFile, [&] { write_file(folder.file("a"), std::string(5000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(message.find(folder.file("a")) != std::string::npos);
  CHECK(entries(folder) == 0);
}

TEST_CASE("Errors name the file") {
  const TemporaryFolder folder;
  CHECK(test::message_of(ErrorKind::kFile, [&] {
          read_file(folder.file("none"));
        }).find(folder.file("none")) != std::string::npos);
  CHECK(test::message_of(ErrorKind::kFile, [&] { read_file(folder.file("")); }).find("folder") !=
        std::string::npos);
  CHECK(test::message_of(ErrorKind::kFile, [&] {
          write_file(folder.file("no/such"), "x");
        }).find(folder.file("no/such")) != std::string::npos);
  CHECK(test::message_of(ErrorKind::kFile, [&] {
          write_file(folder.file(""), "x");
        }).find("folder") != std::string::npos);
  write_file(folder.file("long"), std::string(100, 'x'));
  CHECK(test::message_of(ErrorKind::kFile, [&] {
          read_file(folder.file("long"), 99);
        }).find("99") != std::string::npos);
  CHECK(read_file(folder.file("long"), 100).size() == 100);
}

TEST_CASE("Links are followed, devices and pipes written directly") {
  const TemporaryFolder folder;
  write_file(folder.file("target"), "old");
  fs::create_symlink(folder.file("target"), folder.file("link"));
  write_file(folder.file("link"), "new");
  CHECK(fs::is_symlink(folder.file("link")));
  CHECK(text(folder.file("target")) == "new");
  CHECK_NOTHROW(write_file("/dev/null", "gone"));
  CHECK(fs::is_character_file("/dev/null"));

  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::string got;
  std::thread reader([&] { got = text(pipe); });
  write_file(pipe, "through");
  reader.join();
  CHECK(got == "through");
}
