#!/usr/bin/env bash
# Builds the static executable that all three ways to deploy carry, and checks that it is static and small.
# Prints its path. It runs on any x86-64 Linux, whatever libraries an image has, or none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=x86_64-unknown-linux-gnu
limit=5000000
executable=${CARGO_TARGET_DIR:-$PWD/target}/$target/release/pingone-xsoar

# Relative relocations are packed into a tenth, and no path of this machine is in the panics' places.
flags="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs"
flags+=" --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src= --remap-path-prefix=$PWD="
RUSTFLAGS=$flags cargo build --quiet --locked --release --package pingone-xsoar --no-default-features \
    --bin pingone-xsoar --target "$target" >&2

if readelf --program-headers --wide "$executable" | grep -q INTERP; then
    echo "static.sh: $executable asks for a dynamic loader, so it is not static" >&2
    exit 1
fi
size=$(stat --format %s "$executable")
if ((size >= limit)); then
    echo "static.sh: $executable has $size bytes; it must stay under $limit" >&2
    exit 1
fi
echo "$executable"
