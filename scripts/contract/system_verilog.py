# SPDX-License-Identifier: Apache-2.0
"""rtl/pkg/keyway_contract_pkg.sv (constants, enumerations, types of fields, packed structures), and
number_systems.sv and stored_operands.sv of rtl/arith (the choice among number systems)."""
import textwrap

from contract.model import ENUMERATIONS, camel, one_line


def comment(text, indent="  "):
    return [f"{indent}// {line}" for line in textwrap.wrap(one_line(text), 100)]


def vector(bits, signed=False):
    if bits == 1:
        return "logic"
    sign = "signed " if signed else ""
    return f"logic {sign}[{bits - 1}:0]"


def inside(name, values):
    """The test whether `name` is one of the values, which may take several lines."""
    lines = textwrap.wrap(", ".join(values), 80)
    if len(lines) == 1:
        return [f"return {name} inside {{{lines[0]}}};"]
    return [f"return {name} inside {{", *[f"  {line}" for line in lines], "};"]


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

    def structure(self, name, fields, bits=0, tail=()):
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
        for name, value in c["puf"].items():
            self.constant(camel(f"puf_{name}"), value)
        for name, preset in [(p["name"], p) for p in c["memory_preset"]] + [("default", c.default_memory())]:
            for size in ("activation_bytes", "weight_bytes"):
                self.constant(f"Memory{camel(name)}{camel(size)}", preset[size])
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
        self.add("  // SHAPE")
        self.structure("shape", c.shape_fields())
        self.add("  // Arguments as they were when start was written.")
        self.structure("arguments", c.argument_fields())
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

    def events(self):
        """A structure for each unit that says some, and all of them as the kernel's pins."""
        events = self.c["event"]
        units = list(dict.fromkeys(e["of"] for e in events))
        for unit in units:
            mine = [{"name": e["name"], "bits": 1} for e in events if e["of"] == unit]
            for e in events:
                if e["of"] == unit:
                    self.add(*comment(f"{e['name']}: {e['doc']}"))
            self.structure(f"{unit}_events", self.c.packed(mine, 0))
            self.add("")
        self.add("  typedef struct packed {", *[f"    {unit}_events_t {unit};" for unit in reversed(units)],
                 "  } kernel_events_t;", "")

    def shapes(self):
        shape = self.c["shape"]
        for what, name, sizes in (("Lanes and Depth of a core.", "is_array_size", shape["array_sizes"]),
                                  ("Bits of its memory bus.", "is_axi_bits", shape["axi_bits"])):
            self.add(f"  // {what}", f"  function automatic logic {name}(int unsigned size);",
                     f"    return size inside {{{', '.join(map(str, sizes))}}};", "  endfunction", "")

    def array_kinds(self):
        self.add("  // A step of an array of this kind begins so many cycles after the one before it.",
                 "  function automatic int unsigned step_cycles(array_kind_e kind);", "    case (kind)")
        for kind in self.c["array_kind"]:
            self.add(f"      ArrayKind{camel(kind['name'])}: return {kind['step_cycles']};")
        serial = [f"ArrayKind{camel(k['name'])}" for k in self.c["array_kind"] if k.get("digit_passes")]
        self.add("      default: return 1;", "    endcase", "  endfunction", "",
                 "  // A tile has a pass for each digit that counts.",
                 "  function automatic logic has_digit_passes(array_kind_e kind);",
                 *[f"    {line}" for line in inside("kind", serial)], "  endfunction", "")

    def number_systems(self):
        """What a core does with a number system that no list knows must be said as well: nothing."""
        systems = self.c["number_system"]
        with_table = [f"NumberSystem{camel(s['name'])}" for s in systems if s["has_table"]]
        with_digits = [f"NumberSystem{camel(s['name'])}" for s in systems if s.get("has_digits")]
        with_nibbles = [f"NumberSystem{camel(s['name'])}" for s in systems if self.c.code_bits(s) == 4]
        with_corrections = [f"NumberSystem{camel(s['name'])}" for s in systems if self.c.has_corrections(s)]
        self.add("  // A table in the program holds the operands of its codes, or corrections of their products.",
                 "  function automatic logic has_table(number_system_t system);",
                 *[f"    {line}" for line in inside("system", with_table)], "  endfunction", "",
                 "  // It corrects products, which are no operand times an activation.",
                 "  function automatic logic has_corrections(number_system_t system);",
                 *[f"    {line}" for line in inside("system", with_corrections)], "  endfunction", "",
                 "  // A schedule says how many digits of its codes count.",
                 "  function automatic logic has_digits(number_system_t system);",
                 *[f"    {line}" for line in inside("system", with_digits)], "  endfunction", "",
                 "  // Its codes have four bits, two of them a byte.",
                 "  function automatic logic has_nibbles(number_system_t system);",
                 *[f"    {line}" for line in inside("system", with_nibbles)], "  endfunction", "",
                 "  // True if this kind of array runs it; false for a value that no number system has.",
                 "  function automatic logic runs_number_system(array_kind_e kind, number_system_t system);",
                 "    case (kind)")
        for kind in self.c["array_kind"]:
            runs = [f"NumberSystem{camel(s['name'])}" for s in systems if kind["name"] in s["array_kinds"]]
            self.add(f"      ArrayKind{camel(kind['name'])}:", *[f"        {line}" for line in inside("system", runs)])
        self.add("      default: return 1'b0;", "    endcase", "  endfunction", "",
                 "  // It runs a number system with codes of four bits.",
                 "  function automatic logic runs_nibbles(array_kind_e kind);",
                 *[f"    {line}" for line in inside("kind", [
                     f"ArrayKind{camel(k['name'])}" for k in self.c["array_kind"]
                     if any(self.c.code_bits(s) == 4 and k["name"] in s["array_kinds"] for s in systems)])],
                 "  endfunction", "",
                 "  // It runs a number system with a table of operands.",
                 "  function automatic logic has_tables(array_kind_e kind);",
                 *[f"    {line}" for line in inside("kind", [
                     f"ArrayKind{camel(k['name'])}" for k in self.c["array_kind"]
                     if self.c.has_tables(k)])],
                 "  endfunction", "",
                 "  // It runs one with a table of corrections.",
                 "  function automatic logic takes_corrections(array_kind_e kind);",
                 *[f"    {line}" for line in inside("kind", [
                     f"ArrayKind{camel(k['name'])}" for k in self.c["array_kind"]
                     if any(self.c.has_corrections(s) and k["name"] in s["array_kinds"] for s in systems)])], "  endfunction", "")
        self.stored_systems()

    def stored_systems(self):
        quarters = self.c.stored_quarters()
        magnitudes = [s["name"] for s in self.c["number_system"] if s.get("stored") == "magnitudes"]
        self.add("  // Arrays that have tables of operands hold its operands in them, beside the entries (table_word_address).",
                 "  function automatic logic is_stored(number_system_t system);",
                 *[f"    {line}" for line in inside("system", [f"NumberSystem{camel(name)}" for name in quarters])],
                 "  endfunction", "",
                 "  // Those of codes whose bit 7 is zero; of the others they are the negatives.",
                 "  function automatic logic stores_magnitudes(number_system_t system);",
                 *[f"    {line}" for line in inside("system", [f"NumberSystem{camel(name)}" for name in magnitudes])],
                 "  endfunction", "",
                 "  // The quarter of the tables where they begin.",
                 "  function automatic logic [1:0] stored_quarter(number_system_t system);", "    case (system)",
                 *[f"      NumberSystem{camel(name)}: return 2'd{place[0]};" for name, place in quarters.items()],
                 "      default: return 2'd0;", "    endcase", "  endfunction", "")

    def text(self):
        self.constants()
        self.registers()
        for name in ENUMERATIONS:
            rows = [(camel(name) + camel(v["name"]), v["value"]) for v in self.c[name]]
            self.enumeration(name, rows, self.c.values_bits(name))
        self.formats()
        self.instructions()
        self.events()
        self.shapes()
        self.array_kinds()
        self.number_systems()
        self.add("endpackage", "// verilator lint_on UNUSEDPARAM")
        return "\n".join(self.lines) + "\n"


