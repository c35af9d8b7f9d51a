#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, configures and builds everything into build/.
# usage: scripts/build.sh [TARGET ...]
set -euo pipefail
. "$(dirname "$0")/help.sh"
for target in "$@"; do [[ $target != -* ]] || unknown_argument "$target"; done
cd "$(dirname "$0")/.."
scripts/bootstrap.sh
[ -f build/build.ninja ] || cmake --preset release
cmake --build build --parallel "$(nproc)" ${1:+--target "$@"}
