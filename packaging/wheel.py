#!/usr/bin/env python3
"""Builds the wheel pingone-xsoar: the static executable as a Python package, for `pip install` into an image.

With --docker-image it also writes the unified YAML of both identities for an image with the wheel installed:
PingOne-wheel.yml and PingOne_copy-wheel.yml.
"""

import argparse
import base64
import hashlib
import zipfile

import common

PACKAGE = common.PACKAGING / "wheel" / "pingone_xsoar"
# Static, so it runs with any C library. These are the oldest platform tags that pip accepts on current Pythons.
PLATFORMS = ("manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64")
DESCRIPTION = """The PingOne integration for Cortex XSOAR as an executable. The integration's Python script starts
it for each command; `pingone_xsoar.path()` returns its location.
"""


def files(program):
    """The contents of the wheel except RECORD, by path, with their modes."""
    version = common.version()
    info = "pingone_xsoar-%s.dist-info/" % version
    metadata = (
        "Metadata-Version: 2.1\nName: pingone-xsoar\nVersion: %s\nSummary: PingOne integration for Cortex XSOAR\n"
        "Requires-Python: >=3.6\nDescription-Content-Type: text/markdown\n\n%s" % (version, DESCRIPTION)
    )
    tags = "".join("Tag: py3-none-%s\n" % platform for platform in PLATFORMS)
    wheel = "Wheel-Version: 1.0\nGenerator: packaging/wheel.py\nRoot-Is-Purelib: false\n" + tags
    return info, {
        "pingone_xsoar/__init__.py": ((PACKAGE / "__init__.py").read_bytes(), 0o644),
        "pingone_xsoar/pingone-xsoar": (program, 0o755),
        info + "METADATA": (metadata.encode(), 0o644),
        info + "WHEEL": (wheel.encode(), 0o644),
        info + "entry_points.txt": (b"[console_scripts]\npingone-xsoar = pingone_xsoar:main\n", 0o644),
    }


def record(path, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return "%s,sha256=%s,%d\n" % (path, digest, len(data))


def build(program, out):
    """Writes the wheel to `out` and returns its path. It is reproducible."""
    out.mkdir(parents=True, exist_ok=True)
    info, contents = files(program)
    lines = [record(path, data) for path, (data, _) in contents.items()]
    contents[info + "RECORD"] = ("".join(lines + [info + "RECORD,,\n"]).encode(), 0o644)
    wheel = out / ("pingone_xsoar-%s-py3-none-%s.whl" % (common.version(), ".".join(PLATFORMS)))
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, (data, mode) in contents.items():
            entry = zipfile.ZipInfo(path)  # with the timestamp 1980-01-01
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return wheel


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    common.add_arguments(parser)
    parser.add_argument("--docker-image", help="the image with the wheel installed, such as name:tag")
    arguments = parser.parse_args()
    wheel = build(common.executable(arguments.executable).read_bytes(), arguments.out)
    print("%s  %d bytes" % (wheel, wheel.stat().st_size))
    if arguments.docker_image:
        common.write_unified(arguments.out, "wheel", common.RELAY.read_text(), arguments.docker_image)


if __name__ == "__main__":
    main()
