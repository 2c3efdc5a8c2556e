#!/usr/bin/env bash
# Builds a release of the last commit twice, in two folders and without anything compiled before, and compares the bytes.
# It leaves nothing behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for name in one another/and/deeper; do
    mkdir -p "$folder/$name"
    git clone --quiet . "$folder/$name/repository"
    env -u CARGO_TARGET_DIR "$folder/$name/repository/packaging/release.py" --no-image --out "$folder/$name/dist"
done
diff --recursive --brief "$folder/one/dist" "$folder/another/and/deeper/dist"
echo "same_bytes: two builds in two folders gave the same bytes"
