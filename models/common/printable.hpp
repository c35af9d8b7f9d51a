// SPDX-License-Identifier: Apache-2.0
/// Text from other people's files, fit for a line on a terminal.
///
/// Names in ONNX files and manifests are whatever their author wrote: they may move the cursor,
/// clear the screen, set the window's title, turn the direction of writing, or pretend to be
/// further lines of ours. `printable` lets through what shows as itself and writes the rest as an
/// escape:
///
///     \x1b        control characters (C0, DEL, C1: line ends and tabs among them), and each byte
///                 of what is no UTF-8 (overlong forms and surrogates included)
///     \u{202e}    characters that show nothing or change how others show: directional controls,
///                 line and paragraph separators, zero-width and tag characters, interlinear
///                 annotations
///
/// What is longer than `most` characters loses its middle to "...". The result is UTF-8, of a
/// single line, and passes unchanged when given again.
///
/// Contract: every name that an error message or a table holds goes through here where the text is
/// composed; fields of JSON keep the true name, escaped as JSON wants it. `keyway` prints its error
/// messages through here as well, so that a path of the command line is no exception.
/// Test: tests/common/test_printable.cpp, tests/tool/test_foreign_names.py.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace keyway::common {

inline constexpr size_t kMostShown = 160;  ///< characters, escapes counted as they are written
inline constexpr size_t kAllShown = static_cast<size_t>(-1);

std::string printable(std::string_view text, size_t most = kMostShown);

/// In single quotes, as messages name things.
std::string quoted(std::string_view name);

}  // namespace keyway::common
