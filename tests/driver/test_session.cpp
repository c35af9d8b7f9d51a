// SPDX-License-Identifier: Apache-2.0
// Sessions: floats to floats on the program simulator, and over a device of the test's own the
// order of runs, what travels together, and what an error leaves behind.
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <random>
#include <thread>

#include "common/error.hpp"
#include "compile/compile.hpp"
#include "driver/accelerator.hpp"
#include "driver/device_core.hpp"
#include "driver/session_internals.hpp"
#include "driver/targets.hpp"
#include "lock/licence.hpp"
#include "lock/lock_network.hpp"
#include "lock/package.hpp"
#include "no_threads.hpp"
#include "random_network.hpp"
#include "simulate/simulator.hpp"
#include "temporary_folder.hpp"
#include "thrown.hpp"

using namespace keyway;
using namespace keyway::driver;
using Bytes = std::vector<uint8_t>;
using Floats = std::vector<float>;

namespace {

const program::Program& compiled() {
  static const program::Program one =
      compile::compile(test::random_network(3), program::core_from_name("8x8"));
  return one;
}

const Package& package() {
  static const Package one(lock::make_plain_package(compiled()), "plain");
  return one;
}

Floats random_inputs(const Package& of, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, 100);
  Floats inputs(count * of.input_elements());
  for (float& x : inputs) x = normal(random);
  return inputs;
}

/// Without a session: the boundary, the program simulator, the boundary.
Floats expected(const program::Program& of, const Floats& inputs) {
  const simulate::ProgramSimulator simulator(of.core, of.program_image, of.weight_image);
  const auto elements = static_cast<size_t>(of.input.user_shape().elements());
  const auto output_elements = static_cast<size_t>(of.output.user_shape().elements());
  Floats all;
  for (size_t at = 0; at < inputs.size(); at += elements) {
    Bytes bytes(static_cast<size_t>(of.input.shape.elements()));
    program::quantise_input(of.input, inputs.data() + at, bytes.data());
    const Bytes image =
        simulator.run(program::gather_input(of.input_image, of.input.shape, bytes.data()));
    all.resize(all.size() + output_elements);
    program::dequantise_output(
        of.output, program::scatter_output(of.output_image, of.output.shape, image.data()).data(),
        all.data() + all.size() - output_elements);
  }
  return all;
}

/// Gives back zeros, when the test lets it; records how many inputs came together.
class FakeDevice final : public Accelerator {
 public:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool held = false;             ///< runs wait
    std::vector<size_t> together;  ///< inputs of each run
    std::optional<Error> failure;  ///< of the next run
    bool closed = false;

    void hold(bool value) {
      const std::lock_guard<std::mutex> lock(mutex);
      held = value;
      changed.notify_all();
    }
    void wait_for_runs(size_t count) {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return together.size() >= count; });
    }
  };
  explicit FakeDevice(State& state) : state_(state) {}

  void open(const Bytes&, const std::optional<Bytes>&) override {}
  void run(const std::vector<Bytes>& images, size_t output_bytes, const Done& done,
           size_t batch) override {
    {
      std::unique_lock<std::mutex> lock(state_.mutex);
      state_.together.push_back(images.size());
      state_.changed.notify_all();
      state_.changed.wait(lock, [&] { return !state_.held; });
      if (state_.failure) throw *std::exchange(state_.failure, std::nullopt);
    }
    Counters counters{};
    for (size_t i = 0; i < images.size(); ++i) {
      counters[0] = i + 1;
      const bool last_of_start = i % batch == 0 || i + 1 == images.size();
      done(i, Bytes(output_bytes), last_of_start ? &counters : nullptr);
    }
  }
  const Counters* open_counters() const override { return nullptr; }
  void close() override { state_.closed = true; }

 private:
  State& state_;
};

struct FakeSession {
  FakeDevice::State state;
  Session session = open_session(package(), std::nullopt, std::make_unique<FakeDevice>(state));
  Floats input = random_inputs(package(), 1, 1);

  /// Submits what keeps the device busy until `state.hold(false)`.
  std::future<Outputs> occupy() {
    state.hold(true);
    auto future = session.submit(input);
    state.wait_for_runs(1);
    return future;
  }
};

}  // namespace

