#!/usr/bin/env bash
# Reproduces the paper; with --smoke, shows in about a minute that the code runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

case "${1:-}" in
  "" | --smoke) ;;
  *) echo "usage: $0 [--smoke]" >&2; exit 2 ;;
esac

"${PYTHON:-python3}" main.py "$@"
test -s results.json || { echo "main.py ended without results.json" >&2; exit 1; }
echo "The results are in results.json."
