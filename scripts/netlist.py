#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Netlists between Yosys' passes, and the table of their cells. For the synthesis scripts beside it.

  netlist.py share IN.il OUT.il      one module for all instances that are the same; those of BLOCKS
                                     keep their border when the rest is flattened
  netlist.py harness IN.il TOP OUT.v Verilog around TOP with four pins, so that pins do not limit placing
  netlist.py globals IN.json OUT.json  clears and resets of many registers go on global nets of an ECP5
  netlist.py timing REPORT.json      what nextpnr found: cells, frequency, critical path by module
  netlist.py table [--most-lock PERCENT] [--fast LOCK.json] [--record AREA.csv --state STATE] TITLE STAT.json
                                     Markdown table of what `stat -json` counted; with --fast, also of the
                                     lock with the other unsealer; exit status 1 if the lock has more. With
                                     --record TITLE's row of AREA.csv is what the core takes without its lock
  netlist.py most LUTS STAT.json     exit status 1 if the lock unit has more

share. The slang front end gives every instance a module of its own, named after its path; a core of
32 x 32 would be synthesised 1024 multipliers long. Modules are the same when their text is, source
positions, path names and running numbers aside and with the modules in them replaced by their shared
ones. The first of a kind keeps the plain name of its source, `lane`; others become `lane_2` and so on.

harness. Every input comes from a register of one long shift register, every output goes into one of
another, which `load` fills: all paths from and to the pins of TOP begin or end in registers beside it.

globals. nextpnr gives clocks a global net and nothing else. What clears registers all over the device takes
the wires of everybody else, and is late: each such net gets a DCCA, whose output goes to the registers.

table. What is counted, for UltraScale+:
  LUT   LUT1 .. LUT6, each as one although two small ones may share a LUT6; an inverter as one; memory
        made of LUTs and shift registers by the LUTs they occupy (LUT_MEMORY). Not counted: MUXF7/8/9,
        which stand behind the LUTs of a slice, and LUTs that a placer uses as wires to a carry chain.
  FF    FDRE, FDSE, FDCE, FDPE.   CARRY  in units of CARRY4 (CARRY8 is two).
  BRAM  in units of RAMB36, RAMB18 is half a one.
