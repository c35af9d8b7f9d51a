// SPDX-License-Identifier: Apache-2.0
/// Every kind of assertion of assert.svh fails on each way to break its rule, and on nothing else.
#include <VAssertionsBench.h>
#include <unistd.h>
#include <verilated.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace {

using Model = VAssertionsBench;
using Cycle = std::function<void(Model&)>;  ///< sets the inputs of one cycle

/// What is written to stdout while it lives: assertions say there which of them has failed.
class Said {
 public:
  Said() : file_(std::tmpfile()), stdout_(dup(STDOUT_FILENO)) {
    REQUIRE(file_ != nullptr);
    std::fflush(stdout);
    dup2(fileno(file_), STDOUT_FILENO);
  }
  ~Said() {
    restore();
    std::fclose(file_);
  }
  Said(const Said&) = delete;
  Said& operator=(const Said&) = delete;

  std::string text() {
    restore();
    std::string text;
    std::rewind(file_);
    for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) text += static_cast<char>(c);
    return text;
  }

 private:
  void restore() {
    if (stdout_ < 0) return;
    std::fflush(stdout);
    dup2(stdout_, STDOUT_FILENO);
    close(stdout_);
    stdout_ = -1;
  }
  std::FILE* file_;
  int stdout_;
};

/// "NAME CYCLE": the assertion that failed first, and after the clock edge of which cycle; empty:
/// none did. Inputs that a cycle does not set keep what they were; at first all are what breaks no
/// rule.
std::string failure(const std::vector<Cycle>& cycles) {
  Said said;
  VerilatedContext context;
  context.fatalOnError(false);
  Model model(&context);
  const auto tick = [&] {
    model.clk_i = 0;
    model.eval();
    model.clk_i = 1;
    model.eval();
  };
  model.always_i = model.now_i = model.rst_ni = model.long_rst_ni = 1;
  tick();
  for (std::size_t i = 0; i < cycles.size(); ++i) {
    cycles[i](model);
    tick();
    if (!context.gotError()) continue;
    model.final();
    const std::string text = said.text(), before = " TOP.assertions_bench.";
    const std::size_t name = text.find(before);
    if (name == std::string::npos) return "unnamed: " + text;
    const std::size_t begin = name + before.size();
    return text.substr(begin, text.find(':', begin) - begin) + " " + std::to_string(i);
  }
  model.final();
  return "";
}

const Cycle kIdle = [](Model&) {};

Cycle reset(const Cycle& other = kIdle) {
  return [=](Model& m) {
    m.rst_ni = 0;
    other(m);
  };
}

Cycle run(const Cycle& other = kIdle) {
  return [=](Model& m) {
    m.rst_ni = 1;
    other(m);
  };
}

Cycle clear(const Cycle& other) {
  return [=](Model& m) {
    other(m);
    m.clear_i = 1;
  };
}

Cycle always(unsigned value) {
  return [=](Model& m) { m.always_i = static_cast<std::uint8_t>(value); };
}

Cycle next(unsigned before, unsigned now) {
  return [=](Model& m) {
    m.before_i = static_cast<std::uint8_t>(before);
    m.now_i = static_cast<std::uint8_t>(now);
  };
}

Cycle out(unsigned valid, unsigned ready, unsigned payload) {
  return [=](Model& m) {
    m.out_valid_i = static_cast<std::uint8_t>(valid);
    m.out_ready_i = static_cast<std::uint8_t>(ready);
    m.out_i = static_cast<std::uint16_t>(payload);
  };
}

Cycle in(unsigned valid, unsigned ready, unsigned payload) {
  return [=](Model& m) {
    m.in_valid_i = static_cast<std::uint8_t>(valid);
    m.in_ready_i = static_cast<std::uint8_t>(ready);
    m.in_i = static_cast<std::uint16_t>(payload);
    m.clear_i = 0;
  };
}

Cycle kept(unsigned valid, unsigned ready, unsigned payload) {
  return [=](Model& m) {
    m.kept_valid_i = static_cast<std::uint8_t>(valid);
    m.kept_ready_i = static_cast<std::uint8_t>(ready);
    m.kept_i = static_cast<std::uint16_t>(payload);
    m.dropped_i = 0;
  };
}

Cycle dropped(unsigned value, const Cycle& other) {
  return [=](Model& m) {
    other(m);
    m.dropped_i = static_cast<std::uint8_t>(value);
  };
}

Cycle past(bool early, bool late) {
  return [=](Model& m) {
    m.early_i = early;
    m.late_i = late;
  };
}

}  // namespace

