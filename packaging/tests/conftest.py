"""What the tests need: the static executable, the sandbox, and the files that are built from them."""
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

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


class Sandbox:
    """A PingOne on loopback, in a process of its own."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
        self.url = self.process.stdout.readline().strip()
        self.params = json.loads(self.process.stdout.readline())

    def _control(self, method, path, body=None):
        request = urllib.request.Request("%s/sandbox/%s" % (self.url, path), method=method,
                                         data=None if body is None else json.dumps(body).encode())
        # The tests' own requests must not go to a proxy that the machine may have.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None

    def calls(self):
        """Method and path of every call so far, without the environment's path."""
        base = "/v1/environments/" + self.params["environment_id"]
        return ["%s %s" % (call["method"], call["path"].replace(base, "")) for call in self._control("GET", "calls")]

    def user(self, name):
        return next(user for user in self._control("GET", "state")["users"] if user["username"] == name)

    def fault(self, **fault):
        self._control("POST", "faults", fault)

    def faults(self):
        """Those that have not struck yet."""
        return self._control("GET", "faults")

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


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


def environment(folder):
    return {"PATH": "%s:/usr/bin:/bin" % folder, "HTTP_PROXY": "", "http_proxy": "", "HTTPS_PROXY": "", "https_proxy": ""}
