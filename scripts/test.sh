#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything and runs the tests.
# usage: scripts/test.sh [--long | --sanitize] [ctest option ...]
#   --long: the runs with the label `long` too
#   --sanitize: instead, the unit tests under the address and undefined-behaviour sanitizers
set -euo pipefail
. "$(dirname "$0")/help.sh"
cd "$(dirname "$0")/.."
build=build labels=(-LE long)
case "${1:-}" in
  --long) labels=(); shift ;;
  --sanitize) build=build-sanitize labels=(-L unit); shift ;;
esac
if [ $build = build ]; then
  scripts/build.sh
else
  scripts/bootstrap.sh
  [ -f $build/build.ninja ] || cmake --preset sanitize
  cmake --build $build --parallel "$(nproc)" --target keyway_unit_tests
fi
ctest --test-dir $build --output-on-failure --parallel "$(nproc)" "${labels[@]}" "$@"
