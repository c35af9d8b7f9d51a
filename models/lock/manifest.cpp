// SPDX-License-Identifier: Apache-2.0
#include "lock/manifest.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "arith/number_system.hpp"
#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::lock {

namespace {

using Json = nlohmann::ordered_json;
using program::InputImage;
using program::OutputImage;

constexpr int64_t kMaxExtent = 1 << 20;
constexpr int64_t kMaxImageBytes = int64_t{1} << 30;

const char* gives_name(OutputSelection::Gives gives) {
  switch (gives) {
    case OutputSelection::Gives::kValues:
      return "values";
    case OutputSelection::Gives::kIndices:
      return "indices";
    case OutputSelection::Gives::kAll:
      break;
  }
  return "all";
}

// ---------------------------------------------------------------------------------------- writing

/// One number where all channels have the same: manifests stay short and readable.
Json per_channel(const std::vector<float>& values) {
  if (std::all_of(values.begin(), values.end(), [&](float v) { return v == values.front(); })) {
    return values.front();
  }
  return values;
}

Json to_json(const Shape& s) { return {s.channels, s.height, s.width}; }

Json to_json(const Layout& layout) {
  return {{"dims", layout.dims}, {"strides", {layout.stride_c, layout.stride_h, layout.stride_w}}};
}

Json to_json(const OutputSelection& selection) {
  return {{"gives", gives_name(selection.gives)},
          {"count", selection.count},
          {"smallest_first", selection.smallest_first},
          {"last_of_equals", selection.last_of_equals}};
}

Json to_json(const InputImage& image) {
  Json lanes = Json::array();
  for (const auto& s : image.lanes) {
    if (s.channel < 0) {
      lanes.push_back(-1);
    } else if (s.dy == 0 && s.dx == 0) {
      lanes.push_back(s.channel);
    } else {
      lanes.push_back({s.channel, s.dy, s.dx});
    }
  }
  return {{"height", image.height},
          {"width", image.width},
          {"blocks", image.blocks},
          {"stride", {image.stride_h, image.stride_w}},
          {"pad", {image.pad_top, image.pad_left}},
          {"lanes", lanes}};
}

Json to_json(const OutputImage& image) {
  return {{"height", image.height},
          {"width", image.width},
          {"blocks", image.blocks},
          {"channels", image.channels}};
}

// ---------------------------------------------------------------------------------------- reading

class Reader {
 public:
  Reader(const Json& json, std::string path) : json_(json), path_(std::move(path)) {}

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::kFile, path_ + ": " + why);
  }

  Reader operator[](const char* field) const {
    const auto found = json_.is_object() ? json_.find(field) : json_.end();
    if (found == json_.end()) fail(std::string("the manifest has no '") + field + "'");
    return {*found, path_ + ": manifest field " + common::quoted(field)};
  }
  Reader at(size_t i) const { return {json_[i], path_}; }
  size_t array_size() const {
    if (!json_.is_array()) fail("not a list");
    return json_.size();
  }
  bool is_array() const { return json_.is_array(); }
  bool is_null() const { return json_.is_null(); }

  int64_t integer(int64_t lo, int64_t hi) const {
    if (!json_.is_number_integer()) fail("not a whole number");
    if (json_.is_number_unsigned() &&
        json_.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      fail("out of range");
    }
    const auto value = json_.get<int64_t>();
    if (value < lo || value > hi) fail("out of range");
    return value;
  }
  int32_t integer32(int64_t lo, int64_t hi) const { return static_cast<int32_t>(integer(lo, hi)); }
  uint32_t natural(int64_t hi) const { return static_cast<uint32_t>(integer(0, hi)); }
  uint64_t count() const {
    return static_cast<uint64_t>(integer(0, std::numeric_limits<int64_t>::max()));
  }
  float real() const {
    if (!json_.is_number()) fail("not a number");
    return json_.get<float>();
  }
  bool boolean() const {
    if (!json_.is_boolean()) fail("not true or false");
    return json_.get<bool>();
  }
  std::string text() const {
    if (!json_.is_string()) fail("not a string");
    return json_.get<std::string>();
  }
  std::vector<float> per_channel(int64_t channels) const {
    if (!json_.is_array()) return std::vector<float>(static_cast<size_t>(channels), real());
    if (static_cast<int64_t>(json_.size()) != channels) fail("not one number per channel");
    std::vector<float> values;
    for (size_t i = 0; i < json_.size(); ++i) values.push_back(at(i).real());
    return values;
  }

 private:
  const Json& json_;
  std::string path_;
};

