// SPDX-License-Identifier: Apache-2.0
/// What a waveform needs besides the library that writes FST files, which does not say when the
/// disk is full: it goes on, and ends the process when it closes the file.
#pragma once

#include <string>

namespace keyway::platform {

/// Throws Error(kFile) when the disk has no room for the end of the waveform at `path`.
void require_room(const std::string& path);

/// Throws Error(kFile) unless the file at `path` is a chain of FST blocks (a byte of type, eight of
/// length, big-endian, which count themselves) that ends where the file does and has geometry and
/// hierarchy. What is no regular file passes.
void require_whole_wave(const std::string& path);

}  // namespace keyway::platform
