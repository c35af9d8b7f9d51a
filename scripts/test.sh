#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything and runs the tests.
# usage: scripts/test.sh [--long] [ctest option ...]
#   --long: the runs with the label `long` too
set -euo pipefail
. "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."
labels=(-LE long)
if [ "${1:-}" = --long ]; then labels=(); shift; fi
scripts/build.sh
ctest --test-dir build --output-on-failure --parallel "$(nproc)" "${labels[@]}" "$@"
