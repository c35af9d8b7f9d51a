// SPDX-License-Identifier: Apache-2.0
/// One Verilated kernel, whatever its size and bus width: the platform's view of the RTL.
///
/// A clock cycle is two calls. `settle` drives the inputs while the clock is low and returns the
/// outputs, combinational paths included, as they are at the end of the cycle: handshakes are
/// judged on these. `clock` then gives the rising edge. Inputs are remembered by the model: a field
/// whose valid is low may hold anything.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lock/keys.hpp"
#include "platform/identity.hpp"
#include "platform/pins.hpp"

namespace keyway::platform {

class KernelModel {
 public:
  virtual ~KernelModel() = default;
  virtual unsigned bus_bytes() const = 0;
  virtual void set_identity(const Identity& identity) = 0;
  virtual void settle(const KernelInputs& inputs, KernelOutputs& outputs) = 0;
  virtual void clock() = 0;

  /// What the core measured of itself since the reset; nothing before it has, without a source in
  /// the identity that asks for it, and in a model of something else.
  virtual std::optional<lock::ClassFingerprints> class_fingerprints() const = 0;

  /// Writes a waveform (FST; SAIF in a build for that) from here on. It shows everything, secrets
  /// included. Throws Error(kUsage) when the model was built without.
  virtual void open_wave(const std::string& path) = 0;
  /// Ends the waveform; the file appears under its name, whole and for its owner's eyes alone.
  virtual void close_wave() = 0;
};

/// Makes a kernel in its state before reset.
using KernelFactory = std::function<std::unique_ptr<KernelModel>()>;

/// Resets a kernel and lets it measure its class. Throws Error(kDevice) when it does not.
lock::ClassFingerprints measure_class(const KernelFactory& kernel);

/// The kernels of this build ("16x16", ...). They are linked in by the library keyway_kernels.
std::vector<std::string> kernel_names();

/// Factory of the kernel of that name. Throws Error(kFit) that lists what there is.
KernelFactory kernel_factory(const std::string& name);

}  // namespace keyway::platform
