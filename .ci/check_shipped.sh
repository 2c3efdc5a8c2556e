#!/usr/bin/env bash
# The shipped build (`--no-default-features`) has no server in it: neither a server's dependencies nor the
# sandbox's own code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

features=$(cargo tree --locked --package pingone-xsoar --no-default-features --edges normal,features --invert hyper)
if grep -q 'feature "server"' <<<"$features"; then
    echo "check_shipped: the shipped build contains hyper's server" >&2
    exit 1
fi
executable=$(packaging/static.sh)
# The sandbox's control address stands in every executable that holds it; that the search works is seen on one.
cargo build --locked --quiet --bin pingone-sandbox
grep -q '/sandbox/state' "${CARGO_TARGET_DIR:-target}/debug/pingone-sandbox" || {
    echo "check_shipped: the sandbox is not recognised any more: look for another text" >&2
    exit 1
}
if grep -q '/sandbox/state' "$executable"; then
    echo "check_shipped: the shipped build contains the sandbox" >&2
    exit 1
fi
echo "shipped build: no server code"