void read_padding(const Reader& r, program::InputBoundary& input) {
  const Reader pads = r["padding"];
  if (pads.array_size() != 4) pads.fail("not top, left, bottom, right");
  input.pad_top = pads.at(0).integer(0, kMaxExtent);
  input.pad_left = pads.at(1).integer(0, kMaxExtent);
  input.pad_bottom = pads.at(2).integer(0, kMaxExtent);
  input.pad_right = pads.at(3).integer(0, kMaxExtent);
  const Reader value = r["pad_value"];
  if (!value.is_null()) input.pad_value = value.per_channel(input.shape.channels);
}

void read_bytes(const Reader& r, program::InputBoundary& input) {
  if (r.array_size() != 2) r.fail("not the least and the largest");
  input.least = r.at(0).integer32(-128, 255);
  input.most = r.at(1).integer32(-128, 255);
}

Shape read_shape(const Reader& r) {
  if (r.array_size() != 3) r.fail("not channels, height, width");
  const Shape s{r.at(0).integer(1, kMaxExtent), r.at(1).integer(1, kMaxExtent),
                r.at(2).integer(1, kMaxExtent)};
  if (s.channels * s.height > kMaxImageBytes / s.width) r.fail("too large");
  return s;
}

Layout read_layout(const Reader& r) {
  Layout layout;
  const Reader dims = r["dims"];
  for (size_t i = 0; i < dims.array_size(); ++i) {
    layout.dims.push_back(dims.at(i).integer(1, kMaxImageBytes));
  }
  const Reader strides = r["strides"];
  if (strides.array_size() != 3) strides.fail("not three strides");
  layout.stride_c = strides.at(0).integer(0, kMaxImageBytes);
  layout.stride_h = strides.at(1).integer(0, kMaxImageBytes);
  layout.stride_w = strides.at(2).integer(0, kMaxImageBytes);
  return layout;
}

OutputFunction read_function(const Reader& r) {
  const std::string text = r.text();
  using F = OutputFunction;
  for (const auto f : {F::kNone, F::kSoftmax, F::kLogSoftmax, F::kSigmoid, F::kTanh}) {
    if (text == program::function_name(f)) return f;
  }
  r.fail("unknown function " + common::quoted(text));
}

OutputSelection read_selection(const Reader& r) {
  OutputSelection selection;
  selection.count = r["count"].integer(0, kMaxExtent);
  selection.smallest_first = r["smallest_first"].boolean();
  selection.last_of_equals = r["last_of_equals"].boolean();
  const std::string text = r["gives"].text();
  using Gives = OutputSelection::Gives;
  for (const auto gives : {Gives::kAll, Gives::kValues, Gives::kIndices}) {
    if (text != gives_name(gives)) continue;
    selection.gives = gives;
    return selection;
  }
  r.fail("unknown selection " + common::quoted(text));
}

/// Height, width and blocks of an image whose words have `word_channels` channels.
template <typename Image>
void read_extent(const Reader& r, uint32_t word_channels, Image& image) {
  image.height = r["height"].natural(kMaxExtent);
  image.width = r["width"].natural(kMaxExtent);
  image.blocks = r["blocks"].natural(kMaxExtent);
  image.word_channels = word_channels;
  const uint64_t row = uint64_t{image.blocks} * image.width;
  if (row * image.height == 0 ||
      row > static_cast<uint64_t>(kMaxImageBytes) / word_channels / image.height) {
    r.fail("the image is empty or too large");
  }
}

