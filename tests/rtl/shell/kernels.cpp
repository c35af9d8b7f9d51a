// SPDX-License-Identifier: Apache-2.0

#include <VKernelNarrow.h>
#include <VKernelNarrow___024root.h>
#include <VKernelWide.h>
#include <VKernelWide___024root.h>
#include <Vkeyway_kernel_16x16.h>
#include <Vkeyway_kernel_16x16___024root.h>
#include <Vkeyway_kernel_8x8.h>
#include <Vkeyway_kernel_8x8___024root.h>

#include "kernel_bench.hpp"
#include "platform/verilated_kernel.hpp"

namespace keyway::rtl_test {

std::unique_ptr<platform::KernelModel> make_kernel(const std::string& name) {
  if (name == "8x8") return std::make_unique<platform::VerilatedKernel<Vkeyway_kernel_8x8>>();
  if (name == "narrow") return std::make_unique<platform::VerilatedKernel<VKernelNarrow>>();
  if (name == "wide") return std::make_unique<platform::VerilatedKernel<VKernelWide>>();
  return std::make_unique<platform::VerilatedKernel<Vkeyway_kernel_16x16>>();
}

}  // namespace keyway::rtl_test
