"""The static executable needs nothing from an image: it serves in a root that holds itself, resolv.conf and hosts, as a
user that no file knows, and with everything read-only."""

import json
import shutil
import subprocess

import pytest
from conftest import needs_root

MARKER = "[ERROR-fd5a7750-7182-4b38-90ba-091824478903]"
pytestmark = needs_root


@pytest.fixture
def root(tmp_path, executable):
    """The empty root."""
    folder = tmp_path / "root"
    (folder / "etc").mkdir(parents=True)
    shutil.copy(executable, folder / "pingone-xsoar")
    (folder / "pingone-xsoar").chmod(0o755)
    (folder / "etc" / "hosts").write_text("127.0.0.1 localhost pingone.example\n")
    (folder / "etc" / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    for path in (folder, folder / "etc"):
        path.chmod(0o755)
    assert sum(1 for path in folder.rglob("*") if path.is_file()) == 3
    return folder


def serve(root, requests):
    """Runs `serve` in the root and returns the entries. Replies to log lines and calls as a server would."""
    # A mount of its own, so that it can be read-only; it goes with the process.
    inside = (
        'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && '
        'exec chroot --userspec=4000:4000 "$0" /pingone-xsoar serve'
    )
    process = subprocess.Popen(
        ["timeout", "60", "unshare", "--mount", "sh", "-ec", inside, root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        env={},
    )
    entries = []
    for request in requests:
        write(process, json.dumps(request))
        while True:
            line = process.stdout.readline()
            assert line, "it has ended: " + process.stderr.read()
            message = json.loads(line)
            if message["type"] == "completed":
                break
            if message["type"] == "result":
                entries += message["results"]
            else:
                write(process, "{}" if message["type"] == "log" else MARKER + "no integration context here")
    process.stdin.close()
    assert (process.wait(), process.stderr.read()) == (0, "")
    return entries


def write(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()


def test_it_serves_as_uid_4000_without_anything_beside_it(root, sandbox):
    params, port = sandbox.params, sandbox.url.rsplit(":", 1)[1]
    by_name = dict(params, api_url="http://localhost:" + port, auth_url="http://localhost:" + port)
    entries = serve(
        root,
        [
            {"command": "test-module", "params": params},
            {"command": "pingone-get-user", "params": by_name, "args": {"username": "emma.sharp"}},
            {"command": "pingone-deactivate-user", "params": params, "args": {"username": "emma.sharp"}},
        ],
    )
    texts = [entry.get("HumanReadable", entry["Contents"]).splitlines()[0] for entry in entries]
    assert texts == ["ok", "### User:emma.sharp", "### User emma.sharp deactivated"]
    assert sandbox.user("emma.sharp")["enabled"] is False


def test_names_are_looked_up_and_tls_has_its_roots_there(root, sandbox):
    # `pingone.example` is in the root's hosts alone, and `https` prepares the certificates that come with us. What
    # answers there speaks no TLS, which the error is to say.
    port = sandbox.url.rsplit(":", 1)[1]
    there = "https://pingone.example:" + port
    limits = {"api_url": there, "auth_url": there, "max_retries": "0"}
    nowhere = {"api_url": "https://nowhere.invalid", "auth_url": "https://nowhere.invalid", "max_retries": "0"}
    entries = serve(
        root,
        [
            {"command": "pingone-get-user", "params": dict(sandbox.params, **extra), "args": {"username": "x"}}
            for extra in (limits, nowhere)
        ],
    )
    texts = [entry["Contents"] for entry in entries]
    assert [entry["Type"] for entry in entries] == [4, 4]
    assert "pingone.example" in texts[0] and "TLS" in texts[0], texts
    assert "nowhere.invalid" in texts[1], texts
