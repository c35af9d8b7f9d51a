#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the zoo's Fashion-MNIST network from nothing and writes it as ONNX.

  apt-get install --no-install-recommends python3-torch python3-numpy python3-onnx dataset-fashion-mnist
  nice /usr/bin/python3 models/zoo/fashion_mnist/train.py --out models/zoo/fashion_mnist/fashion_mnist.onnx

The network (N x 1 x 28 x 28 in 0..1 -> N x 10 scores before the softmax) has one of each thing that
the accelerator has a path for, and channel counts in whole blocks of 16:

  conv 3x3, 16                              28 x 28    few input channels
  conv 3x3, 32, stride 2                    14 x 14
  two convs 3x3, 32, added to their input   14 x 14    residual
  max-pool 2x2                               7 x  7
  depthwise 3x3 + conv 1x1, 64               7 x  7    separable
  depthwise 3x3 + conv 1x1, 64, added        7 x  7    separable and residual
  average over the image, fully connected 10

A batch normalisation follows every convolution and a ReLU everything but the branch that is about to
be added. The exporter folds the normalisations into the convolutions.

The recipe: cross entropy with smoothed labels, SGD with Nesterov momentum, weight decay on the
matrices only (it keeps the weights near a bell, which quantises well), one cycle of the learning
rate, and as augmentation a random mirror image and a random shift of up to two pixels. All 60,000
training images are used, nothing is chosen by the test images, and the last weights are kept; the
test accuracy is computed once, after training.

One seed drives everything, so a repeated run on the same machine with the same number of threads
gives the same file; other processors sum in another order and end some tenths of a point apart.
The last lines printed are the test accuracy and the size of the file; ../README.md states both, and
the time the run took.
"""
import argparse
import math
import pathlib
import time
from collections import OrderedDict

import torch
from torch import nn

import export_data


def convolution(inputs, outputs, kernel=3, stride=1, groups=1, activate=True):
    layers = OrderedDict(
        conv=nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        norm=nn.BatchNorm2d(outputs))
    if activate:
        layers["relu"] = nn.ReLU()
    return nn.Sequential(layers)


def pair(inputs, outputs, activate):
    """Two convolutions 3x3."""
    return nn.Sequential(OrderedDict(first=convolution(inputs, outputs),
                                     second=convolution(outputs, outputs, activate=activate)))


def separable(inputs, outputs, activate):
    """Depthwise 3x3, then 1x1."""
    return nn.Sequential(OrderedDict(
        depthwise=convolution(inputs, inputs, groups=inputs),
        pointwise=convolution(inputs, outputs, kernel=1, activate=activate)))


class Residual(nn.Module):
    """relu(x + branch(x))"""

    def __init__(self, branch):
        super().__init__()
        self.branch = branch
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(x + self.branch(x))


def network():
    """The names become those of the ONNX nodes."""
    return nn.Sequential(OrderedDict(
        stem=convolution(1, 16),
        down=convolution(16, 32, stride=2),
        block1=Residual(pair(32, 32, activate=False)),
        pool=nn.MaxPool2d(2),
        widen=separable(32, 64, activate=True),
        block2=Residual(separable(64, 64, activate=False)),
        average=nn.AdaptiveAvgPool2d(1),
        flatten=nn.Flatten(),
        classify=nn.Linear(64, len(export_data.CLASSES))))


def count_macs(model):
    """Multiplications of one inference in convolutions and matrices."""
    total = 0

    def add(module, _, output):
        nonlocal total
        total += module.weight.numel() * math.prod(output.shape[2:])

    hooks = [module.register_forward_hook(add) for module in model.modules()
             if isinstance(module, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        model.eval()(torch.zeros(1, 1, 28, 28))
    for hook in hooks:
        hook.remove()
    return total


def augment(images, reach=2):
    """Half of the images mirrored, each shifted by up to `reach` pixels with zeros moved in."""
    n, _, height, width = images.shape
    padded = nn.functional.pad(images[:, 0], (reach,) * 4)
    rows = torch.randint(0, 2 * reach + 1, (n, 1)) + torch.arange(height)
    columns = torch.randint(0, 2 * reach + 1, (n, 1)) + torch.arange(width)
    columns = torch.where(torch.rand(n, 1) < 0.5, columns, columns.flip(1))
    return padded[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]][:, None]


def train(model, images, labels, epochs, batch, rate, decay, smoothing):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    optimiser = torch.optim.SGD(
        [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=rate, momentum=0.9, nesterov=True)
    steps = len(images) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=rate, total_steps=epochs * steps, pct_start=0.25)
    loss_function = nn.CrossEntropyLoss(label_smoothing=smoothing)
    start = time.monotonic()
    for epoch in range(epochs):
        model.train()
        order, losses, right = torch.randperm(len(images)), 0.0, 0
        for step in range(steps):
            chosen = order[step * batch:(step + 1) * batch]
            scores = model(augment(images[chosen]))
            loss = loss_function(scores, labels[chosen])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            losses += loss.item()
            right += (scores.argmax(1) == labels[chosen]).sum().item()
        print(f"epoch {epoch + 1:2}/{epochs}  loss {losses / steps:.4f}  augmented training images "
              f"{100 * right / (steps * batch):.2f} %  {time.monotonic() - start:.0f} s", flush=True)


def accuracy(model, images, labels):
    model.eval()
    with torch.no_grad():
        right = sum((model(x).argmax(1) == y).sum().item()
                    for x, y in zip(images.split(500), labels.split(500)))
    return right / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="ONNX file to write")
    parser.add_argument("--data", type=pathlib.Path, default=export_data.DEBIAN_FOLDER)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=0.1, help="highest learning rate")
    parser.add_argument("--decay", type=float, default=5e-4, help="weight decay")
    parser.add_argument("--smoothing", type=float, default=0.05, help="label smoothing")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(arguments.threads)
    images, labels = map(torch.from_numpy, export_data.load("train", arguments.data))
    model = network()
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {count_macs(model):,} MAC", flush=True)
    train(model, images, labels, arguments.epochs, arguments.batch, arguments.rate, arguments.decay,
          arguments.smoothing)
    test = map(torch.from_numpy, export_data.load("t10k", arguments.data))
    print(f"float accuracy on the 10,000 test images: {100 * accuracy(model, *test):.2f} %")

    torch.onnx.export(model, torch.zeros(1, 1, 28, 28), str(arguments.out), opset_version=13,
                      input_names=["image"], output_names=["scores"],
                      dynamic_axes={"image": {0: "N"}, "scores": {0: "N"}})
    print(f"{arguments.out}: {arguments.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
