// SPDX-License-Identifier: Apache-2.0
#include "graph/onnx_constant.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::graph::importing {

namespace {

[[noreturn]] void malformed(const std::string& where, const std::string& reason) {
  throw Error(ErrorKind::kFile, where + ": " + reason);
}

/// IEEE 754 binary16 to binary32, exact.
float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half >> 15) << 31;
  const uint32_t exponent = (half >> 10) & 0x1fU;
  const uint32_t fraction = half & 0x3ffU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign ? -magnitude : magnitude;
  }
  const uint32_t bits =
      sign | (exponent == 31 ? 0x7f800000U : (exponent + 112) << 23) | fraction << 13;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float bfloat_to_float(uint16_t bfloat) {
  const uint32_t bits = static_cast<uint32_t>(bfloat) << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Beyond the range of float a double becomes an infinity, which is refused where weights are used.
float double_to_float(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  if (value > kMax) return std::numeric_limits<float>::infinity();
  if (value < -kMax) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(value);
}

/// Elements of type Stored, little-endian.
template <typename Stored, typename Out, typename Convert>
void from_raw(std::string_view raw, int64_t count, const std::string& where, std::vector<Out>& out,
              Convert convert) {
  if (raw.size() != static_cast<size_t>(count) * sizeof(Stored)) {
    malformed(where, "holds " + std::to_string(raw.size()) + " bytes of data, its shape asks for " +
                         std::to_string(static_cast<size_t>(count) * sizeof(Stored)));
  }
  out.resize(static_cast<size_t>(count));
  for (size_t i = 0; i < out.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, raw.data() + i * sizeof(Stored), sizeof(Stored));
    out[i] = convert(stored);
  }
}

template <typename List, typename Out, typename Convert>
void from_list(const List& list, int64_t count, const std::string& where, std::vector<Out>& out,
               Convert convert) {
  if (list.size() != count) {
    malformed(where, "holds " + std::to_string(list.size()) + " elements, its shape asks for " +
                         std::to_string(count));
  }
  out.reserve(static_cast<size_t>(count));
  for (const auto& stored : list) out.push_back(convert(stored));
}

template <typename T>
int64_t to_int64(T value) {
  return static_cast<int64_t>(value);
}

template <typename Stored>
void integers_from(const onnx::TensorProto& t, const std::optional<std::string_view>& raw,
                   int64_t count, const std::string& where, std::vector<int64_t>& out) {
  if (raw) {
    from_raw<Stored>(*raw, count, where, out, to_int64<Stored>);
  } else {
    from_list(t.int32_data(), count, where, out, [&where](int32_t v) {
      if (static_cast<Stored>(v) != v)
        malformed(where, "element " + std::to_string(v) + " is out of its type's range");
      return to_int64(v);
    });
  }
}

/// Two elements a byte, the first in the low bits.
void nibbles_from(const onnx::TensorProto& t, const std::optional<std::string_view>& raw,
                  int64_t count, bool is_signed, const std::string& where,
                  std::vector<int64_t>& out) {
  std::vector<int64_t> bytes;
  const int64_t pairs = (count + 1) / 2;
  if (raw) {
    from_raw<uint8_t>(*raw, pairs, where, bytes, to_int64<uint8_t>);
  } else {
    from_list(t.int32_data(), pairs, where, bytes, [](int32_t v) { return to_int64(v & 0xff); });
  }
  out.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t nibble = bytes[static_cast<size_t>(i / 2)] >> (i % 2 * 4) & 15;
    out.push_back(is_signed && nibble > 7 ? nibble - 16 : nibble);
  }
}

/// Bytes that elements of a type take; nothing for a type that is not read.
std::optional<size_t> data_bytes(int type, size_t count) {
  using Type = onnx::TensorProto;
  switch (type) {
    case Type::UINT8:
    case Type::INT8:
    case Type::BOOL:
      return count;
    case Type::FLOAT16:
    case Type::BFLOAT16:
    case Type::UINT16:
    case Type::INT16:
      return 2 * count;
    case Type::FLOAT:
    case Type::UINT32:
    case Type::INT32:
      return 4 * count;
    case Type::DOUBLE:
    case Type::UINT64:
    case Type::INT64:
      return 8 * count;
    case kUint4:
    case kInt4:
      return (count + 1) / 2;
    default:
      return std::nullopt;
  }
}

}  // namespace

void Budget::take(int64_t bytes, const OnnxNode& node) {
  if (bytes > left_) {
    node.unsupported("folding the network's constants takes more than " + std::to_string(whole_) +
                     " bytes of memory");
  }
  left_ -= bytes;
}

ConstantPtr scalar(float value) {
  auto constant = std::make_shared<Constant>();
  constant->is_float = true;
  constant->floats = {value};
  return constant;
}

int64_t checked_elements(const std::vector<int64_t>& dims) {
  if (dims.size() > kMaxRank) return -1;
  int64_t product = 1;
  bool zero = false;
  for (int64_t d : dims) {
    if (d < 0 || d > kMaxDimension) return -1;
    if (d == 0) {
      zero = true;
      continue;
    }
    if (product > kMaxElements / d) return -1;
    product *= d;
  }
  return zero ? 0 : product;
}

