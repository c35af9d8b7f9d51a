// SPDX-License-Identifier: Apache-2.0
/// A private folder for one XRT process, /tmp/keyway-XXXXXX, that holds all XRT reads and leaves:
///   emconfig.json   the emulated card (hardware emulation)
///   xrt.ini         settings, among them the work-around below
///   xrt/lib         link to the folder of XRT's libraries, as XILINX_XRT wants it
///   xrt.log         what XRT prints
///   lifeline        socket of hw_emu/emulation.hpp
///   <id>            XRT's own socket to the simulator, since USER is this folder's name: XRT
///                   puts it into /tmp/$USER
///   keyway_xrt      copy of the program: XRT writes its logs and its run folder (.run, ...) beside
///                   the executable
///
/// Work-around. XRT 2.13 keeps one buffer for messages to the simulator and, when it must grow,
/// calls realloc but drops the new pointer. The first message carries every key of xrt.ini's
/// [Emulation] section, so one padding key longer than any later message (packet_size bounds those)
/// makes the buffer large enough at once. XRT answers with an 'Invalid option' warning in its log.
/// A repaired XRT needs no padding, and does not mind it.
#pragma once

#include <string>
#include <vector>

namespace keyway::driver {

class RunFolder {
 public:
  RunFolder();   ///< throws Error(kDevice)
  ~RunFolder();  ///< removes it with all that is in it
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string lifeline() const { return path_ + "/lifeline"; }
  std::string log() const { return path_ + "/xrt.log"; }

  /// Copies a program in; returns where it is now. Throws Error(kDevice).
  std::string adopt(const std::string& program) const;

  /// NAME=value for the XRT process, before XRT is loaded into it.
  std::vector<std::string> environment(bool emulation) const;

  /// The last line that XRT wrote into its log and that looks like a reason; empty without one.
  std::string complaint() const;

 private:
  std::string path_;
};

}  // namespace keyway::driver
