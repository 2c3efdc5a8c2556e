"""The SBOMs and the notices of a release cover everything that its executables are built from, and the same executable
gives the same bytes in any folder. That two builds of the executables themselves do so, too, is seen by
packaging/same_bytes.sh, which takes some minutes."""

import hashlib
import re
import shutil
import subprocess
import sys

import pytest
from conftest import PACKAGING, ROOT

import components


@pytest.fixture(scope="module")
def crates():
    return components.crates(components.CLI)


def test_the_crates_are_those_of_the_executables(crates):
    both = {"reqwest", "rustls", "ring", "tokio", "serde_json"}
    neither = {"insta", "proptest", "pingone-sandbox", "pingone"}
    cli = {"clap", "pulldown-cmark"}
    for_people = {crate["name"] for crate in crates}
    for_containers = {crate["name"] for crate in components.crates(components.CONTAINER)}
    assert both | cli <= for_people and not for_people & neither
    assert both <= for_containers and not for_containers & (neither | cli)
    assert for_containers < for_people


def test_the_features_are_those_that_static_sh_builds():
    script = (PACKAGING / "static.sh").read_text()
    for features in (components.CLI, components.CONTAINER):
        assert "features=(%s)" % " ".join(features) in script


def test_an_sbom_has_every_crate_with_its_checksum_and_licence(crates):
    sbom = components.sbom("pingone-xsoar", "0" * 64, components.CLI)
    lock = (ROOT / "Cargo.lock").read_text()
    found = {one["name"]: one for one in sbom["components"]}
    assert set(found) == {crate["name"] for crate in crates} | {"glibc"}
    for name, one in found.items():
        assert one["licenses"][0]["expression"], name
        if name != "glibc":
            assert one["hashes"][0]["content"] in lock, name
    references = {one["bom-ref"] for one in sbom["components"]}
    assert set(sbom["dependencies"][0]["dependsOn"]) == references


def test_the_notices_name_every_crate_with_its_licence_text(crates):
    notices = components.notices()
    for crate in crates:
        assert "%s %s (%s)" % (crate["name"], crate["version"], crate["license"]) in notices, crate["name"]
    assert notices.count("Permission is hereby granted, free of charge") >= 1
    assert "glibc (LGPL-2.1-or-later)" in notices


def test_every_command_that_release_runs_is_there():
    text = (ROOT / "packaging" / "release.py").read_text()
    builders = re.findall(r'builder\("([\w.]+)"', text)
    assert builders
    for name in builders:
        assert (ROOT / "packaging" / name).exists(), name


def built(root, executable, out):
    """What the builders of the repository at `root` make of the executable: SHA-256 by name."""
    for name in ("one_file.py", "pack.py", "wheel.py", "image.py"):
        command = [sys.executable, root / "packaging" / name, "--executable", executable, "--out", out]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return {
        str(file.relative_to(out)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in out.rglob("*")
        if file.is_file()
    }


def test_another_folder_and_another_time_give_the_same_bytes(tmp_path, executable):
    other = tmp_path / "another" / "folder"
    unneeded = shutil.ignore_patterns(".git", "target", "dist", "fuzz")
    shutil.copytree(str(ROOT), str(other), ignore=unneeded, copy_function=shutil.copy)
    assert (PACKAGING / "pack.py").stat().st_mtime != (other / "packaging" / "pack.py").stat().st_mtime
    here, there = built(ROOT, executable, tmp_path / "here"), built(other, executable, tmp_path / "there")
    assert {"PingOneXSOAR.zip", "PingOne-one-file.yml", "PingOne-image.yml"} <= set(here)
    assert any(name.endswith(".whl") for name in here)
    assert here == there
