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

TEST_CASE("a secret that is bound to a class is another one in another class") {
  const test::TemporaryFolder folder;
  const Owner owner = new_owner();
  const std::string path = folder.file("d.kwd");
  ClassFingerprints of_class;
  of_class.clock.fill(1);
  of_class.precision.fill(2);
  std::string measured;
  const auto measure = [&](const std::string& core) {
    measured = core;
    return of_class;
  };
  const auto bound = static_cast<Sources>(kFuseAlone | kClassSources);
  write_device(new_device(1, "c"), path);
  CHECK(test::exit_status_of([&] {
          enrol(path, owner, folder.file("d.kwe"), kClassSources, measure);
        }) == static_cast<int>(ErrorKind::kUsage));
  const Enrolment first = enrol(path, owner, folder.file("d.kwe"), bound, measure);
  CHECK(measured == "16x16");
  const Device device = read_device(path);
  CHECK(device.core == "16x16");
  CHECK(device.sources == bound);
  CHECK(first.record == enrolment_record(boot(device, 0, of_class), *device.owner_key));
  CHECK(enrol(path, owner, folder.file("again.kwe"), bound, measure).record == first.record);
  ClassFingerprints other = of_class;
  other.clock[31] ^= 0x80;
  CHECK(boot(device, 0, other) != boot(device, 0, of_class));
  other = of_class;
  other.precision[0] ^= 1;
  CHECK(boot(device, 0, other) != boot(device, 0, of_class));
  CHECK(test::exit_status_of([&] { boot(device, 0); }) == static_cast<int>(ErrorKind::kRefused));

  write_class({"16x16", of_class}, folder.file("c.kwc"));
  CHECK(read_class(folder.file("c.kwc")).core == "16x16");
  CHECK(read_class(folder.file("c.kwc")).fingerprints == of_class);
  CHECK(test::exit_status_of([&] { read_class(path); }) == static_cast<int>(ErrorKind::kFile));
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
  const std::string zeros(64, '0'), helper(2 * contract::kPufHelperBytes, '0');
  const std::string right =
      R"({"keyway": "device", "version": 2, "id": 1, "class": "c", "core": "8x8", "fuse": ")" +
      zeros + R"(", "puf": "ro", "puf_seed": ")" + zeros +
      R"(", "celsius": "25", "volts": "1", "years": "0", "sources": 5, "owner_key": ")" + zeros +
      R"(", "puf_helper": ")" + helper + R"(", "puf_check": ")" + zeros + "\"}";
  CHECK_FALSE(is_file_error(right));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = right;
    const size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
  };
  for (const char* odd :
       {"-1", "1.5", "18446744073709551616", "1e3", "[1]", "{}", "true", "\"1\"", ""})
    CHECK(is_file_error(with("\"id\": 1", "\"id\": " + std::string(odd))));
  // No source, none that keeps a secret, one that there is not; a class without a core.
  for (const char* odd : {"0", "4", "8", "12", "16", "17", "261"})
    CHECK(is_file_error(with("\"sources\": 5", "\"sources\": " + std::string(odd))));
  CHECK(is_file_error(with("\"core\": \"8x8\", ", "")));
  for (const auto& [from, to] : {std::pair{"\"version\": 2", "\"version\": 99"},
                                 {"\"id\": 1", "\"id\": 1, \"id\": 1"},
                                 {"\"fuse\": \"0", "\"fuse\": \"x"},
                                 {"\"fuse\": \"0", "\"fuse\": \""},
                                 {"\"owner_key\": \"00", "\"owner_key\": \""},
                                 {"\"puf_helper\": \"00", "\"puf_helper\": \""},
                                 {"\"puf_check\": \"00", "\"puf_check\": \"0000"},
                                 {"8x8", "9x9"},
                                 {"\"ro\"", "\"coin\""},
                                 {"\"volts\": \"1\"", "\"volts\": \"2\""},
                                 {"\"}", "\""},
                                 {"\"}", "\"} more"}}) {
    CAPTURE(from, to);
    CHECK(is_file_error(with(from, to)));
  }
}
