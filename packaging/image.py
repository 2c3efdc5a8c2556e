#!/usr/bin/env python3
"""Prepares an image with pingone-xsoar installed, and optionally builds it without a container engine.

Always: a build context for `docker build` (or podman, or buildah), and the unified YAML of both identities for the
image: PingOne-image.yml and PingOne_copy-image.yml.

--base FILE: also the image, as an archive for `docker load` or a registry: one layer on top of a stock image saved
with `docker save demisto/python3:TAG`.
--debian: also the image, based on a minimal root of Debian's Python packages instead; needs apt and dpkg, but not root.
"""

import argparse
import io
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import archive
import common

INSTALLED = "usr/local/bin/pingone-xsoar"
# What XSOAR's stock Python images have: Python under this name, a non-root user, and writable folders.
PASSWD = "root:x:0:0:root:/root:/bin/sh\ndemisto:x:4000:4000::/home/demisto:/bin/sh\n"
GROUP = "root:x:0:\ndemisto:x:4000:\n"
# Not needed at run time.
SUPERFLUOUS_PACKAGES = ("dpkg", "tar")
SUPERFLUOUS = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/bug",
    "usr/include",
)


def lay_out(program, folder):
    """The build context."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(common.PACKAGING / "image" / "Dockerfile"), str(folder / "Dockerfile"))
    (folder / "pingone-xsoar").write_bytes(program)
    (folder / "pingone-xsoar").chmod(0o755)


def debian_root(folder):
    """Unpacks Debian's Python and its dependencies into `folder`."""

    def run(*command, **more):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, universal_newlines=True, **more).stdout

    # Simulates an empty system, so that apt lists all dependencies of Python.
    plan = run(
        "apt-get", "install", "--simulate", "--no-install-recommends", "-o", "Dir::State::status=/dev/null", "python3"
    )
    found = re.findall(r"(?m)^Inst (\S+) \((\S+) ", plan)
    packages = ["%s=%s" % (name, version) for name, version in found if name not in SUPERFLUOUS_PACKAGES]
    with tempfile.TemporaryDirectory() as downloads:
        run("apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *packages, cwd=downloads)
        for package in sorted(Path(downloads).glob("*.deb")):
            run("dpkg-deb", "--extract", str(package), str(folder))
    for path in SUPERFLUOUS:
        shutil.rmtree(str(folder / path), ignore_errors=True)
    for path in ("proc", "sys", "dev"):  # mount points, needed even if the root is read-only
        (folder / path).mkdir(exist_ok=True)
    for path, mode in (("tmp", 0o1777), ("var/tmp", 0o1777), ("root", 0o700), ("home/demisto", 0o755), ("etc", 0o755)):
        (folder / path).mkdir(parents=True, exist_ok=True)
        (folder / path).chmod(mode)
    (folder / "etc/passwd").write_text(PASSWD)
    (folder / "etc/group").write_text(GROUP)
    (folder / "usr/local/bin").mkdir(parents=True, exist_ok=True)
    (folder / "usr/local/bin/python").symlink_to("/usr/bin/python3")


def debian_image():
    """An image that consists of that root."""

    def roots_own(entry):
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        return entry

    with tempfile.TemporaryDirectory() as folder:
        debian_root(Path(folder))
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for path in sorted(Path(folder).iterdir()):
                tar.add(str(path), arcname=path.name, filter=roots_own)
    config = {
        "created": "1970-01-01T00:00:00Z",
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": []},
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Cmd": ["python"], "WorkingDir": "/"},
    }
    return archive.Image(config, []).with_layer(out.getvalue(), "Debian's Python", {})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common.add_arguments(parser)
    parser.add_argument(
        "--tag", default="localhost/pingone-xsoar:" + common.version(), help="the image's name and tag (%(default)s)"
    )
    base = parser.add_mutually_exclusive_group()
    base.add_argument("--base", type=Path, help="add our layer to this image archive")
    base.add_argument("--debian", action="store_true", help="add our layer to a minimal root of Debian's packages")
    arguments = parser.parse_args()
    if not re.fullmatch(r"[a-z0-9][a-z0-9._:/-]*:[\w][\w.-]*", arguments.tag):
        parser.error("--tag must be name:tag, not %r" % arguments.tag)

    program = common.executable(arguments.executable).read_bytes()
    context = arguments.out / "image"
    lay_out(program, context)
    common.write_unified(arguments.out, "image", common.RELAY.read_text(), arguments.tag)
    if not (arguments.base or arguments.debian):
        print("docker build --tag %s %s" % (arguments.tag, context))
        return
    layer = archive.layer_of([(INSTALLED, program)])
    labels = {"org.opencontainers.image.title": common.NAME, "org.opencontainers.image.version": common.version()}
    result = arguments.out / "image.tar"
    try:
        if arguments.debian:
            archive.write(debian_image().with_layer(layer, INSTALLED, labels), arguments.tag, str(result))
        else:
            with tarfile.open(str(arguments.base)) as saved:
                archive.write(archive.read(saved).with_layer(layer, INSTALLED, labels), arguments.tag, str(result))
    except (archive.Unfit, tarfile.TarError) as error:
        result.unlink(missing_ok=True)
        parser.exit(1, "image.py: %s\n" % error)
    print("%s  %d bytes\ndocker load --input %s" % (result, result.stat().st_size, result))


if __name__ == "__main__":
    main()
