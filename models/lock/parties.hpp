// SPDX-License-Identifier: Apache-2.0
/// The parties of the lock and their files: the owner (.kwo), a simulated device (.kwd), its
/// enrolment record (.kwe), and the class of a core (.kwc), which is public. Form: key_file.hpp.
///
/// A device file stands for a piece of silicon: its fields are the fuses. So it is opened by
/// enrolment, as fuses are burned in a factory; by what takes the silicon's place, the program
/// simulator (`func`) and the simulated platform (`sim`, `hw_emu`); and by the command's own checks
/// before those. Nothing on the way to a card (`hw`) opens one.
///
/// Errors: kFile for files that are missing, malformed or of another kind; kRefused as stated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "lock/bytes.hpp"
#include "lock/keys.hpp"
#include "lock/puf.hpp"
#include "lock/secret.hpp"

namespace keyway::lock {

/// "owner", "device", "enrolment", "class", or nothing when there is no such file at `path`. Never
/// throws for what it finds there.
std::string file_kind(const std::string& path);

struct Owner {
  Key root;  ///< O
};

Owner new_owner();
void write_owner(const Owner& owner, const std::string& path);
Owner read_owner(const std::string& path);

/// The PUF of a device: what the silicon is, what it is exposed to, and, public, its helper data
/// and check value, which the enrolment leaves beside it.
struct DevicePuf {
  PufKind kind = PufKind::kRingOscillator;
  Key seed;
  Environment environment;
  HelperData helper{};
  Bytes32 check{};
};

/// What tells the cores with one bitstream from others.
struct ClassFile {
  std::string core;  ///< its name
  ClassFingerprints fingerprints;
};
void write_class(const ClassFile& file, const std::string& path);
ClassFile read_class(const std::string& path);

struct Device {
  uint64_t id = 0;
  std::string device_class;
  Key fuse;
  DevicePuf puf;
  std::string core;              ///< its structure; empty: whatever runs it
  Sources sources = kFuseAlone;  ///< what S is made of; chosen by the enrolment
  std::optional<Key> owner_key;  ///< A, burned in by the enrolment
};

Device new_device(uint64_t id, const std::string& device_class);

/// What the PUF of `device` reads at a boot.
PufCells read_cells(const DevicePuf& puf, uint64_t boot);

/// Number of a boot that nobody has seen before: its noise.
uint64_t new_boot();

/// S as the device finds it at a boot (rtl/lock/device_secret.sv), on a core of that class. Throws
/// verdict(kNoSecret) where the cells read too differently from the enrolment, or helper data or
/// check value are not its; Error(kRefused) where S is bound to a class and there is none.
Key boot(const Device& device, uint64_t boot,
         const std::optional<ClassFingerprints>& of_class = std::nullopt);
void write_device(const Device& device, const std::string& path);
Device read_device(const std::string& path);

/// Changes a device file under its lock: what `change` makes of it is written.
void change_device(const std::string& path, const std::function<void(Device&)>& change);

struct Enrolment {
  uint64_t device_id = 0;
  std::string device_class;
  Key record;       ///< D
  Bytes32 owner{};  ///< fingerprint of the owner's key, to tell a stranger's record
};

/// Name by which an owner's records know him; tells nothing of the key.
Bytes32 owner_fingerprint(const Key& owner_key);

/// Enrols the device of `device_path` with `owner`: writes the record, then burns the owner's key
/// and what S is made of into the device file. The same owner again, with the same sources, gets
/// the same record. `measure` gives the class of a core of that name, where S is bound to it; the
/// device is such a core from then on. Throws Error(kRefused) when the device belongs to another
/// owner, is enrolled with other sources, or does not find its secret again; Error(kUsage) where no
/// source keeps a secret: a class is known to everybody.
using MeasureClass = std::function<ClassFingerprints(const std::string& core)>;
Enrolment enrol(const std::string& device_path, const Owner& owner, const std::string& record_path,
                Sources sources = kFuseAlone, const MeasureClass& measure = {});
Enrolment read_enrolment(const std::string& path);

}  // namespace keyway::lock
