// SPDX-License-Identifier: Apache-2.0
#include "tool/report.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "common/interrupt.hpp"
#include "common/printable.hpp"
#include "program/verdict.hpp"

namespace keyway::tool {

namespace {
double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}
}  // namespace

Progress::Progress(std::string what, size_t total)
    : what_(common::printable(what)), total_(total), shown_(isatty(STDERR_FILENO) == 1) {
  at(0);
}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::at(size_t done) {
  constexpr double kRedrawSeconds = 0.2;
  if (common::interrupted()) throw verdict(contract::Status::kAborted);
  if (!shown_ || now() - last_ < kRedrawSeconds) return;
  last_ = now();
  std::fprintf(stderr, "\r\033[K%s: %zu of %zu", what_.c_str(), done, total_);
  std::fflush(stderr);
}

void warn(const std::string& sentence) {
  std::fprintf(stderr, "keyway: warning: %s\n",
               common::printable(sentence, common::kAllShown).c_str());
}

void print_text(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(ErrorKind::kFile, "standard output does not take the result");
  }
}

void print_json(const nlohmann::ordered_json& json) {
  print_text(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace keyway::tool
