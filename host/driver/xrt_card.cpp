// SPDX-License-Identifier: Apache-2.0
#include "driver/xrt_card.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "common/error.hpp"
#include "common/integers.hpp"
#include "hw_emu/emulation.hpp"

namespace keyway::driver {
namespace {

constexpr size_t kPage = 4096;
constexpr auto kAbortTime = std::chrono::seconds(10);  // from an abort to the end of its run
/// An argument that takes a buffer; all do on the one memory port.
constexpr int kBufferArgument = 1;

}  // namespace

XrtCard::XrtCard(unsigned index, const std::string& xclbin) : device_(index) {
  const xrt::uuid id = device_.load_xclbin(xclbin);
  // Exclusive, because only its one owner may read a kernel's registers.
  kernel_ =
      xrt::kernel(device_, id, emulation::kKernelName, xrt::kernel::cu_access_mode::exclusive);
  run_ = xrt::run(kernel_);
}

Board::Buffer XrtCard::allocate(size_t bytes) {
  // Whole pages: XRT gives the size to aligned_alloc, which wants a multiple of the alignment.
  const size_t size = common::round_up(bytes, kPage);
  xrt::bo buffer(device_, size, xrt::bo::flags::normal, kernel_.group_id(kBufferArgument));
  std::memset(buffer.map(), 0, buffer.size());
  buffer.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  buffers_.emplace(next_, std::move(buffer));
  return next_++;
}

void XrtCard::write(Board::Buffer buffer, size_t offset, const std::vector<uint8_t>& data) {
  xrt::bo& target = buffers_.at(buffer);
  target.write(data.data(), data.size(), offset);
  target.sync(XCL_BO_SYNC_BO_TO_DEVICE, data.size(), offset);
}

void XrtCard::read(Board::Buffer buffer, size_t offset, std::vector<uint8_t>& data) {
  xrt::bo& source = buffers_.at(buffer);
  source.sync(XCL_BO_SYNC_BO_FROM_DEVICE, data.size(), offset);
  source.read(data.data(), data.size(), offset);
}

void XrtCard::set_pointer(int index, uint64_t address) {
  for (auto& [id, buffer] : buffers_)
    if (buffer.address() == address) {
      run_.set_arg(index, buffer);
      return;
    }
  if (address != 0)
    throw Error(ErrorKind::kDevice, "a kernel argument that is not the address of a buffer");
  run_.set_arg(index, address);  // the null pointer
}

void XrtCard::start(const KernelArguments& arguments) {
  KernelArguments::visit(arguments, [this](const contract::Argument& argument, auto value) {
    const auto index = static_cast<int>(argument.index);
    if (argument.is_pointer) {
      set_pointer(index, value);
    } else {
      run_.set_arg(index, value);
    }
  });
  aborting_ = false;
  run_.start();
}

/// run.wait() looks once a second in hardware emulation; state() is up to date at any time.
void XrtCard::wait(unsigned seconds, const std::function<bool()>& wants_abort) {
  using std::chrono::microseconds;
  using Clock = std::chrono::steady_clock;
  constexpr microseconds kLongest{1000};
  auto end = seconds == 0 ? Clock::time_point::max() : Clock::now() + std::chrono::seconds(seconds);
  bool late = false;
  for (microseconds pause{20};; pause = std::min(pause * 2, kLongest)) {
    const ert_cmd_state state = run_.state();
    if (state == ERT_CMD_STATE_COMPLETED && !late) return;
    const bool over = Clock::now() > end;
    if (late && (over || state == ERT_CMD_STATE_COMPLETED))
      throw Error(ErrorKind::kDevice,
                  "the run did not end within " + std::to_string(seconds) +
                      (over ? " s, and the device obeys no abort" : " s and was aborted"));
    if (state == ERT_CMD_STATE_ERROR || state == ERT_CMD_STATE_ABORT ||
        state == ERT_CMD_STATE_TIMEOUT || state == ERT_CMD_STATE_NORESPONSE)
      throw Error(ErrorKind::kDevice, "XRT reports that the run failed (state " +
                                          std::to_string(static_cast<int>(state)) + ")");
    if (over) {
      late = true;
      end = Clock::now() + kAbortTime;
    }
    if (over || wants_abort()) aborting_ = true;
    if (aborting_) write_abort();  // again and again: XRT may not have started the kernel yet
    std::this_thread::sleep_for(pause);
  }
}

void XrtCard::abort() {
  aborting_ = true;
  write_abort();
}

void XrtCard::write_abort() { kernel_.write_register(contract::kRegAbort, 1); }

}  // namespace keyway::driver
