// SPDX-License-Identifier: Apache-2.0
/// The start sequence where a contract between its parts is broken, in a model without assertions:
/// what an assertion would find must not open the lock either.
#include <catch2/catch.hpp>

#include "shell_host.hpp"

namespace keyway::rtl_test {

TEST_CASE("a header that was never judged is no good one") {
  // An engine that asks for frames while a package is opened keeps the frame server busy, so that
  // it may miss the order to check the header. Then nobody looks at these pages, and one bit is
  // wrong.
  size_t missed = 0, judged = 0;
  for (unsigned open_cycles = 60; open_cycles < 70; ++open_cycles) {
    CAPTURE(open_cycles);
    Host host(25);
    ShellBench& bench = host.bench;
    bench.lock.open_cycles = open_cycles;
    bench.engine.rogue = true;
    bench.memory.at(kPackage + 2000) ^= 1;
    Arguments arguments = host.arguments(1);
    arguments.cycle_limit = 1;
    const Status status = bench.run(arguments);
    REQUIRE((status == Status::kCycleLimit || status == Status::kAuthentication));
    ++(status == Status::kCycleLimit ? missed : judged);
    bench.engine.rogue = false;
    host.check_refused();
  }
  CHECK(missed > 0);
  CHECK(judged > 0);
}

}  // namespace keyway::rtl_test
