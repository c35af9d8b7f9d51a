// SPDX-License-Identifier: Apache-2.0
#include "driver/sim_target.hpp"

#include "driver/device_core.hpp"
#include "driver/kernel_accelerator.hpp"
#include "driver/sim_board.hpp"
#include "driver/targets.hpp"
#include "platform/kernel_model.hpp"
#include "platform/memory_options.hpp"

namespace keyway::driver {

namespace {

std::unique_ptr<Accelerator> make_sim(const TargetOptions& options,
                                      const program::CoreConfig& core) {
  SimOptions sim;
  sim.core = choose_core(platform::kernel_names(), core, options.device);
  sim.device_file = options.device;
  sim.memory = platform::parse_memory_options(options.memory);
  sim.wave = options.wave;
  sim.trace = options.trace;
  return std::make_unique<KernelAccelerator>(std::make_unique<SimBoard>(sim), options.max_cycles);
}

}  // namespace

void add_sim_target() { add_target({"sim", make_sim, true, true, true, false}); }

}  // namespace keyway::driver