TEST_CASE("a session gives what the program computes, input by input") {
  Session session(package(), std::nullopt, TargetOptions{});
  CHECK(session.package().input_dims().size() == compiled().input.layout.dims.size());
  CHECK_FALSE(session.package().locked());
  CHECK_FALSE(session.open_counters());
  const Floats inputs = random_inputs(package(), 5, 1);
  size_t done = 0;
  RunOptions options;
  options.progress = [&](size_t n) { CHECK(n == ++done); };
  const Outputs outputs = session.run(inputs, options);
  CHECK(done == 5);
  CHECK(outputs.values == expected(compiled(), inputs));
  CHECK(outputs.bytes.size() == 5 * package().output_elements());
  CHECK(outputs.starts.empty());
}

TEST_CASE("func computes on the caller's thread where the system gives no other") {
  TargetOptions options;
  options.threads = 4;
  Session session(package(), std::nullopt, options);
  const Floats inputs = random_inputs(package(), 5, 1);
  size_t done = 0;
  RunOptions watched;
  watched.progress = [&](size_t n) { CHECK(n == ++done); };
  const test::NoThreads none;
  CHECK(session.run(inputs, watched).values == expected(compiled(), inputs));
  CHECK(done == 5);
}

TEST_CASE("a locked package opens with its licence on its device, and not without") {
  const test::TemporaryFolder folder;
  const std::string device_file = folder.file("d.kwd");
  const lock::Owner owner = lock::new_owner();
  lock::write_device(lock::new_device(1, "test"), device_file);
  const auto record = lock::enrol(device_file, owner, folder.file("d.kwe"));
  const auto locked =
      lock::lock_network(test::random_network(3), owner, {program::core_from_name("8x8")});
  const Package sealed(locked.package, "sealed");
  CHECK(sealed.locked());
  TargetOptions options;
  options.device = device_file;
  const Licence licence =
      lock::make_licence(lock::parse_package(sealed.bytes(), "sealed"), owner, record);
  const Floats inputs = random_inputs(sealed, 2, 2);
  CHECK(Session(sealed, licence, options).run(inputs).values == expected(compiled(), inputs));
  CHECK(test::error_of([&] { Session(sealed, std::nullopt, options); }).kind() ==
        ErrorKind::kRefused);
  CHECK(test::error_of([&] { Session(sealed, licence, TargetOptions{}); }).kind() ==
        ErrorKind::kRefused);
  auto damaged = sealed.bytes();
  damaged.back() ^= 1;
  CHECK(test::error_of([&] { Session(Package(damaged, "damaged"), licence, options); }).kind() ==
        ErrorKind::kAuthentication);
}

TEST_CASE("several threads use several sessions, each answer goes to who asked") {
  constexpr size_t kThreads = 4, kRuns = 20;
  Session sessions[2] = {{package(), std::nullopt, TargetOptions{}},
                         {package(), std::nullopt, TargetOptions{}}};
  std::atomic<size_t> right{0};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::pair<Floats, std::future<Outputs>>> asked;
      for (size_t i = 0; i < kRuns; ++i) {
        auto inputs = random_inputs(package(), 1 + i % 3, 100 * t + i);
        auto future = sessions[(t + i) % 2].submit(inputs);
        asked.emplace_back(std::move(inputs), std::move(future));
      }
      for (auto& [inputs, future] : asked) {
        if (future.get().values == expected(compiled(), inputs)) ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == kThreads * kRuns);
}

