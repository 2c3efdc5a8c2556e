#!/usr/bin/env bash
# venv.sh NAME REQUIREMENTS: a virtual environment below target/ with what the file REQUIREMENTS names. Prints its path.
# It is installed, which takes a minute or two, only if the file or the Python changed since. PYTHON names another
# Python than python3: 3.10 to 3.14, because of demisto-sdk.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-python3}
venv=${CARGO_TARGET_DIR:-$PWD/target}/$1
requirements=$2

"$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))' || {
    echo "venv.sh: Python 3.10 to 3.14 is needed; PYTHON=... names one" >&2
    exit 1
}
mkdir -p "${venv%/*}"
# CI installs ahead, while it compiles: whoever comes second waits.
exec 9>"$venv.lock"
flock 9
wanted=$("$python" --version; cat "$requirements")
if [[ ! -f $venv/installed-for || $(<"$venv/installed-for") != "$wanted" ]]; then
    timeout 120 "$python" -m venv --clear "$venv"
    timeout 600 "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$requirements" >"$venv/pip.log" 2>&1 || {
        cat "$venv/pip.log" >&2
        echo "venv.sh: $requirements could not be installed; is there a network?" >&2
        exit 1
    }
    printf '%s\n' "$wanted" >"$venv/installed-for"
fi
echo "$venv"
