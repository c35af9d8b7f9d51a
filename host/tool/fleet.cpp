// SPDX-License-Identifier: Apache-2.0
#include "tool/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

#include "common/error.hpp"
#include "common/file.hpp"
#include "driver/session.hpp"
#include "lock/cipher.hpp"
#include "lock/licence.hpp"
#include "lock/lock_network.hpp"
#include "lock/package.hpp"
#include "quantise/parallel.hpp"
#include "tool/bench_suites.hpp"
#include "tool/model_to_network.hpp"
#include "tool/report.hpp"
#include "tool/tensors.hpp"

namespace keyway::tool {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFailuresTold = 5;

/// Pieces of work that are noted together: one transaction each.
constexpr size_t kChunk = 500;

/// `work(i)` for i in 0..count-1 on some threads, chunk by chunk; behind each chunk `note(begin,
/// end)`, then the progress.
template <class Work, class Note>
void in_chunks(const char* what, size_t count, int threads, const Work& work, const Note& note) {
  Progress progress(what, count);
  for (size_t begin = 0; begin < count; begin += kChunk) {
    const size_t end = std::min(count, begin + kChunk);
    quantise::for_each_index(static_cast<int64_t>(end - begin), threads,
                             [&](int64_t i) { work(begin + static_cast<size_t>(i)); });
    note(begin, end);
    progress.at(end);
  }
}

/// What judges the answers: inputs and, where known, labels.
struct Questions {
  std::vector<float> inputs;
  std::vector<int64_t> labels;
};

class Fleet {
 public:
  explicit Fleet(const FleetOptions& options)
      : options_(options),
        judged_by_zoo_(options.package.empty()),
        package_(prepare()),
        view_(lock::parse_package(package_.bytes(), package_file())),
        store_((fs::path(options.folder) / "fleet.db").string(),
               {lock::to_hex(view_.header.id), options.devices,
                std::min(options.pairs, options.devices * (options.devices - 1)), random_seed()}) {
    if (view_.header.policy == lock::Policy::kPlain) {
      throw Error(ErrorKind::kUsage, package_file() + ": a plain package runs anywhere");
    }
    read_questions();
  }

  FleetReport run() {
    make_devices();
    open_own();
    open_wrong();
    FleetReport report = report_of_store();
    if (view_.header.policy == lock::Policy::kBlind && !questions_.labels.empty()) judge(report);
    return report;
  }

 private:
  static uint64_t random_seed() {
    uint64_t seed = 0;
    lock::fill_random(reinterpret_cast<uint8_t*>(&seed), sizeof(seed));
    return seed >> 1;  // SQLite's integers have a sign
  }

  std::string package_file() const {
    return judged_by_zoo_ ? (fs::path(options_.folder) / "model.kwp").string() : options_.package;
  }
  std::string owner_file() const {
    return judged_by_zoo_ ? (fs::path(options_.folder) / "owner.kwo").string() : options_.owner;
  }
  /// Files of device `number`, from 1.
  std::string file(size_t number, const char* extension) const {
    return (fs::path(options_.folder) / "devices" / fmt::format("{:06}.{}", number, extension))
        .string();
  }

  /// Folder, owner and package.
  driver::Package prepare() {
    std::error_code error;
    fs::create_directories(fs::path(options_.folder) / "devices", error);
    if (!error) fs::permissions(options_.folder, fs::perms::owner_all, error);  // it holds secrets
    if (error) {
      throw Error(ErrorKind::kFile, options_.folder + ": cannot be made: " + error.message());
    }
    if (judged_by_zoo_) {
      zoo_ = find_suite("zoo", "").networks.front();
      if (!fs::exists(owner_file())) lock::write_owner(lock::new_owner(), owner_file());
    }
    owner_ = lock::read_owner(owner_file());
    if (judged_by_zoo_ && !fs::exists(package_file())) {
      lock::LockOptions lock_options;
      lock_options.core = program::core_from_name(ModelOptions{}.core);
      lock_options.policy = options_.policy;
      const BuiltNetwork built =
          build_network(zoo_.model, zoo_.calibration, default_format(true), lock_options.core);
      const auto locked = lock::lock_network(built.network, owner_, lock_options);
      common::write_file(package_file(), locked.package.data(), locked.package.size());
    }
    driver::Package package(package_file());
    const auto policy = lock::parse_package(package.bytes(), package_file()).header.policy;
    if (judged_by_zoo_ && policy != options_.policy) {
      throw Error(ErrorKind::kUsage, package_file() + " has another policy; name another folder " +
                                         "for another fleet");
    }
    return package;
  }

