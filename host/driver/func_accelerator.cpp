// SPDX-License-Identifier: Apache-2.0
#include "driver/func_accelerator.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "common/error.hpp"
#include "common/threads.hpp"
#include "driver/device_core.hpp"
#include "lock/package.hpp"
#include "program/verdict.hpp"

namespace keyway::driver {

FuncAccelerator::FuncAccelerator(const std::string& device_file, const std::string& class_file,
                                 int threads, uint64_t most_cycles)
    : threads_(static_cast<size_t>(std::max(1, threads))), most_cycles_(most_cycles) {
  if (!device_file.empty()) device_ = lock::read_device(device_file);
  if (class_file.empty()) return;
  const lock::ClassFile of_class = lock::read_class(class_file);
  if (!device_ || device_->core != of_class.core) {
    throw Error(ErrorKind::kUsage, class_file + ": is the class of a " + of_class.core +
                                       " core, which the device is not known to be");
  }
  of_class_ = of_class.fingerprints;
}

FuncAccelerator::~FuncAccelerator() = default;

void FuncAccelerator::open(const std::vector<uint8_t>& package,
                           const std::optional<std::vector<uint8_t>>& licence) {
  simulator_.reset();
  const lock::PackageView view = lock::parse_package(package, "package");
  const program::Program description = lock::describe(view, "package");
  if (device_) check_core(*device_, description.core);
  const lock::Images images = lock::open_package(view, licence, device_, of_class_);
  limit_ = cycle_limit(estimated_cycles(description), most_cycles_);
  simulator_.emplace(description.core, images.program, images.weights);
}

void FuncAccelerator::run(const std::vector<std::vector<uint8_t>>& images, size_t output_bytes,
                          const Done& done, size_t) {
  if (!simulator_) throw Error(ErrorKind::kDevice, "no package is open");
  if (simulator_->output_bytes() > output_bytes) {
    throw Error(ErrorKind::kFile, "the program writes more than its manifest says");
  }
  if (simulator_->cycles() > limit_) throw verdict(contract::Status::kCycleLimit);
  // Workers take images in order and keep at most so many results that were not given on yet.
  const size_t workers = std::min(threads_, images.size());
  const size_t window = 4 * workers;
  std::vector<std::vector<uint8_t>> results(images.size());
  std::vector<char> ready(images.size());
  std::mutex mutex;
  std::condition_variable changed;
  size_t next = 0, given = 0;
  std::exception_ptr failure;

  const auto work = [&] {
    simulate::ProgramSimulator::Workspace workspace;
    for (;;) {
      size_t i = 0;
      {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock,
                     [&] { return failure || next == images.size() || next < given + window; });
        if (failure || next == images.size()) return;
        i = next++;
      }
      try {
        auto result = simulator_->run(images[i], workspace);
        result.resize(output_bytes);
        const std::lock_guard<std::mutex> lock(mutex);
        results[i] = std::move(result);
        ready[i] = 1;
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        failure = std::current_exception();
      }
      changed.notify_all();
    }
  };
  std::vector<std::thread> threads = common::start_threads(workers, work);
  if (threads.empty()) {
    simulate::ProgramSimulator::Workspace workspace;
    for (size_t i = 0; i < images.size(); ++i) {
      auto result = simulator_->run(images[i], workspace);
      result.resize(output_bytes);
      done(i, result, nullptr);
    }
    return;
  }
  for (size_t i = 0; i < images.size(); ++i) {
    std::vector<uint8_t> result;
    {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return failure || ready[i] != 0; });
      if (failure) break;
      result = std::move(results[i]);
      given = i + 1;
    }
    changed.notify_all();
    try {
      done(i, result, nullptr);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      failure = std::current_exception();
      break;
    }
  }
  changed.notify_all();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace keyway::driver
