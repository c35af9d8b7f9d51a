// SPDX-License-Identifier: Apache-2.0
// How fast the program simulator is on one thread, and the cycles that the array needs at least.
//   simulate_speed [core, default 16x16] [seconds per network, default 1]
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "compile/compile.hpp"
#include "known_networks.hpp"
#include "random_network.hpp"
#include "simulate/kernels.hpp"
#include "simulate/simulator.hpp"

using namespace keyway;

int main(int count, char** arguments) {
  const program::CoreConfig core = program::core_from_name(count > 1 ? arguments[1] : "16x16");
  const double least = count > 2 ? std::atof(arguments[2]) : 1.0;
  fmt::print("{:12} {:>8} {:>9} {:>10} {:>8} {:>9} {:>11}\n", "network", "MMAC", "ideal",
             "multiplies", "images/s", "GMAC/s", "weights KiB");
  for (const test::KnownNetwork& known : test::known_networks()) {
    const program::Program program = compile::compile(known.make(), core);
    const simulate::ProgramSimulator simulator(core, program.program_image, program.weight_image);
    std::mt19937_64 random(1);
    const std::vector<uint8_t> image = test::random_bytes(random, simulator.input_bytes());
    simulate::ProgramSimulator::Workspace workspace;
    const std::clock_t start = std::clock();  // of this process: others may keep the machine busy
    double seconds = 0;
    uint64_t images = 0;
    for (; seconds < least; ++images) {
      simulator.run(image, workspace);
      seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    }
    uint64_t ideal = 0, instructions = 0;
    for (const program::LayerInfo& layer : program.layers) {
      ideal += layer.ideal_cycles;
      instructions += layer.instructions;
    }
    const double rate = static_cast<double>(images) / seconds;
    fmt::print("{:12} {:8.2f} {:9} {:10} {:8.0f} {:9.1f} {:11}\n", known.name,
               static_cast<double>(program.macs) / 1e6, ideal, instructions, rate,
               rate * static_cast<double>(program.macs) / 1e9, program.weight_peak_bytes / 1024);
  }
}
