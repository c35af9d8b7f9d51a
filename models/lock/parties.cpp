// SPDX-License-Identifier: Apache-2.0
#include "lock/parties.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "common/error.hpp"
#include "common/file.hpp"
#include "lock/cipher.hpp"
#include "lock/keys.hpp"

namespace keyway::lock {

namespace {

using Json = nlohmann::json;

constexpr size_t kMaxBytes = 64 * 1024;
constexpr int kVersion = 1;

Json head(const char* kind) { return {{"keyway", kind}, {"version", kVersion}}; }

void write(const Json& json, const std::string& path) {
  common::write_file(path, json.dump(2) + "\n", common::FileMode::kSecret);
}

Json read(const std::string& path, const std::string& kind) {
  const auto bytes = common::read_file(path, kMaxBytes);
  const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (json.is_discarded() || !json.is_object() || !json.contains("keyway")) {
    throw Error(ErrorKind::kFile, path + ": not a Keyway " + kind + " file");
  }
  if (json["keyway"] != kind) {
    throw Error(ErrorKind::kFile, path + ": a Keyway " + json["keyway"].dump() + " file, where a " +
                                      kind + " file is needed");
  }
  if (json.value("version", Json()) != kVersion) {
    throw Error(ErrorKind::kFile, path + ": made by another version of Keyway");
  }
  return json;
}

std::string text(const Json& json, const char* field, const std::string& path) {
  const auto found = json.find(field);
  if (found == json.end() || !found->is_string()) {
    throw Error(ErrorKind::kFile, path + ": field '" + field + "' is missing or not a string");
  }
  return found->get<std::string>();
}

uint64_t number(const Json& json, const char* field, const std::string& path) {
  const auto found = json.find(field);
  if (found == json.end() || !found->is_number_unsigned()) {
    throw Error(ErrorKind::kFile, path + ": field '" + field + "' is missing or not a number");
  }
  return found->get<uint64_t>();
}

Bytes32 bytes32(const Json& json, const char* field, const std::string& path) {
  Bytes32 out;
  from_hex(text(json, field, path), out.data(), out.size(), path + ": field '" + field + "'");
  return out;
}

/// Keeps two enrolments of one device apart; released when the object dies.
class FileLock {
 public:
  explicit FileLock(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace

Owner new_owner() { return {random_bytes<Bytes32>()}; }

void write_owner(const Owner& owner, const std::string& path) {
  Json json = head("owner");
  json["root"] = to_hex(owner.root);
  write(json, path);
}

Owner read_owner(const std::string& path) { return {bytes32(read(path, "owner"), "root", path)}; }

Device new_device(uint64_t id, const std::string& device_class) {
  return {id, device_class, random_bytes<Bytes32>(), std::nullopt};
}

void write_device(const Device& device, const std::string& path) {
  Json json = head("device");
  json["id"] = device.id;
  json["class"] = device.device_class;
  json["secret"] = to_hex(device.secret);
  if (device.owner_key) json["owner_key"] = to_hex(*device.owner_key);
  write(json, path);
}

Device read_device(const std::string& path) {
  const Json json = read(path, "device");
  Device device{number(json, "id", path), text(json, "class", path), bytes32(json, "secret", path),
                std::nullopt};
  if (json.contains("owner_key")) device.owner_key = bytes32(json, "owner_key", path);
  return device;
}

Bytes32 owner_fingerprint(const Bytes32& owner_key) { return kdf("fingerprint", {owner_key}); }

Enrolment enrol(const std::string& device_path, const Owner& owner,
                const std::string& record_path) {
  const FileLock held(device_path);
  Device device = read_device(device_path);
  const Bytes32 key = owner_key(owner.root);
  if (device.owner_key && !equal(*device.owner_key, key)) {
    throw Error(ErrorKind::kRefused, device_path + ": this device is enrolled with another owner");
  }
  const Enrolment enrolment{device.id, device.device_class, enrolment_record(device.secret, key),
                            owner_fingerprint(key)};
  Json json = head("enrolment");
  json["device_id"] = enrolment.device_id;
  json["class"] = enrolment.device_class;
  json["record"] = to_hex(enrolment.record);
  json["owner"] = to_hex(enrolment.owner);
  write(json, record_path);
  if (!device.owner_key) {  // the record is on disk: a crash from here on loses nothing
    device.owner_key = key;
    write_device(device, device_path);
  }
  return enrolment;
}

Enrolment read_enrolment(const std::string& path) {
  const Json json = read(path, "enrolment");
  return {number(json, "device_id", path), text(json, "class", path), bytes32(json, "record", path),
          bytes32(json, "owner", path)};
}

}  // namespace keyway::lock
