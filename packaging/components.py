"""What the executables of a release consist of, from Cargo.lock: as SBOMs (CycloneDX) and as third-party notices."""

import json
import platform
import re
import subprocess

import tomllib

import common

TARGET = "x86_64-unknown-linux-gnu"
# What cargo is told to build each executable: the same as in static.sh.
CLI = ("--features", "cli,sandbox")
CONTAINER = ("--no-default-features",)
# Files of a crate that its licences ask to pass on.
NOTICE = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.I)


def crates(features):
    """The crates from the registry that an executable is built from, as cargo describes them."""
    tree = cargo("tree", "--package", common.NAME, *features, "--edges", "normal", "--target", TARGET,
                 "--prefix", "none", "--format", "{p}")  # fmt: skip
    used = {tuple(line.split()[:2]) for line in tree.splitlines()}
    packages = json.loads(cargo("metadata", "--format-version", "1"))["packages"]
    found = [one for one in packages if one["source"] and (one["name"], "v" + one["version"]) in used]
    return sorted(found, key=lambda one: (one["name"], one["version"]))


def cargo(*arguments):
    return subprocess.run(
        ["cargo", arguments[0], "--locked", *arguments[1:]],
        stdout=subprocess.PIPE,
        universal_newlines=True,
        check=True,
        cwd=str(common.ROOT),
    ).stdout


def sbom(name, sha256, features):
    """An executable and its components in CycloneDX 1.5. It has no time in it, so that it can be reproduced."""
    lock = tomllib.loads((common.ROOT / "Cargo.lock").read_text())["package"]
    checksums = {(one["name"], one["version"]): one.get("checksum") for one in lock}
    components = [
        {
            "type": "library",
            "bom-ref": purl(one),
            "name": one["name"],
            "version": one["version"],
            "purl": purl(one),
            "licenses": [{"expression": one["license"]}],
            "hashes": [{"alg": "SHA-256", "content": checksums[one["name"], one["version"]]}],
        }
        for one in crates(features)
    ]
    libc = {
        "type": "library",
        "bom-ref": "glibc",
        "name": "glibc",
        "version": platform.libc_ver()[1],
        "licenses": [{"expression": "LGPL-2.1-or-later"}],
    }
    main = {
        "type": "application",
        "bom-ref": name,
        "name": name,
        "version": common.version(),
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "hashes": [{"alg": "SHA-256", "content": sha256}],
    }
    references = [one["bom-ref"] for one in components] + [libc["bom-ref"]]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": main},
        "components": components + [libc],
        "dependencies": [{"ref": main["bom-ref"], "dependsOn": references}],
    }


def purl(crate):
    return "pkg:cargo/%s@%s" % (crate["name"], crate["version"])


LIBC = """glibc (LGPL-2.1-or-later)

The executables are linked statically with the GNU C Library, https://www.gnu.org/software/libc/. Its source comes with
the distribution that they were built on. To link them with another version of the library, build them from the source
of pingone-xsoar: packaging/static.sh.
"""


def notices():
    """The licence texts of everything in the executables. Crates with the same text share one."""
    by_text = {}
    for crate in crates(CLI):
        folder = common.Path(crate["manifest_path"]).parent
        files = sorted(file for file in folder.iterdir() if file.is_file() and NOTICE.search(file.name))
        texts = [file.read_text(errors="replace").strip() for file in files]
        if not texts:
            raise SystemExit("%s %s has no licence file: add its licence here" % (crate["name"], crate["version"]))
        title = "%s %s (%s)" % (crate["name"], crate["version"], crate["license"])
        for text in texts:
            by_text.setdefault(text, []).append(title)
    parts = ["\n".join(titles) + "\n\n" + text + "\n" for text, titles in by_text.items()]
    line = "\n" + "=" * 80 + "\n\n"
    return line.join(["The executables of pingone-xsoar contain the following works.\n", *parts, LIBC])
