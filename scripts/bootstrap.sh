#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what Keyway needs on Debian 12: packages by apt, newer tools from PyPI into .venv.
# Works as root or with sudo; does nothing where everything is there already.
set -euo pipefail
. "$(dirname "$0")/help.sh"
[ $# = 0 ] || unknown_argument "$1"
cd "$(dirname "$0")/.."

packages=(build-essential clang clang-format cmake ninja-build ccache pkg-config perl unzip
  python3 python3-venv libsystemc-dev libxrt-dev libxrt1 uuid-dev libeigen3-dev catch2 libonnx-dev
  libprotobuf-dev protobuf-compiler libtorch-dev libssl-dev libcli11-dev nlohmann-json3-dev libfmt-dev
  liblz4-dev zlib1g-dev libsqlitecpp-dev libclang-rt-14-dev dataset-fashion-mnist libonnx-testdata)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "bootstrap: needs root or sudo to install: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "bootstrap: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# The marker holds what was installed, so a change of the list installs again.
if ! cmp -s scripts/requirements.txt .venv/installed; then
  echo "bootstrap: installing the tools of scripts/requirements.txt into .venv"
  /usr/bin/python3 -m venv --clear .venv
  .venv/bin/pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
  cp scripts/requirements.txt .venv/installed
fi