  void read_questions() {
    const std::string& input = judged_by_zoo_ ? zoo_.input : options_.input;
    const std::string& labels = judged_by_zoo_ ? zoo_.labels : options_.labels;
    if (input.empty()) {
      std::mt19937 random(1);  // any input will do to see that devices agree
      std::uniform_real_distribution<float> value(0, 1);
      questions_.inputs.resize(package_.input_elements());
      for (float& x : questions_.inputs) x = value(random);
      return;
    }
    questions_.inputs = read_inputs(input, package_.input_dims(), -1).values;
    if (labels.empty()) return;
    output_ = lock::describe(view_, package_file()).output;
    questions_.labels = read_labels(labels, questions_.inputs.size() / package_.input_elements(),
                                    classes_of(output_));
  }

  /// Every device has its three files; the licence is the last that is made.
  void make_devices() {
    in_chunks(
        "making devices", options_.devices, options_.threads,
        [&](size_t i) {
          const size_t number = i + 1;
          if (fs::exists(file(number, "kwl"))) return;
          if (!fs::exists(file(number, "kwd"))) {
            lock::write_device(lock::new_device(number, "fleet"), file(number, "kwd"));
          }
          const lock::Enrolment record =
              lock::enrol(file(number, "kwd"), owner_, file(number, "kwe"));
          const auto licence = lock::make_licence(view_, owner_, record);
          common::write_file(file(number, "kwl"), licence.data(), licence.size());
        },
        [](size_t, size_t) {});
  }

  std::vector<float> answers(size_t licence, size_t device,
                             const std::vector<float>& inputs) const {
    driver::TargetOptions target;
    target.device = file(device, "kwd");
    driver::Session session(package_, driver::read_licence(file(licence, "kwl")), target);
    return session.run(inputs).values;
  }

  void open_own() {
    std::set<uint32_t> known;
    for (const auto& device : store_.own_devices()) known.insert(device.number);
    std::vector<FleetStore::OwnDevice> pending;
    for (uint32_t number = 1; number <= options_.devices; ++number)
      if (known.count(number) == 0) pending.push_back({number, false, "", ""});
    const std::vector<float> first(
        questions_.inputs.begin(),
        questions_.inputs.begin() + static_cast<std::ptrdiff_t>(package_.input_elements()));
    in_chunks(
        "opening licences", pending.size(), options_.threads,
        [&](size_t i) {
          FleetStore::OwnDevice& device = pending[i];
          try {
            const std::vector<float> values = answers(device.number, device.number, first);
            const lock::ByteView bytes(reinterpret_cast<const uint8_t*>(values.data()),
                                       values.size() * sizeof(float));
            device.outputs = lock::to_hex(lock::kdf("fleet outputs", {bytes}));
            device.opened = true;
          } catch (const Error& error) {
            device.message = error.what();
          }
        },
        [&](size_t begin, size_t end) {
          store_.add(std::vector<FleetStore::OwnDevice>(
              pending.begin() + static_cast<std::ptrdiff_t>(begin),
              pending.begin() + static_cast<std::ptrdiff_t>(end)));
        });
  }

