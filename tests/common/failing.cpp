// SPDX-License-Identifier: Apache-2.0
/// Fails, so that what a failure prints can be tested.
#include <catch2/catch.hpp>

#include "seed.hpp"

TEST_CASE("a random test, which fails") { CHECK(keyway::test::seed() == 0); }
TEST_CASE("a test that fails") { CHECK(false); }
