"""What the tests need: the executables, the relay, and environments of images."""
import os
import sys
from pathlib import Path

import pytest
from sandbox import Sandbox, environment

PACKAGING = Path(__file__).resolve().parent.parent
ROOT = PACKAGING.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
sys.path.insert(0, str(PACKAGING))


def built(path, how):
    if not path.is_file():
        pytest.exit("%s is missing: %s builds it, and packaging/ci.sh everything" % (path, how), 2)
    return path


@pytest.fixture(scope="session")
def executable():
    """The static executable."""
    return built(TARGET / "x86_64-unknown-linux-gnu" / "release" / "pingone-xsoar", "packaging/static.sh")


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
    """The environment of an image that has the executable on its search path, as XSOAR sets it for containers."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "pingone-xsoar").symlink_to(executable)
    return environment(folder)


@pytest.fixture
def bare_env(tmp_path):
    """The environment of an image that has no executable."""
    return environment(tmp_path / "nothing")