InputImage read_input_image(const Reader& r, const Shape& shape, uint32_t word_channels) {
  InputImage image;
  read_extent(r, word_channels, image);
  const Reader stride = r["stride"];
  const Reader pad = r["pad"];
  const Reader lanes = r["lanes"];
  if (stride.array_size() != 2 || pad.array_size() != 2) r.fail("strides or pads are not two");
  image.stride_h = stride.at(0).integer32(0, kMaxExtent);
  image.stride_w = stride.at(1).integer32(0, kMaxExtent);
  image.pad_top = pad.at(0).integer32(-kMaxExtent, kMaxExtent);
  image.pad_left = pad.at(1).integer32(-kMaxExtent, kMaxExtent);
  if (lanes.array_size() != size_t{image.blocks} * word_channels) {
    lanes.fail("not one entry per lane");
  }
  for (size_t i = 0; i < lanes.array_size(); ++i) {
    const Reader lane = lanes.at(i);
    InputImage::Source source;
    if (lane.is_array()) {
      if (lane.array_size() != 3) lane.fail("not channel, dy, dx");
      source.channel = lane.at(0).integer32(0, shape.channels - 1);
      source.dy = lane.at(1).integer32(-kMaxExtent, kMaxExtent);
      source.dx = lane.at(2).integer32(-kMaxExtent, kMaxExtent);
    } else {
      source.channel = lane.integer32(-1, shape.channels - 1);
    }
    image.lanes.push_back(source);
  }
  return image;
}

OutputImage read_output_image(const Reader& r, const Shape& shape, uint32_t word_channels) {
  OutputImage image;
  read_extent(r, word_channels, image);
  const Reader channels = r["channels"];
  if (channels.array_size() != size_t{image.blocks} * word_channels) {
    channels.fail("not one entry per lane");
  }
  std::vector<bool> seen(static_cast<size_t>(shape.channels));
  for (size_t i = 0; i < channels.array_size(); ++i) {
    const int32_t channel = channels.at(i).integer32(-1, shape.channels - 1);
    image.channels.push_back(channel);
    if (channel >= 0) seen[static_cast<size_t>(channel)] = true;
  }
  if (std::find(seen.begin(), seen.end(), false) != seen.end()) {
    channels.fail("a channel of the output is nowhere in the image");
  }
  if (image.height != shape.height || image.width != shape.width) {
    r.fail("the image's size is not the output's");
  }
  return image;
}

program::CoreConfig read_core(const Reader& r) {
  program::CoreConfig core;
  try {
    core = program::core_from_name(r["name"].text());
  } catch (const Error& e) {
    r["name"].fail(e.what());
  }
  core.activation_bytes = r["activation_bytes"].natural(int64_t{1} << 30);
  core.weight_bytes = r["weight_bytes"].natural(int64_t{1} << 30);
  return core;
}

}  // namespace

