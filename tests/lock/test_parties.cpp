// SPDX-License-Identifier: Apache-2.0
// Owner, device and enrolment files.
#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "common/error.hpp"
#include "common/file.hpp"
#include "lock/keys.hpp"
#include "lock/parties.hpp"
#include "temporary_folder.hpp"
#include "thrown.hpp"

using namespace keyway;
using namespace keyway::lock;

TEST_CASE("files come back as they were written, readable by their owner only") {
  const test::TemporaryFolder folder;
  const Owner owner = new_owner();
  write_owner(owner, folder.file("o.kwo"));
  CHECK(read_owner(folder.file("o.kwo")).root == owner.root);
  const Device device = new_device(7, "zynq");
  write_device(device, folder.file("d.kwd"));
  const Device back = read_device(folder.file("d.kwd"));
  CHECK(back.id == 7);
  CHECK(back.device_class == "zynq");
  CHECK(back.fuse == device.fuse);
  CHECK_FALSE(back.owner_key.has_value());
  struct stat status {};
  for (const char* name : {"o.kwo", "d.kwd"}) {
    REQUIRE(stat(folder.file(name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
  }
}

TEST_CASE("enrolment burns the owner's key in once") {
  const test::TemporaryFolder folder;
  const Owner owner = new_owner();
  const Device device = new_device(1, "c");
  write_device(device, folder.file("d.kwd"));
  const Enrolment first = enrol(folder.file("d.kwd"), owner, folder.file("d.kwe"));
  CHECK(first.record ==
        enrolment_record(boot(read_device(folder.file("d.kwd")), 0), owner_key(owner.root)));
  CHECK(read_device(folder.file("d.kwd")).owner_key == owner_key(owner.root));
  CHECK(read_enrolment(folder.file("d.kwe")).record == first.record);
  CHECK(enrol(folder.file("d.kwd"), owner, folder.file("again.kwe")).record == first.record);
  CHECK(common::read_file(folder.file("d.kwe")) == common::read_file(folder.file("again.kwe")));
  CHECK(test::exit_status_of([&] {
          enrol(folder.file("d.kwd"), new_owner(), folder.file("x.kwe"));
        }) == static_cast<int>(ErrorKind::kRefused));
  CHECK_FALSE(std::filesystem::exists(folder.file("x.kwe")));
  CHECK(read_device(folder.file("d.kwd")).owner_key == owner_key(owner.root));
}

TEST_CASE("a signal does not let two enrolments meet") {
  const test::TemporaryFolder folder;
  const std::string device = folder.file("d.kwd"), record = folder.file("d.kwe");
  write_device(new_device(1, "c"), device);
  struct sigaction quiet {
  }, before{};
  quiet.sa_handler = [](int) {};  // no SA_RESTART: what waits is interrupted
  REQUIRE(sigaction(SIGUSR1, &quiet, &before) == 0);
  const int other = ::open(device.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(::flock(other, LOCK_EX) == 0);
  std::thread waiting([&] { enrol(device, new_owner(), record); });
  for (int i = 0; i < 50; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    pthread_kill(waiting.native_handle(), SIGUSR1);
  }
  CHECK_FALSE(std::filesystem::exists(record));
  ::close(other);
  waiting.join();
  CHECK(std::filesystem::exists(record));
  REQUIRE(sigaction(SIGUSR1, &before, nullptr) == 0);
}

TEST_CASE("a device file that is not there is refused before anything is written") {
  const test::TemporaryFolder folder;
  CHECK_THAT(
      test::message_of(ErrorKind::kFile,
                       [&] { enrol(folder.file("none.kwd"), new_owner(), folder.file("d.kwe")); }),
      Catch::Contains("none.kwd: cannot be opened"));
  CHECK_FALSE(std::filesystem::exists(folder.file("d.kwe")));
}

TEST_CASE("a record that cannot be written leaves the device as it was") {
  const test::TemporaryFolder folder;
  write_device(new_device(1, "c"), folder.file("d.kwd"));
  CHECK(test::exit_status_of([&] {
          enrol(folder.file("d.kwd"), new_owner(), folder.file("none/d.kwe"));
        }) == static_cast<int>(ErrorKind::kFile));
  CHECK_FALSE(read_device(folder.file("d.kwd")).owner_key.has_value());
}

TEST_CASE("a class that a file cannot hold is refused") {
  const test::TemporaryFolder folder;
  for (const char* name : {"a\"b", "a\\b", "a\nb", "\xff"}) {
    CHECK(test::exit_status_of([&] { write_device(new_device(1, name), folder.file("d.kwd")); }) ==
          static_cast<int>(ErrorKind::kUsage));
    CHECK_FALSE(std::filesystem::exists(folder.file("d.kwd")));
  }
}

TEST_CASE("malformed and mistaken files are refused by name") {
  const test::TemporaryFolder folder;
  write_owner(new_owner(), folder.file("o.kwo"));
  const auto is_file_error = [&](const std::string& text) {
    std::ofstream(folder.file("bad")) << text;
    return test::exit_status_of([&] { read_device(folder.file("bad")); }) ==
           static_cast<int>(ErrorKind::kFile);
  };
  CHECK(test::exit_status_of([&] { read_device(folder.file("o.kwo")); }) ==
        static_cast<int>(ErrorKind::kFile));
  CHECK(test::exit_status_of([&] { read_device(folder.file("missing")); }) ==
        static_cast<int>(ErrorKind::kFile));
  CHECK(is_file_error(""));
  CHECK(is_file_error("[1, 2"));
  CHECK(is_file_error("[]"));
  CHECK(is_file_error(R"({"keyway": 3})"));
  CHECK(is_file_error(R"({"keyway": "device", "version": 2})"));
  CHECK(
      is_file_error(R"({"keyway": "device", "version": 99, "id": 1, "class": "c", "fuse": "00"})"));
  CHECK(
      is_file_error(R"({"keyway": "device", "version": 2, "id": -1, "class": "c", "fuse": "00"})"));
  const std::string zeros(64, '0');
  for (const char* odd : {"1.5", "18446744073709551616", "1e3", "[1]", "{}", "true", "\"1\"", ""}) {
    CHECK(is_file_error(R"({"keyway": "device", "version": 2, "id": )" + std::string(odd) +
                        R"(, "class": "c", "fuse": ")" + zeros + "\"}"));
  }
  CHECK(is_file_error(
      R"({"keyway": "device", "version": 2, "id": 1, "id": 1, "class": "c", "fuse": ")" + zeros +
      "\"}"));
  CHECK(is_file_error(R"({"keyway": "device", "version": 2, "id": 1, "class": "c", "fuse": ")" +
                      zeros));
  CHECK(is_file_error(R"({"keyway": "device", "version": 2, "id": 1, "class": "c", "fuse": ")" +
                      zeros + "\"} more"));
  CHECK(is_file_error(R"({"keyway": "device", "version": 2, "id": 1, "class": "c", "fuse": "x)" +
                      zeros.substr(1) + "\"}"));
  CHECK(is_file_error(R"({"keyway": "device", "version": 2, "id": 1, "class": "c", "fuse": ")" +
                      zeros + R"(", "owner_key": ""})"));
  CHECK_FALSE(is_file_error(
      R"({"keyway": "device", "version": 2, "id": 1, "class": "c", "fuse": ")" + zeros + "\"}"));
}
