// SPDX-License-Identifier: Apache-2.0
/// The error that a test expects.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "common/error.hpp"

namespace keyway::test {

/// What `action` throws; the test case fails where it throws nothing.
template <typename Action>
Error error_of(Action action) {
  std::optional<Error> error;
  try {
    action();
  } catch (const Error& thrown) {
    error = thrown;
  }
  if (!error) FAIL("nothing was thrown");
  return *error;
}

/// The message of an error that has to be of this kind.
template <typename Action>
std::string message_of(ErrorKind kind, Action action) {
  const Error error = error_of(action);
  INFO(error.what());
  CHECK(name(error.kind()) == std::string(name(kind)));
  return error.what();
}

/// The exit status that `action` would end the command with; 0 where it throws nothing.
template <typename Action>
int exit_status_of(Action action) {
  try {
    action();
    return 0;
  } catch (const Error& error) {
    return static_cast<int>(error.kind());
  }
}

}  // namespace keyway::test
