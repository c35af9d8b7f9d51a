// SPDX-License-Identifier: Apache-2.0
#include "system/board.hpp"

#include <random>

#include "compile/compile.hpp"
#include "lock/keys.hpp"
#include "lock/licence.hpp"
#include "lock/seal.hpp"
#include "random_network.hpp"
#include "simulate/simulator.hpp"

namespace keyway::test {

Bytes Model::expected(const Bytes& input) const {
  return simulate::ProgramSimulator(program.core, program.program_image, program.weight_image)
      .run(input);
}

Bytes Model::random_input(uint64_t seed) const {
  std::mt19937_64 random(seed);
  Bytes input(program.input_image.bytes());
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
  return input;
}

program::Program compile_for(const quantise::Network& network, const std::string& core) {
  return compile::compile(network, program::core_from_name(core));
}

quantise::Network random_network_for(const std::string& core, uint64_t seed, int64_t most_length) {
  RandomNetworkOptions options{program::core_from_name(core).array_kind};
  options.most_length = most_length;
  if (most_length > 0) options.most_channels = 16;
  return random_network(seed, options);
}

program::Program random_program(const std::string& core, uint64_t seed) {
  return compile_for(random_network_for(core, seed), core);
}

Model plain_model(const program::Program& program) {
  return {program, lock::make_plain_package(program)};
}

Model locked_model(const program::Program& program, lock::Policy policy, const lock::Owner& owner) {
  return {program, lock::seal_program(program, policy, owner)};
}

Party::Party() : owner_(lock::new_owner()), device_file_(folder_.file("device.kwd")) {
  lock::write_device(lock::new_device(1, "test"), device_file_);
  enrolment_ = lock::enrol(device_file_, owner_, folder_.file("device.kwe"));
}

Bytes Party::licence(const Model& model) const {
  return lock::make_licence(lock::parse_package(model.package, "test"), owner_, enrolment_);
}

Bytes Party::strange_licence(const Model& model) const {
  lock::Enrolment other = enrolment_;
  const auto key = lock::owner_key(owner_.root);
  other.record = lock::enrolment_record(lock::Key::random(), key);
  return lock::make_licence(lock::parse_package(model.package, "test"), owner_, other);
}

Region::Region(driver::SimBoard& board, const Bytes& content)
    : board_(board), bytes_(content.size()), buffer_(board.allocate(content.size())) {
  write(content);
}

Region::Region(driver::SimBoard& board, size_t bytes, uint8_t fill)
    : Region(board, Bytes(bytes, fill)) {}

Region::~Region() { board_.free(buffer_); }

void Region::write(const Bytes& content) {
  board_.write(buffer_, 0, content.data(), content.size());
}

Bytes Region::read() const {
  Bytes content(bytes_);
  board_.read(buffer_, 0, content.data(), bytes_);
  return content;
}

contract::Status status_of(driver::SimBoard& board) {
  return static_cast<contract::Status>(board.read_register(contract::kRegStatus));
}

driver::KernelArguments arguments(const Region& package, const Region* licence, const Region& input,
                                  const Region& output) {
  driver::KernelArguments arguments;
  arguments.package = package.address();
  arguments.licence = licence ? licence->address() : 0;
  arguments.input = input.address();
  arguments.output = output.address();
  arguments.package_bytes = package.bytes();
  arguments.input_bytes = input.bytes();
  arguments.output_bytes = output.bytes();
  return arguments;
}

contract::Status run_kernel(driver::SimBoard& board, const driver::KernelArguments& arguments) {
  board.start(arguments);
  board.wait();
  return status_of(board);
}

}  // namespace keyway::test
