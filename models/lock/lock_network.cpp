// SPDX-License-Identifier: Apache-2.0
#include "lock/lock_network.hpp"

#include <utility>

#include "common/error.hpp"
#include "compile/compile.hpp"
#include "lock/bytes.hpp"
#include "lock/relabel.hpp"
#include "lock/seal.hpp"

namespace keyway::lock {

LockedNetwork lock_network(quantise::Network network, const Owner& owner,
                           const LockOptions& options) {
  relabel_codes(network);
  compile::Options compile_options;
  compile_options.padding = fill_random;
  LockedNetwork locked;
  locked.program = compile::compile(network, options.core, compile_options);
  locked.package = seal_program(locked.program, options.policy, owner);
  return locked;
}

}  // namespace keyway::lock
