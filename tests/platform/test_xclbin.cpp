// SPDX-License-Identifier: Apache-2.0
/// The xclbin as its readers see it: XRT's structures, and `unzip` for the launch script. That
/// stock XRT takes it is what tests/driver/test_hw_emu shows.
#include <xrt/xclbin.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "hw_emu/xclbin.hpp"
#include "hw_emu/zip.hpp"
#include "program/contract.hpp"
#include "temporary_folder.hpp"

using namespace keyway::hw_emu;

namespace {

const axlf* top_of(const std::vector<uint8_t>& file) {
  return reinterpret_cast<const axlf*>(file.data());
}

std::string section(const std::vector<uint8_t>& file, axlf_section_kind kind) {
  const axlf_section_header* header = xclbin::get_axlf_section(top_of(file), kind);
  REQUIRE(header != nullptr);
  REQUIRE(header->m_sectionOffset % 8 == 0);
  REQUIRE(header->m_sectionOffset + header->m_sectionSize <= file.size());
  return {reinterpret_cast<const char*>(file.data()) + header->m_sectionOffset,
          header->m_sectionSize};
}

}  // namespace

TEST_CASE("the container") {
  const auto file = make_xclbin("16x16");
  const axlf* top = top_of(file);
  CHECK(std::string(top->m_magic) == "xclbin2");
  CHECK(top->m_header.m_length == file.size());
  CHECK(top->m_header.m_mode == XCLBIN_HW_EMU_PR);
  CHECK(make_xclbin("16x16") == file);
  CHECK(make_xclbin("8x8") != file);

  const std::string metadata = section(file, EMBEDDED_METADATA);
  for (const auto& argument : keyway::contract::kArguments)
    CHECK(metadata.find("name=\"" + std::string(argument.name) + "\" addressQualifier=\"" +
                        (argument.is_pointer ? "1" : "0")) != std::string::npos);
  const std::string layout = section(file, IP_LAYOUT);
  const auto* units = reinterpret_cast<const ip_layout*>(layout.data());
  CHECK(units->m_count == 1);
  CHECK(units->m_ip_data[0].m_base_address == kControlBase);
}

TEST_CASE("the launch script comes out of the zip, executable") {
  const auto file = make_xclbin("32x32");
  const std::string zip = section(file, BITSTREAM);
  const keyway::test::TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  std::ofstream(folder / "x.zip", std::ios::binary) << zip;
  CHECK(std::system(("cd " + folder.string() + " && unzip -qt x.zip >/dev/null && unzip -q x.zip")
                        .c_str()) == 0);
  const auto script = folder / "behav_waveform/xsim/simulate.sh";
  REQUIRE(std::filesystem::exists(script));
  CHECK((std::filesystem::status(script).permissions() & std::filesystem::perms::owner_exec) !=
        std::filesystem::perms::none);
  const std::string command =
      "KEYWAY_SIMULATOR=/bin/echo " + script.string() + " > " + (folder / "out").string();
  CHECK(std::system(command.c_str()) == 0);
  std::string words;
  std::ifstream out(folder / "out");
  std::getline(out, words);
  CHECK(words == "--core 32x32");
}

TEST_CASE("a zip of several files passes unzip's test") {
  const auto zip =
      make_zip({{"a.txt", "hello"}, {"d/empty", ""}, {"d/b", std::string(100'000, 'x')}});
  const keyway::test::TemporaryFolder temporary;
  const std::filesystem::path& folder = temporary.path();
  std::ofstream(folder / "x.zip", std::ios::binary)
      .write(reinterpret_cast<const char*>(zip.data()), static_cast<std::streamsize>(zip.size()));
  CHECK(std::system(("cd " + folder.string() + " && unzip -q x.zip").c_str()) == 0);
  CHECK(std::filesystem::file_size(folder / "d/b") == 100'000);
  CHECK(std::filesystem::file_size(folder / "d/empty") == 0);
}
