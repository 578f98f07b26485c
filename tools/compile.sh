#!/usr/bin/env bash
# Compiles what .venv holds, once and on all cores: where PYTHONDONTWRITEBYTECODE is set, as in many containers, every process would
# otherwise compile torch, torchvision and timm anew. Some packages carry files for other Pythons, which do not compile: not an error.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/python -m compileall -q -j 0 .venv/lib/python3*/site-packages src >/dev/null 2>&1 || :
