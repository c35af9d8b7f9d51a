// SPDX-License-Identifier: Apache-2.0
/// A session: one package open on one device, from float tensors to float tensors.
///
///     const Package package("model.kwp");
///     Session session(package, read_licence("dev.kwl"), options);
///     std::future<Outputs> first = session.submit(images), second = session.submit(others);
///     use(first.get().values);
///
/// Package and licence are opened once, and what the device keeps (keys, weights) stays until the
/// session ends. `submit` quantises and lays out the inputs in the caller's thread and returns; a
/// thread of the session's own drives the device, in the order of submission. Runs that wait for
/// the device at the same time are given to it together, so that their transfers (on func: their
/// computation) overlap. Any thread may call any function but the destructor, and a program may
/// have any number of sessions.
///
/// Errors are thrown as keyway::Error, by the constructor, by `submit` (arguments, inputs) and out
/// of the future (what happened on the device). A run that the device refuses or that fails
/// authentication (kRefused, kAuthentication, kFit, kFile) leaves the session as it was; those that
/// were given to the device with it end likewise. A device that failed or was stopped (kDevice)
/// closes the session: runs under way and all later ones end with that error.
/// Test: tests/driver/test_session.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "driver/counters.hpp"
#include "driver/target_options.hpp"

namespace keyway::driver {

/// A package file, checked as far as that needs no key. Copies share the file's bytes.
class Package {
 public:
  /// Reads it. Throws Error(kFile), or Error(kAuthentication) for a plain package that is damaged.
  explicit Package(const std::string& path);
  /// `name`: what messages call it.
  Package(std::vector<uint8_t> bytes, const std::string& name);

  const std::vector<uint8_t>& bytes() const;
  bool locked() const;
  uint64_t macs() const;  ///< useful multiply-accumulates of one input
  /// Shapes of the model file's input and output, without N.
  const std::vector<int64_t>& input_dims() const;
  const std::vector<int64_t>& output_dims() const;
  size_t input_elements() const;
  size_t output_elements() const;

 private:
  friend struct SessionInternals;  // session_internals.hpp
  struct Content;
  std::shared_ptr<const Content> content_;
};

/// A licence file's bytes, or nothing.
using Licence = std::optional<std::vector<uint8_t>>;

/// Throws Error(kFile) for what is no licence.
Licence read_licence(const std::string& path);

/// What the device counted of one start of the kernel.
struct StartCounters {
  size_t inputs = 0;  ///< that the start had
  Counters counters{};
};

struct Outputs {
  std::vector<float> values;   ///< N outputs in the shape of the model file's output
  std::vector<uint8_t> bytes;  ///< the same as the device gave them: N tensors, C, H, W order
  std::vector<StartCounters> starts;  ///< in order; empty where the target has no cycles
};

struct RunOptions {
  /// Inputs a start, where the target has starts; the start that loads the weights has one alone.
  /// 0: as the session's TargetOptions say.
  size_t batch = 0;
  /// Called by the session's thread after each input with the number of those that are done. What
  /// it throws ends the run, with that. A run with `progress` is never given to the device together
  /// with others.
  std::function<void(size_t)> progress;
};

class Session {
 public:
  /// Brings the target up and opens the package on it. Throws Error(kUsage) for options that the
  /// target does not take, Error(kFit) for a core that there is not, Error(kFile) for the device
  /// file, Error(kRefused) and Error(kAuthentication) with a sentence that says why, Error(kDevice)
  /// when the target does not come up.
  Session(const Package& package, const Licence& licence, const TargetOptions& options);
  /// Lets all runs end that were submitted.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Runs the package on N inputs, one behind the other. Throws Error(kUsage) for no whole number
  /// of inputs and for a session that was closed, Error(kFile) for NaN or infinity.
  std::future<Outputs> submit(const std::vector<float>& inputs, RunOptions options = {});
  /// The same, and waits.
  Outputs run(const std::vector<float>& inputs, RunOptions options = {});

  const Package& package() const;
  /// Of the opening; nothing where the target has no cycles.
  const std::optional<Counters>& open_counters() const;

  /// Lets all runs end that were submitted, then ends the device and writes out what it recorded.
  /// Throws Error(kFile) when that cannot be written.
  void close();

 private:
  friend struct SessionInternals;  // session_internals.hpp
  class Worker;
  explicit Session(std::unique_ptr<Worker> worker);
  std::unique_ptr<Worker> worker_;
};

}  // namespace keyway::driver
