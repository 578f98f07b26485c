#!/usr/bin/env bash
# Runs the command it is given and, beside it, the checks of the code: ruff's take a second and come first, mypy takes a minute of one
# core. What mypy says stands behind the command's output; the exit code is the command's, or mypy's where the command did well.
# Called by make test.
set -uo pipefail
cd "$(dirname "$0")/.."
.venv/bin/ruff check . && .venv/bin/ruff format --check . || exit 1
told="$(mktemp)"
.venv/bin/mypy >"$told" 2>&1 &
typing=$!
trap 'kill $typing 2>/dev/null; cat "$told"; rm -f "$told"' EXIT
"$@"
tested=$?
wait $typing
typed=$?
exit $((tested ? tested : typed))
