// SPDX-License-Identifier: Apache-2.0
#include "platform/memory_options.hpp"

#include <charconv>
#include <sstream>

#include "common/error.hpp"

namespace keyway::platform {
namespace {

constexpr uint32_t kMaxLatency = 1'000'000;

template <typename Number>
bool parse(const std::string& text, Number& value) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && at == end;
}

}  // namespace

MemoryOptions parse_memory_options(const std::string& text) {
  MemoryOptions options;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const size_t equals = part.find('=');
    const std::string key = part.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    bool good = false;
    if (key == "latency")
      good =
          parse(value, options.latency) && options.latency >= 1 && options.latency <= kMaxLatency;
    else if (key == "stall")
      good = parse(value, options.stall) && options.stall >= 0 && options.stall < 1;
    else if (key == "seed")
      good = parse(value, options.seed);
    if (!good)
      throw Error(ErrorKind::kUsage,
                  "memory option '" + part +
                      "': expected latency=1..1000000, stall=0..1 (below 1) or seed=NUMBER");
  }
  return options;
}

std::string to_string(const MemoryOptions& options) {
  std::ostringstream text;
  text.precision(17);
  text << "latency=" << options.latency << ",stall=" << options.stall << ",seed=" << options.seed;
  return text.str();
}

}  // namespace keyway::platform
