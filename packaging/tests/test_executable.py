"""The static executable by itself: what it leaves out is not missed."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, TARGET

INVALID = json.dumps({"command": "test-module", "params": {}, "args": {}})


@pytest.mark.parametrize("name", ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"])
def test_an_error_is_answered_where_backtraces_are_asked_for(executable, name):
    """It has no tables for unwinding, without which taking a backtrace would abort the process."""
    run = subprocess.run(
        [executable],
        input=INVALID.encode(),
        env=dict(os.environ, **{name: "full"}),
        stdout=subprocess.PIPE,
        timeout=10,
        check=True,
    )
    result, completed = map(json.loads, run.stdout.splitlines())
    assert "environment_id" in result["results"][0]["Contents"]
    assert completed == {"type": "completed"}


def test_there_are_no_tables_for_unwinding(executable):
    sections = subprocess.run(
        ["readelf", "--section-headers", "--wide", executable], stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    assert ".text" in sections and ".eh_frame" not in sections


def test_no_path_of_its_builder_is_inside(executable):
    """With such a path, no other machine could build the same bytes."""
    contents = executable.read_bytes()
    assert b"src/client.rs" in contents, "the executable contains no paths at all: look for another one"
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    for folder in (ROOT, TARGET, cargo_home, cargo_home.resolve()):
        assert str(folder).encode() not in contents, folder
    # The folder of a registry has a name that depends on cargo's settings.
    assert b"crates.io" not in contents
