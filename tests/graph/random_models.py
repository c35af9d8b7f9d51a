# SPDX-License-Identifier: Apache-2.0
"""Random small networks as ONNX, in the forms that PyTorch and tf2onnx export, for tests.

make(seed) gives a Case: model, shape of one input, number of images that one run takes, description.
Whatever it gives must import, and compute what onnxruntime computes. Opsets 6 to 23; every operator
of the importer, with the odd attributes: auto_pad, ceil_mode, count_include_pad, asymmetric pads,
strides above the kernel, negative axes, constants as nodes or initialisers in several types, shape
arithmetic, fixed and free batch.
"""
import dataclasses

import numpy as np
import onnx
from onnx import TensorProto, helper

from onnx_writer import Writer


@dataclasses.dataclass
class Case:
    model: onnx.ModelProto
    reference: onnx.ModelProto  # the same network in an opset that onnxruntime has
    dims: list       # of one input, without the batch
    batch: int       # images that the model takes at once
    text: str


@dataclasses.dataclass
class Image:
    """A tensor while the network is built: its ONNX name and its shape."""
    name: str
    c: int
    h: int
    w: int
    nhwc: bool = False

    def order(self, c, h, w):
        return [h, w, c] if self.nhwc else [c, h, w]


class Builder(Writer):
    def transpose(self, x, nhwc):
        """Turns an Image into the other order, by a Transpose."""
        if x.nhwc == nhwc:
            return x
        perm = [0, 2, 3, 1] if nhwc else [0, 3, 1, 2]
        return dataclasses.replace(x, name=self.op("Transpose", [x.name], perm=perm), nhwc=nhwc)

    # --- layers: take and give an Image -----------------------------------------------------------
    def activation(self, x):
        kind = self.pick("relu", "relu", "relu6", "clip", "low", "high", "bounds", "hard", "none", "none")
        if kind == "relu":
            name = self.op("Relu", [x.name])
        elif kind == "relu6":
            name = self.clip(x.name, 0, 6)
        elif kind == "clip":
            name = self.clip(x.name, -0.5, 1.25)
        elif kind == "bounds" and self.opset >= 8:
            name = self.op("Max", [x.name, self.const(np.float32(-0.5)), self.const(np.full((1, 1), -0.75, np.float32))])
            name = self.op("Min", [self.const(np.full((x.order(x.c, x.h, x.w)), 1.5, np.float32)), name])
        elif kind == "hard":
            name = self.op("HardSigmoid", [x.name], **({"alpha": 0.3, "beta": 0.4} if self.chance(0.5) else {}))
        elif kind == "low":
            name = self.clip(x.name, -0.25, None)
        elif kind == "high":
            name = self.clip(x.name, None, 0.75)
        else:
            return x
        return dataclasses.replace(x, name=name)

    def batch_norm(self, x):
        x = self.transpose(x, False)
        rng, c = self.rng, x.c
        parts = [rng.uniform(0.5, 1.5, c) * rng.choice([1, 1, 1, -1], c), rng.normal(0, 0.3, c),
                 rng.normal(0, 0.3, c), rng.uniform(0.3, 2, c)]
        more = {"momentum": 0.9} if self.chance(0.3) else {}
        name = self.op("BatchNormalization", [x.name] + [self.const(p.astype(np.float32)) for p in parts],
                       epsilon=float(self.pick(1e-5, 1e-3)), **more)
        return dataclasses.replace(x, name=name)

    def per_channel(self, x, values):
        """A constant that broadcasts over the image: a scalar, [C, 1, 1], [1, C, 1, 1], or NHWC [C]."""
        if values.size == x.c and (values != 0).all() and self.chance(0.3):
            name = self.folded(values)
            return name if x.nhwc else self.with_axes("Unsqueeze", name, [1, 2], 13)
        if values.size == 1:
            return self.const(values.reshape(self.pick([], [1], [1, 1, 1])))
        shape = x.order(x.c, 1, 1)
        if x.nhwc and self.chance(0.5):
            shape = [x.c]
        return self.const(values.reshape(shape if self.chance(0.7) else [1] * (4 - len(shape)) + shape))

    def arithmetic(self, x, ahead=False):
        kind = self.pick("Add", "Sub", "Mul", "Div", "Rsub" if self.opset >= 8 else "Sub", "Neg" if not ahead else "Div")
        size = 1 if self.chance(0.4) else x.c
        values = self.floats(size, spread=0.5) if kind in ("Add", "Sub", "Rsub") else (
            self.rng.uniform(0.4, 1.8, size).astype(np.float32) * (1 if self.chance(0.7) else -1))
        self.log.append(f"{kind}[{size}]")
        if kind == "Neg":
            return dataclasses.replace(x, name=self.op("Neg", [x.name]))
        inputs = [x.name, self.per_channel(x, values)]
        if kind == "Rsub":
            kind, inputs = "Sub", inputs[::-1]
        elif kind in ("Add", "Mul") and self.opset >= 8 and self.chance(0.4):
            inputs = inputs[::-1]
        return dataclasses.replace(x, name=self.op(kind, inputs))

    def window(self, h, w, kernel, pool=False):
        """Attributes of a sliding window and the size of its result; None if the kernel does not fit."""
        kh, kw = kernel
        sh, sw = self.pick((1, 1), (1, 1), (2, 2), (2, 1), (1, 3), (3, 2))
        if pool and self.chance(0.5):
            sh, sw = kh, kw
        attributes = {} if (sh, sw) == (1, 1) and self.chance(0.5) else {"strides": [sh, sw]}
        auto = self.pick("", "", "", "SAME_UPPER", "SAME_LOWER", "VALID")
        if auto.startswith("SAME"):
            if kh < sh or kw < sw:
                return None
            return {**attributes, "auto_pad": auto}, -(-h // sh), -(-w // sw)
        t, left, b, r = (0, 0, 0, 0)
        if auto == "VALID":
            attributes["auto_pad"] = auto
        elif self.chance(0.6):
            t, b = self.between(0, kh - 1), self.between(0, kh - 1)
            left, r = self.between(0, kw - 1), self.between(0, kw - 1)
            attributes["pads"] = [t, left, b, r]
        if h + t + b < kh or w + left + r < kw:
            return None
        room_h, room_w = h + t + b - kh, w + left + r - kw
        ho, wo = room_h // sh + 1, room_w // sw + 1
        if pool and self.opset >= 10 and not auto and self.chance(0.4):
            attributes["ceil_mode"] = 1
            if (room_h % sh and ho * sh >= h + t) or (room_w % sw and wo * sw >= w + left):
                return None  # a last window in the padding: onnxruntime's shape inference disagrees with itself
            ho, wo = ho + (room_h % sh > 0), wo + (room_w % sw > 0)
        return attributes, ho, wo

    def conv(self, x, c_out=None, kernel=None, attributes=None, size=None, depthwise=False):
        x = self.transpose(x, False)
        kernel = kernel or (self.between(1, 5), self.between(1, 5))
        if attributes is None:
            found = self.window(x.h, x.w, kernel)
            if found is None:
                return x
            attributes, *size = found
        c_out = x.c if depthwise else c_out or self.between(1, 24)
        ins = 1 if depthwise else x.c
        weights = self.floats(c_out, ins, *kernel, spread=np.sqrt(2 / (ins * kernel[0] * kernel[1])))
        inputs = [x.name, self.const(weights)]
        if self.chance(0.5):
            inputs.append(self.const(self.floats(c_out, spread=0.2)))
        if depthwise:
            attributes = {**attributes, "group": x.c}
        if self.chance(0.6):
            attributes = {**attributes, "kernel_shape": list(kernel)}
        if self.chance(0.3):
            attributes = {**attributes, "dilations": [1, 1]}
        self.log.append(f"{'dw' if depthwise else 'conv'}{kernel[0]}x{kernel[1]}->{c_out}{size}")
        return Image(self.op("Conv", inputs, **attributes), c_out, *size)

    def block_conv(self, x, depthwise=False):
        y = self.conv(x, depthwise=depthwise)
        if self.chance(0.4):
            y = self.batch_norm(y)
        elif self.chance(0.3):
            y = self.arithmetic(y)
        return self.activation(y)

    def pool(self, x):
        x = self.transpose(x, False)
        kernel = (self.between(1, 3), self.between(1, 4))
        kind = self.pick("MaxPool", "AveragePool")
        found = self.window(x.h, x.w, kernel, pool=True)
        if found is None:
            return x
        attributes, *size = found
        if kind == "AveragePool" and self.opset >= 8 and self.chance(0.5):
            attributes["count_include_pad"] = 1
        self.log.append(f"{kind}{kernel}{attributes}{size}")
        return Image(self.op(kind, [x.name], kernel_shape=list(kernel), **attributes), x.c, *size)

    def residual(self, x):
        """PyTorch's basic block: same size, or strided with a projection or a padded shortcut."""
        x = self.transpose(x, False)
        stride = self.pick(1, 1, 2) if min(x.h, x.w) > 3 else 1
        kind = "identity" if stride == 1 else self.pick("projection", "option_a", "concat")
        more = x.c if kind == "identity" else x.c + 2 * self.between(0 if kind != "concat" else 1, 4)
        if kind == "concat" and self.chance(0.3):
            more = 3 * x.c
        h, w = -(-x.h // stride), -(-x.w // stride)
        y = self.conv(x, more, (3, 3), {"pads": [1, 1, 1, 1], "strides": [stride, stride]}, (h, w))
        y = self.activation(self.batch_norm(y) if self.chance(0.5) else y)
        y = self.conv(y, more, (3, 3), {"pads": [1, 1, 1, 1]}, (h, w))
        short = x
        if kind == "projection":
            short = self.conv(x, more, (1, 1), {"strides": [2, 2]}, (h, w))
        elif kind != "identity":
            short = self.padded_shortcut(x, more, h, w, kind)
        self.log.append(f"residual {kind}")
        names = [y.name, short.name] if self.chance(0.5) else [short.name, y.name]
        return self.activation(dataclasses.replace(y, name=self.op(self.pick("Add", "Add", "Sub", "Sum"), names)))

    def padded_shortcut(self, x, channels, h, w, kind):
        """x[:, :, ::2, ::2] with zero channels around, as ResNets for CIFAR do."""
        if self.opset < 10:  # slices have no steps yet
            name = self.op("MaxPool", [x.name], kernel_shape=[1, 1], strides=[2, 2])
        elif self.chance(0.5):
            name = self.slice_op(x.name, [0, 0], [2**31 - 1, 2**63 - 1], [2, self.axis(3)], [2, 2])
        else:
            name = self.slice_op(x.name, [0], [2**63 - 1], [2], [2])
            name = self.slice_op(name, [0], [x.w], [3], [2])
        before, after = (channels - x.c) // 2, channels - x.c - (channels - x.c) // 2
        if kind == "option_a" or self.opset < 9:
            if self.opset >= 13 and self.chance(0.6):
                return Image(self.torch_pad(name, before, after), channels, h, w)
            return Image(self.pad_op(name, [0, before, 0, 0, 0, after, 0, 0]), channels, h, w)
        parts = [name]
        if before:
            parts.insert(0, self.zeros(x, name, before, h, w))
        if after:
            parts.append(self.zeros(x, name, after, h, w))
        return Image(self.op("Concat", parts, axis=self.axis(1)), channels, h, w)

    def zeros(self, like, sliced, c, h, w):
        if c == like.c and self.chance(0.5):
            return self.op("Mul", [sliced, self.const(np.float32(0))])
        if self.batch and self.chance(0.5):
            return self.const(np.zeros((self.batch, c, h, w), np.float32))
        batch = self.op("Gather", [self.op("Shape", [like.name]), self.const(np.int64(0))], axis=0)
        batch = self.with_axes("Unsqueeze", batch, [0], 13)
        shape = self.op("Concat", [batch, self.ints(c, h, w)], axis=0)
        value = {"value": helper.make_tensor("v", TensorProto.FLOAT, [1], [0.0])} if self.chance(0.5) else {}
        return self.op("ConstantOfShape", [shape], **value)

    def torch_pad(self, x, before, after):
        """The shape arithmetic that PyTorch exports for F.pad(x, (0, 0, 0, 0, before, after))."""
        length = self.op("Sub", [self.op("Mul", [self.ints(4), self.ints(2)]), self.ints(6)])
        length = self.op("Div", [self.op("Mul", [length, self.ints(-7)]), self.ints(-6)])  # rounds to 2
        rest = self.op("ConstantOfShape", [length], value=helper.make_tensor("v", TensorProto.INT64, [1], [0]))
        pads = self.op("Concat", [self.ints(0, 0, 0, 0, before, after), rest], axis=0)
        pads = self.op("Reshape", [pads, self.ints(-1, 2)])
        pads = self.slice_op(pads, [-1], [-2**63 + 1], [0], [-1])
        pads = self.op("Reshape", [self.op("Transpose", [pads], perm=[1, 0]), self.ints(-1)])
        return self.op("Pad", [x, self.op("Cast", [pads], to=TensorProto.INT64), self.const(np.float32(0))],
                       mode="constant")

    def padding(self, x):
        t, left, b, r = (self.between(0, 2) for _ in range(4))
        if self.opset >= 11 and x.h > 6 and x.w > 6 and self.chance(0.2):
            t, r = -t, -r
        pads = [0] + x.order(0, t, left) + [0] + x.order(0, b, r)
        self.log.append(f"pad{pads}")
        return dataclasses.replace(x, name=self.pad_op(x.name, pads), h=x.h + t + b, w=x.w + left + r)

    def rows(self, x):
        """Rows of zeros below the image, by a Concat."""
        if not self.batch:
            return dataclasses.replace(x, name=self.op("Concat", [x.name], axis=1))
        axis = 1 if x.nhwc else 2
        zeros = self.const(np.zeros([self.batch] + x.order(x.c, 2, x.w), np.float32))
        self.log.append("rows")
        return dataclasses.replace(x, name=self.op("Concat", [x.name, zeros], axis=axis), h=x.h + 2)

    def turned(self, x):
        """Height and width change places."""
        self.log.append("turned")
        name = self.op("Transpose", [x.name], perm=[0, 2, 1, 3] if x.nhwc else [0, 1, 3, 2])
        return dataclasses.replace(x, name=name, h=x.w, w=x.h)

    def shuffle(self, x):
        """ShuffleNet's: the channels as a matrix, transposed."""
        rows = next((n for n in (2, 3, 5) if x.c % n == 0), 0)
        if not rows:
            return x
        x = self.transpose(x, False)
        self.log.append(f"shuffle{rows}")
        name = self.op("Reshape", [x.name, self.ints(0, rows, x.c // rows, x.h, x.w)])
        name = self.op("Transpose", [name], perm=[0, 2, 1, 3, 4])
        name = self.op("Reshape", [name, self.ints(self.batch or -1, x.c, x.h, x.w)])
        x = dataclasses.replace(x, name=self.op("Relu", [name]))
        x = self.conv(x, depthwise=True) if self.chance(0.4) else x
        return self.conv(x, None, (1, 1), {}, (x.h, x.w))

    def crop(self, x):
        if x.h < 6 or x.w < 6:
            return x
        top, right = self.between(0, 2), self.between(0, 2)
        step = self.pick(1, 2, 3) if self.opset >= 10 else 1
        axes = [1, 2] if x.nhwc else [2, 3]
        name = self.slice_op(x.name, [top, 0], [2**31 - 1, -right if right else x.w], axes, [step, 1])
        self.log.append(f"crop{top},{right}/{step}")
        return dataclasses.replace(x, name=name, h=-(-(x.h - top) // step), w=x.w - right)

    def nothing(self, x):
        kind = self.pick("Identity", "Dropout", "Cast", "there_and_back", "unsqueeze")
        if kind == "there_and_back":
            return self.transpose(self.transpose(x, not x.nhwc), x.nhwc)
        if kind == "unsqueeze":
            name = self.with_axes("Unsqueeze", x.name, [2], 13)
            return dataclasses.replace(x, name=self.with_axes("Squeeze", name, [self.axis(2, 5)], 13))
        if kind == "Cast":
            return dataclasses.replace(x, name=self.op("Cast", [x.name], to=TensorProto.FLOAT))
        if kind == "Dropout":
            more = {"ratio": 0.3} if self.opset < 12 else {}
            outputs = 2 if self.chance(0.3) else 1
            return dataclasses.replace(x, name=self.op("Dropout", [x.name], outputs=outputs, **more))
        return dataclasses.replace(x, name=self.op("Identity", [x.name]))

    # --- heads: from an Image to (name, length) ----------------------------------------------------
    def flatten(self, x):
        """N x C x H x W (or N x H x W x C) to a matrix, in one of the ways that exporters know."""
        if x.h * x.w == 1 and self.chance(0.4):
            axes = [1, 2] if x.nhwc else [2, 3]
            return self.with_axes("Squeeze", x.name, [self.axis(a) for a in axes], 13), x.c
        n = x.c * x.h * x.w
        kind = self.pick("flatten", "reshape", "keep", "shape") if self.batch != 1 else self.pick("flatten", "fixed")
        if kind == "flatten":
            axis = {} if self.chance(0.5) else {"axis": self.axis(1)}
            return self.op("Flatten", [x.name], **axis), n
        if kind == "reshape":
            return self.op("Reshape", [x.name, self.ints(-1, n)]), n
        if kind == "keep":
            return self.op("Reshape", [x.name, self.ints(0, -1)]), n
        if kind == "fixed":
            return self.op("Reshape", [x.name, self.ints(1, n)]), n
        batch = self.op("Gather", [self.op("Shape", [x.name]), self.const(np.int64(0))])
        batch = self.with_axes("Unsqueeze", batch, [0], 13)
        return self.op("Reshape", [x.name, self.op("Concat", [batch, self.ints(-1)], axis=0)]), n

    def pooled(self, x):
        kind = self.pick("gap", "mean", "mean_drop", "max", "reduce_max", "line", "none")
        axes = [1, 2] if x.nhwc else [2, 3]
        axes = [self.axis(a) for a in axes]
        self.log.append(kind)
        if kind in ("gap", "max"):
            x = self.transpose(x, False)
            name = self.op("GlobalAveragePool" if kind == "gap" else "GlobalMaxPool", [x.name])
            return dataclasses.replace(x, name=name, h=1, w=1), None
        if kind == "mean":
            return dataclasses.replace(x, name=self.with_axes("ReduceMean", x.name, axes, 18, keepdims=1), h=1, w=1), None
        if kind == "reduce_max":
            return x, self.with_axes("ReduceMax", x.name, axes, 18, keepdims=0)
        if kind == "mean_drop":
            return x, self.with_axes("ReduceMean", x.name, axes, 18, keepdims=0)
        if kind == "line":  # x.view(n, c, -1).mean(-1)
            x = self.transpose(x, False)
            name = self.op("Reshape", [x.name, self.ints(0, 0, -1)])
            return x, self.with_axes("ReduceMean", name, [self.axis(2, 3)], 18, keepdims=0)
        if x.c * x.h * x.w > 3000:
            name = self.with_axes("ReduceMean", x.name, axes[:1], 18, keepdims=1)
            x = dataclasses.replace(x, name=name, h=1)
        return x, None

    def dense(self, name, n, m):
        weights, bias = self.floats(n, m, spread=np.sqrt(2 / n)), self.floats(m, spread=0.2)
        kind = self.pick("gemm", "gemm_t", "scaled", "bare", "matmul", "matmul_bare", "turned")
        self.log.append(f"{kind}->{m}")
        if kind == "gemm":
            return self.op("Gemm", [name, self.const(weights), self.const(bias)])
        if kind == "gemm_t":
            return self.op("Gemm", [name, self.const(weights.T), self.const(bias.reshape(1, m))], transB=1)
        if kind == "scaled":
            c = self.const(self.floats(*self.pick([], [1], [1, 1])))
            return self.op("Gemm", [name, self.const(weights), c], alpha=0.7, beta=-1.5)
        if kind == "bare":
            inputs = [name, self.const(weights)]
            return self.op("Gemm", inputs if self.opset >= 11 else inputs + [self.const(bias * 0)])
        if kind == "turned":
            name = self.op("Transpose", [name], perm=[1, 0])
            return self.op("Gemm", [name, self.const(weights), self.const(bias)], transA=1)
        y = self.op("MatMul", [name, self.const(weights)])
        return y if kind == "matmul_bare" else self.op("Add", [y, self.const(bias)][::self.pick(1, -1) if self.opset >= 8 else 1])

    def classifier(self, x, n):
        if self.chance(0.4):
            m = self.between(3, 40)
            x, n = self.op("Relu", [self.dense(x, n, m)]), m
            if self.chance(0.3):
                x = self.op("Dropout", [x])
        m = self.between(2, 12)
        x = self.dense(x, n, m)
        if self.chance(0.1):
            return self.op(self.pick("Sigmoid", "Tanh"), [x])
        if self.chance(0.4):
            axis = self.pick({"axis": 1}, {"axis": -1}, {}) if self.opset >= 11 else self.pick({"axis": 1}, {})
            x = self.op(self.pick("Softmax", "LogSoftmax"), [x], **axis)
        return self.chosen(x, m) if self.chance(0.2) else x

    def chosen(self, x, m):
        """The number of the largest of m values, or some of the largest with or without their numbers."""
        kind = self.pick("ArgMax", "ArgMin", "TopK", "TopK")
        self.log.append(kind)
        if kind != "TopK":
            x = self.op(kind, [x], axis=1, keepdims=self.pick(0, 1))
            return self.op("Cast", [x], to=TensorProto.INT32) if self.chance(0.4) else x
        more = {"largest": self.pick(0, 1)} if self.opset >= 11 else {}
        k = self.between(1, m)
        names = self.op("TopK", [x] + ([self.ints(k)] if self.opset >= 10 else []), outputs=2,
                        **({} if self.opset >= 10 else {"k": k}), **more)
        return names if self.chance(0.5) else self.nodes[-1].output[1]

    # --- whole networks ----------------------------------------------------------------------------
    def body(self, x, blocks, nhwc):
        for _ in range(blocks):
            if nhwc and self.chance(0.5):
                x = self.transpose(x, True)  # tf2onnx brings every layer back to NHWC and cancels some
            block = self.pick(self.block_conv, self.block_conv, self.pool, self.residual, self.padding,
                              self.arithmetic, self.nothing, self.crop, self.rows, self.turned, self.shuffle, self.batch_norm, self.activation,
                              lambda y: self.block_conv(y, depthwise=True))
            x = block(x)
        return x

    def image_network(self, nhwc):
        c, h, w = self.between(1, 9), self.between(5, 18), self.between(5, 18)
        x = Image("input", c, h, w, nhwc)
        dims = x.order(c, h, w)
        if self.chance(0.4):
            for _ in range(self.between(1, 2)):
                x = self.arithmetic(x, ahead=True)
        if nhwc or self.chance(0.7):
            x = self.activation(self.conv(self.transpose(x, False)))
        x = self.body(x, self.between(1, 5), nhwc)
        if self.chance(0.12):  # an image as the result
            x = self.conv(x, None, (1, 1), {}, (x.h, x.w))
            return dims, (self.transpose(x, True) if nhwc else x).name
        x, flat = self.pooled(self.transpose(x, True) if nhwc and self.chance(0.7) else x)
        if flat is None and self.chance(0.15):  # a 1 x 1 convolution as classifier
            x = self.conv(x, None, (1, 1), {}, (x.h, x.w))
        if flat is None and x.nhwc and self.chance(0.2):  # a dense layer over every pixel
            m = self.between(2, 20)
            weights = self.floats(*[1] * self.between(0, 2), x.c, m, spread=np.sqrt(2 / x.c))
            name = self.op("MatMul", [x.name, self.const(weights)])
            x = dataclasses.replace(x, name=self.op("Add", [name, self.const(self.floats(m))]), c=m)
            self.log.append("per pixel")
        name, n = (flat, x.c) if flat is not None else self.flatten(x)
        return dims, self.classifier(name, n)

    def vector_network(self):
        dims = self.pick([self.between(3, 90)], [1, self.between(3, 9), self.between(2, 8)], [self.between(3, 9), 4])
        n, x = int(np.prod(dims)), "input"
        if self.chance(0.3):
            x = self.op("Mul", [x, self.const(np.float32(0.5))])
        if len(dims) > 1:
            x = self.op("Flatten", [x]) if self.chance(0.5) else self.op("Reshape", [x, self.ints(self.batch or -1, n)])
        for _ in range(self.between(1, 3)):
            m = self.between(3, 40)
            x = self.dense(x, n, m)
            x, n = self.op("Relu", [x]) if self.chance(0.7) else x, m
        return dims, self.classifier(x, n)

    def reshaped_network(self):
        """A vector, or N x H x W, that a Reshape or Unsqueeze turns into an image (as Keras and audio do)."""
        h, w = self.between(5, 12), self.between(5, 12)
        kind = self.pick("vector", "unsqueeze", "last")
        if kind == "vector":
            dims, x = [h * w * 2], Image(self.op("Reshape", ["input", self.ints(-1, 2, h, w)]), 2, h, w)
        elif kind == "unsqueeze":
            dims, x = [h, w], Image(self.with_axes("Unsqueeze", "input", [1], 13), 1, h, w)
        else:
            dims, x = [h, w], Image(self.with_axes("Unsqueeze", "input", [3], 13), 1, h, w, True)
        self.log.append(kind)
        x = self.activation(self.conv(x))
        return dims, self.classifier(*self.flatten(x))

    def line_network(self):
        """Convolutions and pools over one axis."""
        c, n = self.between(1, 5), self.between(8, 30)
        k, m = self.between(1, 5), self.between(2, 9)
        weights = self.const(self.floats(m, c, k, spread=np.sqrt(2 / (c * k))))
        x = self.op("Relu", [self.op("Conv", ["input", weights], kernel_shape=[k], pads=[k // 2, k // 2], strides=[2])])
        length = (n + 2 * (k // 2) - k) // 2 + 1
        kind = self.pick("MaxPool", "AveragePool")
        if length > 2:
            x, length = self.op(kind, [x], kernel_shape=[2], strides=[1]), length - 1
        return [c, n], self.classifier(self.op("Flatten", [x]), m * length)

    def steps_network(self):
        """Channels last over one axis, padded, cut and scaled before a Transpose, as Keras has it."""
        n, c = self.between(8, 30), self.between(1, 6)
        x, axes = "input", [n, c]
        for _ in range(self.between(1, 3)):
            kind = self.pick("pad", "cut", "scale", "relu")
            self.log.append(kind)
            if kind == "pad":
                more = self.between(1, 4)
                x, axes = self.pad_op(x, [0, more, 0, 0, 0, 0]), [axes[0] + more, c]
            elif kind == "cut" and axes[0] > 7:
                first = self.between(0, 2)
                x, axes = self.slice_op(x, [first], [axes[0]], [1], [1]) if self.opset >= 10 else self.slice_op(
                    x, [first], [axes[0]], [1], None), [axes[0] - first, c]
            elif kind == "scale":
                x = self.op("Mul", [x, self.const(self.rng.uniform(0.5, 2, c).astype(np.float32))])
            else:
                x = self.op("Relu", [x])
        k, m = self.between(1, 4), self.between(2, 9)
        weights = self.floats(m, c, k, spread=np.sqrt(2 / (c * k)))
        if self.chance(0.5):
            x = self.op("Conv", [self.op("Transpose", [x], perm=[0, 2, 1]), self.const(weights)])
        else:  # as an image of one row
            row = self.with_axes("Unsqueeze", x, [1], 13) if self.chance(0.5) else self.op(
                "Reshape", [x, self.ints(self.batch or -1, 1, *axes)])
            x = self.op("Transpose", [row], perm=[0, 3, 1, 2])
            x = self.with_axes("Squeeze", self.op("Conv", [x, self.const(weights[:, :, None])]), [2], 13)
        x = self.op("Transpose", [self.op("Relu", [x])], perm=[0, 2, 1])
        return [n, c], self.classifier(self.op("Flatten", [x]), m * (axes[0] - k + 1))

    def network(self):
        form = self.pick("torch", "torch", "torch", "tf", "tf", "vector", "reshaped", "line", "steps")
        dims, output = {"torch": lambda: self.image_network(False), "tf": lambda: self.image_network(True),
                        "vector": self.vector_network, "reshaped": self.reshaped_network,
                        "line": self.line_network, "steps": self.steps_network}[form]()
        if self.chance(0.2):  # something that nobody needs
            self.op("Sin", ["input"])
        batch = self.batch or self.pick("N", "batch_size", None)
        listed = []
        if self.chance(0.15):  # as files before IR version 4 have to
            listed = [helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in self.initialisers]
        graph = helper.make_graph(
            self.nodes, f"random_{self.seed}",
            [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch] + dims)] + listed,
            [helper.make_empty_tensor_value_info(output)], self.initialisers)
        kind = next(n.op_type + str(list(n.output).index(output)) for n in self.nodes if output in n.output)
        integers = {"ArgMax0": TensorProto.INT64, "ArgMin0": TensorProto.INT64, "TopK1": TensorProto.INT64,
                    "Cast0": TensorProto.INT32 if self.log[-1].startswith("Arg") else TensorProto.FLOAT}
        graph.output[0].type.tensor_type.elem_type = integers.get(kind, TensorProto.FLOAT)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.form)])
        model.ir_version = 7
        text = f"opset {self.opset} {form} batch {self.batch} {dims} " + " ".join(self.log)
        return model, dims, self.batch or 1, text


def make(seed):
    model, dims, batch, text = Builder(seed).network()
    return Case(model, Builder(seed, reference=True).network()[0], dims, batch, text)
