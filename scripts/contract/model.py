# SPDX-License-Identifier: Apache-2.0
"""The contract as read from its file: its hash, its types, and fields with their places."""
import dataclasses
import hashlib
import json

# Lists of named values, each an enumeration in every language.
ENUMERATIONS = ("status", "start_mode", "policy", "frame_kind", "array_kind", "number_system", "mode", "turn", "secret_source")
COUNTED_BITS = 8  # of an enumeration that is no field of an instruction: a byte in a header or register


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


def one_line(text):
    return " ".join(text.split())


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of an instruction, a parameter record or a register, at its place."""

    name: str
    lsb: int
    bits: int
    signed: bool
    default: int
    doc: str
    type: str  # its [[type]], or ""

    @property
    def msb(self):
        return self.lsb + self.bits - 1


class Contract:
    def __init__(self, tree):
        self.tree = tree
        self.types = {t["name"]: t for t in tree["type"]}
        self.digest = contract_digest(tree)

    def __getitem__(self, key):
        return self.tree[key]

    def base(self, field):
        """Where a field's bits and sign stand."""
        return self.types[field["type"]] if "type" in field else field

    def packed(self, fields, start):
        """Fields packed upwards from bit `start`; a field names its type, or its own bits and sign."""
        rows, at = [], start
        for f in fields:
            base = self.base(f)
            row = Field(f["name"], at, base["bits"], base.get("signed", False), f.get("default", 0),
                        one_line(self.field_doc(f)), f.get("type", ""))
            rows.append(row)
            at += row.bits
        return rows

    def field_doc(self, field):
        """A field with a list of values says them."""
        if "values" not in field:
            return field.get("doc", "")
        said = ", ".join(f"{v['value']} {v['name']}" for v in self[field["values"]])
        return f"{field['doc']}: {said}" if field.get("doc") else said

    def parameter_fields(self):
        rows = self.packed(self["parameter"], 0)
        assert rows[-1].msb < self.record_bits(), "the parameter record is full"
        return rows

    def record_bits(self):
        return 8 * self["core"]["lane_weight_bytes"] * self["core"]["parameter_words"]

    def instruction_bits(self):
        return 8 * self["core"]["instruction_bytes"]

    def instruction_fields(self, instruction):
        rows = self.packed(instruction["fields"], self["core"]["opcode_bits"])
        assert rows[-1].msb < self.instruction_bits(), f"{instruction['name']} has too many bits"
        return rows

    def argument_fields(self):
        """The kernel's arguments as one structure of registers."""
        return self.packed([{"name": a["name"] + "_address", "bits": 64} if a["type"] == "pointer" else
                            {"name": a["name"], "bits": 32} for a in self["argument"]], 0)

    def shape_fields(self):
        (shape,) = [r for r in self["register"] if r["name"] == "SHAPE"]
        return self.packed(shape["fields"], 0)

    def default_memory(self):
        (preset,) = [p for p in self["memory_preset"] if p["name"] == self["memory"]["default"]]
        return preset

    def code_bits(self, system):
        return system.get("code_bits", 8)

    def has_corrections(self, system):
        return system.get("has_corrections", False)

    def has_tables(self, kind):
        """Arrays of this kind run a number system with a table of operands."""
        return any(s["has_table"] and not self.has_corrections(s) and kind["name"] in s["array_kinds"]
                   for s in self["number_system"])

    def is_stored(self, system, kind):
        """Decode tables of such an array hold the operands of all codes."""
        return "stored" in system and kind["name"] in system["array_kinds"] and self.has_tables(kind)

    def stored_quarters(self):
        """Name of each number system that decode tables hold -> its quarters of the place for them."""
        stored = [s for s in self["number_system"] if "stored" in s]
        for s in stored:
            plain = not s["has_table"] and not s.get("has_digits") and self.code_bits(s) == 8
            assert plain, f"{s['name']}: its operands do not follow from eight bits, so they cannot be stored"
        sizes = {s["name"]: {"values": 2, "magnitudes": 1}[s["stored"]] for s in stored}
        assert sum(sizes.values()) <= 4, f"decode tables have no place for all of {', '.join(sizes)}"
        quarters, free = {}, 0
        for name in sorted(sizes, key=lambda name: -sizes[name]):
            quarters[name] = range(free, free + sizes[name])
            free += sizes[name]
        return quarters

    def values_bits(self, name):
        """Bits of the enumeration [[name]]: those of the field that takes it."""
        for instruction in self["instruction"]:
            for field in instruction["fields"]:
                if field.get("values") == name:
                    return self.base(field)["bits"]
        return COUNTED_BITS

    def version_word(self):
        return self["registers"]["version_major"] << 16 | self["registers"]["version_minor"]


def hashed_part(tree, unhashed=None):
    """The contract less what [unhashed] names, so that a better sentence makes no other contract."""
    if unhashed is None:
        keys, tables = tree["unhashed"]["keys"], tree["unhashed"]["tables"]
        bare = {k: v for k, v in tree.items() if k not in tables and k != "unhashed"}
        return hashed_part(bare, frozenset(keys))
    if isinstance(tree, dict):
        return {k: hashed_part(v, unhashed) for k, v in tree.items() if k not in unhashed}
    if isinstance(tree, list):
        return [hashed_part(v, unhashed) for v in tree]
    return tree


def contract_digest(tree):
    """SHA-256 as hexadecimal; its first 32 bits are in core and package headers."""
    return hashlib.sha256(json.dumps(hashed_part(tree), sort_keys=True).encode()).hexdigest()
