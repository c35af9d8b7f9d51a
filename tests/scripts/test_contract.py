# SPDX-License-Identifier: Apache-2.0
"""The contract's hash: over all that core and package must agree on, and over nothing else; what the generator
makes of a contract with one number system more; and the derivations of keys, which both sides have by hand."""
import copy
import re
import sys
import tomllib
import unittest

from script_test import SCRIPTS

sys.path.insert(0, str(SCRIPTS))
import generate_contract  # noqa: E402
from contract import cmake, cpp, markdown, system_verilog  # noqa: E402
from contract.model import Contract, camel, contract_digest  # noqa: E402

ROOT = SCRIPTS.parent

# What may change without another hash. The file names these keys itself; a key that joins them is a decision.
OUTSIDE = {"default", "doc", "equally_likely", "exit", "loop_nest", "sentence", "stored"}


def leaves(tree, path=()):
    """Every value that is no table and no list of tables, with the way to it."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        for i, value in enumerate(tree):
            yield from leaves(value, (*path, i))
    else:
        yield path, tree


def other(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, "another"]
    return value + "x"


def changed(tree, path, value):
    result = copy.deepcopy(tree)
    at = result
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return result


class Hash(unittest.TestCase):
    def setUp(self):
        self.tree = tomllib.loads(generate_contract.SOURCE.read_text())
        self.digest = contract_digest(self.tree)

    def test_documentation_is_outside_and_everything_else_inside(self):
        seen = {True: 0, False: 0}
        for path, value in leaves(self.tree):
            if path[0] == "unhashed":
                continue
            outside = path[0] == "exit_status" or path[-1] in OUTSIDE
            seen[outside] += 1
            same = contract_digest(changed(self.tree, path, other(value))) == self.digest
            self.assertEqual(same, outside, f"{'.'.join(map(str, path))} = {value!r}")
        self.assertGreater(seen[False], 400)
        self.assertGreater(seen[True], 100)

    def test_order_and_number_of_entries_are_inside(self):
        for name, entries in self.tree.items():
            if not isinstance(entries, list) or name == "exit_status":
                continue
            for other_entries in (entries[:-1], [*entries[1:], entries[0]] if len(entries) > 1 else []):
                self.assertNotEqual(contract_digest({**self.tree, name: other_entries}), self.digest, name)

    def test_signs_are_fields(self):
        """No sentence says what the hash should know."""
        for path, value in leaves(self.tree):
            if path[0] == "instruction" and path[-1] == "doc":
                self.assertFalse(str(value).startswith("signed"), path)


class Generated(unittest.TestCase):
    def test_a_number_system_is_one_entry(self):
        tree = tomllib.loads(generate_contract.SOURCE.read_text())
        tree["number_system"].append({"name": "toy4", "value": 9, "code_bits": 4, "has_table": True,
                                      "equally_likely": False, "array_kinds": ["multiplier"], "doc": "a toy"})
        contract = Contract(tree)
        for made, wanted in ((system_verilog.package, "NumberSystemToy4 = 5'd9"),
                             (system_verilog.number_systems, "toy4 u_toy4 ("),
                             (system_verilog.package, ", NumberSystemToy4};\n  endfunction\n\n  // True if"),
                             (cpp.header, "kToy4 = 9"),
                             (cpp.header, '"toy4", true, false, 1, false, 4, false}'),
                             (cpp.number_systems, "toy4::fields, toy4::encode, toy4::tabulate"),
                             (markdown.instructions, "| 9 | toy4 | 4 |")):
            self.assertIn(wanted, made(contract, "note"))

    def test_a_full_list_of_number_systems_keeps_to_the_line(self):
        tree = tomllib.loads(generate_contract.SOURCE.read_text())
        for value in range(len(tree["number_system"]), 32):
            tree["number_system"].append({"name": f"system_number_{value}", "value": value, "has_table": True,
                                          "equally_likely": True, "array_kinds": ["multiplier"], "doc": "a toy"})
        contract = Contract(tree)
        for made in (system_verilog.package, system_verilog.number_systems):
            text = made(contract, "note")
            self.assertEqual(text.count("NumberSystemSystemNumber31"), 3 if made is system_verilog.package else 1)
            self.assertEqual([line for line in text.splitlines() if len(line) > 110], [])

    def test_decode_tables_hold_what_the_entry_says(self):
        tree = tomllib.loads(generate_contract.SOURCE.read_text())
        toy = {"name": "toy8", "value": 9, "has_table": False, "stored": "magnitudes", "equally_likely": False,
               "array_kinds": ["multiplier"], "doc": "a toy"}
        tree["number_system"].append(toy)
        with self.assertRaisesRegex(AssertionError, "no place for all of .*toy8"):
            system_verilog.package(Contract(tree), "note")
        del next(s for s in tree["number_system"] if s["name"] == "fp8")["stored"]
        contract = Contract(tree)
        chooser = system_verilog.number_systems(contract, "note")
        self.assertIn("fp8 u_fp8 (", chooser)
        self.assertNotIn("toy8 u_toy8 (", chooser)
        self.assertIn("NumberSystemToy8: chosen = ", chooser)
        self.assertIn("NumberSystemToy8: return 2'd3;", system_verilog.package(contract, "note"))
        stored = system_verilog.stored_operands(contract, "note")
        self.assertIn("toy8 u_toy8 (", stored)
        self.assertNotIn("fp8 u_fp8 (", stored)
        toy["has_digits"] = True
        with self.assertRaisesRegex(AssertionError, "toy8: its operands do not follow from eight bits"):
            system_verilog.package(Contract(tree), "note")

    def test_a_kind_of_array_is_one_entry(self):
        tree = tomllib.loads(generate_contract.SOURCE.read_text())
        tree["array_kind"].append({"name": "toy", "value": 9, "suffix": "t", "step_cycles": 5,
                                   "decoder_suffix": "_toy", "doc": "a toy"})
        tree["number_system"][0]["array_kinds"].append("toy")
        contract = Contract(tree)
        for made, wanted in ((system_verilog.package, "ArrayKindToy = 8'd9"),
                             (system_verilog.package, "ArrayKindToy: return 5;"),
                             (system_verilog.package,
                              "ArrayKindToy:\n        return system inside {NumberSystemInt8};"),
                             (cpp.header, '{ArrayKind::kToy, "toy", "t", 5, false}'),
                             (system_verilog.number_systems, "    int8_toy u_int8 ("),
                             (cpp.header, f'"int8", false, false, {1 << 9 | 1}, false, 8, false}}'),
                             (cmake.core_names, "set(KEYWAY_ARRAY_KINDS DEFAULT log serial t)"),
                             (cmake.core_names, "set(KEYWAY_ARRAY_t ArrayKind=9)\nset(KEYWAY_STEP_CYCLES_t 5)")):
            self.assertIn(wanted, made(contract, "note"))

    def test_what_does_not_fit_is_refused(self):
        tree = tomllib.loads(generate_contract.SOURCE.read_text())
        tree["instruction"][0]["fields"].append({"name": "huge", "bits": 250, "doc": ""})
        with self.assertRaisesRegex(AssertionError, "LAYER"):
            cpp.header(Contract(tree), "note")


class Derivations(unittest.TestCase):
    """[[kdf]] names the fields of every derivation; software and core list them once more, each in its own words."""

    def setUp(self):
        tree = tomllib.loads(generate_contract.SOURCE.read_text())
        self.fields = {camel(entry["name"]): entry["fields"] for entry in tree["kdf"]}
        (tag,) = [entry["offset"] for entry in tree["licence_field"] if entry["name"] == "tag"]
        self.before_tag = [{"wrapped": "W"}.get(entry["name"], entry["name"]) for entry in tree["licence_field"]
                           if entry["offset"] < tag]

    def test_software_derives_what_the_contract_says(self):
        words = {"root": ["O"], "secret": ["S"], "owner_key": ["A"], "record": ["D"], "kek": ["KEK"],
                 "package_key": ["P"], "if_sealed": ["P"], "wrapped": ["W"], "id": ["id"], "policy_field": ["policy"],
                 "helper": ["helper"], "key_bits": ["key_bits"], "puf_key": ["puf"], "mask": ["sources"],
                 **{f"{name}_field": [name] for name in ("fuse", "puf", "clock", "precision")},
                 "ByteView(licence, contract::kLicenceTagOffset)": self.before_tag}
        derived = {}
        for file in sorted((ROOT / "models/lock").glob("*.cpp")):
            for label, listed in re.findall(r"\bkdf\(\s*contract::kKdf(\w+),\s*\{([^}]*)\}", file.read_text()):
                fields = [name for word in re.split(r",\s*(?![^(]*\))", listed) for name in words[word]]
                self.assertEqual(derived.setdefault(label, fields), fields, f"{label} in {file.name}")
        self.assertEqual(derived, self.fields)

    def test_the_core_derives_what_the_contract_says(self):
        opener = (ROOT / "rtl/lock/licence_opener.sv").read_text()
        labels = dict(re.findall(r"Step(\w+): return Kdf(\w+);", opener))
        labels["Weights"], = re.findall(r"default: return Kdf(\w+);", opener)
        link = {"Kek": "D", "Check": "KEK"}  # what the opener holds when it makes these
        derived = {}
        for step, listed in re.findall(r"Step(\w+): +'\{([^}]*)\}", opener):
            if step == "Header":
                continue
            units = re.findall(r"\d+: Unit(\w+)", listed)
            self.assertEqual(units.pop(0), "Label", step)
            halves = ("S", "A", "W", "P", "Check", "Link", "SealP")
            self.assertEqual([unit for unit in units if unit[:-1] in halves and unit[-1] == "0"],
                             [unit[:-1] + "0" for unit in units if unit[:-1] in halves and unit[-1] == "1"], step)
            names = [unit.removesuffix("0") for unit in units if unit[-1] != "1"]
            derived[labels[step]] = [{"Link": link.get(step), "SealP": "P", "Id": "id", "Policy": "policy", "Head": "head",
                                      "HeaderTag": "header_tag", "Check": "check"}.get(name, name) for name in names]
        derived.update(self.device_secret())
        # The others are the owner's.
        self.assertEqual(derived, {label: fields for label, fields in self.fields.items()
                                   if label not in ("Device", "Fingerprint", "Package")})

    def device_secret(self):
        """What its states hash, in their order: a label, then fields."""
        text = (ROOT / "rtl/lock/device_secret.sv").read_text()
        states = re.findall(r"^ +St(\w+),?(?: +//.*)?$", re.search(r"typedef enum[^{]*\{(.*?)\} state_e;", text, re.S)[1], re.M)
        labels = dict(re.findall(r"St(\w+)Label: label_words = Kdf(\w+);", text))
        labels["Secret"], = re.findall(r"default: label_words = Kdf(\w+);", text)
        fields = {"Helper": "helper", "KeyBits": "key_bits", "CheckKey": "puf", "SecretKey": "puf", "Sources": "sources",
                  "Fuse": "fuse", "Clock": "clock", "Precision": "precision"}
        derived = {}
        for state in states:
            if state.endswith("Label"):
                label = labels[state.removesuffix("Label")]
                derived[label] = []
            elif state in fields:
                derived[label].append(fields[state])
        return derived


if __name__ == "__main__":
    unittest.main()
