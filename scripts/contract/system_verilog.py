# SPDX-License-Identifier: Apache-2.0
"""rtl/pkg/keyway_contract_pkg.sv: constants, enumerations, types of fields, packed structures."""
import textwrap

from contract.model import camel, one_line

ENUMERATIONS = ("status", "policy", "frame_kind", "mode", "turn")


def comment(text, indent="  "):
    return [f"{indent}// {line}" for line in textwrap.wrap(one_line(text), 100)]


def vector(bits, signed=False):
    sign = "signed " if signed else ""
    return f"logic {sign}[{bits - 1}:0]"


class Package:
    def __init__(self, contract, note):
        self.c = contract
        self.lines = ["// SPDX-License-Identifier: Apache-2.0", f"// {note}", "",
                      "// verilator lint_off UNUSEDPARAM", "package keyway_contract_pkg;", ""]

    def add(self, *lines):
        self.lines += lines

    def constant(self, name, value, kind="int unsigned"):
        self.add(f"  parameter {kind} {name} = {value};")

    def enumeration(self, name, rows, bits):
        self.add(f"  typedef enum {vector(bits)} {{")
        self.add(",\n".join(f"    {row} = {bits}'d{value}" for row, value in rows))
        self.add(f"  }} {name}_e;", "")

    def structure(self, name, fields, bits, tail=()):
        """Fields from bit 0 upwards; the language wants the highest first."""
        self.add("  typedef struct packed {")
        used = fields[-1].msb + 1
        if used < bits:
            self.add(f"    {vector(bits - used)} reserved;")
        for f in reversed(fields):
            kind = f"{f.type}_t" if f.type else vector(f.bits, f.signed)
            self.add(f"    {kind} {f.name};")
        self.add(*tail, f"  }} {name}_t;")

    def constants(self):
        c = self.c
        self.constant("ContractHash", f"32'h{c.digest[:8]}", "logic [31:0]")
        for name, value in c["core"].items():
            self.constant(camel(name), value)
        for preset in c["memory_preset"]:
            for size in ("activation_bytes", "weight_bytes"):
                self.constant(f"Memory{camel(preset['name'])}{camel(size)}", preset[size])
        self.add("")
        for name, value in c["format"].items():
            if isinstance(value, str):  # byte 0 is the least significant
                number = int.from_bytes(value.encode(), "little")
                self.constant(camel(name), f"{8 * len(value)}'h{number:x}", vector(8 * len(value)))
            else:
                self.constant(camel(name), value)
        self.add("")

    def registers(self):
        c = self.c
        for register in c["register"]:
            self.add(*comment(register["doc"]))
            self.constant("Reg" + camel(register["name"]), f"12'h{register['offset']:03x}", "logic [11:0]")
        for argument in c["argument"]:
            self.constant("Arg" + camel(argument["name"]), f"12'h{argument['offset']:03x}", "logic [11:0]")
        self.constant("CounterBase", f"12'h{c['registers']['counter_base']:03x}", "logic [11:0]")
        self.constant("CoreId", f"32'h{c['registers']['id']:08x}", "logic [31:0]")
        self.constant("CoreVersion", f"32'h{c.version_word():08x}", "logic [31:0]")
        self.add("")
        self.constant("NumCounters", len(c["counter"]))
        for i, counter in enumerate(c["counter"]):
            self.constant("Count" + camel(counter["name"]), i)
        self.add("")

    def formats(self):
        c = self.c
        for kind in ("header", "licence"):
            for field in c[f"{kind}_field"]:
                self.constant(f"{camel(kind)}{camel(field['name'])}Offset", field["offset"])
        self.add("")
        for label in c["kdf"]:
            text = label["name"].encode().ljust(16, b"\0")
            self.add(f"  // {label['doc']}: {', '.join(label['fields'])}")
            self.constant("Kdf" + camel(label["name"]), f"128'h{int.from_bytes(text, 'little'):032x}", "logic [127:0]")
        self.add("")

    def instructions(self):
        c = self.c
        for t in c["type"]:
            self.add(*comment(t["doc"]), f"  typedef {vector(t['bits'], t.get('signed'))} {t['name']}_t;")
        self.add("")
        self.structure("parameter_record", c.parameter_fields(), c.record_bits())
        self.add("")
        bits = c["core"]["opcode_bits"]
        self.enumeration("opcode", [(f"Op{camel(i['name'])}", i["opcode"]) for i in c["instruction"]], bits)
        for instruction in c["instruction"]:
            self.add(*comment(instruction["doc"]))
            self.structure(instruction["name"].lower(), c.instruction_fields(instruction),
                           c.instruction_bits(), [f"    {vector(bits)} opcode;"])
            self.add("")

    def text(self):
        self.constants()
        self.registers()
        for name in ENUMERATIONS:
            rows = [(camel(name) + camel(v["name"]), v["value"]) for v in self.c[name]]
            self.enumeration(name, rows, self.c.values_bits(name))
        self.formats()
        self.instructions()
        self.add("endpackage", "// verilator lint_on UNUSEDPARAM")
        return "\n".join(self.lines) + "\n"


def package(contract, note):
    return Package(contract, note).text()
