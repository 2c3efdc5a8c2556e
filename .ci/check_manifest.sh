#!/usr/bin/env bash
# Checks integration.yml (or the file given) with demisto-sdk: see check_manifest.py.
set -euo pipefail

ci=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$("$ci/venv.sh" ci-venv "$ci/requirements.txt")
timeout 120 "$venv/bin/python" "$ci/check_manifest.py" "$@"
