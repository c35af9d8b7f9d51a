# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: with --help they print the comment at their head and end.
case "${1:-}" in
  -h | --help)
    awk 'NR > 2 && !/^#/ { exit } NR > 2 { sub(/^# ?/, ""); print }' "$0"
    exit 0
    ;;
esac