"""
import csv
import json
import os
import re
import sys

# Row of the table -> modules whose own cells it counts; what is instantiated in them and not named here
# is part of them. Every name must exist: a module that was renamed must not vanish from the table.
ENGINE = {
    "array": "array lanes lane operand_feed accumulator",
    "number-system decoders": "tile_decoder table_loader",
    "control, weight path": "engine dispatcher weight_reader weight_path activation_reader load_unit store_unit",
    "post-processing": "post_process parameter_store post_lane residual_reader result_writer",
    "memories": "weight_memory activation_memory",
}
SHELL = {
    "shell": "keyway_kernel keyway_core shell axi_lite_registers axi_read_dma axi_write_dma conductor"
             " frame_server performance_counters",
}
# Only what a lock needs; what stores and compares header and licence is all here.
LOCK_UNIT = {
    "cipher": "aes256",
    "GHASH": "ghash",
    "SHA-256, KDF": "kdf",
    "frames": "lock_unit unsealer",
}
LOCK = {**LOCK_UNIT, "licence": "licence_opener header_licence_store", "output gate": "output_gate",
        "device secret": "device_secret", "class probe": "class_probe"}
BLOCKS = {**ENGINE, **SHELL, **LOCK}
WANTED = {name for names in BLOCKS.values() for name in names.split()}
IN_LOCK_UNIT = {name for names in LOCK_UNIT.values() for name in names.split()} | {"licence_opener"}

LUTS = {"LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6", "INV"}
LUT_MEMORY = {"RAM32X1S": 1, "RAM64X1S": 1, "RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM128X1S": 2,
              "RAM256X1D": 8, "RAM256X1S": 4, "RAM512X1S": 8, "RAM32M": 4, "RAM64M": 4, "RAM32M16": 8,
              "RAM64M8": 8, "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1}
COLUMNS = ("LUT", "LUT of it memory", "FF", "CARRY4", "DSP48E1", "RAMB36", "URAM288")
UNCOUNTED = {"MUXF7", "MUXF8", "MUXF9", "$scopeinfo"}

MODULE = re.compile(r"^module \\(\S+)$")
PORT = re.compile(r"^\s*wire (?:width (\d+) )?(input|output|inout) \d+ \\(\S+)$")
CELL = re.compile(r"^(\s*cell )\\(\S+)( .*)$")
NOISE = re.compile(r"^\s*attribute \\(src|hdlname) ")
NUMBERED = re.compile(r"\$\S*\$\d+")  # a name that Yosys counted up: $procmux$17842


def stop(message):
    raise SystemExit(f"netlist.py: {message}")


# ---------------------------------------------------------------------------------------------- share
def modules(lines):
    """Yields (name, lines of the module with its attributes); a file holds nothing else of interest."""
    head, body, name = [], [], None
    for line in lines:
        if name is None:
            found = MODULE.match(line)
            if found:
                name, body = found.group(1), [*head, line]
                head = []
            elif line.startswith("attribute"):
                head.append(line)
        else:
            body.append(line)
            if line.rstrip() == "end":
                yield name, body
                name = None
    if name is not None:
        stop(f"module {name} has no end")


def share(source, target):
    with open(source) as file:
        found = dict(modules(file))
    if not found:
        stop(f"{source} holds no module")
    shared = {}  # name in the source file -> name in the target file
    by_text = {}
    kinds = {}  # plain name -> how many different ones

    def write(name, file):
        """The modules inside go first; this calls itself as deep as the design is."""
        if name in shared:
            return shared[name]
        if name not in found:
            stop(f"{source} uses module {name} and does not hold it")
        plain = name.split("$")[0]
        text = []
        numbers = {}  # running number in the source -> in this module

        def recount(match):
            base = match.group().rpartition("$")[0]
            return f"{base}${numbers.setdefault(match.group(), len(numbers))}"

        for line in found[name]:
            if NOISE.match(line):
                continue
            cell = CELL.match(line)
            if cell:
                line = f"{cell.group(1)}\\{write(cell.group(2), file)}{cell.group(3)}\n"
            line = NUMBERED.sub(recount, line)
            text.append(f"module \\{plain}\n" if MODULE.match(line) else line)
        key = "".join(text)
        if key not in by_text:
            kinds[plain] = kinds.get(plain, 0) + 1
            by_text[key] = plain if kinds[plain] == 1 else f"{plain}_{kinds[plain]}"
            if plain in WANTED:
                file.write("attribute \\keep_hierarchy 1\n")
            file.write(key.replace(f"module \\{plain}\n", f"module \\{by_text[key]}\n", 1))
        shared[name] = by_text[key]
        return shared[name]

    with open(target, "w") as file:
        for name in found:
            write(name, file)
    print(f"{len(found)} instances are of {len(by_text)} different modules")


# -------------------------------------------------------------------------------------------- harness
def harness(source, top, target):
    with open(source) as file:
        lines = dict(modules(file)).get(top) or stop(f"{source} holds no module {top}")
    clock = "ap_clk"
    inputs, outputs = [], []  # (name, bits)
    for line in lines:
        if port := PORT.match(line):
            bits, direction, name = int(port.group(1) or 1), port.group(2), port.group(3)
            if direction == "inout":
                stop(f"{top}.{name} is an inout, which the harness does not know")
            if name != clock:
                (inputs if direction == "input" else outputs).append((name, bits))
    into, out = sum(bits for _, bits in inputs), sum(bits for _, bits in outputs)
    if not into or not out:
        stop(f"{source}: {top} has no inputs or no outputs")

    def connect(ports, vector):
        low = 0
        for name, bits in ports:
            yield f"    .{name}({vector}[{low} +: {bits}])"
            low += bits

    ports = ",\n".join([f"    .{clock}(clk)", *connect(inputs, "in_q"), *connect(outputs, "out")])
    with open(target, "w") as file:
        file.write(f"""// Generated by scripts/netlist.py harness.
