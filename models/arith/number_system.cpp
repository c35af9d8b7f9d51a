// SPDX-License-Identifier: Apache-2.0
#include "arith/number_system.hpp"

#include <algorithm>

#include "arith/number_systems.hpp"
#include "common/error.hpp"
#include "common/printable.hpp"

namespace keyway::arith {
namespace {

constexpr size_t kMostSystems = size_t{1} << contract::layer::kNumberSystem.bits;

std::vector<NumberSystemInfo>& list() {
  static std::vector<NumberSystemInfo> systems = [] {
    std::vector<NumberSystemInfo> all;
    all.reserve(kMostSystems);  // so that nobody's reference ends when one is added
    all.assign(kNumberSystems.begin(), kNumberSystems.end());
    return all;
  }();
  return systems;
}

}  // namespace

std::string bits_of(uint8_t code, int lowest, int count) {
  std::string bits;
  for (int bit = lowest + count - 1; bit >= lowest; --bit)
    bits += (code >> bit & 1) != 0 ? '1' : '0';
  return bits;
}

Operands NumberSystemInfo::operands(const Table& table, ArrayKind kind) const {
  Operands result{};
  for (size_t code = 0; code < result.size(); ++code) {
    result[code] = operand(static_cast<uint8_t>(code), table, kind);
  }
  return result;
}

Table NumberSystemInfo::table_of(const Operands& operands) const {
  return tabulate == nullptr ? Table{} : tabulate(operands);
}

const std::vector<NumberSystemInfo>& number_systems() { return list(); }

void add_number_system(const NumberSystemInfo& entry) {
  for (const NumberSystemInfo& other : list()) {
    if (other.system == entry.system || std::string(other.name) == entry.name) {
      throw Error(ErrorKind::kUsage, std::string("there is a number system like ") + entry.name);
    }
  }
  list().push_back(entry);
}

std::string number_system_names() {
  std::string names;
  for (const NumberSystemInfo& entry : list()) {
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  return names;
}

NumberSystem number_system_from_name(const std::string& name) {
  for (const NumberSystemInfo& entry : list()) {
    if (name == entry.name) return entry.system;
  }
  throw Error(ErrorKind::kUsage, "unknown number system " + common::quoted(name) +
                                     "; known are: " + number_system_names());
}

const NumberSystemInfo* find_number_system(int64_t value) {
  const auto found = std::find_if(list().begin(), list().end(), [&](const NumberSystemInfo& entry) {
    return static_cast<int64_t>(entry.system) == value;
  });
  return found == list().end() ? nullptr : &*found;
}

const NumberSystemInfo& info(NumberSystem system) {
  const auto value = static_cast<int64_t>(system);
  if (const NumberSystemInfo* found = find_number_system(value)) return *found;
  throw Error(ErrorKind::kUsage, "unknown number system " + std::to_string(value));
}

NumberSystem selecting_system(NumberSystem system, ArrayKind kind) {
  for (const NumberSystemInfo& entry : list()) {
    if (entry.has_table || !entry.runs_on(kind)) continue;
    const Operands operands = entry.operands({}, kind);
    const auto has = [&](int32_t value) {
      return std::find(operands.begin(), operands.end(), value) != operands.end();
    };
    if (has(0) && has(1)) return entry.system;
  }
  return system;
}

}  // namespace keyway::arith