TEST_CASE("submitting does not wait; what waits for the device goes to it together") {
  FakeSession fake;
  auto first = fake.occupy();
  auto second = fake.session.submit(random_inputs(package(), 2, 2));
  auto third = fake.session.submit(random_inputs(package(), 3, 3));
  RunOptions watched;
  watched.progress = [](size_t) {};
  auto alone = fake.session.submit(fake.input, watched);
  auto last = fake.session.submit(fake.input);
  CHECK(first.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  fake.state.hold(false);
  CHECK(first.get().starts.size() == 1);
  CHECK(second.get().starts.size() == 2);
  const Outputs outputs = third.get();
  REQUIRE(outputs.starts.size() == 3);
  CHECK(outputs.starts[0].counters[0] == 3);  // behind the two of the second run
  CHECK(outputs.values.size() == 3 * package().output_elements());
  alone.get();
  last.get();
  CHECK(fake.state.together == std::vector<size_t>{1, 5, 1, 1});
}

TEST_CASE("a batch is a run of its own, and its starts say how many inputs they had") {
  FakeSession fake;
  auto busy = fake.occupy();
  RunOptions batch;
  batch.batch = 3;
  auto a = fake.session.submit(random_inputs(package(), 5, 1), batch);
  auto b = fake.session.submit(random_inputs(package(), 2, 1), batch);
  fake.state.hold(false);
  std::vector<size_t> inputs;
  for (const StartCounters& start : a.get().starts) inputs.push_back(start.inputs);
  CHECK(inputs == std::vector<size_t>{1, 3, 1});
  b.get();
  CHECK(fake.state.together == std::vector<size_t>{1, 5, 2});
}

TEST_CASE("a refused run leaves the session as it was") {
  FakeSession fake;
  auto first = fake.occupy();
  auto second = fake.session.submit(fake.input);
  fake.state.failure = Error(ErrorKind::kAuthentication, "tampered");
  fake.state.hold(false);
  CHECK(test::error_of([&] { first.get(); }).kind() == ErrorKind::kAuthentication);
  CHECK(second.get().starts.size() == 1);
  CHECK(fake.session.run(fake.input).values.size() == package().output_elements());
}

TEST_CASE("a device that failed closes the session: what waits and what comes ends likewise") {
  FakeSession fake;
  auto first = fake.occupy();
  auto second = fake.session.submit(fake.input);
  fake.state.failure = Error(ErrorKind::kDevice, "it broke");
  fake.state.hold(false);
  CHECK(test::error_of([&] { first.get(); }).kind() == ErrorKind::kDevice);
  CHECK_THROWS_WITH(second.get(), "it broke");
  CHECK_THROWS_WITH(fake.session.submit(fake.input), "it broke");
  CHECK(fake.state.together == std::vector<size_t>{1});  // the device saw no other
}

TEST_CASE("what progress throws ends that run alone") {
  FakeSession fake;
  for (const size_t last : {size_t{1}, size_t{2}}) {
    RunOptions options;
    options.progress = [last](size_t done) {
      if (done == last) throw std::runtime_error("enough");
    };
    CHECK_THROWS_WITH(fake.session.run(random_inputs(package(), 2, 1), options), "enough");
  }
  CHECK(fake.session.run(fake.input).starts.size() == 1);
}

TEST_CASE("closing lets runs end; a closed session takes no more") {
  FakeSession fake;
  auto first = fake.occupy();
  auto second = fake.session.submit(fake.input);
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    fake.state.hold(false);
  });
  fake.session.close();
  release.join();
  CHECK(fake.state.closed);
  CHECK(first.get().starts.size() == 1);
  CHECK(second.get().starts.size() == 1);
  CHECK(test::error_of([&] { fake.session.submit(fake.input); }).kind() == ErrorKind::kUsage);
}

TEST_CASE("inputs that are none are refused before they reach the device") {
  FakeSession fake;
  CHECK(test::error_of([&] { fake.session.submit({}); }).kind() == ErrorKind::kUsage);
  auto input = fake.input;
  input.push_back(0);
  CHECK(test::error_of([&] { fake.session.submit(input); }).kind() == ErrorKind::kUsage);
  input = fake.input;
  input.back() = std::numeric_limits<float>::quiet_NaN();
  CHECK(test::error_of([&] { fake.session.submit(input); }).kind() == ErrorKind::kFile);
  CHECK(fake.state.together.empty());
}

TEST_CASE("targets take their own options, and the smallest core that there is") {
  const auto make = [](TargetOptions options) {
    return [options] { make_accelerator(options, program::CoreConfig{}); };
  };
  TargetOptions options;
  options.target = "abacus";
  CHECK_THROWS_WITH(make(options)(), Catch::Contains("'abacus'") && Catch::Contains("func, hw"));
  options = {};
  options.batch = 2;
  CHECK(test::error_of(make(options)).kind() == ErrorKind::kUsage);
  options = {};
  options.target = "hw";
  CHECK(test::error_of(make(options)).kind() == ErrorKind::kUsage);
  options.xclbin = "core.xclbin";
  options.device = "dev.kwd";
  CHECK(test::error_of(make(options)).kind() == ErrorKind::kUsage);
  const auto wanted = program::core_from_name("16x16-tiny");
  CHECK(choose_core({"8x8", "16x16", "16x16-small"}, wanted, "") == "16x16-small");
  CHECK(test::error_of([&] {
          choose_core({"8x8", "32x32"}, wanted, "");
        }).kind() == ErrorKind::kFit);
}
