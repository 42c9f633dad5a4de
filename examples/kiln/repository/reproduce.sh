#!/usr/bin/env bash
# Reproduces the paper: makes an environment in .venv, runs every trial that has no result yet, and writes results.json,
# results.md and figures/. Options are passed on to main.py: `./reproduce.sh --smoke` shows in about a minute that the
# code runs, `./reproduce.sh --help` lists the others.
#
# PYTHON=/path/to/python uses that Python with its packages, and installs nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# One thread for each process gives the same numbers everywhere. A large model on a CPU needs more: OMP_NUM_THREADS=8.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
export MKL_NUM_THREADS="$OMP_NUM_THREADS" OPENBLAS_NUM_THREADS="$OMP_NUM_THREADS" PYTHONHASHSEED=0

if [ -z "${PYTHON:-}" ]; then
  packages=requirements.txt
  if [ -s requirements.lock ]; then packages=requirements.lock; fi
  if command -v uv >/dev/null; then
    [ -x .venv/bin/python ] || uv venv --quiet --python ">=3.11" .venv
    uv pip install --quiet --python .venv/bin/python -r "$packages"
  else
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")'
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$packages"
  fi
  PYTHON=.venv/bin/python
fi

exec "$PYTHON" main.py "$@"
