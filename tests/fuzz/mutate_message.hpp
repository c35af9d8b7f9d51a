// SPDX-License-Identifier: Apache-2.0
/// Mutations of a protobuf message that keep it a message: one field somewhere in the tree gets an
/// interesting value, a value from elsewhere in the tree, or is repeated, moved or dropped. Bytes
/// that are changed blindly seldom parse; this reaches behind the parser.
#pragma once

#include <google/protobuf/message.h>

#include <random>

namespace keyway::fuzz {

void mutate(google::protobuf::Message& message, std::minstd_rand& random);

}  // namespace keyway::fuzz
