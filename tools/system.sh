#!/usr/bin/env bash
# Installs what tests use beyond Python, where it is missing and this user may: Chromium with Korean letters for the browser
# tests, PostgreSQL for the store's. Elsewhere those tests skip and say so. Called by make test.
set -euo pipefail
missing=()
command -v chromium >/dev/null || missing+=(chromium)
compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
command -v fc-list >/dev/null && fc-list :lang=ko 2>/dev/null | grep -q . || missing+=(fonts-noto-cjk)
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "For all tests install: ${missing[*]} (Debian's names); what needs them is skipped." >&2
    exit 0
fi
echo "Installing ${missing[*]} for the tests ..." >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