std::string manifest_text(const program::Program& program, contract::Policy policy,
                          const Bytes16& id) {
  Json layers = Json::array();
  for (const auto& l : program.layers) {
    layers.push_back({l.name, l.kind, l.first_instruction, l.instructions, l.macs, l.ideal_cycles});
  }
  Json products = Json::array();
  for (const auto& run : program.products) products.push_back({run.layer, run.count});
  Json json{{"name", program.name},
            {"policy", contract::kPolicyNames[static_cast<size_t>(policy)]},
            {"format", arith::info(program.number_system).name},
            {"core",
             {{"name", program.core.name()},
              {"activation_bytes", program.core.activation_bytes},
              {"weight_bytes", program.core.weight_bytes}}},
            {"macs", program.macs},
            {"instructions", program.instructions},
            {"resident", program.resident},
            {"activation_peak_bytes", program.activation_peak_bytes},
            {"weight_peak_bytes", program.weight_peak_bytes},
            {"input",
             {{"shape", to_json(program.input.shape)},
              {"layout", to_json(program.input.layout)},
              {"signed", program.input.is_signed},
              {"scale", per_channel(program.input.scale)},
              {"input_scale", per_channel(program.input.input_scale)},
              {"input_offset", per_channel(program.input.input_offset)},
              {"padding",
               {program.input.pad_top, program.input.pad_left, program.input.pad_bottom,
                program.input.pad_right}},
              {"pad_value", program.input.pad_value.empty() ? Json(nullptr)
                                                            : per_channel(program.input.pad_value)},
              {"bytes", {program.input.least, program.input.most}},
              {"image", to_json(program.input_image)}}},
            {"output",
             {{"shape", to_json(program.output.shape)},
              {"layout", to_json(program.output.layout)},
              {"signed", program.output.is_signed},
              {"scale", per_channel(program.output.scale)},
              {"offset", per_channel(program.output.offset)},
              {"function", program::function_name(program.output.function)},
              {"selection", to_json(program.output.selection)},
              {"image", to_json(program.output_image)}}},
            {"layer_columns",
             {"name", "kind", "first_instruction", "instructions", "macs", "ideal_cycles"}},
            {"layers", layers},
            {"products", products}};
  if (policy != contract::Policy::kPlain) json["id"] = to_hex(id);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

program::Program parse_manifest(ByteView text, const std::string& name) {
  const Json json = Json::parse(text.data, text.data + text.size, nullptr, false);
  const Reader r(json, name);
  if (json.is_discarded() || !json.is_object()) r.fail("the manifest is not JSON");
  program::Program p;
  p.name = r["name"].text();
  p.core = read_core(r["core"]);
  try {
    p.number_system = arith::number_system_from_name(r["format"].text());
  } catch (const Error& e) {
    r["format"].fail(e.what());
  }
  p.macs = r["macs"].count();
  p.instructions = r["instructions"].natural(std::numeric_limits<uint32_t>::max());
  p.resident = r["resident"].boolean();
  p.activation_peak_bytes = r["activation_peak_bytes"].count();
  p.weight_peak_bytes = r["weight_peak_bytes"].count();

  const Reader input = r["input"];
  p.input.shape = read_shape(input["shape"]);
  p.input.layout = read_layout(input["layout"]);
  p.input.is_signed = input["signed"].boolean();
  p.input.scale = input["scale"].per_channel(p.input.shape.channels);
  p.input.input_scale = input["input_scale"].per_channel(p.input.shape.channels);
  p.input.input_offset = input["input_offset"].per_channel(p.input.shape.channels);
  read_padding(input, p.input);
  read_bytes(input["bytes"], p.input);
  p.input_image = read_input_image(input["image"], p.input.shape, p.core.word_channels());

  const Reader output = r["output"];
  p.output.shape = read_shape(output["shape"]);
  p.output.layout = read_layout(output["layout"]);
  p.output.is_signed = output["signed"].boolean();
  p.output.scale = output["scale"].per_channel(p.output.shape.channels);
  p.output.offset = output["offset"].per_channel(p.output.shape.channels);
  p.output.function = read_function(output["function"]);
  p.output.selection = read_selection(output["selection"]);
  p.output_image = read_output_image(output["image"], p.output.shape, p.core.word_channels());
  program::validate(p.input);
  program::validate(p.output);

  const Reader layers = r["layers"];
  for (size_t i = 0; i < layers.array_size(); ++i) {
    const Reader l = layers.at(i);
    if (l.array_size() != 6) l.fail("a layer has not six columns");
    const auto last = std::numeric_limits<uint32_t>::max();
    p.layers.push_back({l.at(0).text(), l.at(1).text(), l.at(2).natural(last),
                        l.at(3).natural(last), l.at(4).count(), l.at(5).count()});
  }
  const Reader products = r["products"];
  uint64_t total = 0;
  for (size_t i = 0; i < products.array_size(); ++i) {
    const Reader run = products.at(i);
    if (run.array_size() != 2) run.fail("not a layer and a count");
    if (p.layers.empty()) run.fail("products without layers");
    p.products.push_back({run.at(0).natural(static_cast<int64_t>(p.layers.size()) - 1),
                          static_cast<uint32_t>(run.at(1).integer(1, p.instructions))});
    total += p.products.back().count;
  }
  if (total > p.instructions) products.fail("more products than instructions");
  return p;
}

}  // namespace keyway::lock
