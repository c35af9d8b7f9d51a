#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything, locks a trained network, and runs it on the simulated accelerator through the
# stock Xilinx Runtime: with the right licence, and on a device that has none.
set -euo pipefail
. "$(dirname "$0")/help.sh"
[ $# = 0 ] || unknown_argument "$1"
cd "$(dirname "$0")/.."
scripts/build.sh keyway

keyway=$PWD/build/bin/keyway
zoo=$PWD/models/zoo/fashion_mnist
work=$(mktemp -d "${TMPDIR:-/tmp}/keyway-demo-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

echo "An owner, his device, and a thief's device (the same owner's, without this licence)."
"$keyway" owner new -o owner.kwo
for n in 1 2; do
  "$keyway" device new --id $n -o dev$n.kwd
  "$keyway" device enrol dev$n.kwd --owner owner.kwo -o dev$n.kwe
done
model=("$zoo/fashion_mnist.onnx" --calib "$zoo/calibration.npy" --format qf8)
"$keyway" compile "${model[@]}" -o plain.kwp
for policy in sealed blind; do
  "$keyway" lock "${model[@]}" --owner owner.kwo --policy $policy -o $policy.kwp
  "$keyway" licence $policy.kwp --owner owner.kwo --device dev1.kwe -o $policy.kwl
done

echo "Running on the Verilated core behind XRT's hardware emulation (five runs side by side) ..."
images=(--input "$zoo/sample_images.npy" --labels "$zoo/sample_labels.npy" --target hw_emu --json)
start() {  # NAME PACKAGE [option ...]: one run in the background, its JSON in NAME.json
  local name=$1 package=$2
  shift 2
  "$keyway" run "$package" "${images[@]}" "$@" >"$name.json" 2>"$name.err" &
}
start plain plain.kwp --limit 20
start sealed sealed.kwp --device dev1.kwd --licence sealed.kwl
start blind blind.kwp --device dev1.kwd --licence blind.kwl --limit 20
start sealed_wrong sealed.kwp --device dev2.kwd --licence sealed.kwl
start blind_wrong blind.kwp --device dev2.kwd --licence blind.kwl
wait

python3 - <<'END'
import json

runs = {}
for name in ("plain", "sealed", "blind", "sealed_wrong", "blind_wrong"):
    with open(f"{name}.json") as f:
        runs[name] = json.load(f)
for name in ("plain", "sealed", "blind", "blind_wrong"):
    if runs[name]["status"] != "ok":
        raise SystemExit(f"{name}: {runs[name]['message']}")
if runs["sealed_wrong"]["status"] != "refused":
    raise SystemExit(f"sealed on a wrong device: {runs['sealed_wrong']}")
sealed, plain, blind = runs["sealed"], runs["plain"], runs["blind"]


def overhead(field):
    return " ".join(f"{name} {100 * (r[field] / plain[field] - 1):+.2f} %" for name, r in (("sealed", sealed), ("blind", blind)))


print(f"""
Fashion-MNIST CNN, {sealed['macs'] / 1e6:.2f} million MACs, core {sealed['lanes']} x {sealed['depth']}, qf8 weights
  right licence, sealed    {100 * sealed['accuracy']:.1f} % of {sealed['inputs']} images right
  right licence, blind     {100 * blind['accuracy']:.1f} % of {blind['inputs']}
  wrong device, sealed     {runs['sealed_wrong']['message']}
  wrong device, blind      {100 * runs['blind_wrong']['accuracy']:.1f} % of {runs['blind_wrong']['inputs']} (chance: 10 %)
  cycles per inference     {sealed['cycles_warm']:.0f} warm, {sealed['cycles_cold']} cold (weights loaded and unsealed)
  array utilisation        {100 * sealed['utilisation']:.1f} %
  lock overhead, cycles    warm {overhead('cycles_warm')}; cold {overhead('cycles_cold')}
  opening the licence      {sealed['cycles_open']} cycles, once (plain: {plain['cycles_open']})""")
END
