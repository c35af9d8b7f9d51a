// SPDX-License-Identifier: Apache-2.0
#include "hw_emu/xclbin.hpp"

#include <openssl/sha.h>
#include <xrt/xclbin.h>

#include <cstdio>
#include <cstring>

#include "hw_emu/zip.hpp"
#include "platform/address_map.hpp"
#include "program/contract.hpp"

namespace keyway::hw_emu {
namespace {

constexpr const char* kMemoryName = "DDR[0]";
constexpr const char* kPlatformName = "keyway_simulated_platform";

struct Section {
  axlf_section_kind kind;
  const char* name;
  std::vector<uint8_t> data;
};

std::vector<uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

/// The structures of xclbin.h end in arrays of one: `Table` counts, `Row`s follow each other.
template <typename Table, typename Row>
std::vector<uint8_t> table(const std::vector<Row>& rows, size_t rows_offset) {
  std::vector<uint8_t> data(rows_offset + rows.size() * sizeof(Row));
  const auto count = static_cast<int32_t>(rows.size());
  std::memcpy(data.data(), &count, sizeof count);
  std::memcpy(data.data() + rows_offset, rows.data(), rows.size() * sizeof(Row));
  if (data.size() < sizeof(Table)) data.resize(sizeof(Table));
  return data;
}

template <size_t N>
void set_name(unsigned char (&field)[N], const std::string& name) {
  std::snprintf(reinterpret_cast<char*>(field), N, "%s", name.c_str());
}

std::string simulate_script(const std::string& core) {
  return "#!/bin/sh\n"
         "# Started by XRT's hardware emulation; becomes the simulator process.\n"
         "exec \"${KEYWAY_SIMULATOR:-keyway_hw_emu}\" --core " +
         core + "\n";
}

std::string hex(uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llX", static_cast<unsigned long long>(value));
  return text;
}

std::string metadata() {
  std::string arguments;
  for (size_t i = 0; i < contract::kArguments.size(); ++i) {
    const contract::Argument& argument = contract::kArguments[i];
    const bool pointer = argument.is_pointer;
    const std::string size = pointer ? "0x8" : "0x4";
    arguments += "<arg name=\"" + std::string(argument.name) + "\" addressQualifier=\"" +
                 (pointer ? "1" : "0") + "\" id=\"" + std::to_string(i) + "\" port=\"" +
                 (pointer ? "M_AXI_GMEM" : "S_AXI_CONTROL") + "\" size=\"" + size + "\" offset=\"" +
                 hex(argument.offset) + "\" hostOffset=\"0x0\" hostSize=\"" + size + "\" type=\"" +
                 (pointer ? "void*" : "uint") + "\"/>\n";
  }
  const std::string base = hex(kControlBase), range = hex(kControlBytes);
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<project name=\"keyway\">\n"
         "<platform vendor=\"keyway\" boardid=\"simulated\" name=\"platform\">\n<version "
         "major=\"1\" minor=\"0\"/>\n"
         "<device name=\"fpga0\" fpgaDevice=\"simulated\">\n"
         "<core name=\"OCL_REGION_0\" target=\"hw_em\" type=\"clc_region\" clockFreq=\"0MHz\" "
         "numComputeUnits=\"1\">\n"
         "<kernelClocks>\n<clock port=\"DATA_CLK\" frequency=\"250.0MHz\"/>\n</kernelClocks>\n"
         "<kernel name=\"" +
         std::string(kKernelName) +
         "\" language=\"ip_c\" vlnv=\"keyway:kernel:keyway:1.0\""
         " attributes=\"\" hwControlProtocol=\"ap_ctrl_hs\" preferredWorkGroupSizeMultiple=\"0\""
         " workGroupSize=\"1\" interrupt=\"false\">\n"
         "<port name=\"S_AXI_CONTROL\" mode=\"slave\" range=\"" +
         range +
         "\" dataWidth=\"32\" portType=\"addressable\" base=\"0x0\"/>\n"
         "<port name=\"M_AXI_GMEM\" mode=\"master\" range=\"0xFFFFFFFFFFFFFFFF\" dataWidth=\"128\" "
         "portType=\"addressable\" base=\"0x0\"/>\n" +
         arguments + "<instance name=\"" + kInstanceName + "\">\n<addrRemap base=\"" + base +
         "\" range=\"" + range +
         "\" "
         "port=\"S_AXI_CONTROL\"/>\n</instance>\n</kernel>\n</core>\n</device>\n</platform>\n</"
         "project>\n";
}

std::vector<uint8_t> memory_topology() {
  mem_data bank{};
  bank.m_type = MEM_DDR4;
  bank.m_used = 1;
  bank.m_size = platform::kMemoryBytes / 1024;
  bank.m_base_address = platform::kMemoryBase;
  set_name(bank.m_tag, kMemoryName);
  return table<mem_topology>(std::vector<mem_data>{bank}, offsetof(mem_topology, m_mem_data));
}

std::vector<uint8_t> argument_connectivity() {
  std::vector<connection> rows;
  for (size_t i = 0; i < contract::kArguments.size(); ++i)
    if (contract::kArguments[i].is_pointer) rows.push_back({static_cast<int32_t>(i), 0, 0});
  return table<connectivity>(rows, offsetof(connectivity, m_connection));
}

std::vector<uint8_t> kernel_layout() {
  ip_data unit{};
  unit.m_type = IP_KERNEL;
  unit.properties = uint32_t{AP_CTRL_HS} << IP_CONTROL_SHIFT;
  unit.m_base_address = kControlBase;
  set_name(unit.m_name, std::string(kKernelName) + ":" + kInstanceName);
  return table<ip_layout>(std::vector<ip_data>{unit}, offsetof(ip_layout, m_ip_data));
}

}  // namespace

std::vector<uint8_t> make_xclbin(const std::string& core) {
  const std::vector<Section> sections = {
      {BITSTREAM, "bitstream",
       make_zip({{"behav_waveform/xsim/simulate.sh", simulate_script(core), 0755}})},
      {EMBEDDED_METADATA, "metadata", bytes_of(metadata())},
      {MEM_TOPOLOGY, "mem_topology", memory_topology()},
      {ASK_GROUP_TOPOLOGY, "group_topology", memory_topology()},
      {CONNECTIVITY, "connectivity", argument_connectivity()},
      {ASK_GROUP_CONNECTIVITY, "group_connect", argument_connectivity()},
      {IP_LAYOUT, "ip_layout", kernel_layout()},
  };

  const auto aligned = [](size_t offset) { return (offset + 7) & ~size_t{7}; };
  const size_t table_bytes = sizeof(axlf) + (sections.size() - 1) * sizeof(axlf_section_header);
  std::vector<uint8_t> file(aligned(table_bytes));
  std::vector<axlf_section_header> headers;
  for (const Section& section : sections) {
    axlf_section_header header{};
    header.m_sectionKind = section.kind;
    std::snprintf(header.m_sectionName, sizeof header.m_sectionName, "%s", section.name);
    header.m_sectionOffset = file.size();
    header.m_sectionSize = section.data.size();
    headers.push_back(header);
    file.insert(file.end(), section.data.begin(), section.data.end());
    file.resize(aligned(file.size()));
  }

  axlf top{};
  std::memcpy(top.m_magic, "xclbin2", 8);
  top.m_signature_length = -1;
  std::memset(top.reserved, 0xff, sizeof top.reserved);
  std::memset(top.m_keyBlock, 0xff, sizeof top.m_keyBlock);
  top.m_header.m_length = file.size();
  top.m_header.m_versionMajor = 2;
  top.m_header.m_versionMinor = 1;
  top.m_header.m_mode = XCLBIN_HW_EMU_PR;
  top.m_header.m_numSections = static_cast<uint32_t>(sections.size());
  set_name(top.m_header.m_platformVBNV, kPlatformName);
  uint8_t hash[SHA256_DIGEST_LENGTH];
  SHA256(file.data(), file.size(), hash);
  std::memcpy(top.m_header.uuid, hash, sizeof top.m_header.uuid);
  std::memcpy(&top.m_uniqueId, hash, sizeof top.m_uniqueId);

  std::memcpy(file.data(), &top, offsetof(axlf, m_sections));
  std::memcpy(file.data() + offsetof(axlf, m_sections), headers.data(),
              headers.size() * sizeof(axlf_section_header));
  return file;
}

}  // namespace keyway::hw_emu
