"""The wheel: pip can install it, the installed executable runs, and the relay finds it."""

import base64
import csv
import hashlib
import subprocess
import sys
import venv
import zipfile

import pytest
import yaml
from conftest import PACKAGING
from xsoar import LOOP, Container

import common

IMAGE = "registry.example/pingone:1.0"


@pytest.fixture(scope="session")
def built(tmp_path_factory, executable):
    """The wheel built by the documented command."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, PACKAGING / "wheel.py", "--executable", executable, "--out", out, "--docker-image", IMAGE],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return out


@pytest.fixture(scope="session")
def wheel(built):
    [wheel] = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed(tmp_path_factory, wheel):
    """A virtual environment with nothing but the wheel."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            folder / "bin" / "python",
            "install",
            "--quiet",
            "--no-index",
            "--disable-pip-version-check",
            wheel,
        ],
        check=True,
        timeout=120,
    )
    return folder


def test_record_lists_every_file_with_its_hash(wheel):
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        [record] = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
        rows = list(csv.reader(archive.read(record).decode().splitlines()))
        assert [row[0] for row in rows] == archive.namelist()
        for path, digest, size in rows[:-1]:
            data = archive.read(path)
            expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            assert (digest, int(size)) == ("sha256=" + expected, len(data)), path


@pytest.mark.parametrize("platform", ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"])
@pytest.mark.parametrize("python", ["38", "312"])
def test_pip_takes_it_for_glibc_and_for_musl(wheel, tmp_path, platform, python):
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--disable-pip-version-check",
        "--find-links",
        wheel.parent,
        "--dest",
        tmp_path,
        "--only-binary=:all:",
        "--platform",
        platform,
        "--python-version",
        python,
        "pingone-xsoar",
    ]
    subprocess.run(pip, check=True, timeout=120)
    assert [file.name for file in tmp_path.iterdir()] == [wheel.name]


def test_it_does_not_install_where_it_cannot_run(wheel, tmp_path):
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--disable-pip-version-check",
        "--find-links",
        wheel.parent,
        "--dest",
        tmp_path,
        "--only-binary=:all:",
        "--platform",
        "manylinux_2_17_aarch64",
        "pingone-xsoar",
    ]
    assert subprocess.run(pip, stderr=subprocess.DEVNULL, timeout=120).returncode != 0


def test_what_is_installed_runs(installed, executable):
    asked = "import pingone_xsoar; print(pingone_xsoar.path())"
    path = (
        subprocess.run([installed / "bin" / "python", "-c", asked], check=True, stdout=subprocess.PIPE)
        .stdout.decode()
        .strip()
    )
    with open(path, "rb") as file:
        assert file.read() == executable.read_bytes()
    for program in (path, installed / "bin" / "pingone-xsoar"):
        said = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE, timeout=10).stdout.decode()
        assert said.startswith("pingone-xsoar %s\n" % common.version())


def test_the_relay_finds_it_before_the_search_path(installed, relay, sandbox, tmp_path):
    pretender = tmp_path / "pingone-xsoar"
    pretender.write_text("#!/bin/sh\nexit 1\n")
    pretender.chmod(0o755)
    loop = [str(installed / "bin" / "python"), str(LOOP)]
    with Container(relay, sandbox.params, command=loop, env={"PATH": str(tmp_path)}) as container:
        assert container.run("pingone-get-user", {"username": "emma.sharp"}).only()["Type"] == 1
        assert container.children() == []


def test_the_yaml_names_the_image_and_has_the_relay_as_it_is(built, relay):
    for identity in common.IDENTITIES:
        unified = yaml.safe_load((built / (identity + "-wheel.yml")).read_text())
        assert (unified["name"], unified["script"]["dockerimage"]) == (identity, IMAGE)
        assert unified["script"]["script"] == relay