def package(contract, note):
    return Package(contract, note).text()


def unit(contract, system, kind, code, entry, operand):
    """The instance of a number system's decoder."""
    digits = ["    .digits_i,"] if system.get("has_digits") else []
    return [f"{system['name']}{kind['decoder_suffix']} u_{system['name']} (", *digits, f"    .code_i{code},",
            f"    .entry_i{entry},", f"    .operand_o({operand})", ");"]


def number_systems(contract, note):
    """One module in which every number system stands, so that a new one is a line of the contract."""
    lines = ["// SPDX-License-Identifier: Apache-2.0", f"// {note}",
             "// The one place that chooses the number system of a weight code.", "//",
             "// Mathematics: operand_o = the number system system_i applied to code_i, as this kind of array takes it;",
             "//   entry_i is the decode table's entry for it, stored_i what stands beside as its operand",
             "//   (stored_operands): if that is a magnitude, bit 7 of the code is its sign. Of codes with digits the",
             "//   upper digits_i + 1 count; codes of four bits are the byte's lower half. Arrays that take a digit a pass",
             "//   take digit digits_i, 0 the highest.",
             "// Timing: combinational, no state.",
             "// Contract: a value that no number system of the kind has gives zero; no program gets so far (dispatcher).",
             "// Twin: models/arith/number_system.cpp. Test: tests/arith/test_rtl.cpp.", "",
             "module number_systems", "  import keyway_contract_pkg::*;", "#(",
             "    parameter array_kind_e ArrayKind = ArrayKindMultiplier,",
             "    parameter bit Nibbles = 1'b0  // only systems with codes of four bits, others give zero", ") (",
             "    input  number_system_t system_i,", "    input  digits_t digits_i,", "    input  logic [7:0] code_i,",
             "    input  logic [OperandBits-1:0] entry_i,", "    input  logic [OperandBits-1:0] stored_i,",
             "    output logic signed [OperandBits-1:0] operand_o", ");", ""]
    begin = "  if"
    for kind in contract["array_kind"]:
        systems = [s for s in contract["number_system"] if kind["name"] in s["array_kinds"]]
        stored = [s for s in systems if contract.is_stored(s, kind)]
        units = [s for s in systems if s not in stored]
        lines += [f"{begin} (ArrayKind == ArrayKind{camel(kind['name'])}) begin : gen_{kind['name']}",
                  *[f"    logic signed [OperandBits-1:0] operand_{s['name']};" for s in units],
                  *["    logic [OperandBits-1:0] chosen;", "    logic negative;"] * bool(stored), ""]
        for system in units:
            name = system["name"]
            text = unit(contract, system, kind, "", "", f"operand_{name}")
            if contract.code_bits(system) != 4:
                text = [f"if (!Nibbles) begin : gen_{name}", *[f"  {line}" for line in text],
                        f"end else begin : gen_no_{name}", f"  assign operand_{name} = '0;", "end"]
            lines += [*[f"    {line}" for line in text], ""]
        result = "chosen" if stored else "operand_o"
        lines += ["    always_comb begin", "      case (system_i)",
                  *[f"        NumberSystem{camel(s['name'])}: {result} = operand_{s['name']};" for s in units],
                  *[f"        NumberSystem{camel(s['name'])}: {result} = Nibbles ? '0 : stored_i;" for s in stored],
                  f"        default: {result} = '0;", "      endcase", "    end"]
        if stored:
            lines += ["", "    // One negation for all of them.",
                      "    assign negative  = !Nibbles && stores_magnitudes(system_i) && code_i[7];",
                      "    assign operand_o = signed'((chosen ^ {OperandBits{negative}}) + OperandBits'(negative));"]
        lines += ["    logic unused_inputs;", "    assign unused_inputs = ^{digits_i, code_i, entry_i, stored_i};"]
        begin = "  end else if"
    lines += ["  end else begin : gen_unknown", "    assign operand_o = '0;", "    logic unused_inputs;",
              "    assign unused_inputs = ^{system_i, digits_i, code_i, entry_i, stored_i};", "  end", "", "endmodule"]
    return "\n".join(lines) + "\n"


