// SPDX-License-Identifier: Apache-2.0
#include "lock/parties.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/error.hpp"
#include "lock/cipher.hpp"
#include "lock/key_file.hpp"
#include "lock/keys.hpp"

namespace keyway::lock {

namespace {

Key key(const KeyFileReader& file, const char* field) {
  Key out;
  file.bytes(field, out.data(), out.size());
  return out;
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
  return {id, device_class, Key::random(), std::nullopt};
}

void write_device(const Device& device, const std::string& path) {
  KeyFileWriter file("device");
  file.number("id", device.id);
  file.text("class", device.device_class);
  file.bytes("secret", device.secret);
  if (device.owner_key) file.bytes("owner_key", *device.owner_key);
  file.write(path);
}

Device read_device(const std::string& path) {
  const KeyFileReader file(path, "device");
  Device device{file.number("id"), file.text("class"), key(file, "secret"), std::nullopt};
  if (file.has("owner_key")) device.owner_key = key(file, "owner_key");
  return device;
}

Bytes32 owner_fingerprint(const Key& owner_key) {
  return kdf(contract::kKdfFingerprint, {owner_key}).bytes();
}

Enrolment enrol(const std::string& device_path, const Owner& owner,
                const std::string& record_path) {
  const FileLock held(device_path);
  Device device = read_device(device_path);
  const Key owner_key = lock::owner_key(owner.root);
  if (device.owner_key && *device.owner_key != owner_key) {
    throw Error(ErrorKind::kRefused, device_path + ": this device is enrolled with another owner");
  }
  const Enrolment enrolment{device.id, device.device_class,
                            enrolment_record(device.secret, owner_key),
                            owner_fingerprint(owner_key)};
  KeyFileWriter file("enrolment");
  file.number("device_id", enrolment.device_id);
  file.text("class", enrolment.device_class);
  file.bytes("record", enrolment.record);
  file.bytes("owner", enrolment.owner);
  file.write(record_path);
  if (!device.owner_key) {  // the record is on disk: a crash from here on loses nothing
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
