#!/usr/bin/env bash
# static.sh [--cli]: builds a static executable, which runs on any x86-64 Linux, with any libraries or none, and prints
# its path. Without --cli it is the one that all three ways to deploy carry to containers: it only serves XSOAR, and is
# small. With --cli it is the one for people, with the command line and the in-memory PingOne.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=x86_64-unknown-linux-gnu
# Packing relative relocations saves a tenth of the space, folding identical functions a little more.
flags="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs -C link-arg=-Wl,--icf=all"
if [[ ${1:-} == --cli ]]; then
    profile=release
    features=(--features cli,sandbox)
    limit=20000000
else
    profile=shipped
    features=(--no-default-features)
    flags+=" -C link-arg=-Wl,--no-eh-frame-hdr -C link-arg=-Wl,-T,$PWD/packaging/no_unwinding.ld"
    limit=5000000
fi
executable=${CARGO_TARGET_DIR:-$PWD/target}/$target/$profile/pingone-xsoar

# Panic locations contain no path of this machine, so that every machine builds the same bytes.
cargo fetch --quiet --locked --target "$target" >&2
for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/ "$PWD/"; do
    flags+=" --remap-path-prefix=$folder="
done
RUSTFLAGS=$flags cargo build --quiet --locked --profile "$profile" --package pingone-xsoar "${features[@]}" \
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