module harness (input clk, input in, input load, output reg out_bit);
  reg [{into - 1}:0] in_q;
  wire [{out - 1}:0] out;
  reg [{out - 1}:0] out_q;
  reg in_first_q, load_q;
  always @(posedge clk) begin
    in_first_q <= in;
    load_q <= load;
    in_q <= {{in_q, in_first_q}};
    out_q <= load_q ? out : {{out_q, 1'b0}};
    out_bit <= out_q[{out - 1}];
  end
  {top} u_{top} (
{ports}
  );
endmodule
""")
    print(f"{into} inputs and {out} outputs of {top} in shift registers")


# -------------------------------------------------------------------------------------------- globals
# ECP5 family data sheet (FPGA-DS-02012), clocks: 16 primary ones; nextpnr lets 8 of them reach logic. The clock
# has one.
MOST_GLOBALS = 7
LEAST_CLEARED = 700


def make_globals(source, target):
    with open(source, encoding="utf-8") as file:
        design = json.load(file)
    module = next((entry for entry in design["modules"].values()
                   if any(cell["type"] == "TRELLIS_FF" for cell in entry.get("cells", {}).values())), None)
    if module is None:
        stop(f"{source} holds no module with registers (TRELLIS_FF)")
    cleared = {}  # net -> registers whose LSR it is
    for cell in module["cells"].values():
        if cell["type"] == "TRELLIS_FF":
            for bit in cell["connections"].get("LSR", []):
                if isinstance(bit, int):
                    cleared.setdefault(bit, []).append(cell)
    free = 1 + max(bit for net in module["netnames"].values() for bit in net["bits"] if isinstance(bit, int))
    chosen = sorted(cleared.items(), key=lambda entry: -len(entry[1]))[:MOST_GLOBALS]
    chosen = [(net, cells) for net, cells in chosen if len(cells) >= LEAST_CLEARED]
    for number, (net, cells) in enumerate(chosen):
        name, output = f"global_clear_{number}", free + number
        module["cells"][name] = {
            "hide_name": 0, "type": "DCCA", "parameters": {}, "attributes": {},
            "port_directions": {"CLKI": "input", "CE": "input", "CLKO": "output"},
            "connections": {"CLKI": [net], "CE": ["1"], "CLKO": [output]}}
        module["netnames"][name] = {"hide_name": 0, "bits": [output], "attributes": {}}
        for cell in cells:
            cell["connections"]["LSR"] = [output]
    with open(target, "w", encoding="utf-8") as file:
        json.dump(design, file)
    registers = sum(len(cells) for _, cells in chosen)
    print(f"{len(chosen)} global nets clear {registers} registers")


# --------------------------------------------------------------------------------------------- timing
def timing(path):
    with open(path) as file:
        report = json.load(file)
    if not report.get("fmax"):
        stop(f"{path} holds no frequency; was the design routed?")
    print("| cells | used | there are |\n| --- | --- | --- |")
    for cell, count in report["utilization"].items():
        if count["used"]:
            print(f"| {cell} | {count['used']:,} | {count['available']:,} |")
    for clock, result in report["fmax"].items():
        print(f"\n{clock}: {result['achieved']:.1f} MHz after routing (asked: {result['constraint']:.0f})")
    for critical in report["critical_paths"]:
        if critical["from"] != critical["to"]:
            continue  # from or to a pin of the harness
        total = 0
        print(f"Critical path, {critical['from'].split()[-1]}:")
        for step in critical["path"]:
            total += step["delay"]
            print(f"  {total:6.2f} ns  {step['type']:8} {step['to']['cell']}.{step['to']['port']}")


# ---------------------------------------------------------------------------------------------- table
def plain(name):
    return re.sub(r"_\d+$", "", name)


def own_cells(path, wanted):
    """Module of BLOCKS -> its own cells, times its instances; all of `wanted` must be there."""
    with open(path) as file:
        counted = json.load(file)["modules"]
    kept = {name.lstrip("\\"): entry["num_cells_by_type"] for name, entry in counted.items()}
    inside = {cell for cells in kept.values() for cell in cells if cell in kept}
    tops = [name for name in kept if name not in inside]
    if len(tops) != 1:
        stop(f"{path}: expected one top, found {tops}")
    total = {}

    def add(name, times):
        cells = total.setdefault(name if name in wanted else plain(name), {})
        for cell, count in kept[name].items():
            if cell in kept:
                add(cell, times * count)
            else:
                cells[cell] = cells.get(cell, 0) + times * count

    add(tops[0], 1)
    if missing := wanted - total.keys():
        stop(f"{path}: no module {', '.join(sorted(missing))}; was it renamed? (BLOCKS)")
    if unknown := total.keys() - wanted:
        stop(f"{path}: module {', '.join(sorted(unknown))} is in no row of the table (BLOCKS)")
    return total


def measure(cells, path):
    row = dict.fromkeys(COLUMNS, 0)
    for cell, count in cells.items():
        if cell in LUTS:
            row["LUT"] += count
        elif cell in LUT_MEMORY:
            row["LUT"] += count * LUT_MEMORY[cell]
            row["LUT of it memory"] += count * LUT_MEMORY[cell]
        elif cell in ("FDRE", "FDSE", "FDCE", "FDPE"):
            row["FF"] += count
        elif cell in ("CARRY4", "DSP48E1", "URAM288"):
            row[cell] += count
        elif cell in ("RAMB36E2", "RAMB18E2"):
            row["RAMB36"] += count * (1 if cell == "RAMB36E2" else 0.5)
        elif cell not in UNCOUNTED:
            stop(f"{path}: do not know how to count {cell}")
    return row


def add_up(rows):
    return {column: sum(row[column] for row in rows) for column in COLUMNS}


RECORDED = {"LUT": "lut", "FF": "ff", "DSP48E1": "dsp", "RAMB36": "ramb36"}


def record(path, title, numbers, state):
    """One row a core, in the order in which cores came first."""
    heading = ["core", *RECORDED.values(), "rtl"]
    rows = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8", newline="") as file:
            first, *rest = csv.reader(file)
        if first != heading:
            stop(f"{path}: the columns are not {', '.join(heading)}")
        rows = {row[0]: row for row in rest}
    rows[title] = [title, *(f"{numbers[column]:g}" if numbers[column] % 1 else str(int(numbers[column]))
                            for column in RECORDED), state]
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([heading, *rows.values()])


def table(title, path, fast, most_lock, recorded, state):
    cells = own_cells(path, WANTED)

    def rows_of(groups, source, counted_in):
        return {row: add_up([measure(source[name], counted_in) for name in names.split()])
                for row, names in groups.items()}

    unlocked = {**rows_of(ENGINE, cells, path), **rows_of(SHELL, cells, path)}
    lock = rows_of(LOCK, cells, path)
    rest = add_up(unlocked.values())
    lock_total = add_up(lock.values())
    for row, numbers in {**unlocked, **lock}.items():
        if not numbers["LUT"]:
            stop(f"{path}: no LUT in '{row}': the netlist is not that of the whole core")
    for column in ("FF", "DSP48E1", "RAMB36"):
        if not rest[column]:
            stop(f"{path}: no {column} in the core: the memories or multipliers were not mapped")
    shown = [*unlocked.items(), ("**core without lock**", rest),
             *((f"lock: {row}", numbers) for row, numbers in lock.items()),
             ("**lock, iterative**", lock_total)]
    shares = [("iterative", lock_total)]
    if fast:
        other = own_cells(fast, IN_LOCK_UNIT)
        outside = [measure(cells[name], path) for name in ("header_licence_store", "output_gate")]
        fast_total = add_up([*(measure(entry, fast) for entry in other.values()), *outside])
        shown.append(("**lock, fast**", fast_total))
        shares.append(("fast", fast_total))
    print(f"\n| {title} | {' | '.join(COLUMNS)} |\n|{' --- |' * (len(COLUMNS) + 1)}")
    for row, numbers in shown:
        print(f"| {row} | {' | '.join(f'{numbers[column]:,g}' for column in COLUMNS)} |")
    print()
    for kind, total in shares:
        print(f"{title}: the {kind} lock has {100 * total['LUT'] / rest['LUT']:.1f} % "
              f"of the LUTs of the core without it")
    if recorded:
        record(recorded, title, rest, state)
    if most_lock is not None and 100 * lock_total["LUT"] > most_lock * rest["LUT"]:
        stop(f"the iterative lock has more than {most_lock:g} % of the core's LUTs")


def most(luts, path):
    rows = [measure(cells, path) for cells in own_cells(path, IN_LOCK_UNIT).values()]
    found = add_up(rows)["LUT"]
    print(f"the lock unit has {found:,} LUTs, it may have {luts:,}")
    if found > luts:
        stop("the lock unit has grown")


def main(arguments):
    command, *arguments = arguments or [""]
    if command == "share" and len(arguments) == 2:
        share(*arguments)
    elif command == "harness" and len(arguments) == 3:
        harness(*arguments)
    elif command == "globals" and len(arguments) == 2:
        make_globals(*arguments)
    elif command == "timing" and len(arguments) == 1:
        timing(*arguments)
    elif command == "most" and len(arguments) == 2:
        most(int(arguments[0]), arguments[1])
    elif command == "table":
        options = {"--fast": None, "--most-lock": None, "--record": None, "--state": None}
        while len(arguments) > 2 and arguments[0] in options:
            options[arguments[0]] = arguments[1]
            arguments = arguments[2:]
        if len(arguments) != 2 or (options["--record"] is None) != (options["--state"] is None):
            raise SystemExit(__doc__)
        percent = options["--most-lock"]
        table(*arguments, options["--fast"], None if percent is None else float(percent), options["--record"],
              options["--state"])
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
