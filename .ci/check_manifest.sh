#!/usr/bin/env bash
# Checks integration.yml (or the file given) with demisto-sdk: see check_manifest.py.
# Installs demisto-sdk into a virtual environment first: a minute or two, and only if requirements.txt
# or the Python changed since. MANIFEST_VENV names another place for it, PYTHON another Python (3.10 to 3.14).
set -euo pipefail

ci=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
python=${PYTHON:-python3}
venv=${MANIFEST_VENV:-${CARGO_TARGET_DIR:-$ci/../target}/manifest-venv}
stamp=$venv/installed-for

"$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))' || {
    echo "check_manifest: demisto-sdk needs Python 3.10 to 3.14; PYTHON=... names one" >&2
    exit 1
}
wanted=$("$python" --version; cat "$ci/requirements.txt")

if [[ ! -x $venv/bin/python || ! -f $stamp || $(<"$stamp") != "$wanted" ]]; then
    rm -f "$stamp"
    timeout 120 "$python" -m venv --clear "$venv"
    timeout 600 "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$ci/requirements.txt" 2>"$venv/pip.log" || {
        cat "$venv/pip.log" >&2
        echo "check_manifest: demisto-sdk could not be installed" >&2
        exit 1
    }
    printf '%s\n' "$wanted" >"$stamp"
fi

timeout 120 "$venv/bin/python" "$ci/check_manifest.py" "$@"