TEST_CASE("What always holds is checked at every edge out of reset") {
  CHECK(failure({kIdle, always(1), always(2), always(3)}).empty());
  CHECK(failure({kIdle, always(0)}) == "Always 1");
  CHECK(failure({reset(always(0)), kIdle, run()}) == "Always 2");
}

TEST_CASE("What follows is checked one edge later") {
  CHECK(failure({next(1, 0), next(0, 1), next(2, 0), next(0, 2), next(0, 0)}).empty());
  for (const unsigned before : {1U, 2U, 3U}) {
    CHECK(failure({next(before, 1), next(0, 0)}) == "Next 1");
    CHECK(failure({next(before, 2), next(before, 1), next(before, 0)}) == "Next 2");
  }
  CHECK(failure({next(1, 1), reset(next(0, 0)), run()}).empty());  // reset is no edge to check at
  CHECK(failure({reset(next(1, 0)), run(next(0, 0))}).empty());    // nor one to go on from
}

TEST_CASE("A stalled stream keeps valid and every bit of its payload") {
  for (const auto& [name, stream] :
       {std::pair{"Hold", out}, std::pair{"HoldIn", in}, std::pair{"HoldUnless", kept}}) {
    INFO(name);
    const std::string failed = name;
    CHECK(failure({stream(1, 0, 7), stream(2, 0, 7), stream(1, 1, 7), stream(1, 2, 8),
                   stream(0, 1, 9), stream(0, 0, 1), stream(1, 3, 2), stream(2, 1, 3)})
              .empty());
    for (const unsigned valid : {1U, 2U}) {
      CHECK(failure({stream(valid, 0, 7), stream(0, 0, 7)}) == failed + " 1");
      CHECK(failure({stream(valid, 0, 7), stream(0, 1, 7)}) == failed + " 1");
      CHECK(failure({stream(valid, 1, 7), stream(valid, 0, 8), stream(valid, 2, 9)}) ==
            failed + " 2");
    }
    for (unsigned bit = 0; bit < 16; ++bit) {
      INFO("bit " << bit);
      CHECK(failure({stream(1, 1, 3), stream(1, 0, 0), stream(1, 0, 0), stream(1, 1, 1U << bit)}) ==
            failed + " 3");
    }
    CHECK(failure({stream(1, 0, 7), reset(stream(0, 0, 7)), run()}).empty());
    CHECK(failure({reset(stream(1, 0, 7)), run(stream(0, 0, 7))}).empty());
  }
}

TEST_CASE("A clear excuses the giver of a stream that a module takes, and nobody else") {
  CHECK(failure({in(1, 0, 7), clear(in(0, 0, 7)), in(1, 1, 9)}).empty());
  CHECK(failure({clear(in(1, 0, 7)), in(1, 0, 9), in(1, 0, 8)}) == "HoldIn 2");
  // What a module gives, it says itself when it drops it.
  CHECK(failure({out(1, 0, 7), clear(out(0, 0, 7))}) == "Hold 1");
  CHECK(failure({clear(out(1, 0, 7)), clear(out(0, 0, 7))}) == "Hold 1");
}

TEST_CASE("What drops a stream excuses its giver, as long as it says so") {
  for (const unsigned value : {1U, 2U, 3U}) {
    CHECK(failure({kept(1, 0, 7), dropped(value, kept(0, 0, 7)), kept(1, 1, 9)}).empty());
    CHECK(failure({dropped(value, kept(1, 0, 7)), kept(1, 0, 9), kept(1, 0, 8)}) == "HoldUnless 2");
  }
  CHECK(failure({kept(1, 0, 7), clear(kept(0, 0, 7))}) == "HoldUnless 1");
}

TEST_CASE("A reset lasts as long as it must") {
  const auto low = [](unsigned cycles) {
    std::vector<Cycle> all(cycles, [](Model& m) { m.long_rst_ni = 0; });
    all.push_back([](Model& m) { m.long_rst_ni = 1; });
    all.push_back(kIdle);
    return all;
  };
  CHECK(failure(low(1)) == "gen_reset.Reset 1");
  CHECK(failure(low(2)) == "gen_reset.Reset 2");
  for (const unsigned cycles : {0U, 3U, 4U, 30U}) CHECK(failure(low(cycles)).empty());
  auto twice = low(3);
  for (const Cycle& cycle : low(2)) twice.push_back(cycle);
  CHECK(failure(twice) == "gen_reset.Reset 7");
}

TEST_CASE("An assertion may look back") {
  CHECK(failure({past(true, false), past(false, true), past(false, false), past(true, false)})
            .empty());
  CHECK(failure({past(true, false), past(false, true), past(false, true)}) == "Past 2");
}
