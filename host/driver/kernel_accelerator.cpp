// SPDX-License-Identifier: Apache-2.0
#include "driver/kernel_accelerator.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/integers.hpp"
#include "program/verdict.hpp"

namespace keyway::driver {
namespace {

constexpr size_t kPage = contract::kFrameBytes;
constexpr size_t kWord = 16;               // bytes that the core reads in a cycle
constexpr size_t kMostInputs = 65535;      // of one start
constexpr size_t kMostBytes = UINT32_MAX;  // of a buffer

std::string hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

std::string core_text(const program::CoreConfig& core) {
  return core.array_name() + " with " + std::to_string(core.activation_bytes / 1024) +
         " KiB for activations and " + std::to_string(core.weight_bytes / 1024) +
         " KiB for weights";
}

uint64_t field(const std::vector<uint8_t>& bytes, size_t offset, size_t size) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data() + offset, size);
  return value;
}

[[noreturn]] void not_whole(const std::string& why) {
  throw Error(ErrorKind::kAuthentication, "the package is not what its owner made: " + why);
}

/// The core reads what the header names; a file that is shorter or longer was tampered with.
void check_length(const std::vector<uint8_t>& package) {
  if (package.size() < kPage) not_whole("it is shorter than a header");
  const uint64_t pages =
      field(package, contract::kHeaderHeaderPagesOffset, contract::kHeaderHeaderPagesBytes) +
      field(package, contract::kHeaderTotalFramesOffset, contract::kHeaderTotalFramesBytes);
  if (package.size() != pages * kPage)
    not_whole("it has " + std::to_string(package.size()) + " bytes, its header says " +
              std::to_string(pages * kPage));
}

/// Inputs of one start.
struct Start {
  size_t first = 0, count = 0;
};

/// `alone`: the first start has one input.
std::vector<Start> split(size_t images, size_t batch, bool alone) {
  std::vector<Start> starts;
  for (size_t first = 0; first < images; first += starts.back().count)
    starts.push_back({first, std::min(starts.empty() && alone ? 1 : batch, images - first)});
  return starts;
}

size_t padded(size_t bytes) { return common::round_up(bytes, kPage); }

}  // namespace

