// SPDX-License-Identifier: Apache-2.0
#include "program/verdict.hpp"

#include <string>

namespace keyway {

Error verdict(contract::Status status) {
  using contract::Status;
  switch (status) {
    case Status::kNoLicence:
      return {ErrorKind::kRefused,
              "refused: the package is locked and no licence was given; its owner makes one with "
              "`keyway licence`"};
    case Status::kNotEnrolled:
      return {ErrorKind::kRefused,
              "refused: the package is locked and the device is not enrolled with any owner; "
              "`keyway device enrol` does that"};
    case Status::kLicenceRefused:
      return {ErrorKind::kRefused,
              "refused: the licence is another owner's, of another package or policy, or damaged"};
    case Status::kWrongDevice:
      return {ErrorKind::kRefused, "refused: the licence was made for another device"};
    case Status::kAuthentication:
      return {ErrorKind::kAuthentication,
              "the package fails authentication: its bytes are not what its owner made"};
    case Status::kBadHeader:
      return {ErrorKind::kAuthentication,
              "the package's header is damaged, or of another version of Keyway"};
    case Status::kWrongCore:
      return {ErrorKind::kFit, "the package was compiled for another core"};
    case Status::kBusError:
      return {ErrorKind::kDevice, "the device's memory bus answered with an error"};
    case Status::kBadProgram:
      return {ErrorKind::kDevice,
              "the core met an instruction it does not know, one out of bounds, or one that waits "
              "for what never comes"};
    case Status::kNone:
    case Status::kOk:
      break;
  }
  return {ErrorKind::kDevice, "the core stopped with the unexpected status " +
                                  std::to_string(static_cast<unsigned>(status))};
}

}  // namespace keyway
