// SPDX-License-Identifier: Apache-2.0
#include "mutate_message.hpp"

#include <limits>
#include <string>
#include <vector>

namespace keyway::fuzz {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// One value in the tree: field `field` of `message`, number `index` if the field repeats.
struct Place {
  Message* message;
  const FieldDescriptor* field;
  int index;
};

void collect(Message& message, std::vector<Place>& places, int depth) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    // Long lists of numbers are weights: a few of them are enough.
    const int step = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE ? 1 : count / 16 + 1;
    for (int i = 0; i < count; i += step) {
      places.push_back({&message, field, i});
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || depth > 12) continue;
      collect(field->is_repeated() ? *reflection.MutableRepeatedMessage(&message, field, i)
                                   : *reflection.MutableMessage(&message, field),
              places, depth + 1);
    }
  }
}

class Mutator {
 public:
  Mutator(Message& message, std::minstd_rand& random) : random_(random) {
    collect(message, places_, 0);
  }

  void run() {
    if (places_.empty()) return;
    const Place place = pick(places_);
    if (place.field->is_repeated() && random_() % 3 == 0) {
      rearrange(place);
    } else if (!place.field->is_repeated() && random_() % 16 == 0) {
      place.message->GetReflection()->ClearField(place.message, place.field);
    } else {
      change(place);
    }
  }

 private:
  template <typename T>
  T pick(const std::vector<T>& options) {
    return options[random_() % options.size()];
  }

  void rearrange(const Place& place) {
    const Reflection& r = *place.message->GetReflection();
    const int count = r.FieldSize(*place.message, place.field),
              other = static_cast<int>(random_()) % count;
    if (random_() % 2 == 0) {
      r.SwapElements(place.message, place.field, place.index, other);
    } else if (random_() % 2 == 0) {
      r.SwapElements(place.message, place.field, place.index, count - 1);
      r.RemoveLast(place.message, place.field);
    } else if (place.field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && count < 64) {
      r.AddMessage(place.message, place.field)
          ->CopyFrom(r.GetRepeatedMessage(*place.message, place.field, other));
    } else if (place.field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      r.AddInt64(place.message, place.field, integer());
    }
  }

  int64_t integer() {
    using Limits = std::numeric_limits<int64_t>;
    static const std::vector<int64_t> kValues = {0,
                                                 1,
                                                 2,
                                                 3,
                                                 4,
                                                 5,
                                                 7,
                                                 8,
                                                 13,
                                                 16,
                                                 21,
                                                 255,
                                                 -1,
                                                 -2,
                                                 -3,
                                                 -4,
                                                 255,
                                                 256,
                                                 1024,
                                                 1 << 20,
                                                 (1 << 26) - 1,
                                                 int64_t{1} << 31,
                                                 int64_t{1} << 33,
                                                 Limits::max(),
                                                 Limits::min(),
                                                 Limits::max() - 1,
                                                 Limits::min() + 1};
    return pick(kValues);
  }

  float number() {
    using Limits = std::numeric_limits<float>;
    static const std::vector<float> kValues = {0,
                                               -0.0F,
                                               1,
                                               -1,
                                               6,
                                               0.5F,
                                               1e-30F,
                                               1e30F,
                                               Limits::max(),
                                               Limits::lowest(),
                                               Limits::infinity(),
                                               Limits::quiet_NaN(),
                                               Limits::denorm_min()};
    return pick(kValues);
  }

