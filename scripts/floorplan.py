#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Places block memories and multipliers of a netlist in an ECP5-85k, and leaves the rest to nextpnr.

  floorplan.py IN.json OUT.json [--seed N]     IN.json as Yosys' write_json gives it, of one flat module

Block memories and DSPs stand in a few rows of the device. A placer that moves them together with
everything else finds places for them late and far away, and what belongs to them has to follow: that
doubles the length of all wires, more than can be routed. Here they get the attribute BEL, before
nextpnr begins, by a placement of the whole netlist in which logic may overlap:

  start    coordinates are the second and third eigenvector of the netlist's normalised adjacency
           (Hall, Management Science 17(3), 1970), spread evenly
  turn     all cells move to the least quadratic wire length, nets weighted as the bound-to-bound model
           says (Spindler, Schlichtmann, Johannes, IEEE TCAD 27(8), 2008), pulled ever harder towards the
           places that the memories and DSPs got last, and logic to where it would stand spread out
  places   memories and DSPs are assigned to sites with the least sum of displacements

Prints the half-perimeter wire length with memories and DSPs in their places.
"""
import argparse
import collections
import json

import numpy as np
import scipy.optimize
import scipy.sparse
import scipy.sparse.linalg

# The ECP5-85k in tiles, and its rows of memories and DSPs, four in each group of nine columns
# (Project Trellis' database, LFE5U-85F).
SIZE = (126, 95)
GROUPS = [4 + 9 * k for k in range(7)] + [69 + 9 * k for k in range(6)]
SITES = {
    "DP16KD": [(x + 2 * k, y, f"X{x + 2 * k}/Y{y}/EBR{k}")
               for y in (22, 46, 70, 82) for x in GROUPS for k in range(4)],
    "MULT18X18D": [(x + k, y, f"X{x + k}/Y{y}/MULT18_{k}")
                   for y in (10, 34, 58) for x in GROUPS for k in (0, 1, 4, 5)],
}
# Room that logic takes, in LUTs.
AREA = {"LUT4": 1.0, "CCU2C": 2.0, "TRELLIS_FF": 0.6, "TRELLIS_DPR16X4": 6.0}
TURNS = 120
MOST_PINS = 400  # nets with more (clock, resets) go everywhere and say nothing
BANDS = 6  # logic is spread in so many rows, then columns


class Netlist:
    """Cells 0 .. count-1 and nets of 2 to MOST_PINS cells: cells of net i are pins[start[i]:start[i+1]]."""

    def __init__(self, module):
        self.names = [name for name, cell in module["cells"].items() if cell["type"] != "$scopeinfo"]
        self.types = [module["cells"][name]["type"] for name in self.names]
        self.count = len(self.names)
        cells_of = collections.defaultdict(set)
        for i, name in enumerate(self.names):
            for bits in module["cells"][name]["connections"].values():
                for bit in bits:
                    if isinstance(bit, int):
                        cells_of[bit].add(i)
        nets = [sorted(cells) for cells in cells_of.values() if 2 <= len(cells) <= MOST_PINS]
        self.sizes = np.array([len(net) for net in nets])
        self.pins = np.concatenate(nets)
        self.start = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        self.net = np.repeat(np.arange(len(nets)), self.sizes)
        self.fixed = np.array([i for i in range(self.count) if self.types[i] in SITES])
        self.area = np.array([AREA.get(kind, 0.01) for kind in self.types])

    def laplacian(self, a, b, weight):
        adjacency = scipy.sparse.coo_matrix((weight, (a, b)), shape=(self.count, self.count))
        adjacency = adjacency + adjacency.T
        degree = np.asarray(adjacency.sum(axis=1)).ravel()
        return scipy.sparse.csr_matrix(scipy.sparse.diags(degree) - adjacency)

    def bound_to_bound(self, position):
        """Its quadratic form is the length of all nets in this coordinate, at `position`."""
        order = np.lexsort((position[self.pins], self.net))
        pins = self.pins[order]
        low = np.repeat(pins[self.start], self.sizes)
        high = np.repeat(pins[self.start + self.sizes - 1], self.sizes)
        weight = np.repeat(1.0 / (self.sizes - 1), self.sizes)
        ends = []
        for end, wanted in ((low, pins != low), (high, (pins != high) & (pins != low))):
            distance = np.maximum(np.abs(position[pins] - position[end]), 1.0)
            ends.append((pins[wanted], end[wanted], (weight / distance)[wanted]))
        return self.laplacian(*(np.concatenate(parts) for parts in zip(*ends)))

    def half_perimeter(self, positions):
        return sum(np.sum(np.maximum.reduceat(position[self.pins], self.start)
                          - np.minimum.reduceat(position[self.pins], self.start)) for position in positions)

    def eigenvectors(self, seed):
        """Two that say which cells belong together."""
        small = self.sizes[self.net] <= 20
        # Every pair of a net's cells: pins of the same net, one at each offset behind the other.
        pairs = []
        for offset in range(1, 20):
            a = np.arange(len(self.pins) - offset)
            a = a[small[a] & (self.net[a] == self.net[a + offset])]
            pairs.append((self.pins[a], self.pins[a + offset], 1.0 / (self.sizes[self.net[a]] - 1)))
        laplacian = self.laplacian(*(np.concatenate(parts) for parts in zip(*pairs)))
        degree = laplacian.diagonal() + 1e-6
        scale = scipy.sparse.diags(1 / np.sqrt(degree))
        adjacency = scale @ (scipy.sparse.diags(laplacian.diagonal()) - laplacian) @ scale
        start = np.random.default_rng(seed).standard_normal(self.count)
        values, vectors = scipy.sparse.linalg.eigsh(adjacency, k=4, which="LA", tol=1e-3, v0=start)
        order = np.argsort(-values)
        return [vectors[:, order[k]] / np.sqrt(degree) for k in (1, 2)]


def evenly(values, extent):
    """Positions in the order of the values, the same distance from one to the next."""
    return (np.argsort(np.argsort(values)) + 0.5) / len(values) * extent


def assign(netlist, positions):
    """Places for what stands in rows: positions of all cells (others 0) and the names of the sites."""
    places = [np.zeros(netlist.count) for _ in SIZE]
    bels = {}
    for kind, sites in SITES.items():
        cells = np.array([i for i in netlist.fixed if netlist.types[i] == kind], dtype=int)
        if len(cells) > len(sites):
            raise SystemExit(f"floorplan.py: {len(cells)} cells {kind}, the device has {len(sites)}")
        cost = sum(np.abs(positions[axis][cells][:, None] - np.array([site[axis] for site in sites]))
                   for axis in (0, 1))
        for cell, site in zip(*scipy.optimize.linear_sum_assignment(cost)):
            places[0][cells[cell]], places[1][cells[cell]], bels[cells[cell]] = sites[site]
    return places, bels


def spread(netlist, positions):
    """Where cells would stand if each band of the device were filled evenly, most of the way there."""
    x, y = (position.copy() for position in positions)
    for along, across, extent, other in ((x, y, *SIZE), (y, x, *SIZE[::-1])):
        band = np.clip((across / other * BANDS).astype(int), 0, BANDS - 1)
        even = along.copy()
        for k in range(BANDS):
            cells = np.where(band == k)[0]
            cells = cells[np.argsort(along[cells])]
            filled = np.cumsum(netlist.area[cells])
            if len(cells):
                even[cells] = (filled - netlist.area[cells] / 2) / max(filled[-1], 1.0) * extent
        along += 0.8 * (even - along)
    return x, y


def place(netlist, seed):
    fixed = netlist.fixed
    logic = np.ones(netlist.count, dtype=bool)
    logic[fixed] = False
    positions = [evenly(vector, extent) for vector, extent in zip(netlist.eigenvectors(seed), SIZE)]
    apart = [position.copy() for position in positions]
    for axis, extent in enumerate(SIZE):
        apart[axis][fixed] = evenly(positions[axis][fixed], extent)
    places, bels = assign(netlist, apart)
    wanted = None
    for turn in range(TURNS):
        moved = []
        for axis, extent in enumerate(SIZE):
            system = netlist.bound_to_bound(positions[axis])
            pull = np.full(netlist.count, 1e-4)
            target = np.full(netlist.count, extent / 2)
            pull[fixed] = 0.02 * (turn + 1) * system.diagonal()[fixed]
            target[fixed] = places[axis][fixed]
            if wanted is not None:
                far = np.maximum(np.abs(positions[axis] - wanted[axis]), 1.0)
                pull[logic] = 0.01 / 3 * turn / far[logic]
                target[logic] = wanted[axis][logic]
            system = system + scipy.sparse.diags(pull)
            solution, _ = scipy.sparse.linalg.cg(system, pull * target, x0=positions[axis], rtol=1e-4,
                                                 maxiter=200, M=scipy.sparse.diags(1 / system.diagonal()))
            moved.append(np.clip(solution, 1, extent - 1))
        positions = moved
        places, bels = assign(netlist, positions)
        wanted = spread(netlist, positions)
    for axis in (0, 1):
        positions[axis][fixed] = places[axis][fixed]
    return bels, netlist.half_perimeter(positions)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with open(arguments.source, encoding="utf-8") as file:
        design = json.load(file)
    flat = [module for module in design["modules"].values() if "cells" in module
            and any(cell["type"] in SITES for cell in module["cells"].values())]
    if len(flat) != 1:
        raise SystemExit(f"floorplan.py: {arguments.source}: {len(flat)} modules hold memories or DSPs; "
                         "a flat netlist has one")
    netlist = Netlist(flat[0])
    bels, length = place(netlist, arguments.seed)
    for cell, bel in bels.items():
        flat[0]["cells"][netlist.names[cell]].setdefault("attributes", {})["BEL"] = bel
    with open(arguments.target, "w", encoding="utf-8") as file:
        json.dump(design, file)
    print(f"{len(bels)} memories and DSPs placed; wires of {int(length)} tiles")


if __name__ == "__main__":
    main()
