# SPDX-License-Identifier: Apache-2.0
"""What C++ knows of the contract: contract.hpp and instruction_set.hpp of models/program,
number_systems.hpp of models/arith, exit_status.hpp of models/common."""
from contract.model import ENUMERATIONS, camel, one_line


def boolean(value):
    return "true" if value else "false"


def visit(members):
    """The member list of a structure, of pairs: what the contract says of a member, and its name."""
    return ["  template <typename Self, typename Visitor>", "  static void visit(Self& self, Visitor&& visitor) {",
            *[f"    visitor({what}, self.{name});" for what, name in members], "  }"]


class Header:
    def __init__(self, contract, note):
        self.c = contract
        self.lines = ["// SPDX-License-Identifier: Apache-2.0", f"/// {note}", "#pragma once", "",
                      "#include <array>", "#include <cstdint>", "",
                      '#include "common/exit_status.hpp"', "", "namespace keyway::contract {", ""]

    def add(self, *lines):
        self.lines += lines

    def constant(self, name, value, kind="uint32_t"):
        self.add(f"inline constexpr {kind} k{name} = {value};")

    def table(self, kind, name, rows):
        body = ",\n    ".join(rows)
        self.add(f"inline constexpr std::array<{kind}, {len(rows)}> k{name}{{{{\n    {body}}}}};")

    def enumeration(self, name, rows, base="uint8_t"):
        """Rows of name, value, doc."""
        self.add(f"enum class {name} : {base} {{")
        for row, value, doc in rows:
            self.add(f"  k{camel(row)} = {value}," + (f"  ///< {one_line(doc)}" if doc else ""))
        self.add("};")

    def constants(self):
        c = self.c
        self.constant("ContractHash", f"0x{c.digest[:8]}")
        for name, value in c["core"].items():
            self.constant(camel(name), value)
        for name, value in c["puf"].items():
            self.constant(camel(f"puf_{name}"), value)
        sizes = c["shape"]["array_sizes"]
        self.add("/// Lanes and Depth of a core, smallest first.")
        self.constant("ArraySizes", f"{{{', '.join(map(str, sizes))}}}", f"std::array<uint32_t, {len(sizes)}>")
        self.add("", "struct MemoryPreset {\n  const char* name;\n  uint32_t activation_bytes, weight_bytes;\n};",
                 "/// Smallest first.")
        self.table("MemoryPreset", "MemoryPresets",
                   [f'{{"{p["name"]}", {p["activation_bytes"]}, {p["weight_bytes"]}}}' for p in c["memory_preset"]])
        self.add("/// Of a core that is named without one.")
        self.constant("DefaultMemory", f"kMemoryPresets[{c['memory_preset'].index(c.default_memory())}]", "MemoryPreset")
        self.add("")
        for name, value in c["format"].items():
            if isinstance(value, str):
                self.constant(camel(name), f'"{value}"', "const char*")
            else:
                self.constant(camel(name), value)
        self.add("")

    def registers(self):
        c = self.c
        for register in c["register"]:
            self.add(f"/// {one_line(register['doc'])}")
            self.constant("Reg" + camel(register["name"]), f"0x{register['offset']:03x}")
        self.add("")
        for argument in c["argument"]:
            self.add(f"/// {one_line(c.field_doc(argument))}")
            self.constant("Arg" + camel(argument["name"]), f"0x{argument['offset']:03x}")
        self.constant("CounterBase", f"0x{c['registers']['counter_base']:03x}")
        self.constant("CoreId", f"0x{c['registers']['id']:08x}")
        self.constant("CoreVersion", f"0x{c.version_word():08x}")
        self.arguments()
        self.add("", "struct Named {\n  const char* name;\n  const char* doc;\n};",
                 "/// Index = position of the 64-bit counter after kCounterBase.")
        self.table("Named", "Counters", [f'{{"{n["name"]}", "{one_line(n["doc"])}"}}' for n in c["counter"]])
        self.enumeration("Counter", [(n["name"], i, "") for i, n in enumerate(c["counter"])], "uint32_t")

    def events(self):
        self.add("", "/// Bits of the kernel's `events_o`: what it does in this cycle; a function of the program's public",
                 "/// shape, never of a secret.", "enum KernelEvent : uint32_t {")
        self.add(*[f"  kEvent{camel(e['name'])},  ///< {e['doc']}" for e in self.c["event"]], "};")

    def verdicts(self):
        self.add("", "/// What the user reads of a status that ends a start.",
                 "struct Verdict {\n  Status status;\n  ErrorKind kind;\n  const char* sentence;\n};")
        self.table("Verdict", "Verdicts", [f'{{Status::k{camel(s["name"])}, ErrorKind::k{camel(s["exit"])},\n'
                                           f'     "{one_line(s["sentence"])}"}}' for s in self.c["status"] if "exit" in s])
        names = ", ".join(f'"{p["name"]}"' for p in self.c["policy"])
        assert [p["value"] for p in self.c["policy"]] == list(range(len(self.c["policy"])))
        self.add("", "/// Index = value of Policy.",
                 f"inline constexpr std::array<const char*, {len(self.c['policy'])}> kPolicyNames{{{names}}};")

    def secret_sources(self):
        self.add("", "struct SecretSourceInfo {\n  SecretSource source;\n  const char* name;\n};")
        self.table("SecretSourceInfo", "SecretSources",
                   [f'{{SecretSource::k{camel(s["name"])}, "{s["name"]}"}}' for s in self.c["secret_source"]])

    def array_kinds(self):
        self.add("", "struct ArrayKindInfo {\n  ArrayKind kind;\n  const char* name;\n"
                 "  const char* suffix;  ///< in a core's name\n"
                 "  uint32_t step_cycles;  ///< from the start of a step to that of the next one\n"
                 "  bool digit_passes = false;  ///< a tile has a pass for each digit that counts\n};")
        self.table("ArrayKindInfo", "ArrayKinds", [f'{{ArrayKind::k{camel(k["name"])}, "{k["name"]}", "{k["suffix"]}", '
                                                   f'{k["step_cycles"]}, {boolean(k.get("digit_passes", False))}}}' for k in self.c["array_kind"]])

    def number_system_facts(self):
        self.add("", "struct NumberSystemInfo {\n  NumberSystem system;\n  const char* name;  ///< as `--format` takes it\n"
                 "  bool has_table;  ///< operands follow from the code and a table in the program\n"
                 "  bool equally_likely;  ///< are all codes, over a tensor\n"
                 "  uint32_t array_kinds;  ///< bit k: arrays of kind k run it\n"
                 "  bool has_digits = false;  ///< codes are digits, of which a schedule says how many count\n"
                 "  uint32_t code_bits = 8;  ///< of a code\n"
                 "  bool has_corrections = false;  ///< the table corrects products, operands follow from the code alone\n\n"
                 "  constexpr uint32_t codes() const { return 1U << code_bits; }\n"
                 "  constexpr bool runs_on(ArrayKind kind) const {\n"
                 "    return (array_kinds >> static_cast<unsigned>(kind) & 1) != 0;\n  }\n};")
        kinds = {k["name"]: 1 << k["value"] for k in self.c["array_kind"]}
        self.table("NumberSystemInfo", "NumberSystems",
                   [f'{{NumberSystem::k{camel(s["name"])}, "{s["name"]}", {boolean(s["has_table"])}, {boolean(s["equally_likely"])}, '
                    f'{sum(kinds[k] for k in s["array_kinds"])}, {boolean(s.get("has_digits", False))}, {self.c.code_bits(s)}, '
                    f'{boolean(self.c.has_corrections(s))}}}'
                    for s in self.c["number_system"]])

    def arguments(self):
        arguments = self.c["argument"]
        self.add("", "struct Argument {\n  const char* name;\n  uint32_t index;  ///< in the kernel's signature\n"
                 "  uint32_t offset;\n  bool is_pointer;\n};")
        self.table("Argument", "Arguments", [f'{{"{a["name"]}", {i}, 0x{a["offset"]:x}, {boolean(a["type"] == "pointer")}}}'
                                             for i, a in enumerate(arguments)])
        self.add("/// What a start gives the kernel.", "struct KernelArguments {")
        for a in arguments:
            kind = "uint64_t" if a["type"] == "pointer" else "uint32_t"
            self.add(f"  {kind} {a['name']} = {a.get('default', 0)};  ///< {one_line(self.c.field_doc(a))}")
        self.add("")
        self.add(*visit([(f"kArguments[{i}]", a["name"]) for i, a in enumerate(arguments)]))
        self.add("};")

    def formats(self):
        c = self.c
        for kind in ("header", "licence"):
            self.add("")
            for field in c[f"{kind}_field"]:
                self.constant(f"{camel(kind)}{camel(field['name'])}Offset", field["offset"])
                self.constant(f"{camel(kind)}{camel(field['name'])}Bytes", field["bytes"])
        self.add("", "/// Labels of KDF(label; fields); see contract.toml.")
        for label in c["kdf"]:
            self.add(f"/// {label['doc']}: {', '.join(label['fields'])}")
            self.constant("Kdf" + camel(label["name"]), f'"{label["name"]}"', "const char*")
        self.add("")

    def fields(self, namespace, rows):
        self.add(f"namespace {namespace} {{")
        for f in rows:
            tail = f"  ///< {f.doc}" if f.doc else ""
            self.add(f'inline constexpr Field k{camel(f.name)}{{"{f.name}", {f.lsb}, {f.bits}, {boolean(f.signed)}}};{tail}')
        names = ", ".join(f"k{camel(f.name)}" for f in rows)
        self.add(f"inline constexpr std::array<Field, {len(rows)}> kFields{{{names}}};",
                 f"}}  // namespace {namespace}", "")

    def text(self):
        c = self.c
        self.constants()
        self.registers()
        for name in ENUMERATIONS:
            self.add("")
            self.enumeration(camel(name), [(v["name"], v["value"], v.get("doc")) for v in c[name]])
        self.events()
        self.verdicts()
        self.secret_sources()
        self.array_kinds()
        self.number_system_facts()
        self.formats()
        self.add("/// Position of a field in an instruction, a parameter record or a register.",
                 "struct Field {\n  const char* name;\n  uint32_t lsb;\n  uint32_t bits;\n  bool is_signed;\n};", "")
        self.fields("shape", c.shape_fields())
        self.fields("parameter", c.parameter_fields())
        self.enumeration("Opcode", [(i["name"], i["opcode"], i["doc"]) for i in c["instruction"]])
        self.add("")
        for instruction in c["instruction"]:
            self.fields(instruction["name"].lower(), c.instruction_fields(instruction))
        self.add("}  // namespace keyway::contract")
        return "\n".join(self.lines) + "\n"


