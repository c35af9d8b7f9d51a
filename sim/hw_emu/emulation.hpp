// SPDX-License-Identifier: Apache-2.0
/// What the driver and the simulator process of hardware emulation say to each other around XRT:
/// environment variables, which reach the simulator through XRT, and the lifeline, a Unix stream
/// socket on which the driver listens and the simulator connects before all else.
///
/// On the lifeline go lines of text. The simulator sends `ready` when it has answered XRT's first
/// request, or `error TEXT` before it gives up. The driver sends `close`; the simulator then writes
/// out trace and waveform and ends. Either side learns of the other's death by the end of the
/// stream. A simulator that is launched without KEYWAY_LIFELINE (by a program that uses XRT without
/// this driver) serves XRT alone.
#pragma once

namespace keyway::emulation {

inline constexpr const char* kSimulatorVariable = "KEYWAY_SIMULATOR";  ///< program to launch
inline constexpr const char* kLifelineVariable = "KEYWAY_LIFELINE";    ///< path of the socket
inline constexpr const char* kDeviceVariable = "KEYWAY_DEVICE_FILE";   ///< path, never the content
inline constexpr const char* kMemoryVariable = "KEYWAY_MEMORY";        ///< as --memory
inline constexpr const char* kWaveVariable = "KEYWAY_WAVE";            ///< path, or unset
inline constexpr const char* kTraceVariable = "KEYWAY_TRACE";          ///< path, or unset

inline constexpr const char* kReadyLine = "ready";
inline constexpr const char* kErrorPrefix = "error ";
inline constexpr const char* kCloseLine = "close";

/// Compute unit as xrt::kernel opens it, from the xclbin of sim/hw_emu (and of the board packages).
inline constexpr const char* kKernelName = "keyway";

}  // namespace keyway::emulation
