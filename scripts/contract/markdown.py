# SPDX-License-Identifier: Apache-2.0
"""rtl/pkg/INSTRUCTIONS.md: the instruction set for readers."""
from contract.model import one_line


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows] + [""]


def bit_range(field):
    return str(field.lsb) if field.bits == 1 else f"{field.msb}..{field.lsb}"


def kind_of(field):
    if field.type:
        return field.type
    return f"{'signed' if field.signed else 'unsigned'} {field.bits}" if field.bits > 1 else "bit"


def fields(rows):
    return table(("bits", "field", "type", "meaning"), [(bit_range(f), f.name, kind_of(f), f.doc) for f in rows])


def instruction(contract, i):
    lines = [f"## {i['name']} (opcode {i['opcode']})", "", i["doc"].strip(), "", *fields(contract.instruction_fields(i))]
    return lines + ["```c", i["loop_nest"].strip(), "```", ""]


def instructions(contract, note):
    core = contract["core"]
    lines = ["# Instructions of the core", "", f"<!-- {note} -->", "", contract["instructions"]["doc"].strip(), "",
             "What follows from the size of a core, Lanes x Depth:", "",
             f"    WordChannels = min(Depth, {core['max_word_channels']})        bytes (channels) of an activation word",
             "    ReadWords    = Depth / WordChannels     activation words that meet the array a cycle",
             "    LaneWords    = Lanes / WordChannels     activation words that the lanes write a cycle",
             "    BlockBanks   = max(ReadWords, LaneWords)",
             f"    MaxColumns   = min(Depth / {core['window_rows']}, {core['max_window_columns']})"
             "       columns of the sliding window", "",
             "A field's type is one of these, or its own number of bits:", ""]
    lines += table(("type", "bits", "counts"), [(t["name"], f"{t['bits']}{', signed' if t.get('signed') else ''}", t["doc"])
                                               for t in contract["type"]])
    for i in contract["instruction"]:
        lines += instruction(contract, i)
    lines += ["## Parameter record", "", contract["parameters"]["doc"].strip(), "", *fields(contract.parameter_fields())]
    for title, name in (("Modes", "mode"), ("Turns", "turn")):
        lines += [f"## {title}", "", *table(("value", "name", "meaning"), [(v["value"], v["name"], one_line(v["doc"]))
                                                                         for v in contract[name]])]
    lines += ["## Number systems", "", *table(
        ("value", "name", "bits", "table", "kinds of arrays", "operand"),
        [(s["value"], s["name"], contract.code_bits(s), "corrections" if contract.has_corrections(s) else "operands" if s["has_table"] else "none", ", ".join(s["array_kinds"]), s["doc"])
         for s in contract["number_system"]])]
    return "\n".join(lines).rstrip() + "\n"
