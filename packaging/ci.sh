#!/usr/bin/env bash
# Builds the pack and all three ways to deploy, and checks them: lint, tests, demisto-sdk. Works on a clean checkout
# with Rust and Python 3, and installs what it needs below target/. As root it also tests in chroots; otherwise those
# tests are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PYTHONDONTWRITEBYTECODE=1

target=${CARGO_TARGET_DIR:-$PWD/target}
out=$target/packaging
venv=$(.ci/venv.sh packaging-venv packaging/requirements.txt)

"$venv/bin/ruff" check --quiet --no-cache packaging
"$venv/bin/ruff" format --quiet --no-cache --check packaging
"$venv/bin/hadolint" packaging/image/Dockerfile

executable=$(packaging/static.sh)
packaging/one_file.py --executable "$executable" --out "$out"
packaging/wheel.py --executable "$executable" --out "$out" --docker-image localhost/pingone-xsoar:wheel
packaging/image.py --executable "$executable" --out "$out"
for manifest in "$out"/*.yml; do
    .ci/check_manifest.sh "$manifest"
done
"$venv/bin/python" packaging/pack.py --executable "$executable" --out "$out"
# check_manifest.sh has installed the environment with demisto-sdk.
"$target/ci-venv/bin/python" packaging/check_pack.py \
    "$out/pack/Packs/PingOneXSOAR" "$out/PingOneXSOAR.zip"

cargo build --quiet --locked --bin pingone-sandbox
"$venv/bin/python" -m pytest --quiet -rs -p no:cacheprovider --numprocesses auto --dist loadscope packaging/tests
