#!/usr/bin/env bash
# Makes .venv with everything Glasshouse runs on, pinned and checked by hash. Called by make.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Glasshouse needs Python 3.11 or later; '$python' is $("$python" --version 2>&1 || echo missing)." >&2
    echo "Name another with: make PYTHON=python3.12 ..." >&2
    exit 1
fi
echo "Setting up .venv (a few minutes the first time) ..." >&2
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --require-hashes --no-deps -r requirements-pip.lock
.venv/bin/pip install --quiet --no-compile --require-hashes --no-deps -r requirements.lock
# torch's usual build for Linux needs CUDA libraries, its CPU build does not: its own metadata tells.
if .venv/bin/python - <<'PY'
import sys
from importlib.metadata import requires, version
needs_cuda = sys.platform == "linux" and "+cpu" not in version("torch")
sys.exit(not (needs_cuda and any(line.startswith(("nvidia-", "cuda-")) for line in requires("torch") or [])))
PY
then
    .venv/bin/pip install --quiet --no-compile --require-hashes --no-deps -r requirements-cuda.lock
fi
.venv/bin/pip install --quiet --no-deps --no-build-isolation --editable .
bash tools/compile.sh