  /// A string from elsewhere in the message (names of values, operators), or this one changed.
  std::string text(std::string old) {
    const Place other = pick(places_);
    if (other.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && old.size() < 64) {
      const Reflection& r = *other.message->GetReflection();
      return other.field->is_repeated()
                 ? r.GetRepeatedString(*other.message, other.field, other.index)
                 : r.GetString(*other.message, other.field);
    }
    static const std::vector<std::string> kOperators = {"Conv",
                                                        "Gemm",
                                                        "MatMul",
                                                        "BatchNormalization",
                                                        "Relu",
                                                        "Clip",
                                                        "MaxPool",
                                                        "AveragePool",
                                                        "GlobalAveragePool",
                                                        "ReduceMean",
                                                        "Add",
                                                        "Sub",
                                                        "Mul",
                                                        "Div",
                                                        "Flatten",
                                                        "Reshape",
                                                        "Squeeze",
                                                        "Unsqueeze",
                                                        "Transpose",
                                                        "Pad",
                                                        "Slice",
                                                        "Concat",
                                                        "Softmax",
                                                        "Shape",
                                                        "Gather",
                                                        "Cast",
                                                        "ConstantOfShape",
                                                        "Constant",
                                                        "Expand",
                                                        "Neg",
                                                        "Size",
                                                        "",
                                                        "SAME_UPPER",
                                                        "SAME_LOWER",
                                                        "VALID"};
    if (old.empty() || random_() % 3 == 0) return pick(kOperators);
    switch (random_() % 3) {
      case 0:
        old.resize(old.size() - 1);
        break;
      case 1:
        old[random_() % old.size()] = static_cast<char>(random_());
        break;
      default:
        old += old;
    }
    return old;
  }

  /// Raw data of a tensor keeps its length, or the model is refused for that alone: one of its
  /// words becomes an interesting integer or float.
  std::string raw(std::string old) {
    const auto put = [&](const void* value, size_t size) {
      if (old.size() < size) return;
      old.replace(random_() % (old.size() / size) * size, size, static_cast<const char*>(value),
                  size);
    };
    const int64_t whole = integer();
    const float real = number();
    switch (random_() % 8) {
      case 0:
        return old.substr(0, old.size() / 2);
      case 1:
      case 2:
        put(&real, sizeof real);
        return old;
      default:
        put(&whole, old.size() % sizeof whole == 0 ? sizeof whole : 1);
        return old;
    }
  }

  void change(const Place& p) {
    const Reflection& r = *p.message->GetReflection();
    const FieldDescriptor* f = p.field;
    const bool many = f->is_repeated();
    switch (f->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT64:
        many ? r.SetRepeatedInt64(p.message, f, p.index, integer())
             : r.SetInt64(p.message, f, integer());
        break;
      case FieldDescriptor::CPPTYPE_INT32: {
        const auto value = static_cast<int32_t>(random_() % 2 ? integer() : integer() & 15);
        many ? r.SetRepeatedInt32(p.message, f, p.index, value) : r.SetInt32(p.message, f, value);
        break;
      }
      case FieldDescriptor::CPPTYPE_UINT64: {
        const auto value = static_cast<uint64_t>(integer());
        many ? r.SetRepeatedUInt64(p.message, f, p.index, value) : r.SetUInt64(p.message, f, value);
        break;
      }
      case FieldDescriptor::CPPTYPE_FLOAT:
        many ? r.SetRepeatedFloat(p.message, f, p.index, number())
             : r.SetFloat(p.message, f, number());
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        many ? r.SetRepeatedDouble(p.message, f, p.index, static_cast<double>(number()))
             : r.SetDouble(p.message, f, static_cast<double>(number()));
        break;
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int value = static_cast<int>(random_() % 17);
        many ? r.SetRepeatedEnumValue(p.message, f, p.index, value)
             : r.SetEnumValue(p.message, f, value);
        break;
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string old =
            many ? r.GetRepeatedString(*p.message, f, p.index) : r.GetString(*p.message, f);
        const std::string value =
            f->type() == FieldDescriptor::TYPE_BYTES && f->name() == "raw_data" ? raw(old)
                                                                                : text(old);
        many ? r.SetRepeatedString(p.message, f, p.index, value) : r.SetString(p.message, f, value);
        break;
      }
      default:
        break;
    }
  }

  std::minstd_rand& random_;
  std::vector<Place> places_;
};

}  // namespace

void mutate(Message& message, std::minstd_rand& random) { Mutator(message, random).run(); }

}  // namespace keyway::fuzz
