// SPDX-License-Identifier: Apache-2.0
#include "graph/view.hpp"

#include <algorithm>
#include <array>

namespace keyway::graph::importing {

namespace {

int64_t group_size(const Group& group) {
  int64_t size = 1;
  for (const Atom& atom : group) size *= atom.size;
  return size;
}

int64_t axis_size(const Shape& shape, Axis axis) {
  switch (axis) {
    case Axis::kChannel:
      return shape.channels;
    case Axis::kHeight:
      return shape.height;
    case Axis::kWidth:
      return shape.width;
    default:
      return 1;
  }
}

}  // namespace

std::vector<int64_t> View::dims() const {
  std::vector<int64_t> dims;
  for (const Group& group : axes) dims.push_back(group_size(group));
  return dims;
}

Group normalised(const Group& group) {
  Group out;
  for (const Atom& atom : group) {
    if (atom.size == 1 && atom.axis != Axis::kBatch) continue;
    if (!out.empty() && out.back().axis == atom.axis && out.back().step == atom.step * atom.size) {
      out.back().size *= atom.size;
      out.back().step = atom.step;
    } else {
      out.push_back(atom);
    }
  }
  return out;
}

View image_view(int tensor, const Shape& shape, int64_t batch) {
  View view;
  view.tensor = tensor;
  view.axes = {{{Axis::kBatch, batch, 1}},
               normalised({{Axis::kChannel, shape.channels, 1}}),
               normalised({{Axis::kHeight, shape.height, 1}}),
               normalised({{Axis::kWidth, shape.width, 1}})};
  return view;
}

View transposed(const View& view, const std::vector<int64_t>& perm) {
  View out;
  out.tensor = view.tensor;
  for (int64_t axis : perm) out.axes.push_back(view.axes[static_cast<size_t>(axis)]);
  return out;
}

std::optional<View> reshaped(const View& view, const std::vector<int64_t>& dims) {
  // A queue of atoms, consumed from its front by the new dimensions.
  Group queue;
  for (const Group& group : view.axes) queue.insert(queue.end(), group.begin(), group.end());
  std::reverse(queue.begin(), queue.end());
  View out;
  out.tensor = view.tensor;
  for (int64_t dim : dims) {
    Group group;
    int64_t open = dim;
    while (!queue.empty()) {
      Atom& atom = queue.back();
      const bool bare_batch =
          atom.size == 1 && group.empty();  // goes to the first dimension there is
      if (open == 1 && !bare_batch) break;
      if (open % atom.size == 0) {
        open /= atom.size;
        group.push_back(atom);
        queue.pop_back();
      } else if (atom.size % open == 0 && atom.axis != Axis::kBatch) {
        group.push_back({atom.axis, open, atom.step * (atom.size / open)});
        atom.size /= open;
        open = 1;
      } else {
        return std::nullopt;
      }
    }
    if (open != 1) return std::nullopt;
    out.axes.push_back(normalised(group));
  }
  // A batch of one that is left over joins the last dimension.
  for (; !queue.empty(); queue.pop_back()) {
    if (queue.back().size != 1) return std::nullopt;
    if (out.axes.empty()) return std::nullopt;
    out.axes.back().push_back(queue.back());
  }
  return out;
}

bool covers(const Group& group, Axis axis, int64_t size) {
  if (size == 1) return group.empty();
  return group.size() == 1 && group[0] == Atom{axis, size, 1};
}

bool permutes(const Group& group, Axis axis, int64_t size) {
  Group atoms = group;
  std::sort(atoms.begin(), atoms.end(),
            [](const Atom& a, const Atom& b) { return a.step < b.step; });
  int64_t covered = 1;
  for (const Atom& atom : atoms) {
    if (atom.axis != axis || atom.step != covered) return false;
    covered *= atom.size;
  }
  return covered == size;
}

bool holds(const Group& group, Axis axis) {
  return std::any_of(group.begin(), group.end(), [axis](const Atom& a) { return a.axis == axis; });
}

std::optional<Roles> roles_of(const View& view, const Shape& shape, bool channels_first) {
  using A = Axis;
  static const std::array<std::vector<Axis>, 14> kOrders = {{
      {A::kBatch, A::kChannel, A::kHeight, A::kWidth},
      {A::kBatch, A::kHeight, A::kWidth, A::kChannel},
      {A::kBatch, A::kChannel, A::kWidth, A::kHeight},
      {A::kBatch, A::kWidth, A::kHeight, A::kChannel},
      {A::kBatch, A::kChannel, A::kWidth},
      {A::kBatch, A::kChannel, A::kHeight},
      {A::kBatch, A::kWidth, A::kChannel},
      {A::kBatch, A::kHeight, A::kChannel},
      {A::kBatch, A::kChannel},
      {A::kBatch, A::kHeight, A::kChannel, A::kWidth},
      {A::kBatch, A::kWidth, A::kChannel, A::kHeight},
      {A::kBatch, A::kHeight, A::kWidth},
      {A::kBatch, A::kWidth, A::kHeight},
      {A::kBatch, A::kWidth},
  }};
  for (const auto& order : kOrders) {
    if (order.size() != view.axes.size()) continue;
    if (channels_first && order[1] != A::kChannel) continue;
    bool fits = true;
    int64_t covered = 1;
    Roles roles{order, {}};
    for (size_t i = 0; i < order.size() && fits; ++i) {
      const Group& group = view.axes[i];
      if (order[i] == A::kBatch) {
        fits = group.size() == 1 && group[0].axis == A::kBatch;
      } else {
        const int64_t size = axis_size(shape, order[i]);
        fits = covers(group, order[i], size);
        if (!fits && order[i] == A::kChannel && permutes(group, order[i], size)) {
          fits = true;
          roles.channels = group;
        }
        covered *= size;
      }
    }
    if (fits && covered == shape.elements()) return roles;
  }
  return std::nullopt;
}

std::vector<Position> positions(const Group& group) {
  std::vector<Position> out(static_cast<size_t>(group_size(group)));
  int64_t inner = 1;
  for (size_t k = group.size(); k-- > 0;) {
    const Atom& atom = group[k];
    for (size_t i = 0; i < out.size(); ++i) {
      const int64_t at = static_cast<int64_t>(i) / inner % atom.size * atom.step;
      if (atom.axis == Axis::kChannel || atom.axis == Axis::kUser) out[i].channel += at;
      if (atom.axis == Axis::kHeight) out[i].y += at;
      if (atom.axis == Axis::kWidth) out[i].x += at;
    }
    inner *= atom.size;
  }
  return out;
}

std::optional<View> bound(const View& view, const Binding& binding) {
  struct Target {
    Axis axis;
    int64_t size, stride;
  };
  std::array<Target, 3> targets = {{{Axis::kChannel, binding.shape.channels, binding.stride_c},
                                    {Axis::kHeight, binding.shape.height, binding.stride_h},
                                    {Axis::kWidth, binding.shape.width, binding.stride_w}}};
  std::sort(targets.begin(), targets.end(),
            [](const Target& a, const Target& b) { return a.stride > b.stride; });
  View out;
  out.tensor = view.tensor;
  for (const Group& group : view.axes) {
    Group rewritten;
    for (const Atom& atom : group) {
      if (atom.axis != Axis::kUser) {
        rewritten.push_back(atom);
        continue;
      }
      // The user's flat positions atom.step * [0, atom.size): cut at the strides of the tensor's
      // axes, from the widest to the narrowest.
      int64_t size = atom.size;
      for (const Target& target : targets) {
        if (target.size == 1 || size == 1) continue;
        const int64_t span = atom.step * size;  // extent of what is left
        if (span <= target.stride) continue;
        if (span % target.stride != 0) return std::nullopt;
        const int64_t step = std::max<int64_t>(atom.step / target.stride, 1);
        if (atom.step > target.stride && atom.step % target.stride != 0) return std::nullopt;
        const int64_t count = span / (target.stride * step);
        if (step * count > target.size || size % count != 0) return std::nullopt;
        if (atom.step < target.stride && target.stride % atom.step != 0) return std::nullopt;
        rewritten.push_back({target.axis, count, step});
        size /= count;
      }
      if (size != 1) return std::nullopt;
    }
    out.axes.push_back(normalised(rewritten));
  }
  return out;
}

}  // namespace keyway::graph::importing
