#!/usr/bin/env bash
# Builds the static executable for all three ways to deploy, checks that it is static and small, and prints its path.
# It runs on any x86-64 Linux, with any libraries or none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=x86_64-unknown-linux-gnu
limit=5000000
executable=${CARGO_TARGET_DIR:-$PWD/target}/$target/shipped/pingone-xsoar

# Packing relative relocations saves a tenth of the space, folding identical functions a little more.
flags="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--icf=all"
flags+=" -C link-arg=-Wl,--no-eh-frame-hdr -C link-arg=-Wl,-T,$PWD/packaging/no_unwinding.ld"
# Panic locations contain no path of this machine, so that every machine builds the same bytes.
cargo fetch --quiet --locked --target "$target" >&2
for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/ "$PWD/"; do
    flags+=" --remap-path-prefix=$folder="
done
RUSTFLAGS=$flags cargo build --quiet --locked --profile shipped --package pingone-xsoar --no-default-features \
    --bin pingone-xsoar --target "$target" >&2

if readelf --program-headers --wide "$executable" | grep -q INTERP; then
    echo "static.sh: $executable requires a dynamic loader, so it is not static" >&2
    exit 1
fi
size=$(stat --format %s "$executable")
if ((size >= limit)); then
    echo "static.sh: $executable has $size bytes; it must stay under $limit" >&2
    exit 1
fi
echo "$executable"