def header(contract, note):
    return Header(contract, note).text()


def exit_statuses(contract, note):
    """What a command ends with; `ok` is no error."""
    statuses = contract["exit_status"]
    lines = ["// SPDX-License-Identifier: Apache-2.0", f"/// {note}", "/// What the `keyway` command ends with.",
             "#pragma once", "", "#include <array>", "", "namespace keyway {", "",
             "/// The value is the exit status.", "enum class ErrorKind {",
             *[f"  k{camel(s['name'])} = {s['value']},  ///< {one_line(s['doc'])}" for s in statuses if s["value"]], "};", "",
             "struct ExitStatus {", "  int value;", "  const char* name;      ///< as --json says it in `status`",
             "  const char* sentence;  ///< for --help", "};"]
    rows = ",\n    ".join(f'{{{s["value"]}, "{s["name"]}", "{s["sentence"]}"}}' for s in statuses)
    lines += [f"inline constexpr std::array<ExitStatus, {len(statuses)}> kExitStatuses{{{{\n    {rows}}}}};",
              "inline constexpr const char* kSuccess = kExitStatuses[0].name;",
              "", "}  // namespace keyway"]
    return "\n".join(lines) + "\n"


def structure(name, constants, namespace, fields):
    lines = [f"struct {name} {{", *[f"  static constexpr {c};" for c in constants]]
    for f in fields:
        lines.append(f"  int64_t {f.name} = {f.default};" + (f"  ///< {f.doc}" if f.doc else ""))
    return [*lines, "", *visit([(f"contract::{namespace}::k{camel(f.name)}", f.name) for f in fields]), "};", ""]


