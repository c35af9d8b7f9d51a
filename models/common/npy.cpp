// SPDX-License-Identifier: Apache-2.0
#include "common/npy.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "common/error.hpp"
#include "common/file.hpp"
#include "common/printable.hpp"

namespace keyway::common {

namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicLength = 6;
constexpr size_t kMaxRank = 32;

struct Header {
  char kind = 0;  ///< 'f', 'i', 'u', 'b'
  size_t width = 0;
  bool fortran = false;
  std::vector<int64_t> shape;
  size_t data = 0;  ///< where the elements begin
};

/// Reads the header, a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
 public:
  HeaderParser(const std::string& path, const std::vector<uint8_t>& bytes)
      : path_(path), bytes_(bytes) {}

  Header parse() {
    size_t at = kMagicLength + 2, length = 0;
    if (bytes_.size() < at + 2 || std::memcmp(bytes_.data(), kMagic, kMagicLength) != 0) {
      fail(is_lfs_pointer(bytes_.data(), bytes_.size()) ? kLfsPointer : "is no .npy file");
    }
    const int version = bytes_[kMagicLength];
    if (version < 1 || version > 3) fail("has .npy version " + std::to_string(version));
    const size_t digits = version == 1 ? 2 : 4;
    if (bytes_.size() < at + digits) fail("is cut in its header");
    for (size_t i = digits; i-- > 0;) length = length << 8 | bytes_[at + i];
    at += digits;
    if (length > bytes_.size() - at) fail("is cut in its header");
    text_.assign(reinterpret_cast<const char*>(bytes_.data()) + at, length);
    header_.data = at + length;
    dictionary();
    return header_;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::kFile, path_ + ": " + what);
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t'))
      ++at_;
  }
  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void need(char wanted) {
    if (!take(wanted)) fail(std::string("has a malformed header: '") + wanted + "' is missing");
  }
  std::string quoted() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"')
      fail("has a malformed header, or elements of a structured type");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string::npos) fail("has a malformed header");
    std::string word = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string word = value ? "True" : "False";
      if (text_.compare(at_, word.size(), word) == 0) {
        at_ += word.size();
        return value;
      }
    }
    fail("has a malformed header: fortran_order is no bool");
  }
  int64_t number() {
    skip_space();
    int64_t value = 0;
    const size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (value > (std::numeric_limits<int64_t>::max() - 9) / 10) fail("has an impossible shape");
      value = value * 10 + (text_[at_] - '0');
    }
    if (at_ == begin) fail("has a malformed shape");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so
    return value;
  }
  void shape() {
    need('(');
    while (!take(')')) {
      if (header_.shape.size() == kMaxRank) fail("has too many dimensions");
      header_.shape.push_back(number());
      if (!take(',')) {
        need(')');
        break;
      }
    }
  }
  void type(const std::string& descr) {
    const bool little =
        descr.size() == 3 && (descr[0] == '<' || descr[0] == '|' || (descr[0] == '='));
    if (descr.size() == 3) {
      header_.kind = descr[1];
      header_.width = static_cast<size_t>(descr[2] - '0');
    }
    const size_t w = header_.width;
    const bool integer =
        (header_.kind == 'i' || header_.kind == 'u') && (w == 1 || w == 2 || w == 4 || w == 8);
    const bool real = header_.kind == 'f' && (w == 2 || w == 4 || w == 8);
    const bool boolean = header_.kind == 'b' && w == 1;
    if (!(integer || real || boolean) || (!little && w != 1)) {
      fail("has elements of type " + common::quoted(descr) +
           "; little-endian real numbers are supported");
    }
  }
  void dictionary() {
    bool has_type = false, has_order = false, has_shape = false;
    need('{');
    while (!take('}')) {
      const std::string key = quoted();
      need(':');
      if (key == "descr") {
        type(quoted());
        has_type = true;
      } else if (key == "fortran_order") {
        header_.fortran = boolean();
        has_order = true;
      } else if (key == "shape") {
        header_.shape.clear();
        shape();
        has_shape = true;
      } else {
        fail("has a malformed header: unknown key " + common::quoted(key));
      }
      if (!take(',')) {
        need('}');
        break;
      }
    }
    if (!has_type || !has_order || !has_shape) fail("has a malformed header: a key is missing");
  }

  const std::string& path_;
  const std::vector<uint8_t>& bytes_;
  std::string text_;
  size_t at_ = 0;
  Header header_;
};

double half_to_double(uint16_t half) {
  const int exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  double value = 0;
  if (exponent == 31) {
    value = fraction ? std::numeric_limits<double>::quiet_NaN()
                     : std::numeric_limits<double>::infinity();
  } else {
    value = std::ldexp(exponent ? fraction + 1024 : fraction, (exponent ? exponent : 1) - 25);
  }
  return half >> 15 ? -value : value;
}

template <typename Stored, typename T, typename Convert>
void convert_all(const uint8_t* data, const std::vector<size_t>& order, std::vector<T>& out,
                 Convert convert) {
  for (size_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, data + (order.empty() ? i : order[i]) * sizeof(Stored), sizeof(Stored));
    out[i] = convert(stored);
  }
}

/// Doubles beyond float become infinities, for require_finite() to find.
template <typename T, typename Stored>
T converted(Stored value) {
  if constexpr (std::is_same_v<T, float> && std::is_same_v<Stored, double>) {
    constexpr double kMax = std::numeric_limits<float>::max();
    if (value > kMax) return std::numeric_limits<float>::infinity();
    if (value < -kMax) return -std::numeric_limits<float>::infinity();
  }
  return static_cast<T>(value);
}

