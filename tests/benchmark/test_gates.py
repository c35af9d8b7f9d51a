# SPDX-License-Identifier: Apache-2.0
"""gates.py: it compares the products of the gates that it counts, and finds other products when a gate is another."""
import json
import os
import subprocess
import unittest

import gates


def shown(system):
    return json.loads(subprocess.run([os.environ["KEYWAY_TOOL"], "number", system, "--json"], check=True, stdout=subprocess.PIPE).stdout)


class Gates(unittest.TestCase):
    def test_every_kind_makes_its_products(self):
        changes = {}
        for system, kind in (("int8", "multiplier"), ("lns8", "logarithmic"), ("ds8", "serial")):
            count, changes[kind] = gates.measure(shown(system), kind)
            self.assertTrue(0 < changes[kind] < count, f"{kind}: {changes[kind]} changes of {count} gates")
        self.assertLess(changes["serial"], changes["multiplier"])

    def test_another_gate_makes_other_products(self):
        whole = gates.GATES
        try:
            gates.GATES = {**whole, "$_XOR_": whole["$_OR_"]}
            with self.assertRaises(AssertionError):
                gates.measure(shown("int8"), "multiplier")
        finally:
            gates.GATES = whole


if __name__ == "__main__":
    unittest.main()
