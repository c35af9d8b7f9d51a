#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Accuracy of a float ONNX classifier in onnxruntime: the reference the accelerator is held to.

  evaluate.py MODEL.onnx IMAGES.npy LABELS.npy [--at-least PERCENT] [--json]

Images are float32 in the shape of the model's input with N first, labels int64; the model has one
input and one output, N x classes. Exit status: 0; 1 if the accuracy is below --at-least; 2 for
wrong arguments or files. Needs numpy and onnxruntime (both are in the project's virtual
environment).
"""
import argparse
import json
import sys

import numpy as np
import onnxruntime

BATCH = 500


def predict(model, images):
    """The class with the highest score, for each image."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: images[i:i + BATCH]})[0].argmax(1)
                           for i in range(0, len(images), BATCH)])


def evaluate(model, images, labels):
    """Accuracy as 0..1, and how often each class was predicted."""
    predictions = predict(model, images)
    return float((predictions == labels).mean()), np.bincount(predictions)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("images")
    parser.add_argument("labels")
    parser.add_argument("--at-least", type=float, default=0.0, metavar="PERCENT")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    images, labels = np.load(arguments.images), np.load(arguments.labels)
    if images.dtype != np.float32 or labels.dtype != np.int64 or labels.shape != images.shape[:1]:
        parser.error(f"{images.dtype} {images.shape} images, {labels.dtype} {labels.shape} labels: "
                     "float32 N x ... and int64 N are wanted")
    if len(images) == 0:
        parser.error("no images")
    accuracy, predicted = evaluate(arguments.model, images, labels)
    if arguments.json:
        print(json.dumps({"model": arguments.model, "inputs": len(images), "accuracy": accuracy}))
    else:
        print(f"{arguments.model}: {100 * accuracy:.2f} % of {len(images):,} images "
              f"(predictions per class: {' '.join(map(str, predicted))})")
    sys.exit(100 * accuracy < arguments.at_least)


if __name__ == "__main__":
    main()
