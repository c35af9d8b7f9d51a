// SPDX-License-Identifier: Apache-2.0
/// Strided views: how an ONNX value of any rank looks at a channels x height x width tensor.
///
/// Each ONNX axis is a list of atoms, most significant first; an atom (axis, size, step) runs over
/// `size` positions of one axis of the tensor, `step` apart. Example, a tensor of 16 x 8 x 8:
///
///     NCHW                 {N} {C16} {H8} {W8}
///     after Transpose      {N} {H8} {W8} {C16}
///     then Flatten         {N} {H8 W8 C16}
///
/// So a Transpose permutes lists, a Reshape joins and splits them, and neither moves data: the
/// layer that reads the view permutes its weights instead. Atoms of size one are dropped, except
/// the batch, which is always present exactly once; neighbouring atoms that continue each other are
/// joined, so equal views compare equal.
///
/// The shape of the network's input is not known before the first layer reads it (NCHW or NHWC or a
/// vector?). Until then its views consist of kUser atoms over the flat array that the user gives.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/graph.hpp"

namespace keyway::graph::importing {

enum class Axis { kBatch, kChannel, kHeight, kWidth, kUser };

struct Atom {
  Axis axis = Axis::kUser;
  int64_t size = 1;
  int64_t step = 1;
  bool operator==(const Atom& other) const {
    return axis == other.axis && size == other.size && step == other.step;
  }
};

using Group = std::vector<Atom>;

struct View {
  int tensor = -1;
  std::vector<Group> axes;

  std::vector<int64_t> dims() const;
};

/// The NCHW view of a tensor.
View image_view(int tensor, const Shape& shape, int64_t batch);

/// Drops atoms of size one (but the batch) and joins atoms that continue each other.
Group normalised(const Group& group);

View transposed(const View& view, const std::vector<int64_t>& perm);

/// The same elements in the same order under other dimensions (of equal product); nothing if a
/// dimension would cut an atom at a place that does not divide it.
std::optional<View> reshaped(const View& view, const std::vector<int64_t>& dims);

/// True if the group runs over the whole of one axis, of the given size, in order.
bool covers(const Group& group, Axis axis, int64_t size);

/// True if the group runs over the whole of one axis, of the given size, in any order.
bool permutes(const Group& group, Axis axis, int64_t size);

/// True if the group holds an atom of this axis.
bool holds(const Group& group, Axis axis);

/// What each axis of a view means. Size-one axes of an image get the meaning that fits a usual
/// order (N C H W first, then N H W C).
struct Roles {
  std::vector<Axis> axes;
  Group channels;  ///< the order of shuffled channels; empty: their own
};

/// Nothing if the view is not an image (or vector) with one axis of the tensor per ONNX axis.
/// `channels_first`: with the channels at axis 1.
std::optional<Roles> roles_of(const View& view, const Shape& shape, bool channels_first = false);

/// Position of every element of a group, in order, as coordinates; batch atoms count as nothing.
struct Position {
  int64_t channel = 0, y = 0, x = 0;
};
std::vector<Position> positions(const Group& group);

/// How the network's input is read once a layer has said what it is.
struct Binding {
  Shape shape;
  int64_t stride_c = 1, stride_h = 1, stride_w = 1;  ///< in the user's flat array
};

/// Rewrites kUser atoms as atoms of the bound tensor; nothing if the view contradicts the binding.
std::optional<View> bound(const View& view, const Binding& binding);

}  // namespace keyway::graph::importing
