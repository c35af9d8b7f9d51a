#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes Fashion-MNIST as the .npy files that `keyway compile`, `lock` and `run` read.

Source: the IDX files of the Debian package dataset-fashion-mnist (60,000 training and 10,000 test
images of 28 x 28 grey bytes, ten classes). Needs numpy only.

Contract: an image is float32, N x 1 x 28 x 28, byte / 255, so 0..1; a label is int64. No mean is
taken off: the network's first BatchNormalization learns it. Image i of a file is image i of the
data set, so the sample in the repository is the first part of the full files.

  export_data.py OUT            test_images.npy (10,000), test_labels.npy, calibration.npy (512)
  export_data.py --sample OUT   sample_images.npy (100), sample_labels.npy, calibration.npy (64)

Calibration images are the first of the training set, never test images.
"""
import argparse
import gzip
import math
import pathlib
import sys

import numpy as np

DEBIAN_FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")
CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat",
           "sandal", "shirt", "sneaker", "bag", "ankle boot")
TEST_IMAGES = 10_000
FULL_CALIBRATION = 512
SAMPLE_IMAGES = 100
SAMPLE_CALIBRATION = 64


def read_idx(path):
    """The array of bytes in a gzipped IDX file: 0, 0, type (8 is uint8), rank, sizes, data."""
    with gzip.open(path) as file:
        data = file.read()
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an IDX file of bytes")
    shape = tuple(int(size) for size in np.frombuffer(data, ">u4", data[3], 4))
    start = 4 + 4 * data[3]
    if len(data) - start != math.prod(shape):
        raise ValueError(f"{path}: {len(data) - start} bytes for the shape {shape}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def load(part, folder=DEBIAN_FOLDER):
    """Images and labels of `part`, "train" or "t10k", in the form that the contract above has."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz")
    if images.shape != (len(labels), 28, 28):
        raise ValueError(f"{folder}: {images.shape} images for {len(labels)} labels")
    return images[:, None].astype(np.float32) / np.float32(255), labels.astype(np.int64)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path, help="folder, made if it is not there")
    parser.add_argument("--data", type=pathlib.Path, default=DEBIAN_FOLDER, help="folder of the IDX files")
    parser.add_argument("--sample", action="store_true", help="write the small files of the repository")
    arguments = parser.parse_args()
    name, images, calibration = (("sample", SAMPLE_IMAGES, SAMPLE_CALIBRATION) if arguments.sample else
                                 ("test", TEST_IMAGES, FULL_CALIBRATION))
    try:
        test, train = load("t10k", arguments.data), load("train", arguments.data)
    except FileNotFoundError as error:
        sys.exit(f"{error.filename}: not there; install the Debian package dataset-fashion-mnist, "
                 "or name the folder of the IDX files with --data")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for file, array in ((f"{name}_images.npy", test[0][:images]),
                        (f"{name}_labels.npy", test[1][:images]),
                        ("calibration.npy", train[0][:calibration])):
        np.save(arguments.out / file, array)
        print(f"{arguments.out / file}: {array.dtype} {' x '.join(map(str, array.shape))}")


if __name__ == "__main__":
    main()
