// SPDX-License-Identifier: Apache-2.0
#include "lock/parties.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "common/error.hpp"
#include "lock/cipher.hpp"
#include "lock/key_file.hpp"
#include "lock/keys.hpp"
#include "program/core_config.hpp"
#include "program/verdict.hpp"

namespace keyway::lock {

namespace {

Key key(const KeyFileReader& file, const char* field) {
  Key out;
  file.bytes(field, out.data(), out.size());
  return out;
}

std::string to_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value);
  return {text, end.ptr};
}

double decimal(const KeyFileReader& file, const char* field, const std::string& path) {
  const std::string text = file.text(field);
  double value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) {
    throw Error(ErrorKind::kFile, path + ": field '" + field + "' is not a number");
  }
  return value;
}

/// Keeps two enrolments of one device apart; released when the object dies.
class FileLock {
 public:
  explicit FileLock(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail(path, "cannot be opened", errno);
    while (::flock(descriptor_, LOCK_EX) != 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      ::close(descriptor_);
      fail(path, "cannot be locked", error);
    }
  }
  ~FileLock() { ::close(descriptor_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  [[noreturn]] static void fail(const std::string& path, const char* what, int error) {
    throw Error(ErrorKind::kFile, path + ": " + what + ": " + std::strerror(error));
  }

  int descriptor_;
};

bool keeps_secret(Sources sources) {
  return has(sources, contract::SecretSource::kFuse) || has(sources, contract::SecretSource::kPuf);
}

}  // namespace

std::string file_kind(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return "";
  try {
    return KeyFileReader(path).kind();
  } catch (const Error&) {  // of another form, or not for our eyes
    return "";
  }
}

Owner new_owner() { return {Key::random()}; }

void write_owner(const Owner& owner, const std::string& path) {
  KeyFileWriter file("owner");
  file.bytes("root", owner.root);
  file.write(path);
}

Owner read_owner(const std::string& path) { return {key(KeyFileReader(path, "owner"), "root")}; }

Device new_device(uint64_t id, const std::string& device_class) {
  Device device;
  device.id = id;
  device.device_class = device_class;
  device.fuse = Key::random();
  device.puf.seed = Key::random();
  return device;
}

PufCells read_cells(const DevicePuf& puf, uint64_t boot) {
  return Puf(puf.kind, puf.seed).read(puf.environment, boot);
}

uint64_t new_boot() {
  uint64_t boot = 0;
  fill_random(reinterpret_cast<uint8_t*>(&boot), sizeof(boot));
  return boot;
}

Key boot(const Device& device, uint64_t boot, const std::optional<ClassFingerprints>& of_class) {
  if ((device.sources & kClassSources) != 0 && !of_class) {
    throw Error(ErrorKind::kRefused,
                "refused: the device's secret is bound to the class of its core, " + device.core +
                    ", whose cycles and results are not known here");
  }
  Key puf;
  if (has(device.sources, contract::SecretSource::kPuf)) {
    const auto bits = reproduce_key(read_cells(device.puf, boot), device.puf.helper);
    if (!bits) throw verdict(contract::Status::kNoSecret);
    puf = puf_key(device.puf.helper, *bits);
    if (!equal(puf_check(puf), device.puf.check)) throw verdict(contract::Status::kNoSecret);
  }
  return device_secret(device.sources, device.fuse, puf, of_class.value_or(ClassFingerprints{}));
}

void write_class(const ClassFile& of_class, const std::string& path) {
  KeyFileWriter file("class");
  file.text("core", of_class.core);
  file.bytes("clock", of_class.fingerprints.clock);
  file.bytes("precision", of_class.fingerprints.precision);
  file.write(path);
}

ClassFile read_class(const std::string& path) {
  const KeyFileReader file(path, "class");
  ClassFile of_class{file.text("core"), {}};
  auto& [clock, precision] = of_class.fingerprints;
  file.bytes("clock", clock.data(), clock.size());
  file.bytes("precision", precision.data(), precision.size());
  return of_class;
}

void write_device(const Device& device, const std::string& path) {
  KeyFileWriter file("device");
  file.number("id", device.id);
  file.text("class", device.device_class);
  if (!device.core.empty()) file.text("core", device.core);
  file.bytes("fuse", device.fuse);
  file.text("puf", kPufKindNames[static_cast<size_t>(device.puf.kind)]);
  file.bytes("puf_seed", device.puf.seed);
  for (const auto& [name, value] : {std::pair{"celsius", device.puf.environment.celsius},
                                    std::pair{"volts", device.puf.environment.volts},
                                    std::pair{"years", device.puf.environment.years}})
    file.text(name, to_text(value));
  if (device.owner_key) {
    file.number("sources", device.sources);
    file.bytes("owner_key", *device.owner_key);
    file.bytes("puf_helper", device.puf.helper);
    file.bytes("puf_check", device.puf.check);
  }
  file.write(path);
}

Device read_device(const std::string& path) {
  const KeyFileReader file(path, "device");
  Device device;
  device.id = file.number("id");
  device.device_class = file.text("class");
  if (file.has("core")) {
    device.core = file.text("core");
    try {
      program::core_from_name(device.core);
    } catch (const Error& e) {
      throw Error(ErrorKind::kFile, path + ": field 'core': " + e.what());
    }
  }
  device.fuse = key(file, "fuse");
  device.puf.kind = puf_kind(file.text("puf"), path + ": field 'puf'");
  device.puf.seed = key(file, "puf_seed");
  device.puf.environment.celsius = decimal(file, "celsius", path);
  device.puf.environment.volts = decimal(file, "volts", path);
  device.puf.environment.years = decimal(file, "years", path);
  check_environment(device.puf.environment, ErrorKind::kFile, path);
  if (file.has("owner_key")) {
    device.owner_key = key(file, "owner_key");
    const uint64_t sources = file.number("sources");
    device.sources = static_cast<Sources>(sources);
    if (sources >= 2 * static_cast<uint64_t>(contract::kSecretSources.back().source) ||
        !keeps_secret(device.sources) ||
        ((device.sources & kClassSources) != 0 && device.core.empty())) {
      throw Error(ErrorKind::kFile, path + ": no such sources of a secret");
    }
    file.bytes("puf_helper", device.puf.helper.data(), device.puf.helper.size());
    file.bytes("puf_check", device.puf.check.data(), device.puf.check.size());
  }
  return device;
}

void change_device(const std::string& path, const std::function<void(Device&)>& change) {
  const FileLock held(path);
  Device device = read_device(path);
  change(device);
  write_device(device, path);
}

Bytes32 owner_fingerprint(const Key& owner_key) {
  return kdf(contract::kKdfFingerprint, {owner_key}).bytes();
}

Enrolment enrol(const std::string& device_path, const Owner& owner, const std::string& record_path,
                Sources sources, const MeasureClass& measure) {
  if (!keeps_secret(sources)) {
    throw Error(
        ErrorKind::kUsage,
        "a device secret needs fuses or a PUF: what a core measures of itself is the same in "
        "all of its class");
  }
  const FileLock held(device_path);
  Device device = read_device(device_path);
  const Key owner_key = lock::owner_key(owner.root);
  if (device.owner_key && *device.owner_key != owner_key) {
    throw Error(ErrorKind::kRefused, device_path + ": this device is enrolled with another owner");
  }
  if (device.owner_key && device.sources != sources) {
    throw Error(ErrorKind::kRefused,
                device_path + ": this device is enrolled, with other sources of its secret");
  }
  const uint64_t this_boot = new_boot();
  std::optional<ClassFingerprints> of_class;
  if ((sources & kClassSources) != 0) {
    if (device.core.empty()) device.core = program::CoreConfig{}.name();
    of_class = measure(device.core);
  }
  if (!device.owner_key) {
    device.sources = sources;
    if (has(sources, contract::SecretSource::kPuf)) {
      const ExtractedKey extracted = enrol_cells(read_cells(device.puf, this_boot));
      device.puf.helper = extracted.helper;
      device.puf.check = puf_check(puf_key(extracted.helper, extracted.key));
    }
  }
  const Enrolment enrolment{device.id, device.device_class,
                            enrolment_record(boot(device, this_boot, of_class), owner_key),
                            owner_fingerprint(owner_key)};
  KeyFileWriter file("enrolment");
  file.number("device_id", enrolment.device_id);
  file.text("class", enrolment.device_class);
  file.bytes("record", enrolment.record);
  file.bytes("owner", enrolment.owner);
  file.write(record_path);
  // The record is on disk. After a crash here fuses give it once more; a PUF gives another one.
  if (!device.owner_key) {
    device.owner_key = owner_key;
    write_device(device, device_path);
  }
  return enrolment;
}

Enrolment read_enrolment(const std::string& path) {
  const KeyFileReader file(path, "enrolment");
  Enrolment enrolment{file.number("device_id"), file.text("class"), key(file, "record"), {}};
  file.bytes("owner", enrolment.owner.data(), enrolment.owner.size());
  return enrolment;
}

}  // namespace keyway::lock
