// SPDX-License-Identifier: Apache-2.0
/// A card, real or emulated, through XRT's native C++ API. Lives in the XRT process only; its
/// methods are those of Board. Errors: whatever XRT throws, and Error(kDevice) for a run that
/// failed.
#pragma once

#include <xrt/xrt_bo.h>
#include <xrt/xrt_device.h>
#include <xrt/xrt_kernel.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "driver/board.hpp"

namespace keyway::driver {

class XrtCard {
 public:
  XrtCard(unsigned index, const std::string& xclbin);

  Board::Buffer allocate(size_t bytes);
  void free(Board::Buffer buffer) { buffers_.erase(buffer); }
  uint64_t address(Board::Buffer buffer) { return buffers_.at(buffer).address(); }
  void write(Board::Buffer buffer, size_t offset, const std::vector<uint8_t>& data);
  void read(Board::Buffer buffer, size_t offset, std::vector<uint8_t>& data);
  void start(const KernelArguments& arguments);
  /// Asks `wants_abort` now and then. A run that takes longer than `seconds` (0: any) is aborted
  /// and an error.
  void wait(unsigned seconds, const std::function<bool()>& wants_abort);
  void abort();
  uint32_t read_register(uint32_t offset) { return kernel_.read_register(offset); }

 private:
  void set_pointer(int index, uint64_t address);
  void write_abort();

  xrt::device device_;
  xrt::kernel kernel_;
  xrt::run run_;
  std::map<Board::Buffer, xrt::bo> buffers_;
  Board::Buffer next_ = 1;
  bool aborting_ = false;  ///< of the run under way
};

}  // namespace keyway::driver