  void open_wrong() {
    std::set<DevicePair> known;
    for (const auto& wrong : store_.wrong_devices()) known.insert(wrong.pair);
    std::vector<FleetStore::WrongDevice> pending;
    for (const DevicePair& pair :
         wrong_pairs(options_.devices, store_.setup().pairs, store_.setup().seed))
      if (known.count(pair) == 0) pending.push_back({pair, false});
    if (pending.empty()) return;
    std::vector<lock::Device> devices(options_.devices);
    std::vector<std::vector<uint8_t>> licences(options_.devices);
    in_chunks(
        "reading devices", options_.devices, options_.threads,
        [&](size_t i) {
          devices[i] = lock::read_device(file(i + 1, "kwd"));
          licences[i] = lock::read_licence(file(i + 1, "kwl"));
        },
        [](size_t, size_t) {});
    const lock::Key key = lock::package_key(owner_.root, view_.header.id);
    const bool sealed = view_.header.policy == lock::Policy::kSealed;
    in_chunks(
        "trying licences on other devices", pending.size(), options_.threads,
        [&](size_t i) {
          const auto [licence, device] = pending[i].pair;
          try {
            const lock::Key found =
                lock::open_licence(view_, licences[licence - 1], devices[device - 1]);
            pending[i].opened = sealed || found == key;
          } catch (const Error& error) {
            if (error.kind() != ErrorKind::kRefused) throw;
          }
        },
        [&](size_t begin, size_t end) {
          store_.add(std::vector<FleetStore::WrongDevice>(
              pending.begin() + static_cast<std::ptrdiff_t>(begin),
              pending.begin() + static_cast<std::ptrdiff_t>(end)));
        });
  }

  FleetReport report_of_store() const {
    FleetReport report;
    report.policy = view_.header.policy;
    report.devices = options_.devices;
    std::string outputs;
    for (const auto& device : store_.own_devices()) {
      if (device.opened && outputs.empty()) outputs = device.outputs;
      const bool right = device.opened && device.outputs == outputs;
      report.opened += right;
      if (!right && report.failures.size() < kMostFailuresTold) {
        report.failures.push_back(
            fmt::format("device {}: {}", device.number,
                        device.opened ? "answers otherwise than the first one" : device.message));
      }
    }
    for (const auto& wrong : store_.wrong_devices()) {
      ++report.wrong_tried;
      report.wrong_opened += wrong.opened;
    }
    return report;
  }

  double accuracy(size_t licence, size_t device) const {
    const std::vector<float> values = answers(licence, device, questions_.inputs);
    return static_cast<double>(count_correct(output_, values, questions_.labels)) /
           static_cast<double>(questions_.labels.size());
  }

  /// Under `blind`: what the first device answers, and what wrong ones do.
  void judge(FleetReport& report) {
    report.accuracy = accuracy(1, 1);
    std::set<DevicePair> known;
    for (const auto& [pair, value] : store_.accuracies()) known.insert(pair);
    const auto pairs = wrong_pairs(options_.devices, options_.answers, store_.setup().seed);
    std::vector<double> found(pairs.size());
    in_chunks(
        "judging answers of wrong devices", pairs.size(), options_.threads,
        [&](size_t i) {
          if (known.count(pairs[i]) == 0) found[i] = accuracy(pairs[i].first, pairs[i].second);
        },
        [&](size_t begin, size_t end) {
          for (size_t i = begin; i < end; ++i)
            if (known.count(pairs[i]) == 0) store_.add_accuracy(pairs[i], found[i]);
        });
    for (const auto& [pair, value] : store_.accuracies()) report.wrong_accuracies.push_back(value);
  }

  FleetOptions options_;
  bool judged_by_zoo_;
  BenchNetwork zoo_;
  lock::Owner owner_;
  driver::Package package_;
  lock::PackageView view_;
  FleetStore store_;
  program::OutputBoundary output_;
  Questions questions_;
};

}  // namespace

std::vector<DevicePair> wrong_pairs(size_t devices, size_t count, uint64_t seed) {
  const uint64_t all = static_cast<uint64_t>(devices) * (devices - 1);
  std::set<uint64_t> chosen;
  if (count >= all) {
    for (uint64_t k = 0; k < all; ++k) chosen.insert(chosen.end(), k);
  } else {  // Floyd's sample without repetition
    std::mt19937_64 random(seed);
    for (uint64_t k = all - count; k < all; ++k) {
      const uint64_t drawn = std::uniform_int_distribution<uint64_t>(0, k)(random);
      chosen.insert(chosen.count(drawn) == 0 ? drawn : k);
    }
  }
  std::vector<DevicePair> pairs;
  for (const uint64_t k : chosen) {
    const auto licence = static_cast<uint32_t>(k / (devices - 1) + 1);
    auto device = static_cast<uint32_t>(k % (devices - 1) + 1);
    if (device >= licence) ++device;
    pairs.emplace_back(licence, device);
  }
  return pairs;
}

FleetReport run_fleet(const FleetOptions& options) { return Fleet(options).run(); }

}  // namespace keyway::tool
