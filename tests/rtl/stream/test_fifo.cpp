// SPDX-License-Identifier: Apache-2.0
/// fifo against a std::deque, with stalls on both sides; and that a clear leaves nothing in its
/// memory.
#include <VFifo4.h>
#include <VFifo5.h>
#include <verilated.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <type_traits>

#include "seed.hpp"

namespace {

template <class Model>
constexpr std::size_t kDepth = std::is_same<Model, VFifo4>::value ? 4 : 5;

template <class Model>
class Queue {
 public:
  Queue() : model_(&context_) {
    tick();
    model_.rst_ni = 1;
  }
  ~Queue() { model_.final(); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  Model* operator->() { return &model_; }
  void tick() {
    for (const int level : {0, 1}) {
      model_.clk_i = static_cast<std::uint8_t>(level);
      model_.eval();
    }
  }
  void push(std::uint16_t entry) {
    model_.in_valid_i = 1;
    model_.in_i = entry;
    tick();
    model_.in_valid_i = 0;
    model_.in_i = 0;
  }

 private:
  VerilatedContext context_;
  Model model_;
};

}  // namespace

TEMPLATE_TEST_CASE("what goes in comes out, in order, and no more than there is room for", "",
                   VFifo4, VFifo5) {
  const std::uint64_t seed = keyway::test::seed();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  Queue<TestType> queue;
  std::deque<std::uint16_t> held;
  bool was_full = false, was_empty = false;
  for (int cycle = 0; cycle < 20000; ++cycle) {
    // Phases in which more comes than goes, and the other way round.
    const auto share = static_cast<std::uint64_t>(cycle / 100 % 2 == 0 ? 3 : 1);
    queue->in_valid_i = random() % 4 < share;
    queue->out_ready_i = random() % 4 >= share;
    queue->in_i = static_cast<std::uint16_t>(random());
    queue->eval();
    REQUIRE(queue->count_o == held.size());
    REQUIRE(queue->in_ready_o == (held.size() < kDepth<TestType>));
    REQUIRE(queue->out_valid_o == !held.empty());
    if (!held.empty()) REQUIRE(queue->out_o == held.front());
    was_full |= held.size() == kDepth<TestType>;
    was_empty |= held.empty();
    const bool pop = queue->out_valid_o && queue->out_ready_i;
    if (queue->in_valid_i && queue->in_ready_o) held.push_back(queue->in_i);
    if (pop) held.pop_front();
    queue.tick();
  }
  CHECK(was_full);
  CHECK(was_empty);
}

/// While it is cleared, every place comes to the output in turn.
TEMPLATE_TEST_CASE("a clear of Depth cycles leaves zeros only, wherever it begins", "", VFifo4,
                   VFifo5) {
  for (std::size_t before = 0; before < 2 * kDepth<TestType>; ++before) {
    for (std::size_t held = 0; held <= kDepth<TestType>; ++held) {
      INFO(before << " entries have gone through, " << held << " are held");
      Queue<TestType> queue;
      queue->out_ready_i = 1;
      for (std::size_t i = 0; i < before; ++i) queue.push(0xffff);
      queue.tick();
      queue->out_ready_i = 0;
      for (std::size_t i = 0; i < held; ++i) queue.push(0xffff);
      queue->clear_i = 1;
      for (std::size_t i = 0; i < kDepth<TestType>; ++i) queue.tick();
      for (std::size_t i = 0; i < kDepth<TestType>; ++i) {
        CHECK_FALSE(queue->out_valid_o);
        CHECK(queue->out_o == 0);
        queue.tick();
      }
      queue->clear_i = 0;
      queue.push(0x1234);
      CHECK(queue->out_valid_o);
      CHECK(queue->out_o == 0x1234);
    }
  }
}
