#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws what `keyway device quality --json` says as an SVG picture, without any library.

usage: puf.py QUALITY.json PICTURE.svg

Four histograms with their bars. puf.svg beside this script was made by
  keyway device quality --json > quality.json
"""
import html
import json
import sys

WIDTH, PANEL, LEFT, TOP, GAP = 1000, 112, 150, 70, 40
PLOT = WIDTH - LEFT - 30
COLOURS = {"uniqueness": "#3466a5", "reliability": "#2f8f5b", "uniformity": "#8a5bb5", "bit_aliasing": "#d98c21"}
MEANING = {"uniqueness": "cells in which two devices differ", "reliability": "cells that read as at enrolment",
           "uniformity": "cells of a device that read 1", "bit_aliasing": "devices in which a cell reads 1"}


def text(x, y, content, size=13, anchor="start", colour="#222", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
            f'font-weight="{weight}">{html.escape(content)}</text>')


def panel(name, measure, top):
    bins = measure["histogram"]
    highest, bottom = max(bins), top + PANEL
    parts = [text(12, top + 30, name.replace("_", " "), 15, weight="bold"), text(12, top + 50, MEANING[name], 9.5, colour="#555"),
             text(12, top + 70, f"mean {100 * measure['mean']:.2f} %", 12),
             text(12, top + 88, f"{100 * measure['least']:.1f} to {100 * measure['most']:.1f} %", 12, colour="#555")]
    width = PLOT / len(bins)
    for i, count in enumerate(bins):
        if count:
            height = max(1, (PANEL - 14) * count / highest)
            parts.append(f'<rect x="{LEFT + 40 + i * width:.2f}" y="{bottom - height:.2f}" width="{width:.2f}" '
                         f'height="{height:.2f}" fill="{COLOURS[name]}"/>')
    bar = LEFT + 40 + PLOT * measure["bar"]
    parts.append(f'<line x1="{bar:.1f}" y1="{top + 6}" x2="{bar:.1f}" y2="{bottom}" stroke="#c0392b" stroke-width="1" stroke-dasharray="4 3"/>')
    for percent in range(0, 101, 10):
        x = LEFT + 40 + PLOT * percent / 100
        parts.append(f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 4}" stroke="#888"/>')
        parts.append(text(x, bottom + 17, f"{percent}", 10, "middle", "#555"))
    parts.append(f'<line x1="{LEFT + 40}" y1="{bottom}" x2="{LEFT + 40 + PLOT}" y2="{bottom}" stroke="#888"/>')
    return parts


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        quality = json.load(file)
    measures = quality["measures"]
    height = TOP + len(measures) * (PANEL + GAP) + 10
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH + 40}" height="{height}" font-family="sans-serif">',
             f'<rect width="{WIDTH + 40}" height="{height}" fill="white"/>',
             text(12, 26, f"{quality['devices']} simulated devices, {quality['cells']} cells each ({quality['puf']}), "
                  f"{quality['boots']} boots at {quality['celsius']:g} degrees", 17, weight="bold"),
             text(12, 48, f"dashed: the usual bar; {quality['key_failures']} of {quality['boots']} keys failed", 12, colour="#555")]
    for i, (name, measure) in enumerate(measures.items()):
        parts += panel(name, measure, TOP + i * (PANEL + GAP))
    parts.append("</svg>")
    with open(sys.argv[2], "w") as file:
        file.write("\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