def stored_operands(contract, note):
    """What the decode tables hold of number systems whose operands they hold."""
    quarters = contract.stored_quarters()
    lines = ["// SPDX-License-Identifier: Apache-2.0", f"// {note}",
             "// Stored operands: what stands in the decode tables beside their entries, so that no decoder needs units of",
             "// these number systems.", "//",
             "// Mathematics: stored_o = the operand of the code, and of the number system, whose place in the tables is",
             "//   word address_i (keyway_pkg's table_word_address and stored_code). Of a system that stores magnitudes they",
             "//   are those of the codes whose bit 7 is zero.",
             "// Timing: combinational, no state.",
             "// Test: tests/arith/test_rtl.cpp; tests/rtl/engine.", "",
             "module stored_operands", "  import keyway_contract_pkg::*;", "  import keyway_pkg::*;", "#(",
             "    parameter array_kind_e ArrayKind = ArrayKindMultiplier", ") (",
             "    input  table_address_t address_i,", "    output operand_t stored_o", ");", "",
             "  logic [7:0] magnitude, value;  // codes", "",
             "  assign magnitude = stored_code(1'b1, address_i[7:0]);", "  assign value     = stored_code(1'b0, address_i[7:0]);", ""]
    begin = "  if"
    for kind in contract["array_kind"]:
        stored = [s for s in contract["number_system"] if contract.is_stored(s, kind)]
        if not stored:
            continue
        lines += [f"{begin} (ArrayKind == ArrayKind{camel(kind['name'])}) begin : gen_{kind['name']}",
                  *[f"    logic signed [OperandBits-1:0] operand_{s['name']};" for s in stored], ""]
        for system in stored:
            code = "magnitude" if system["stored"] == "magnitudes" else "value"
            text = unit(contract, system, kind, f" ({code})", "  ('0)", f"operand_{system['name']}")
            lines += [*[f"    {line}" for line in text], ""]
        lines += ["    always_comb begin", "      case (address_i[$bits(table_address_t)-1-:2])"]
        for system in stored:
            places = ", ".join(f"2'd{quarter}" for quarter in quarters[system["name"]])
            lines += [f"        {places}: stored_o = operand_{system['name']};"]
        lines += ["        default: stored_o = '0;", "      endcase", "    end"]
        begin = "  end else if"
    if begin != "  if":
        lines += ["  end else begin : gen_none", "    assign stored_o = '0;", "    logic unused_codes;",
                  "    assign unused_codes = ^{magnitude, value, address_i};", "  end"]
    else:
        lines += ["  assign stored_o = '0;"]
    return "\n".join([*lines, "", "endmodule"]) + "\n"
