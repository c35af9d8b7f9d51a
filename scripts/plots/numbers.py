#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws where the values of every number system lie, as an SVG picture, without any library.

usage: numbers.py KEYWAY PICTURE.svg       KEYWAY: the built command, whose `number SYSTEM --json` is drawn

One row a system, in the order of the contract, over a tensor of normally distributed weights: a value is drawn
where the weight lies that it stands for. Left: the line itself. Right: magnitudes, an octave an equal distance.
numbers.svg beside this script is what `scripts/plots/numbers.py build/bin/keyway scripts/plots/numbers.svg` made.
"""
import argparse
import html
import json
import math
import pathlib
import subprocess
import tomllib

CONTRACT = pathlib.Path(__file__).resolve().parents[2] / "rtl/pkg/contract.toml"
WIDTH, MARGIN, BETWEEN = 1200, 24, 36
LINE = (MARGIN, 424)  # left and right end of the linear panel
LOG = (LINE[1] + BETWEEN, WIDTH - MARGIN)
DEVIATIONS, OCTAVES = 4.5, (-14, 6)  # what they show
BELL, ROW, STRIP, TOP = 64, 66, 30, 96
INK, FAINT, PAPER = "#1c2733", "#66757f", "#ffffff"
BOLD, OUTLINED = ' font-weight="bold"', f' stroke="{PAPER}" stroke-width="4" paint-order="stroke"'
# What arrays make of a value: (colour, what the legend says).
KINDS = {
    "multiplier": ("#1f5aa6", "arrays with multipliers have it exactly"),
    "logarithmic": ("#0f9d78", "arrays of logarithms alone have it exactly"),
    "none": ("#e0893a", "rounded or clipped to what multipliers hold")}


def read(keyway, name):
    done = subprocess.run([keyway, "number", name, "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def kind_of(code, units):
    for kind in KINDS:
        if kind in units and code["operands"][kind] * units[kind] == code["value"]:
            return kind
    return "none"


class Picture:
    def __init__(self, systems):
        """Pairs of what the contract says of a system and what `keyway number` says."""
        self.out, self.systems = [], systems
        self.bottom = TOP + BELL + ROW * len(systems)
        self.height = self.bottom + 64
        self.draw()

    # The two axes, of a weight in standard deviations.
    def on_line(self, weight):
        return LINE[0] + (LINE[1] - LINE[0]) * (weight + DEVIATIONS) / (2 * DEVIATIONS)

    def on_log(self, weight):
        return LOG[0] + (LOG[1] - LOG[0]) * (math.log2(weight) - OCTAVES[0]) / (OCTAVES[1] - OCTAVES[0])

    def add(self, *shapes):
        self.out += shapes

    def text(self, x, y, text, anchor="start", size=12, fill=INK, style=""):
        self.add(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"{style}>{html.escape(text)}</text>')

    def area(self, points, y):
        path = " ".join(f"L{x:.1f} {y - h:.1f}" for x, h in points)
        self.add(f'<path d="M{points[0][0]:.1f} {y} {path} L{points[-1][0]:.1f} {y}z" fill="#c9d6e2"/>')

    def grid(self, y, bottom):
        for d in range(-4, 5):
            self.add(f'<path d="M{self.on_line(d):.1f} {y}V{bottom}" stroke="#dfe6ec" stroke-width="{1.5 if d == 0 else 1}"/>')
            self.text(self.on_line(d), bottom + 16, f"{d}".replace("-", "\u2212"), "middle", 11, FAINT)
        for octave in range(OCTAVES[0], OCTAVES[1] + 1):
            x = self.on_log(2.0 ** octave)
            self.add(f'<path d="M{x:.1f} {y}V{bottom}" stroke="#dfe6ec" stroke-width="{1.5 if octave == 0 else 1}"/>')
            if octave % 2 == 0:
                shown = {0: "1", 2: "4", 4: "16", 6: "64"}.get(octave)
                label = shown or f'2<tspan dy="-4" font-size="9">\u2212{-octave}</tspan>'
                self.add(f'<text x="{x:.1f}" y="{bottom + 16}" font-size="11" text-anchor="middle" fill="{FAINT}">{label}</text>')
        self.text(sum(LINE) / 2, bottom + 34, "weight, in standard deviations", "middle", 11, FAINT)
        self.text(sum(LOG) / 2, bottom + 34, "magnitude of the weight, in standard deviations: an octave an equal distance", "middle", 11, FAINT)

    def bells(self, y):
        """Density of the weights: on the line, and by octaves."""
        top = BELL - 16
        xs = [DEVIATIONS * (k / 100 - 1) for k in range(201)]
        self.area([(self.on_line(x), top * math.exp(-x * x / 2)) for x in xs], y)
        octaves = [OCTAVES[0] + (OCTAVES[1] - OCTAVES[0]) * k / 400 for k in range(401)]
        density = [(2 ** o, 2 ** o * math.exp(-(2 ** o) ** 2 / 2)) for o in octaves]
        most = max(d for _, d in density)
        self.area([(self.on_log(w), top * d / most) for w, d in density], y)
        self.text(self.on_line(DEVIATIONS), y - BELL + 22, "how often weights have a value", "end", 11, FAINT)
        self.text(LOG[1], y - BELL + 22, "how often they lie in an octave", "end", 11, FAINT)

    def ticks(self, weights, y, place, ends):
        """Values as lines, those of a colour one shape; values beyond the ends are counted there."""
        for kind, (colour, _) in reversed(KINDS.items()):
            inside = sorted({round(place(w), 1) for w, of in weights if of == kind and ends[0] <= place(w) <= ends[1]})
            if inside:
                path = "".join(f"M{x:g} {y}v{STRIP}" for x in inside)
                self.add(f'<path d="{path}" stroke="{colour}" stroke-width="1.1"/>')

    def beyond(self, weights, y):
        for side, x, sign, there in ((0, LOG[0], -1, lambda m: self.on_log(m) < LOG[0]), (1, LOG[1], 1, lambda m: self.on_log(m) > LOG[1])):
            count = len({m for m, _ in weights if there(m)})
            if count:
                tip = x + sign * 9
                self.add(f'<path d="M{x} {y + STRIP / 2 - 5}L{tip} {y + STRIP / 2}L{x} {y + STRIP / 2 + 5}z" fill="{KINDS["none"][0]}"/>')
                self.text(x - sign * 4, y + STRIP / 2 + 4, f"{count} beyond", "end" if side else "start", 10, INK, OUTLINED)

    def row(self, said, shown, y):
        step = shown["standard_deviations"]
        weights = [(code["value"] * step, kind_of(code, shown["units"])) for code in shown["codes"]]
        magnitudes = [(abs(w), of) for w, of in weights if w != 0]
        sizes = {m for m, _ in magnitudes}
        self.text(LINE[0], y - 8, said["name"], size=14, style=BOLD)
        self.text(LINE[0] + 62, y - 8, said["doc"], fill=FAINT)
        octaves = math.log2(max(sizes) / min(sizes))
        self.text(LOG[1], y - 8, f"{len({w for w, _ in weights})} values, {len(sizes)} magnitudes over {octaves:.1f} octaves", "end", fill=FAINT)
        for left, right in (LINE, LOG):
            self.add(f'<path d="M{left} {y + STRIP}H{right}" stroke="#9aa7b1"/>')
        self.ticks(weights, y, self.on_line, LINE)
        self.ticks(magnitudes, y, self.on_log, LOG)
        self.beyond(magnitudes, y)

    def draw(self):
        self.add(f'<rect width="{WIDTH}" height="{self.height}" fill="{PAPER}"/>')
        self.text(MARGIN, 30, "Where the values of every number system lie, for normally distributed weights", size=17, style=BOLD)
        x = MARGIN
        for colour, says in KINDS.values():
            self.add(f'<rect x="{x}" y="47" width="12" height="12" fill="{colour}"/>')
            self.text(x + 18, 57, says)
            x += 44 + 6.3 * len(says)
        self.grid(TOP, self.bottom)
        self.bells(TOP + BELL - 20)
        for i, (said, shown) in enumerate(self.systems):
            self.row(said, shown, TOP + BELL + ROW * i + 20)

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}" '
                f'font-family="sans-serif">\n' + "\n".join(self.out) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("keyway")
    parser.add_argument("picture")
    arguments = parser.parse_args()
    systems = [(said, read(arguments.keyway, said["name"])) for said in tomllib.loads(CONTRACT.read_text())["number_system"]]
    pathlib.Path(arguments.picture).write_text(Picture(systems).svg())


if __name__ == "__main__":
    main()