class KernelAccelerator::Memory {
 public:
  Memory(Board& board, size_t bytes)
      : board_(board), bytes_(padded(bytes)), buffer_(board.allocate(bytes_)) {}
  Memory(Board& board, const std::vector<uint8_t>& content) : Memory(board, content.size()) {
    write(content, 0);
  }
  ~Memory() {
    try {
      board_.free(buffer_);
    } catch (const Error&) {
      // The device has failed, and its memory is gone with it.
    }
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void write(const std::vector<uint8_t>& data, size_t offset) {
    board_.write(buffer_, offset, data.data(), data.size());
  }
  void read(std::vector<uint8_t>& data, size_t offset) {
    board_.read(buffer_, offset, data.data(), data.size());
  }
  uint64_t address() const { return board_.address(buffer_); }
  /// What the core may touch.
  uint32_t bytes() const { return static_cast<uint32_t>(bytes_); }

 private:
  Board& board_;
  size_t bytes_;
  Board::Buffer buffer_;
};

KernelAccelerator::KernelAccelerator(std::unique_ptr<Board> board, uint64_t most_cycles)
    : board_(std::move(board)), most_cycles_(most_cycles) {
  check_contract();
}

KernelAccelerator::~KernelAccelerator() = default;

void KernelAccelerator::check_contract() {
  const uint32_t id = board_->read_register(contract::kRegId);
  if (id != contract::kCoreId)
    throw Error(ErrorKind::kDevice, "the device holds no Keyway core (identification " + hex(id) +
                                        " instead of " + hex(contract::kCoreId) + ")");
  const uint32_t version = board_->read_register(contract::kRegVersion);
  const uint32_t hash = board_->read_register(contract::kRegContract);
  if (version >> 16 != contract::kCoreVersion >> 16 || hash != contract::kContractHash)
    throw Error(ErrorKind::kDevice, "the device's core (version " + std::to_string(version >> 16) +
                                        "." + std::to_string(version & 0xffff) + ", contract " +
                                        hex(hash) +
                                        ") is not the one this driver was built for (contract " +
                                        hex(contract::kContractHash) + ")");
}

void KernelAccelerator::open(const std::vector<uint8_t>& package,
                             const std::optional<std::vector<uint8_t>>& licence) {
  check_length(package);
  if (licence && licence->size() != contract::kLicenceBytes)
    throw Error(ErrorKind::kRefused, "the licence has " + std::to_string(licence->size()) +
                                         " bytes instead of " +
                                         std::to_string(contract::kLicenceBytes));
  facts_ = examine(package);
  open_counters_.reset();
  warm_ = false;
  resident_ = package[contract::kHeaderResidentOffset] != 0;
  const auto size = [&](uint32_t offset) {
    return static_cast<uint32_t>(field(package, offset, contract::kHeaderWeightBytesBytes));
  };
  package_core_ = {package[contract::kHeaderLanesOffset], package[contract::kHeaderDepthOffset],
                   static_cast<contract::ArrayKind>(package[contract::kHeaderArrayKindOffset]),
                   size(contract::kHeaderActivationBytesOffset),
                   size(contract::kHeaderWeightBytesOffset)};
  package_ = std::make_unique<Memory>(*board_, package);
  licence_ = licence ? std::make_unique<Memory>(*board_, *licence) : nullptr;
  // Opening reads no more than the package, a word a cycle.
  board_->start(package_arguments(contract::StartMode::kOpen,
                                  cycle_limit(package.size() / kWord, most_cycles_)));
  open_counters_ = finish();
}

void KernelAccelerator::run(const std::vector<std::vector<uint8_t>>& images, size_t output_bytes,
                            const Done& done, size_t batch) {
  if (images.empty()) return;
  if (!package_) throw Error(ErrorKind::kUsage, "no package is open");
  if (batch == 0 || batch > kMostInputs)
    throw Error(ErrorKind::kUsage, "a batch has 1 to " + std::to_string(kMostInputs) + " inputs");
  const size_t input_bytes = images.front().size();
  for (const std::vector<uint8_t>& image : images)
    if (image.size() != input_bytes)
      throw Error(ErrorKind::kUsage, "the images of one run differ in size");
  if (facts_.input_bytes > input_bytes)
    throw Error(ErrorKind::kFile, "the program reads more than its manifest says");
  if (facts_.output_bytes > output_bytes)
    throw Error(ErrorKind::kFile, "the program writes more than its manifest says");

  if (!resident_) batch = 1;  // each start reads the weights anew
  // While the kernel works on one set of buffers, the other one is emptied and filled.
  const size_t input_stride = padded(input_bytes), output_stride = padded(output_bytes);
  batch = std::min(batch, images.size());
  if (batch > kMostBytes / std::max({input_stride, output_stride, size_t{1}}))
    throw Error(ErrorKind::kUsage, "a batch of " + std::to_string(batch) +
                                       " inputs has more than the 4 GiB of a buffer");
  Memory inputs[2] = {{*board_, batch * input_stride}, {*board_, batch * input_stride}};
  Memory outputs[2] = {{*board_, batch * output_stride}, {*board_, batch * output_stride}};
  const std::vector<Start> starts = split(images.size(), batch, !std::exchange(warm_, false));
  const uint64_t input_cycles = cycle_limit(facts_.estimated_cycles, most_cycles_);
  Counters counters{};
  std::vector<uint8_t> output(output_bytes);
  const auto fill = [&](size_t s) {
    for (size_t i = 0; i < starts[s].count; ++i)
      inputs[s % 2].write(images[starts[s].first + i], i * input_stride);
  };
  const auto begin = [&](size_t s) {
    KernelArguments arguments =
        package_arguments(contract::StartMode::kRun, starts[s].count * input_cycles);
    arguments.input = inputs[s % 2].address();
    arguments.output = outputs[s % 2].address();
    arguments.count = static_cast<uint32_t>(starts[s].count);
    arguments.input_stride = static_cast<uint32_t>(input_stride);
    arguments.output_stride = static_cast<uint32_t>(output_stride);
    arguments.input_bytes = inputs[s % 2].bytes();
    arguments.output_bytes = outputs[s % 2].bytes();
    board_->start(arguments);
  };
  const auto deliver = [&](size_t s) {
    for (size_t i = 0; i < starts[s].count; ++i) {
      outputs[s % 2].read(output, i * output_stride);
      done(starts[s].first + i, output, i + 1 == starts[s].count ? &counters : nullptr);
    }
  };

  fill(0);
  begin(0);
  for (size_t s = 0; s < starts.size(); ++s) {
    try {
      if (s + 1 < starts.size()) fill(s + 1);
      if (s > 0) deliver(s - 1);
    } catch (...) {
      // Leave no run under way behind: the buffers are about to go.
      try {
        board_->abort();
        board_->wait();
      } catch (const Error&) {  // the first reason is the better one
      }
      throw;
    }
    counters = finish();
    if (s + 1 < starts.size()) begin(s + 1);
  }
  warm_ = resident_;
  deliver(starts.size() - 1);
}

const Counters* KernelAccelerator::open_counters() const {
  return open_counters_ ? &*open_counters_ : nullptr;
}

void KernelAccelerator::close() {
  licence_.reset();
  package_.reset();
  board_->close();
}

KernelArguments KernelAccelerator::package_arguments(contract::StartMode mode,
                                                     uint64_t cycles) const {
  KernelArguments arguments;
  arguments.mode = static_cast<uint32_t>(mode);
  arguments.package = package_->address();
  arguments.licence = licence_ ? licence_->address() : 0;
  arguments.package_bytes = package_->bytes();
  const uint64_t units = (cycles >> contract::kCycleLimitBits) + 1;
  arguments.cycle_limit = static_cast<uint32_t>(std::min<uint64_t>(units, UINT32_MAX));
  return arguments;
}

Counters KernelAccelerator::finish() {
  board_->wait();
  const auto status = static_cast<contract::Status>(board_->read_register(contract::kRegStatus));
  if (status != contract::Status::kOk) refuse(status);
  return read_counters();
}

Counters KernelAccelerator::read_counters() {
  Counters counters{};
  for (size_t i = 0; i < counters.size(); ++i) {
    const auto offset = static_cast<uint32_t>(contract::kCounterBase + 8 * i);
    const uint64_t low = board_->read_register(offset);
    counters[i] = low | uint64_t{board_->read_register(offset + 4)} << 32;
  }
  return counters;
}

void KernelAccelerator::refuse(contract::Status status) {
  const Error error = verdict(status);
  if (status != contract::Status::kWrongCore) throw error;
  const uint32_t shape = board_->read_register(contract::kRegShape);
  const auto part = [&](const contract::Field& field) {
    return shape >> field.lsb & ((1U << field.bits) - 1);
  };
  throw Error(error.kind(),
              std::string(error.what()) + ": it needs " + core_text(package_core_) +
                  ", the device has " +
                  core_text({part(contract::shape::kLanes), part(contract::shape::kDepth),
                             contract::ArrayKind(part(contract::shape::kArrayKind)),
                             board_->read_register(contract::kRegActivationBytes),
                             board_->read_register(contract::kRegWeightBytes)}));
}

}  // namespace keyway::driver
