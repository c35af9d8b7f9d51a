// SPDX-License-Identifier: Apache-2.0
// .npy by hand-written bytes; the agreement with NumPy itself is checked by compare_numpy.py.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/npy.hpp"
#include "temporary_folder.hpp"

using namespace keyway;
using namespace keyway::common;

namespace {

class NpyFile {
 public:
  /// Version 1 with this header text and these elements.
  void write(const std::string& header, const std::string& elements, char version = 1) const {
    std::string bytes = std::string("\x93NUMPY") + version + '\0';
    const size_t size = header.size();
    bytes += static_cast<char>(size & 0xff);
    bytes += static_cast<char>(size >> 8);
    if (version > 1) bytes += std::string(2, '\0');
    write_file(path, bytes + header + elements);
  }
  std::string failure() const {
    try {
      read_npy_float(path);
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::kFile);
      CHECK(std::string(e.what()).find(path) != std::string::npos);
      return e.what();
    }
    return "read without an error";
  }

  test::TemporaryFolder folder;
  std::string path = folder.file("array.npy");
};

std::string header(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }\n";
}

}  // namespace

TEST_CASE("Arrays come back as they were written") {
  const NpyFile file;
  const NpyArray<float> a{{2, 3}, {1, -2, 0.5F, std::numeric_limits<float>::infinity(), 1e-40F, 6}};
  write_npy(file.path, a);
  const auto b = read_npy_float(file.path);
  CHECK(b.shape == a.shape);
  CHECK(b.values == a.values);
  CHECK(b.rows() == 2);
  const NpyArray<int64_t> c{
      {4}, {0, -1, std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}};
  write_npy(file.path, c);
  CHECK(read_npy_int(file.path).values == c.values);
  write_npy(file.path, NpyArray<float>{{}, {7}});
  CHECK(read_npy_float(file.path).shape.empty());
  CHECK(read_npy_float(file.path).values == std::vector<float>{7});
  write_npy(file.path, NpyArray<float>{{0, 5}, {}});
  CHECK(read_npy_float(file.path).shape == std::vector<int64_t>{0, 5});
}

TEST_CASE("Elements begin at a multiple of 64 bytes") {
  const NpyFile file;
  for (const auto& shape : {std::vector<int64_t>{1}, {1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}}) {
    write_npy(file.path, NpyArray<float>{shape, {1}});
    CHECK(read_file(file.path).size() % 64 == 4);
  }
}

TEST_CASE("Fortran order, small types and first rows") {
  const NpyFile file;
  file.write(header("|u1", "(2, 3)", true), std::string("\x01\xff\x03\x04\x05\x06", 6));
  CHECK(read_npy_float(file.path).values == std::vector<float>{1, 3, 5, 255, 4, 6});
  CHECK(read_npy_int(file.path, 1).values == std::vector<int64_t>{1, 3, 5});
  file.write(header("<i2", "(3,)"), std::string("\x01\x00\xff\xff\x00\x80", 6));
  CHECK(read_npy_int(file.path).values == std::vector<int64_t>{1, -1, -32768});
  CHECK(read_npy_int(file.path, 2).values == std::vector<int64_t>{1, -1});
  CHECK(read_npy_int(file.path, 9).shape == std::vector<int64_t>{3});
  file.write(header("<f2", "(4,)"), std::string("\x00\x3c\x00\xc0\x01\x00\x00\x7c", 8));
  const auto halves = read_npy_float(file.path);
  CHECK(halves.values[0] == 1);
  CHECK(halves.values[1] == -2);
  CHECK(halves.values[2] == 0x1p-24F);
  CHECK(std::isinf(halves.values[3]));
  file.write(header("|b1", "(2,)"), std::string("\x00\x01", 2));
  CHECK(read_npy_int(file.path).values == std::vector<int64_t>{0, 1});
  file.write(header("<u4", "(1,)"), std::string("\xff\xff\xff\xff", 4), 2);
  CHECK(read_npy_int(file.path).values == std::vector<int64_t>{4294967295});
}

TEST_CASE("Doubles beyond float become infinite and are found") {
  const NpyFile file;
  file.write(header("<f8", "(2,)"), std::string("\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\xf0\x7e", 16));
  const auto array = read_npy_float(file.path);
  CHECK(array.values[0] == 1);
  CHECK(std::isinf(array.values[1]));
  try {
    require_finite(array, "x.npy");
    FAIL("infinity was accepted");
  } catch (const Error& e) {
    CHECK(std::string(e.what()).find("x.npy: element 1") != std::string::npos);
  }
}

TEST_CASE("Files that are no array, or another one than they say, are refused") {
  const NpyFile file;
  const auto has = [&](const char* words) {
    const std::string message = file.failure();
    INFO(message);
    CHECK(message.find(words) != std::string::npos);
  };
  write_file(file.path, "");
  has("no .npy");
  write_file(file.path, std::string("PK\x03\x04 a zip archive"));
  has("no .npy");
  write_file(file.path, std::string("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"));
  has("pointer of Git LFS");
  file.write(header("<f4", "(2,)"), "1234567");
  has("holds 7 bytes");
  file.write(header("<f4", "(2,)"), "123456789");
  has("holds 9 bytes");
  file.write(header("<c8", "(1,)"), "12345678");
  has("<c8");
  file.write(header("|O", "(1,)"), "12345678");
  has("|O");
  file.write(header(">f4", "(1,)"), "1234");
  has(">f4");
  file.write(header("<U3", "(1,)"), "123456789abc");
  has("<U3");
  file.write("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "1234");
  has("structured");
  file.write(header("<f4", "(4611686018427387904, 4, 2)"), "");
  has("impossible");
  file.write(header("<f8", "(2305843009213693953,)"), "12345678");
  has("asks for more");
  file.write(header("<f4", "(99999999999999999999,)"), "");
  has("impossible");
  file.write(header("<f4", "(-1,)"), "");
  has("shape");
  file.write(header("<f4", "(0, 4611686018427387904, 8)"), "");
  has("impossible");
  file.write("{'descr': '<f4', 'shape': (1,), }", "1234");
  has("missing");
  file.write("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }", "1234");
  has("fortran_order");
  file.write(header("<f4", "(1,)"), "1234", 9);
  has("version 9");
  const std::string whole = std::string("\x93NUMPY\x01\0\x40\0", 10) + header("<f4", "(1,)");
  for (size_t i = 0; i < whole.size(); ++i) {
    write_file(file.path, whole.substr(0, i));
    INFO("cut to " << i);
    CHECK(file.failure() != "read without an error");
  }
}

TEST_CASE("Floats are no labels") {
  const NpyFile file;
  write_npy(file.path, NpyArray<float>{{1}, {1}});
  CHECK_THROWS_AS(read_npy_int(file.path), Error);
  file.write(header("<u8", "(1,)"), std::string(8, '\xff'));
  CHECK_THROWS_AS(read_npy_int(file.path), Error);
}
