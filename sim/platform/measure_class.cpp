// SPDX-License-Identifier: Apache-2.0
#include "common/error.hpp"
#include "platform/kernel_model.hpp"

namespace keyway::platform {

lock::ClassFingerprints measure_class(const KernelFactory& kernel) {
  constexpr int kResetCycles = 16, kMostCycles = 1'000'000;
  const auto model = kernel();
  Identity identity;
  identity.sources = lock::kClassSources;
  model->set_identity(identity);
  KernelInputs in;
  KernelOutputs out;
  for (int cycle = 0; cycle < kMostCycles; ++cycle) {
    in.reset_n = cycle >= kResetCycles;
    model->settle(in, out);
    model->clock();
    if (!in.reset_n) continue;
    if (const auto found = model->class_fingerprints()) return *found;
  }
  throw Error(ErrorKind::kDevice, "the core does not come to the end of measuring its class");
}

}  // namespace keyway::platform
