"""Fixtures: the executables, the relay, and the environments of images."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from incident import Incident
from playbooks import MANIFEST, PLAYBOOKS
from sandbox import Sandbox, environment
from xsoar import Container

PACKAGING = Path(__file__).resolve().parent.parent
ROOT = PACKAGING.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
sys.path.insert(0, str(PACKAGING))
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"),
    reason="needs root, to be another user and to mount: run packaging/ci.sh as root",
)


def built(path, how):
    if not path.is_file():
        pytest.exit("%s is missing: %s builds it, and packaging/ci.sh everything" % (path, how), 2)
    return path


@pytest.fixture(scope="session")
def executable():
    """The static executable."""
    return built(TARGET / "x86_64-unknown-linux-gnu" / "shipped" / "pingone-xsoar", "packaging/static.sh")


@pytest.fixture
def sandbox():
    running = Sandbox(built(TARGET / "debug" / "pingone-sandbox", "cargo build --bin pingone-sandbox"))
    yield running
    running.end()


@pytest.fixture(scope="session")
def relay():
    """The relay's source."""
    return (PACKAGING / "relay" / "relay.py").read_text()


@pytest.fixture
def image_env(tmp_path, executable):
    """The environment of a container whose image has the executable on its search path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pingone-xsoar").symlink_to(executable)
    return environment(folder)


@pytest.fixture
def bare_env(tmp_path):
    """The environment of a container whose image has no executable."""
    return environment(tmp_path / "nothing")


@pytest.fixture(scope="session")
def one_files(tmp_path_factory, executable):
    """The one-file YAML of both identities, as the documented command builds it."""
    out = tmp_path_factory.mktemp("one-file")
    subprocess.run(
        [sys.executable, PACKAGING / "one_file.py", "--executable", executable, "--out", out],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    assert sorted(file.name for file in out.iterdir()) == ["PingOne-one-file.yml", "PingOne_copy-one-file.yml"]
    return {identity: (out / (identity + "-one-file.yml")).read_text() for identity in ("PingOne", "PingOne_copy")}


@pytest.fixture(scope="session")
def script(one_files):
    """The code of the one file, as XSOAR's server would send it."""
    return yaml.safe_load(one_files["PingOne"])["script"]["script"]


@pytest.fixture
def incident(relay, sandbox, image_env):
    """An incident whose commands go through the relay to the executable and the sandbox."""
    with Container(relay, sandbox.params, env=image_env) as container:

        def run(brand, name, args):
            assert brand == "PingOne"
            answer = container.run(name, args)
            assert not answer.exceptions, answer.exceptions
            return answer.entries

        incident = Incident(run, MANIFEST, playbooks=PLAYBOOKS)
        incident.container = container
        yield incident
