#!/usr/bin/env python3
"""Builds everything that a release consists of, in dist/: the static executables for people and for containers, the
one-file YAMLs, the pack, the wheel, the image archive, completions and the man page, an SBOM for each executable,
third-party notices, and SHA-256 sums of all of it.

The same commit gives the same bytes, in whatever folder it is built, as long as compiler and C library are the same.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import common
import components

SHELLS = ("bash", "fish", "zsh")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=common.ROOT / "dist", help="a folder that does not exist yet")
    parser.add_argument("--no-image", action="store_true", help="no image archive: it needs apt and the network")
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    if out.exists():
        parser.error("%s exists already: remove it, or choose another folder with --out" % out)
    # The executables say which commit they are of.
    os.environ["PINGONE_XSOAR_COMMIT"] = commit()

    out.mkdir(parents=True)
    program = out / common.NAME
    shutil.copy(str(common.built("--cli")), str(program))
    carried = out / (common.NAME + "-container")
    shutil.copy(str(common.built()), str(carried))
    build = out / "build"
    builder("one_file.py", carried, build)
    builder("pack.py", carried, build)
    builder("wheel.py", carried, build)
    builder("image.py", carried, build, *([] if arguments.no_image else ["--debian"]))
    for pattern in ("*-one-file.yml", "*-image.yml", "*.zip", "*.whl", "image.tar"):
        for file in build.glob(pattern):
            file.rename(out / file.name)
    shutil.rmtree(str(build))
    for shell in SHELLS:
        (out / ("pingone-xsoar." + shell)).write_text(output_of(program, "completions", shell))
    (out / "pingone-xsoar.1").write_text(output_of(program, "man"))
    for executable, features in ((program, components.CLI), (carried, components.CONTAINER)):
        sbom = components.sbom(executable.name, sha256(executable), features)
        (out / (executable.name + ".cdx.json")).write_text(json.dumps(sbom, indent=2) + "\n")
    (out / "THIRD-PARTY-NOTICES.txt").write_text(components.notices())
    for name in ("LICENSE-MIT", "LICENSE-APACHE", "CHANGELOG.md"):
        shutil.copy(str(common.ROOT / name), str(out / name))
    sums = ["%s  %s\n" % (sha256(file), file.name) for file in sorted(out.iterdir())]
    (out / "SHA256SUMS").write_text("".join(sums))
    print("%s: %d files, checked by `sha256sum --check SHA256SUMS`" % (out, len(sums)))


def commit():
    """The commit that is built. Something that was never committed must not claim to be it."""
    git = ["git", "-C", str(common.ROOT)]
    if subprocess.run(git + ["status", "--porcelain"], stdout=subprocess.PIPE, check=True).stdout:
        raise SystemExit("release.py: there are changes that are not committed")
    found = subprocess.run(git + ["rev-parse", "HEAD"], stdout=subprocess.PIPE, universal_newlines=True, check=True)
    return found.stdout.strip()


def builder(name, program, out, *more):
    command = [sys.executable, str(common.PACKAGING / name), "--executable", str(program), "--out", str(out), *more]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