/// Positions in a Fortran-ordered file of the first `count` elements in C order.
std::vector<size_t> fortran_order(const std::vector<int64_t>& shape, size_t count) {
  std::vector<size_t> strides(shape.size(), 1), order(count);
  for (size_t i = 1; i < shape.size(); ++i)
    strides[i] = strides[i - 1] * static_cast<size_t>(shape[i - 1]);
  std::vector<int64_t> index(shape.size(), 0);
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) {
    order[i] = at;
    for (size_t k = shape.size(); k-- > 0;) {
      at += strides[k];
      if (++index[k] < shape[k]) break;
      at -= strides[k] * static_cast<size_t>(shape[k]);
      index[k] = 0;
    }
  }
  return order;
}

template <typename T>
NpyArray<T> read(const std::string& path, int64_t max_rows) {
  const std::vector<uint8_t> bytes = read_file(path, size_t{16} << 30);
  HeaderParser parser(path, bytes);
  const Header header = parser.parse();
  size_t count = 1;
  bool empty = false;
  for (int64_t d : header.shape) {
    if (d == 0) {
      empty = true;
      continue;
    }
    if (__builtin_mul_overflow(count, static_cast<size_t>(d), &count))
      parser.fail("has an impossible shape");
  }
  if (empty) count = 0;
  size_t size = 0;
  const size_t held = bytes.size() - header.data;
  const bool overflows = __builtin_mul_overflow(count, header.width, &size);
  if (overflows || size != held) {
    parser.fail("holds " + std::to_string(held) + " bytes of elements, its shape asks for " +
                (overflows ? "more" : std::to_string(size)));
  }
  NpyArray<T> array;
  array.shape = header.shape;
  if (max_rows >= 0 && !array.shape.empty() && array.shape[0] > max_rows) {
    count = count / static_cast<size_t>(array.shape[0]) * static_cast<size_t>(max_rows);
    array.shape[0] = max_rows;
  }
  array.values.resize(count);
  const std::vector<size_t> order = header.fortran && header.shape.size() > 1
                                        ? fortran_order(header.shape, count)
                                        : std::vector<size_t>();
  const uint8_t* data = bytes.data() + header.data;
  const auto all = [&](auto stored) {
    using Stored = decltype(stored);
    convert_all<Stored>(data, order, array.values, converted<T, Stored>);
  };
  switch (header.kind) {
    case 'f':
      if constexpr (std::is_same_v<T, int64_t>) {
        parser.fail("holds floating-point numbers where integers are wanted");
      } else if (header.width == 2) {
        convert_all<uint16_t>(data, order, array.values,
                              [](uint16_t h) { return static_cast<T>(half_to_double(h)); });
      } else if (header.width == 4) {
        all(float{});
      } else {
        all(double{});
      }
      break;
    case 'i':
      header.width == 1   ? all(int8_t{})
      : header.width == 2 ? all(int16_t{})
      : header.width == 4 ? all(int32_t{})
                          : all(int64_t{});
      break;
    default:
      header.width == 1   ? all(uint8_t{})
      : header.width == 2 ? all(uint16_t{})
      : header.width == 4 ? all(uint32_t{})
                          : all(uint64_t{});
      break;
  }
  if constexpr (std::is_same_v<T, int64_t>) {
    if (header.kind == 'u' && header.width == 8) {
      for (int64_t v : array.values) {
        if (v < 0) parser.fail("holds a number beyond 64 signed bits");
      }
    }
  }
  return array;
}

template <typename T>
void write(AtomicFile& file, const NpyArray<T>& array, const char* descr) {
  std::string header = std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < array.shape.size(); ++i) {
    header += std::to_string(array.shape[i]) + (i + 1 < array.shape.size() ? ", " : "");
  }
  header += array.shape.size() == 1 ? ",), }" : "), }";
  // Elements begin at a multiple of 64 bytes; the header ends with a newline.
  const size_t before = kMagicLength + 4;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  if (header.size() > 0xffff)
    throw Error(ErrorKind::kFile, file.path() + ": the shape has too many dimensions");
  std::string head(kMagic, kMagicLength);
  head += {'\x01', '\x00', static_cast<char>(header.size() & 0xff),
           static_cast<char>(header.size() >> 8)};
  file.write((head + header).data(), before + header.size());
  file.write(array.values.data(), array.values.size() * sizeof(T));
}

}  // namespace

NpyArray<float> read_npy_float(const std::string& path, int64_t max_rows) {
  return read<float>(path, max_rows);
}

NpyArray<int64_t> read_npy_int(const std::string& path, int64_t max_rows) {
  return read<int64_t>(path, max_rows);
}

void require_finite(const NpyArray<float>& array, const std::string& path) {
  for (size_t i = 0; i < array.values.size(); ++i) {
    if (!std::isfinite(array.values[i])) {
      throw Error(ErrorKind::kFile,
                  path + ": element " + std::to_string(i) + " is NaN or infinite");
    }
  }
}

void write_npy(AtomicFile& file, const NpyArray<float>& array) { write(file, array, "<f4"); }

void write_npy(const std::string& path, const NpyArray<float>& array) {
  AtomicFile file(path);
  write(file, array, "<f4");
  file.commit();
}
void write_npy(const std::string& path, const NpyArray<int64_t>& array) {
  AtomicFile file(path);
  write(file, array, "<i8");
  file.commit();
}

}  // namespace keyway::common
