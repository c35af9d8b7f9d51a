// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A Verilated model with a clock, and byte strings for its wide ports.
///
/// A failed assertion of the RTL ends the program with its message.
/// A cycle is: inputs are set, settle() shows the outputs of this cycle, tick() takes the clock
/// edge.

#include <verilated.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace keyway::lock_bench {

template <class Model, class = void>
struct HasClear : std::false_type {};
template <class Model>
struct HasClear<Model, std::void_t<decltype(std::declval<Model>().clear_i)>> : std::true_type {};

template <class Model>
class Clocked {
 public:
  Clocked()
      : context_(std::make_unique<VerilatedContext>()),
        model_(std::make_unique<Model>(context_.get())) {
    model_->clk_i = 0;
    if constexpr (HasClear<Model>::value) model_->clear_i = 0;
    model_->rst_ni = 0;
    tick();
    tick();
    model_->rst_ni = 1;
  }
  ~Clocked() { model_->final(); }
  Clocked(const Clocked&) = delete;
  Clocked& operator=(const Clocked&) = delete;

  Model* operator->() { return model_.get(); }
  void settle() { model_->eval(); }
  void tick() {
    model_->clk_i = 0;
    model_->eval();
    model_->clk_i = 1;
    model_->eval();
    cycles_++;
  }
  std::uint64_t cycles() const { return cycles_; }
  VerilatedContext& context() { return *context_; }

 private:
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Model> model_;
  std::uint64_t cycles_ = 0;
};

/// Byte k of a port is bits 8k+7..8k.
template <class Port>
void write_port(Port& port, const std::vector<std::uint8_t>& bytes) {
  std::memset(port.data(), 0, sizeof(port));
  std::memcpy(port.data(), bytes.data(), bytes.size() < sizeof(port) ? bytes.size() : sizeof(port));
}

template <class Port>
std::vector<std::uint8_t> read_port(const Port& port) {
  std::vector<std::uint8_t> bytes(sizeof(port));
  std::memcpy(bytes.data(), port.data(), sizeof(port));
  return bytes;
}

}  // namespace keyway::lock_bench
