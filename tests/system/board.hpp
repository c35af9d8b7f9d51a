// SPDX-License-Identifier: Apache-2.0
/// A simulated board with the real core, and packages for it, as a test sees them: buffers in its
/// memory, starts, statuses, output bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "driver/sim_board.hpp"
#include "lock/package.hpp"
#include "lock/parties.hpp"
#include "program/program.hpp"
#include "quantise/network.hpp"
#include "temporary_folder.hpp"

namespace keyway::test {

using Bytes = std::vector<uint8_t>;

/// One package, in the clear and as a file, with what its program computes.
struct Model {
  program::Program program;
  Bytes package;
  Bytes expected(const Bytes& input) const;  ///< by the program simulator
  Bytes random_input(uint64_t seed) const;
};

program::Program compile_for(const quantise::Network& network, const std::string& core);
/// A random network that the core runs.
/// `most_length`: see test::RandomNetworkOptions.
quantise::Network random_network_for(const std::string& core, uint64_t seed,
                                     int64_t most_length = 0);
program::Program random_program(const std::string& core, uint64_t seed);
Model plain_model(const program::Program& program);
Model locked_model(const program::Program& program, lock::Policy policy, const lock::Owner& owner);

/// An owner and one device file enrolled with him, in a temporary folder.
class Party {
 public:
  Party();

  const lock::Owner& owner() const { return owner_; }
  const std::string& device_file() const { return device_file_; }
  Bytes licence(const Model& model) const;
  /// Licence for another device of this owner.
  Bytes strange_licence(const Model& model) const;

 private:
  lock::Owner owner_;
  TemporaryFolder folder_;
  std::string device_file_;
  lock::Enrolment enrolment_;
};

/// A buffer in the board's memory.
class Region {
 public:
  Region(driver::SimBoard& board, const Bytes& content);
  Region(driver::SimBoard& board, size_t bytes, uint8_t fill);
  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  uint64_t address() const { return board_.address(buffer_); }
  uint32_t bytes() const { return static_cast<uint32_t>(bytes_); }
  void write(const Bytes& content);
  Bytes read() const;

 private:
  driver::SimBoard& board_;
  size_t bytes_;
  driver::SimBoard::Buffer buffer_;
};

contract::Status status_of(driver::SimBoard& board);

/// A run of one input, in exactly these buffers.
driver::KernelArguments arguments(const Region& package, const Region* licence, const Region& input,
                                  const Region& output);

/// Starts and waits.
contract::Status run_kernel(driver::SimBoard& board, const driver::KernelArguments& arguments);

}  // namespace keyway::test
