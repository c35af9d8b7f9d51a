// SPDX-License-Identifier: Apache-2.0
/// Every register and wire of a Verilated model (Verilator --public-flat-rw --vpi), by path.
/// Variables that are in no hardware are left out.
#pragma once

#include <verilated.h>
#include <vpi_user.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace keyway::test {

using State = std::map<std::string, std::vector<std::uint8_t>>;

namespace vpi {

inline std::vector<std::uint8_t> value(vpiHandle handle) {
  s_vpi_value request{};
  request.format = vpiVectorVal;
  vpi_get_value(handle, &request);
  const auto bits = static_cast<std::size_t>(vpi_get(vpiSize, handle));
  std::vector<std::uint8_t> bytes(4 * ((bits + 31) / 32));
  for (std::size_t word = 0; word < bytes.size() / 4; word++) {
    const auto bits32 = static_cast<std::uint32_t>(request.value.vector[word].aval);
    std::memcpy(&bytes[4 * word], &bits32, 4);
  }
  return bytes;
}

inline int bound(vpiHandle array, int which) {
  s_vpi_value request{};
  request.format = vpiIntVal;
  vpi_get_value(vpi_handle(which, array), &request);
  return request.value.integer;
}

/// Is the variable in no hardware: a register that one of assert.svh's macros declares, or a local
/// one of a block?
inline bool is_no_hardware(const std::string& path) {
  if (path.find(".unnamedblk") != std::string::npos) return true;
  for (const std::string end : {"_assert_armed_q", "_assert_stalled_q", "_assert_payload_q"}) {
    if (path.size() > end.size() && path.compare(path.size() - end.size(), end.size(), end) == 0)
      return true;
  }
  return false;
}

/// Adds every variable below `scope` (null: everything) to `all`, by path; arrays as one string.
inline void read_variables(vpiHandle scope, State& all) {
  vpiHandle variables = vpi_iterate(vpiReg, scope);
  while (vpiHandle item = variables ? vpi_scan(variables) : nullptr) {
    const std::string path = vpi_get_str(vpiFullName, item);
    if (is_no_hardware(path)) continue;
    auto& bytes = all[path];
    if (vpi_get(vpiType, item) == vpiRegArray) {
      for (int i = bound(item, vpiLeftRange); i <= bound(item, vpiRightRange); i++) {
        const auto element = value(vpi_handle_by_index(item, i));
        bytes.insert(bytes.end(), element.begin(), element.end());
      }
    } else {
      bytes = value(item);
    }
  }
  vpiHandle scopes = vpi_iterate(scope ? vpiInternalScope : vpiModule, scope);
  while (vpiHandle item = scopes ? vpi_scan(scopes) : nullptr) read_variables(item, all);
}

}  // namespace vpi

/// The model that VPI shows is the one of the thread's context.
inline State read_state(VerilatedContext& context) {
  Verilated::threadContextp(&context);
  State all;
  vpi::read_variables(nullptr, all);
  return all;
}

}  // namespace keyway::test