def instruction_set(contract, note):
    """A plain structure for each instruction, and for the parameter record."""
    lines = ["// SPDX-License-Identifier: Apache-2.0", f"/// {note}",
             "/// Instructions and the parameter record as plain structures: a member for each field, and `visit`, which",
             "/// calls a visitor with what the contract says of each field and the member. Their bytes: instructions.hpp.",
             "#pragma once", "", "#include <cstdint>", "#include <variant>", "", "#include \"program/contract.hpp\"", "",
             "namespace keyway::program {", ""]
    names = []
    for i in contract["instruction"]:
        names.append(camel(i["name"].lower()) + "Instruction")
        lines += [f"/// {one_line(i['doc'])}"]
        lines += structure(names[-1], [f"contract::Opcode kOpcode = contract::Opcode::k{camel(i['name'])}",
                                       f'const char* kName = "{i["name"]}"'],
                           i["name"].lower(), contract.instruction_fields(i))
    lines += [f"using Instruction = std::variant<{', '.join(names)}>;", "",
              "/// Parameter record of one output lane; the default writes zero."]
    lines += structure("Parameter", [], "parameter", contract.parameter_fields())
    lines += ["}  // namespace keyway::program"]
    return "\n".join(lines) + "\n"


def number_systems(contract, note):
    """The functions of each number system beside what the contract says of it: they are found by its name."""
    lines = ["// SPDX-License-Identifier: Apache-2.0", f"/// {note}",
             "/// The functions of every number system, see number_system.hpp: those of NAME are in NAME.cpp.", "#pragma once", "",
             "#include \"arith/number_system.hpp\"", "", "namespace keyway::arith {", ""]
    rows = []
    for i, system in enumerate(contract["number_system"]):
        name, corrections = system["name"], contract.has_corrections(system)
        table = system["has_table"] and not corrections
        lines += [f"namespace {name} {{", "int32_t operand(uint8_t code, const Table& table, ArrayKind kind);",
                  "double exact_value(uint8_t code, const Table& table);", "double unit(ArrayKind kind);",
                  "CodeFields fields(uint8_t code);", "Coding encode(const WeightProblem& problem);",
                  *["Table tabulate(const Operands& operands);"] * table,
                  *["int32_t product(uint8_t code, int32_t activation, const Table& table);"] * corrections, f"}}  // namespace {name}", ""]
        tabulate = f"{name}::tabulate" if table else "nullptr"
        product = f", {name}::product" * corrections
        rows.append(f"{{contract::kNumberSystems[{i}], {name}::operand, {name}::exact_value, {name}::unit,\n     {name}::fields, {name}::encode, {tabulate}{product}}}")
    lines += [f"inline constexpr std::array<NumberSystemInfo, {len(rows)}> kNumberSystems{{{{",
              "    " + ",\n    ".join(rows) + "}};", "", "}  // namespace keyway::arith"]
    return "\n".join(lines) + "\n"
