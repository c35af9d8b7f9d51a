// SPDX-License-Identifier: Apache-2.0
/// Checks on the files that a command line names, before any work is done: nothing that exists is
/// lost by a slip of the hand.
#pragma once

#include <string>
#include <vector>

namespace keyway::tool {

/// A file of the command line: what messages call it, and its path (empty: not given).
struct NamedFile {
  const char* name;
  std::string path;
};

/// Throws Error(kUsage) naming both when an output is also an input or another output, however it
/// is spelled (./, symbolic and hard links), and Error(kFile) when an output is an owner file, a
/// device file or an enrolment record, which nothing can bring back. Devices and pipes may be named
/// as often as one likes.
void check_files(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs);

/// Throws Error(kFile) when a record of another device or owner would be lost.
void check_enrolment_output(const std::string& output, const std::string& device,
                            const std::string& owner);

/// Files with secrets that cannot be made again are never overwritten: throws Error(kFile).
void refuse_to_replace(const std::string& path, const std::string& what);

}  // namespace keyway::tool
