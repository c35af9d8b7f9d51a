// SPDX-License-Identifier: Apache-2.0
// Tensors whose data stands in files beside the model: read as if it stood inside, and nothing else
// of the computer is read.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <functional>

#include "common/file.hpp"
#include "graph/onnx_constant.hpp"
#include "graph/onnx_external.hpp"
#include "graph/onnx_import.hpp"
#include "model_builder.hpp"
#include "temporary_folder.hpp"
#include "thrown.hpp"

namespace fs = std::filesystem;
using keyway::ErrorKind;
using keyway::graph::Graph;
using keyway::graph::import_onnx;
using keyway::graph::importing::ExternalFiles;
using keyway::graph::importing::kInt4;
using keyway::graph::testing::ModelBuilder;
using keyway::test::message_of;
using keyway::test::TemporaryFolder;

namespace {

const std::vector<float> kWeights = {1, -2, 3, -4, 5, -6};

std::string bytes_of(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// A folder with a model whose matrix of 3 x 2 is to be found outside of it.
class Model {
 public:
  Model() : builder_({1, 3}) {
    matrix_ = builder_.tensor("w", {3, 2}, onnx::TensorProto::FLOAT);
    matrix_->set_data_location(onnx::TensorProto::EXTERNAL);
    builder_.node("MatMul", {"x", "w"}, {"y"});
    fs::create_directory(folder_.file("model"));
  }

  Model& with(const std::string& key, const std::string& value) {
    auto* entry = matrix_->add_external_data();
    entry->set_key(key);
    entry->set_value(value);
    return *this;
  }
  std::string file(const std::string& name) const { return folder_.file("model/" + name); }
  std::string outside(const std::string& name) const { return folder_.file(name); }
  onnx::TensorProto& matrix() { return *matrix_; }

  Graph import() const {
    keyway::common::write_file(file("m.onnx"), builder_.bytes());
    return import_onnx(file("m.onnx"));
  }
  std::string refusal() const {
    return message_of(ErrorKind::kFile, [&] { import(); });
  }

 private:
  TemporaryFolder folder_;
  ModelBuilder builder_;
  onnx::TensorProto* matrix_;
};

}  // namespace

TEST_CASE("Data in another file is what it would be inside the model") {
  const std::vector<float> expected = {1, 3, 5, -2, -4, -6};  // [out][in]
  SECTION("a file of its own") {
    Model m;
    keyway::common::write_file(m.file("w.bin"), bytes_of(kWeights));
    CHECK(m.with("location", "w.bin").import().nodes.at(0).weights == expected);
  }
  SECTION("a part of a file in a folder below, with a length and a checksum") {
    Model m;
    fs::create_directory(m.file("data"));
    keyway::common::write_file(m.file("data/w.bin"), "ahead" + bytes_of(kWeights) + "behind");
    m.with("location", "data/w.bin").with("offset", "5").with("length", "24").with("checksum", "");
    CHECK(m.import().nodes.at(0).weights == expected);
  }
  SECTION("a symbolic link that stays in the folder") {
    Model m;
    keyway::common::write_file(m.file("w.bin"), bytes_of(kWeights));
    fs::create_symlink("w.bin", m.file("link"));
    CHECK(m.with("location", "link").import().nodes.at(0).weights == expected);
  }
  SECTION("a model named without a folder") {
    Model m;
    keyway::common::write_file(m.file("w.bin"), bytes_of(kWeights));
    m.with("location", "w.bin").import();
    const fs::path before = fs::current_path();
    fs::current_path(m.file(""));
    CHECK_NOTHROW(import_onnx("m.onnx"));
    fs::current_path(before);
  }
  SECTION("a Constant node's") {
    Model m;
    keyway::common::write_file(m.file("w.bin"), bytes_of(kWeights));
    m.with("location", "w.bin");
    ModelBuilder inside({1, 3});
    auto* value = inside.node("Constant", {}, {"w"}).add_attribute();
    value->set_name("value");
    value->set_type(onnx::AttributeProto::TENSOR);
    *value->mutable_t() = m.matrix();
    inside.node("MatMul", {"x", "w"}, {"y"});
    keyway::common::write_file(m.file("m.onnx"), inside.bytes());
    CHECK(import_onnx(m.file("m.onnx")).nodes.at(0).weights == expected);
  }
  SECTION("two elements a byte, an odd number of them") {
    TemporaryFolder folder;
    ModelBuilder m({1, 3});
    auto* nibbles = m.tensor("q", {3, 1}, kInt4);
    nibbles->set_data_location(onnx::TensorProto::EXTERNAL);
    auto* entry = nibbles->add_external_data();
    entry->set_key("location");
    entry->set_value("q.bin");
    m.floats("half", {}, {0.5F}).node("DequantizeLinear", {"q", "half"}, {"w"});
    m.node("MatMul", {"x", "w"}, {"y"});
    keyway::common::write_file(folder.file("q.bin"), std::string("\xf7\x08"));
    keyway::common::write_file(folder.file("m.onnx"), m.bytes());
    CHECK(import_onnx(folder.file("m.onnx")).nodes.at(0).weights ==
          std::vector<float>{3.5F, -0.5F, -4});
  }
  SECTION("where the data is inside, entries for another file mean nothing") {
    Model m;
    m.with("location", "none").matrix().set_data_location(onnx::TensorProto::DEFAULT);
    m.matrix().set_raw_data(bytes_of(kWeights));
    CHECK(m.import().nodes.at(0).weights == expected);
  }
}

TEST_CASE("A model's data cannot be outside of its folder") {
  Model m;
  keyway::common::write_file(m.outside("secret"), bytes_of(kWeights));
  SECTION("absolute") {
    m.with("location", m.outside("secret"));
    CHECK_THAT(m.refusal(), Catch::Contains("'w'") && Catch::Contains("absolute"));
  }
  SECTION("above") {
    m.with("location", "../secret");
    CHECK_THAT(m.refusal(), Catch::Contains("'../secret' is outside of the model's folder"));
  }
  SECTION("above, from below") {
    fs::create_directory(m.file("data"));
    m.with("location", "data/../../secret");
    CHECK_THAT(m.refusal(), Catch::Contains("outside of the model's folder"));
  }
  SECTION("a symbolic link to a file") {
    fs::create_symlink(m.outside("secret"), m.file("link"));
    m.with("location", "link");
    CHECK_THAT(m.refusal(), Catch::Contains("by a symbolic link"));
  }
  SECTION("a symbolic link to a folder") {
    fs::create_directory_symlink(m.outside(""), m.file("up"));
    m.with("location", "up/secret");
    CHECK_THAT(m.refusal(), Catch::Contains("by a symbolic link"));
  }
  SECTION("a folder whose name begins as the model's") {
    fs::create_directory(m.outside("model2"));
    keyway::common::write_file(m.outside("model2/w"), bytes_of(kWeights));
    fs::create_symlink(m.outside("model2/w"), m.file("link"));
    m.with("location", "link");
    CHECK_THAT(m.refusal(), Catch::Contains("by a symbolic link"));
  }
}

TEST_CASE("Data that is not there, or is not as the model says, is named") {
  struct Case {
    const char* what;
    std::function<void(Model&)> make;
    const char* says;
  };
  const std::vector<Case> cases = {
      {"missing", [](Model& m) { m.with("location", "none.bin"); }, "'none.bin' cannot be opened"},
      {"no name", [](Model&) {}, "impossible name"},
      {"a zero in the name", [](Model& m) { m.with("location", std::string("w\0bin", 5)); },
       "impossible name"},
      {"the folder", [](Model& m) { m.with("location", "."); }, "no regular file"},
      {"a pipe",
       [](Model& m) {
         REQUIRE(::mkfifo(m.file("pipe").c_str(), 0600) == 0);
         m.with("location", "pipe");
       },
       "no regular file"},
      {"short", [](Model& m) { m.with("location", "w.bin").with("offset", "1"); },
       "has 24 bytes, too few for 24 from 1"},
      {"far offset",
       [](Model& m) { m.with("location", "w.bin").with("offset", "18446744073709551615"); },
       "too few"},
      {"impossible offset",
       [](Model& m) { m.with("location", "w.bin").with("offset", "18446744073709551616"); },
       "no number of bytes"},
      {"negative offset", [](Model& m) { m.with("location", "w.bin").with("offset", "-1"); },
       "no number of bytes"},
      {"another length", [](Model& m) { m.with("location", "w.bin").with("length", "20"); },
       "has 20 bytes of data, its shape asks for 24"},
      {"words for a length", [](Model& m) { m.with("location", "w.bin").with("length", "all"); },
       "no number of bytes"},
      {"inside as well",
       [](Model& m) { m.with("location", "w.bin").matrix().set_raw_data(bytes_of(kWeights)); },
       "in the model and in another file"},
  };
  for (const Case& c : cases) {
    Model m;
    keyway::common::write_file(m.file("w.bin"), bytes_of(kWeights));
    c.make(m);
    INFO(c.what);
    CHECK_THAT(m.refusal(), Catch::Contains("'w'") && Catch::Contains(c.says));
  }
}

TEST_CASE("A model cannot have one file read over and over without end") {
  TemporaryFolder folder;
  keyway::common::write_file(folder.file("w.bin"), bytes_of(kWeights));
  onnx::TensorProto tensor;
  auto* entry = tensor.add_external_data();
  entry->set_key("location");
  entry->set_value("w.bin");
  ExternalFiles files(folder.path(), 60);
  for (int i = 0; i < 2; ++i) CHECK(files.read(tensor, 24, "w").size() == 24);
  CHECK(files.bytes_read() == 48);
  CHECK_THAT(message_of(ErrorKind::kFile, [&] { files.read(tensor, 24, "w"); }),
             Catch::Contains("more than 60 bytes"));
}