ConstantPtr decode_tensor(const onnx::TensorProto& t, const std::string& where,
                          ExternalFiles& files) {
  if (t.has_segment())
    throw Error(ErrorKind::kUnsupported, where + ": segmented tensors are not supported");
  auto constant = std::make_shared<Constant>();
  const auto unsupported = [&](const std::string& reason) {
    throw Error(ErrorKind::kUnsupported, where + ": " + reason);
  };
  if (t.dims_size() > static_cast<int>(kMaxRank)) {
    unsupported("has " + std::to_string(t.dims_size()) + " dimensions; at most " +
                std::to_string(kMaxRank) + " are supported");
  }
  constant->dims.assign(t.dims().begin(), t.dims().end());
  for (int64_t d : constant->dims) {
    if (d < 0) malformed(where, "has impossible dimensions " + to_string(constant->dims));
  }
  const int64_t count = checked_elements(constant->dims);
  if (count < 0) {
    unsupported("of shape " + to_string(constant->dims) + " has more than " +
                std::to_string(kMaxElements) + " elements");
  }
  auto& floats = constant->floats;
  auto& integers = constant->integers;
  using Type = onnx::TensorProto;
  std::optional<std::string_view> raw;
  std::vector<uint8_t> external;
  if (t.has_raw_data()) raw = t.raw_data();
  if (const auto bytes = data_bytes(t.data_type(), static_cast<size_t>(count));
      bytes && t.data_location() == Type::EXTERNAL) {
    if (raw) malformed(where, "has data in the model and in another file");
    external = files.read(t, *bytes, where);
    raw = std::string_view(reinterpret_cast<const char*>(external.data()), external.size());
  }
  constant->is_float = t.data_type() == Type::FLOAT || t.data_type() == Type::DOUBLE ||
                       t.data_type() == Type::FLOAT16 || t.data_type() == Type::BFLOAT16;
  if (!constant->is_float) constant->element_type = t.data_type();
  switch (t.data_type()) {
    case Type::FLOAT: {
      const auto same = [](float v) { return v; };
      if (raw) {
        from_raw<float>(*raw, count, where, floats, same);
      } else {
        from_list(t.float_data(), count, where, floats, same);
      }
      break;
    }
    case Type::DOUBLE:
      if (raw) {
        from_raw<double>(*raw, count, where, floats, double_to_float);
      } else {
        from_list(t.double_data(), count, where, floats, double_to_float);
      }
      break;
    case Type::FLOAT16:
    case Type::BFLOAT16: {
      const auto widen = t.data_type() == Type::FLOAT16 ? half_to_float : bfloat_to_float;
      if (raw) {
        from_raw<uint16_t>(*raw, count, where, floats, widen);
      } else {
        from_list(t.int32_data(), count, where, floats,
                  [widen](int32_t v) { return widen(static_cast<uint16_t>(v)); });
      }
      break;
    }
    case Type::INT64:
      if (raw) {
        from_raw<int64_t>(*raw, count, where, integers, to_int64<int64_t>);
      } else {
        from_list(t.int64_data(), count, where, integers, to_int64<int64_t>);
      }
      break;
    case Type::UINT64:
    case Type::UINT32:
      if (!raw) {
        from_list(t.uint64_data(), count, where, integers, to_int64<uint64_t>);
      } else if (t.data_type() == Type::UINT32) {
        from_raw<uint32_t>(*raw, count, where, integers, to_int64<uint32_t>);
      } else {
        from_raw<uint64_t>(*raw, count, where, integers, to_int64<uint64_t>);
      }
      break;
    case Type::INT32:
      integers_from<int32_t>(t, raw, count, where, integers);
      break;
    case Type::INT16:
      integers_from<int16_t>(t, raw, count, where, integers);
      break;
    case Type::UINT16:
      integers_from<uint16_t>(t, raw, count, where, integers);
      break;
    case Type::INT8:
      integers_from<int8_t>(t, raw, count, where, integers);
      break;
    case Type::UINT8:
    case Type::BOOL:
      integers_from<uint8_t>(t, raw, count, where, integers);
      break;
    case kUint4:
    case kInt4:
      nibbles_from(t, raw, count, t.data_type() == kInt4, where, integers);
      break;
    default:
      throw Error(ErrorKind::kUnsupported,
                  where + ": element type " + std::to_string(t.data_type()) + " is not supported");
  }
  return constant;
}

ConstantPtr decode_constant_node(const OnnxNode& node, ExternalFiles& files) {
  // Numbers came with operator set 12, but mean the same in files of older ones that have them.
  node.allow({"value", "value_float", "value_floats", "value_int", "value_ints"});
  if (const auto* tensor = node.tensor("value")) {
    return decode_tensor(*tensor, "constant of node " + common::quoted(node.name()), files);
  }
  for (const auto& a : node.proto().attribute()) {
    const int64_t count = std::max(a.floats_size(), a.ints_size());
    if (count > kMaxElements) {
      node.unsupported("has " + std::to_string(count) + " elements; at most " +
                       std::to_string(kMaxElements) + " are supported");
    }
  }
  auto constant = std::make_shared<Constant>();
  if (node.has("value_float")) {
    constant->is_float = true;
    constant->floats = {node.number("value_float", 0)};
  } else if (node.has("value_floats")) {
    constant->is_float = true;
    constant->floats = node.numbers("value_floats");
    constant->dims = {constant->elements()};
  } else if (node.has("value_int")) {
    constant->integers = {node.integer("value_int", 0)};
  } else if (node.has("value_ints")) {
    constant->integers = node.integers("value_ints");
    constant->dims = {constant->elements()};
  } else {
    node.malformed("has no value");
  }
  return constant;
}

}  // namespace keyway::graph::importing
