// SPDX-License-Identifier: Apache-2.0
#include "tool/file_checks.hpp"

#include <filesystem>

#include "common/error.hpp"
#include "lock/keys.hpp"
#include "lock/parties.hpp"

namespace keyway::tool {

namespace {

namespace fs = std::filesystem;

/// Both paths lead to one regular file, or would when it is made.
bool same_file(const std::string& a, const std::string& b) {
  std::error_code ignored;
  if (fs::exists(a, ignored) && fs::exists(b, ignored)) {
    return fs::is_regular_file(a, ignored) && fs::equivalent(a, b, ignored);
  }
  const auto real = [](const std::string& path, std::error_code& error) {
    const fs::path whole = fs::absolute(path, error);
    return error ? fs::path() : fs::weakly_canonical(whole, error);
  };
  std::error_code error_a, error_b;
  const fs::path real_a = real(a, error_a), real_b = real(b, error_b);
  return !error_a && !error_b && real_a == real_b;
}

void refuse_same(const NamedFile& output, const NamedFile& other) {
  if (output.path.empty() || other.path.empty() || !same_file(output.path, other.path)) return;
  throw Error(ErrorKind::kUsage, std::string(output.name) + " '" + output.path + "' and " +
                                     other.name + " '" + other.path +
                                     "' are the same file; nothing was written");
}

void refuse_secret(const std::string& output) {
  const std::string kind = output.empty() ? "" : lock::file_kind(output);
  if (kind == "owner" || kind == "device" || kind == "enrolment") {
    throw Error(ErrorKind::kFile,
                output + ": is the secret " + kind + " file of somebody and is not overwritten");
  }
}

}  // namespace

void check_enrolment_output(const std::string& output, const std::string& device,
                            const std::string& owner) {
  for (const NamedFile& input : {NamedFile{"the device", device}, NamedFile{"--owner", owner}}) {
    refuse_same({"--output", output}, input);
  }
  const std::string kind = lock::file_kind(output);
  if (kind == "enrolment") {
    const lock::Enrolment there = lock::read_enrolment(output);
    const auto key = lock::owner_key(lock::read_owner(owner).root);
    if (there.device_id != lock::read_device(device).id ||
        there.owner != lock::owner_fingerprint(key)) {
      throw Error(ErrorKind::kFile,
                  output + ": is the record of another device or owner and is not overwritten");
    }
  } else {
    refuse_secret(output);
  }
}

void check_files(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (const NamedFile& input : inputs) refuse_same(outputs[i], input);
    for (size_t k = i + 1; k < outputs.size(); ++k) refuse_same(outputs[i], outputs[k]);
  }
  for (const NamedFile& output : outputs) refuse_secret(output.path);
}

void refuse_to_replace(const std::string& path, const std::string& what) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) {
    throw Error(ErrorKind::kFile,
                path + ": exists; " + what + " is not replaced, remove it first if you mean to");
  }
}

}  // namespace keyway::tool
