# SPDX-License-Identifier: Apache-2.0
"""Writes ONNX nodes in the form that an operator has in each opset; see random_models.py."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSETS = tuple(range(6, 24))


class Writer:
    """Nodes and initialisers of a model that grows; its random choices follow from the seed.

    `form` is the opset that it is written in: the drawn one or, as onnxruntime has none below it, 7
    for `reference`. So no choice depends on which of 6 and 7 was drawn."""

    def __init__(self, seed, reference=False):
        self.rng = np.random.default_rng(seed)
        self.seed = seed
        self.opset = int(self.rng.choice(OPSETS))
        self.form = max(self.opset, 7) if reference else self.opset
        self.nodes, self.initialisers, self.log, self.count = [], [], [], 0
        self.batch = int(self.pick(0, 0, 0, 1, 1, 2, 3))  # 0: free
        self.named = self.chance(0.7)

    # --- small helpers ---------------------------------------------------------------------------
    def pick(self, *options):
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p):
        return self.rng.random() < p

    def between(self, least, most):
        return int(self.rng.integers(least, most + 1))

    def fresh(self, stem):
        self.count += 1
        return f"{stem}{self.count}"

    def floats(self, *shape, spread=1.0):
        return self.rng.normal(0, spread, shape).astype(np.float32)

    def const(self, array):
        """A float constant: initialiser or Constant node, raw or typed data, sometimes from float64."""
        array = np.array(array, order="C")
        name, form = self.fresh("const"), self.pick("raw", "raw", "raw", "typed", "node", "double", "half")
        if array.dtype != np.float32 and form in ("double", "half"):
            form = "small"
        if form == "node" and self.opset >= 12 and array.ndim <= 1 and self.chance(0.5):
            values = array.tolist()
            key = ("value_float" if array.dtype == np.float32 else "value_int") + ("s" if array.ndim else "")
            self.nodes.append(helper.make_node("Constant", [], [name], **{key: values}))
            return name
        if form == "small" and (array != array.astype(np.int32)).any():
            form = "typed"
        if form == "typed":
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            self.initialisers.append(helper.make_tensor(name, kind, array.shape, array.flatten().tolist()))
        elif form == "node":
            self.nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array)))
        elif form == "small":
            stored = self.pick(np.int32, np.int8, np.int16, np.uint8) if (abs(array) < 100).all() else np.int32
            stored = np.int32 if (array < 0).any() and stored == np.uint8 else stored
            self.initialisers.append(numpy_helper.from_array(array.astype(stored), name + "_stored"))
            self.nodes.append(helper.make_node("Cast", [name + "_stored"], [name], to=TensorProto.INT64))
        elif form in ("double", "half"):
            wide = array.astype(np.float64 if form == "double" else np.float16)
            self.initialisers.append(numpy_helper.from_array(wide, name + "_stored"))
            self.nodes.append(helper.make_node("Cast", [name + "_stored"], [name], to=TensorProto.FLOAT))
        else:
            self.initialisers.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    def op(self, kind, inputs, outputs=1, **attributes):
        names = [self.fresh(kind.lower()) for _ in range(outputs)]
        if self.form < 7 and kind in ("Add", "Sub", "Mul", "Div", "Gemm"):
            attributes["broadcast"] = 1
        if self.form < 7 and kind in ("BatchNormalization", "Dropout"):
            attributes["is_test"] = 1
        label = {"name": self.fresh("node_" + kind)} if self.named else {}
        self.nodes.append(helper.make_node(kind, inputs, names, **label, **attributes))
        return names[0]

    def axis(self, axis, rank=4):
        """The same axis, sometimes counted from the end (which operators take from opset 11 on)."""
        return axis - rank if self.opset >= 11 and self.chance(0.3) else axis

    # --- operators whose form depends on the opset ------------------------------------------------
    def clip(self, x, lo, hi):
        if self.opset < 11:
            bounds = {k: float(v) for k, v in (("min", lo), ("max", hi)) if v is not None}
            return self.op("Clip", [x], **bounds)
        inputs = [x] + [self.const(np.float32(v)) if v is not None else "" for v in (lo, hi)]
        return self.op("Clip", inputs[:-1] if hi is None else inputs)

    def with_axes(self, kind, x, axes, since, **more):
        if self.opset < since:
            return self.op(kind, [x], axes=list(axes), **more)
        return self.op(kind, [x, self.ints(*axes)], **more)

    def pad_op(self, x, pads):
        if self.opset < 11:
            return self.op("Pad", [x], pads=pads, mode="constant", value=0.0)
        rank = len(pads) // 2
        if self.opset >= 18 and self.chance(0.5):
            axes = [i for i in range(rank) if pads[i] or pads[rank + i]] or [0]
            chosen = [pads[i] for i in axes] + [pads[rank + i] for i in axes]
            axes = [a - rank if self.chance(0.5) else a for a in axes]
            return self.op("Pad", [x, self.ints(*chosen), self.const(np.float32(0)), self.ints(*axes)])
        inputs = [x, self.ints(*pads)] + ([self.const(np.float32(0))] if self.chance(0.5) else [])
        return self.op("Pad", inputs, mode="constant")

    def slice_op(self, x, starts, ends, axes, steps):
        if self.opset < 10:
            return self.op("Slice", [x], starts=starts, ends=ends, axes=axes)
        return self.op("Slice", [x, self.ints(*starts), self.ints(*ends), self.ints(*axes), self.ints(*steps)])

    # --- constants that have to be folded ---------------------------------------------------------
    def folded(self, values):
        """These values (one axis, none zero), through operators on constants that an importer must fold."""
        n = len(values)
        kind = self.between(0, 7) if self.opset >= 8 else self.pick(1, 2, 3, 4, 6)
        self.log.append(f"folded{kind}")
        if kind == 0 and self.opset >= 10:  # backwards twice
            backwards = self.const(values[::-1])
            return self.slice_op(backwards, [-1], [-2**63 + 1], [0], [-1])
        if kind == 1:  # a row of a matrix
            rows = self.const(np.stack([values * 0, values, values + 1]))
            return self.op("Gather", [rows, self.const(np.int64(self.pick(1, -2) if self.opset >= 11 else 1))], axis=0)
        if kind == 2:  # columns of a transposed matrix, picked in another order and back
            order = self.rng.permutation(n)
            columns = self.op("Transpose", [self.const(np.stack([values[order], values * 0]))], perm=[1, 0])
            picked = self.op("Gather", [columns, self.ints(*np.argsort(order))], axis=0)
            return self.op("Reshape", [self.slice_op(picked, [0], [1], [1], [1]), self.ints(-1)])
        if kind == 3:  # halves put together
            cut = self.between(0, n)
            parts = [self.const(part) for part in (values[:cut], values[cut:]) if len(part)]
            return self.op("Concat", parts, axis=0)
        if kind == 4:
            return self.op("Neg", [self.op("Neg", [self.const(values)])])
        if kind == 5:  # 1 / (1 / v)
            return self.op("Div", [self.const(np.float32(1)), self.op("Reciprocal", [self.const(values)])])
        if kind == 6:  # sign(v) * sqrt(v * v)
            square = self.op("Mul", [self.const(values), self.const(values)])
            return self.op("Mul", [self.op("Sqrt", [square]), self.const(np.sign(values))])
        ones = self.op("Expand", [self.const(np.ones(1, np.float32)), self.ints(2, n)])
        tall = self.op("Mul", [ones, self.const(values)])
        tall = self.with_axes("Unsqueeze", tall, [2], 13)
        first = self.slice_op(tall, [0], [1], [0], [1])
        return self.op("Squeeze", [first]) if n > 1 else self.op("Reshape", [first, self.ints(1)])
