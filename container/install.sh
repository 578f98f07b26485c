#!/usr/bin/env bash
# Installs Glasshouse from this checkout into the folder PREFIX, pinned and checked by hash, and compiles it. The Dockerfile
# runs it, and container/rehearse.sh in an empty root.
#
#   CUDA=no|yes container/install.sh PREFIX
set -euo pipefail
prefix="$1"
cd "$(dirname "$0")/.."
python3 -m venv "$prefix"
pip="$prefix/bin/pip"
"$prefix/bin/python" -m pip install --quiet --no-cache-dir --require-hashes --no-deps -r requirements-pip.lock
"$pip" install --quiet --no-cache-dir --no-compile --require-hashes --no-deps -r requirements.lock
# PostgreSQL's driver is pinned among what the tests need.
awk '/^[^ #]/ { mine = /^psycopg(-binary)?==/ } mine' requirements-dev.lock >"$prefix/postgresql.lock"
"$pip" install --quiet --no-cache-dir --no-compile --require-hashes --no-deps -r "$prefix/postgresql.lock"
rm "$prefix/postgresql.lock"
# torch's usual build for Linux needs CUDA's libraries even without a GPU, its CPU build does not: its own metadata tells.
needs_cuda=$("$prefix/bin/python" -c '
from importlib.metadata import requires
print(any(line.startswith(("nvidia-", "cuda-")) for line in requires("torch") or []))')
if [ "$needs_cuda" = True ]; then
    [ "${CUDA:-no}" = yes ] || echo "This index has no CPU build of torch: CUDA's libraries are installed too, 3 GB. See the guide." >&2
    "$pip" install --quiet --no-cache-dir --no-compile --require-hashes --no-deps -r requirements-cuda.lock
elif [ "${CUDA:-no}" = yes ]; then
    echo "CUDA=yes, but this index gave torch's CPU build; build without PIP_EXTRA_INDEX_URL." >&2
    exit 1
fi
"$pip" install --quiet --no-cache-dir --no-deps --no-build-isolation .
# The code is only read later, so it is compiled now; some packages carry files for other Pythons, which do not compile.
"$prefix/bin/python" -m compileall -q -j 0 "$prefix"/lib/python3*/site-packages >/dev/null 2>&1 || :
