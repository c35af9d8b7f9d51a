# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: with --help they print the comment at their head and end.
show_help() {
  awk 'NR > 2 && !/^#/ { exit } NR > 2 { sub(/^# ?/, ""); print }' "$help_of"
}

unknown_argument() { # ARGUMENT: ends the script with what it takes
  echo "${help_of##*/}: unknown argument '$1'" >&2
  show_help >&2
  exit 2
}

help_of=$(realpath "$0")
case "${1:-}" in
  -h | --help)
    show_help
    exit 0
    ;;
esac
