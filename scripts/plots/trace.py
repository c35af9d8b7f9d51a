#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws a trace of `keyway run --trace` as an SVG picture, without any library.

usage: trace.py TRACE.json PICTURE.svg [--title TEXT]

One row a track, one column a few cycles. The darker a column, the more of its cycles the unit worked;
the array's column has the colour of what the array did most. trace.svg beside this script was made by
  keyway lock models/zoo/fashion_mnist/fashion_mnist.onnx --calib models/zoo/fashion_mnist/calibration.npy \\
    --owner owner.kwo -o model.kwp      (and a licence, see the README)
  keyway run model.kwp --device dev.kwd --licence dev.kwl --input models/zoo/fashion_mnist/sample_images.npy \\
    --limit 2 --target sim --trace trace.json
"""
import argparse
import collections
import html
import json

WIDTH, LEFT, RIGHT, TOP, ROW, GAP = 1200, 176, 14, 62, 22, 6
PLOT = WIDTH - LEFT - RIGHT
COLUMN = 2  # pixels
COLUMNS = PLOT // COLUMN
LEVELS = 5  # shades of a unit's colour
UNIT, ARRAY = "#3466a5", {
    "busy": "#2f8f5b", "stall: tile": "#d98c21", "stall: bank": "#8a5bb5", "stall: frames": "#c0392b",
    "stall: rows": "#c9b21a", "stall: products": "#e06ba0", "stall: no multiply": "#9aa3ab"}
RUN_COLOURS = {"open": "#b9c3cc", "run": "#7d8b99"}
LAYER_COLOURS = ("#4f8fba", "#86b6d6")


def read(path):
    """({track: [(begin, end, label)]} in order, last cycle)."""
    with open(path) as file:
        events = json.load(file)["traceEvents"]
    names = {e["tid"]: e["args"]["name"] for e in events if e.get("name") == "thread_name"}
    tracks = {name: [] for name in names.values()}
    for e in events:
        if e["ph"] == "X":
            tracks[names[e["tid"]]].append((e["ts"], e["ts"] + e["dur"], e["name"]))
    return tracks, max(end for spans in tracks.values() for _, end, _ in spans)


class Picture:
    def __init__(self, tracks, last, title):
        self.tracks, self.first, self.last = tracks, min(s[0][0] for s in tracks.values() if s), last
        self.out = []
        self.layers = list(dict.fromkeys(name for _, _, name in tracks.get("layers", [])))
        self.height = TOP + len(tracks) * (ROW + GAP) + 30 + 18 * (1 + -(-len(self.layers) // 4)) + 12
        self.draw(title)

    def x(self, cycle):
        return LEFT + PLOT * (cycle - self.first) / (self.last - self.first)

    def rect(self, x, y, width, height, fill, opacity=1.0, tip=""):
        faint = "" if opacity == 1 else f' opacity="{opacity:.2g}"'
        body = f"><title>{html.escape(tip)}</title></rect>" if tip else "/>"
        self.out.append(f'<rect x="{x:.1f}" y="{y}" width="{max(width, 0.4):.1f}" height="{height}" fill="{fill}"{faint}{body}')

    def text(self, x, y, text, anchor="start", size=12, fill="#1c2733"):
        self.out.append(f'<text x="{x:.1f}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{fill}">{html.escape(text)}</text>')

    def columns(self, spans):
        """Per column, {label: share of its cycles}."""
        per = (self.last - self.first) / COLUMNS
        columns = [collections.Counter() for _ in range(COLUMNS)]
        for begin, end, label in spans:
            for column in range(int((begin - self.first) / per), min(COLUMNS - 1, int((end - 1 - self.first) / per)) + 1):
                low = self.first + column * per
                columns[column][label] += max(0, min(end, low + per) - max(begin, low)) / per
        return columns

    def shades(self, spans, y, colours):
        """Columns of equal colour and shade are one shape."""
        shapes = collections.defaultdict(str)
        start, now = 0, None
        for i, column in enumerate([*self.columns(spans), None]):
            shade = None
            if column:
                label, share = column.most_common(1)[0]
                level = max(1, round(LEVELS * min(1, sum(column.values()) if colours is None else share)))
                shade = (UNIT if colours is None else colours[label], level)
            if shade != now or i == COLUMNS:
                if now is not None:
                    width = COLUMN * (i - start)
                    shapes[now] += f"M{LEFT + COLUMN * start} {y}h{width}v{ROW}h-{width}z"
                start, now = i, shade
        for (colour, level), path in shapes.items():
            self.out.append(f'<path d="{path}" fill="{colour}" opacity="{level / LEVELS:.2g}"/>')

    def draw(self, title):
        self.rect(0, 0, WIDTH, self.height, "#f7f9fb")
        self.text(LEFT, 22, title, size=15)
        y = 38
        x = LEFT
        for label, colour in ARRAY.items():
            self.rect(x, y - 10, 12, 12, colour)
            self.text(x + 16, y, label)
            x += 34 + 7 * len(label)
        bottom = TOP + len(self.tracks) * (ROW + GAP)
        step = 10 ** (len(str(self.last - self.first)) - 1)
        step = step // 2 if (self.last - self.first) / step < 6 else step
        for cycle in range(-(-self.first // step) * step, self.last + 1, step):
            self.rect(self.x(cycle), TOP - 4, 0.6, bottom - TOP + 6, "#d5dde4")
            self.text(self.x(cycle), bottom + 16, f"{cycle:,}", "middle", 11, "#54636f")
        self.text(LEFT - 8, bottom + 16, "cycle", "end", 11, "#54636f")
        for i, (name, spans) in enumerate(self.tracks.items()):
            y = TOP + i * (ROW + GAP)
            self.text(LEFT - 8, y + 16, name, "end")
            self.rect(LEFT, y, PLOT, ROW, "#e9eef2")
            if name in ("runs", "layers"):
                self.named(name, spans, y)
            else:
                self.shades(spans, y, ARRAY if name == "array" else None)
        y = bottom + 38
        for i, name in enumerate(self.layers):
            self.text(14 + (i % 4) * (WIDTH - 28) / 4, y + 18 * (i // 4), f"{i + 1}  {name}"[:44], size=12)

    def named(self, track, spans, y):
        if track == "layers":  # spans of one layer follow each other, but for short gaps
            joined = []
            for begin, end, name in spans:
                if joined and joined[-1][2] == name:
                    joined[-1][1] = end
                else:
                    joined.append([begin, end, name])
            spans = joined
        for begin, end, name in spans:
            index = self.layers.index(name) if track == "layers" else 0
            colour = LAYER_COLOURS[index % 2] if track == "layers" else RUN_COLOURS.get(name, UNIT)
            label = str(index + 1) if track == "layers" else name
            width = self.x(end) - self.x(begin)
            self.rect(self.x(begin), y, width, ROW, colour, tip=name)
            if width > 7 * len(label) + 2:
                self.text((self.x(begin) + self.x(end)) / 2, y + 16, label, "middle", 12, "#10202c")

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}" '
                f'font-family="sans-serif">\n' + "\n".join(self.out) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace")
    parser.add_argument("picture")
    parser.add_argument("--title", default="One device, cycle by cycle")
    arguments = parser.parse_args()
    tracks, last = read(arguments.trace)
    with open(arguments.picture, "w") as file:
        file.write(Picture(tracks, last, arguments.title).svg())


if __name__ == "__main__":
    main()
