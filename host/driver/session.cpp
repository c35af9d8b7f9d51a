// SPDX-License-Identifier: Apache-2.0
#include "driver/session.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "common/file.hpp"
#include "driver/accelerator.hpp"
#include "driver/session_internals.hpp"
#include "driver/targets.hpp"
#include "lock/licence.hpp"
#include "lock/package.hpp"
#include "program/program.hpp"

namespace keyway::driver {

struct Package::Content {
  std::vector<uint8_t> bytes;
  bool locked = false;
  program::Program description;
};

Package::Package(const std::string& path) : Package(common::read_file(path), path) {}

Package::Package(std::vector<uint8_t> bytes, const std::string& name) {
  auto content = std::make_shared<Content>();
  content->bytes = std::move(bytes);
  const lock::PackageView view = lock::parse_package(content->bytes, name);
  content->locked = view.header.policy != contract::Policy::kPlain;
  content->description = lock::describe(view, name);
  content_ = std::move(content);
}

const std::vector<uint8_t>& Package::bytes() const { return content_->bytes; }
bool Package::locked() const { return content_->locked; }
uint64_t Package::macs() const { return content_->description.macs; }
const std::vector<int64_t>& Package::input_dims() const {
  return content_->description.input.layout.dims;
}
const std::vector<int64_t>& Package::output_dims() const {
  return content_->description.output.layout.dims;
}
size_t Package::input_elements() const {
  return static_cast<size_t>(content_->description.input.user_shape().elements());
}
size_t Package::output_elements() const {
  return static_cast<size_t>(content_->description.output.user_shape().elements());
}

Licence read_licence(const std::string& path) { return lock::read_licence(path); }

/// The session's thread, and what waits for it.
class Session::Worker {
 public:
  Worker(const Package& package, const Licence& licence, std::unique_ptr<Accelerator> device,
         size_t batch);
  ~Worker() { finish(); }

  std::future<Outputs> submit(const std::vector<float>& inputs, RunOptions options);
  void close();

  const Package package;
  std::optional<Counters> open_counters;

 private:
  struct Run {
    RunOptions options;
    size_t inputs = 0, done = 0;
    bool answered = false;
    std::vector<std::vector<uint8_t>> images;
    size_t uncounted = 0;  ///< inputs since the last counters
    Outputs outputs;
    std::promise<Outputs> promise;
  };

  void work();
  std::vector<Run> take();
  void execute(std::vector<Run>& runs);
  void deliver(Run& run, const std::vector<uint8_t>& image, const Counters* counters);
  std::vector<uint8_t> lay_out(const float* input) const;
  void require_open() const;
  void finish();

  const std::unique_ptr<Accelerator> device_;
  const size_t batch_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Run> waiting_;
  bool closing_ = false;
  std::optional<Error> failure_;  ///< what closed the session
  std::thread thread_;
};

Session::Worker::Worker(const Package& to_open, const Licence& licence,
                        std::unique_ptr<Accelerator> device, size_t batch)
    : package(to_open), device_(std::move(device)), batch_(batch) {
  device_->open(package.bytes(), licence);
  if (const Counters* counters = device_->open_counters()) open_counters = *counters;
  thread_ = std::thread([this] { work(); });
}

std::vector<uint8_t> Session::Worker::lay_out(const float* input) const {
  const program::Program& program = description(package);
  std::vector<uint8_t> bytes(static_cast<size_t>(program.input.shape.elements()));
  program::quantise_input(program.input, input, bytes.data());
  return program::gather_input(program.input_image, program.input.shape, bytes.data());
}

void Session::Worker::require_open() const {
  if (failure_) throw *failure_;
  if (closing_) throw Error(ErrorKind::kUsage, "the session is closed");
}

std::future<Outputs> Session::Worker::submit(const std::vector<float>& inputs, RunOptions options) {
  const size_t elements = package.input_elements();
  if (inputs.empty() || inputs.size() % elements != 0) {
    throw Error(ErrorKind::kUsage, std::to_string(inputs.size()) + " numbers are no inputs of " +
                                       std::to_string(elements));
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    require_open();
  }
  Run run;
  run.inputs = inputs.size() / elements;
  run.options = std::move(options);
  if (run.options.batch == 0) run.options.batch = batch_;
  for (size_t i = 0; i < run.inputs; ++i) {
    run.images.push_back(lay_out(inputs.data() + i * elements));
  }
  std::future<Outputs> future = run.promise.get_future();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    require_open();
    waiting_.push_back(std::move(run));
  }
  changed_.notify_one();
  return future;
}

