#!/usr/bin/env bash
# Licences, bans and sources of the dependency tree, by cargo-deny and deny.toml. Installs cargo-deny below
# target/ first, if it is not there: some minutes, once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=0.20.2
tools=${CARGO_TARGET_DIR:-target}/tools
if [[ "$("$tools/bin/cargo-deny" --version 2>/dev/null)" != "cargo-deny $version" ]]; then
    env -u CARGO_TARGET_DIR cargo install --quiet --force --locked --root "$tools" --version "$version" cargo-deny
fi
cargo fetch --locked --quiet
"$tools/bin/cargo-deny" --offline --log-level error check bans licenses sources