void Session::Worker::work() {
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
    }
    std::vector<Run> runs = take();
    execute(runs);
  }
}

/// The next run, and with it those that may share its way through the device.
std::vector<Session::Worker::Run> Session::Worker::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto shares = [](const Run& run) {
    return run.options.batch == 1 && !run.options.progress;
  };
  std::vector<Run> runs;
  do {
    runs.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  } while (!waiting_.empty() && shares(runs.front()) && shares(waiting_.front()));
  return runs;
}

void Session::Worker::deliver(Run& run, const std::vector<uint8_t>& image,
                              const Counters* counters) {
  const program::Program& program = description(package);
  const auto bytes =
      program::scatter_output(program.output_image, program.output.shape, image.data());
  const size_t elements = package.output_elements();
  run.outputs.values.resize((run.done + 1) * elements);
  program::dequantise_output(program.output, bytes.data(),
                             run.outputs.values.data() + run.done * elements);
  run.outputs.bytes.insert(run.outputs.bytes.end(), bytes.begin(), bytes.end());
  ++run.done;
  ++run.uncounted;
  if (counters != nullptr) {
    run.outputs.starts.push_back({std::exchange(run.uncounted, 0), *counters});
  }
  if (run.options.progress) run.options.progress(run.done);
  if (run.done < run.inputs) return;
  run.answered = true;
  run.promise.set_value(std::move(run.outputs));
}

void Session::Worker::execute(std::vector<Run>& runs) {
  std::vector<std::vector<uint8_t>> images;
  for (Run& run : runs) {
    std::move(run.images.begin(), run.images.end(), std::back_inserter(images));
  }
  const auto fail_rest = [&](const std::exception_ptr& reason) {
    for (Run& run : runs) {
      if (!run.answered) run.promise.set_exception(reason);
    }
  };
  auto run = runs.begin();
  try {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (failure_) throw *failure_;
    }
    device_->run(
        images, description(package).output_image.bytes(),
        [&](size_t, const std::vector<uint8_t>& image, const Counters* counters) {
          while (run->done == run->inputs) ++run;
          deliver(*run, image, counters);
        },
        runs.front().options.batch);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kDevice) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!failure_) failure_ = error;
    }
    fail_rest(std::current_exception());
  } catch (...) {
    fail_rest(std::current_exception());
  }
}

/// Lets the thread do what waits, and ends it.
void Session::Worker::finish() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Session::Worker::close() {
  finish();
  device_->close();
}

Session::Session(const Package& package, const Licence& licence, const TargetOptions& options)
    : worker_(std::make_unique<Worker>(
          package, licence, make_accelerator(options, description(package).core), options.batch)) {}

Session::Session(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}

Session::~Session() = default;

std::future<Outputs> Session::submit(const std::vector<float>& inputs, RunOptions options) {
  return worker_->submit(inputs, std::move(options));
}

Outputs Session::run(const std::vector<float>& inputs, RunOptions options) {
  return submit(inputs, std::move(options)).get();
}

const Package& Session::package() const { return worker_->package; }

const std::optional<Counters>& Session::open_counters() const { return worker_->open_counters; }

void Session::close() { worker_->close(); }

struct SessionInternals {
  static const program::Program& description(const Package& package) {
    return package.content_->description;
  }
  static Session open(const Package& package, const Licence& licence,
                      std::unique_ptr<Accelerator> device) {
    return Session(std::make_unique<Session::Worker>(package, licence, std::move(device), 1));
  }
};

const program::Program& description(const Package& package) {
  return SessionInternals::description(package);
}

Session open_session(const Package& package, const Licence& licence,
                     std::unique_ptr<Accelerator> device) {
  return SessionInternals::open(package, licence, std::move(device));
}

}  // namespace keyway::driver
