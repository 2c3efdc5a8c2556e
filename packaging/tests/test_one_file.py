"""The one file: what is in it, that it works in the stock image's conditions, and that it runs nothing but ours."""

import base64
import hashlib
import os
import re
import stat
import struct
import zlib

import pytest
import yaml
from conftest import PACKAGING, ROOT, needs_root
from xsoar import LOOP, Container, wait_for

import common
import one_file


def without_payload(script):
    script = re.sub(r'(?m)^CARRIED_SHA256 = "[0-9a-f]{64}"$', 'CARRIED_SHA256 = ""', script)
    script = re.sub(r"(?m)^CARRIED_HALF = \d+$", "CARRIED_HALF = 0", script)
    return re.sub(r'(?m)^CARRIED = """\n([A-Za-z0-9+/=]+\n)+\n([A-Za-z0-9+/=]+\n)+"""$', 'CARRIED = """\n"""', script)


def test_the_embedded_relay_is_the_file(one_files, relay):
    for identity, text in one_files.items():
        script = yaml.safe_load(text)["script"]["script"]
        assert script != relay and without_payload(script) == relay, identity


def test_the_payload_is_the_executable(script, executable):
    program = executable.read_bytes()
    names = {"__name__": "relay"}
    exec(script, names)
    assert names["CARRIED_SHA256"] == hashlib.sha256(program).hexdigest()
    halves = [zlib.decompress(base64.b64decode(half)) for half in names["CARRIED"].split("\n\n")]
    assert b"".join(halves) == program
    assert len(halves[0]) == names["CARRIED_HALF"] >= len(halves[1])
    assert len(script) < 3_300_000, "it travels with every command"


@pytest.mark.parametrize("identity", common.IDENTITIES)
def test_the_yaml_is_the_manifest_with_code_picture_and_description(one_files, identity):
    manifest, unified = yaml.safe_load((ROOT / "integration.yml").read_text()), yaml.safe_load(one_files[identity])
    picture = unified.pop("image")
    assert unified.pop("detaileddescription") == (PACKAGING / "pack" / "PingOne_description.md").read_text()
    unified["script"]["script"] = "-"
    assert (unified["commonfields"]["id"], unified["name"], unified["display"]) == (identity,) * 3
    manifest["commonfields"]["id"] = manifest["name"] = manifest["display"] = identity
    assert unified == manifest, "nothing else may differ from integration.yml"
    assert unified["script"]["dockerimage"].startswith("demisto/python3:")
    kind, data = picture.split(",")
    png = base64.b64decode(data, validate=True)
    assert kind == "data:image/png;base64" and png[:8] == b"\x89PNG\r\n\x1a\n" and len(png) <= 10_000
    assert struct.unpack(">II", png[16:24]) == (120, 50), "XSOAR wants 120 by 50 points"


def test_the_picture_is_what_its_script_draws():
    names = {"__name__": "draw_image"}
    exec((PACKAGING / "pack" / "draw_image.py").read_text(), names)
    assert (PACKAGING / "pack" / "PingOne_image.png").read_bytes() == names["picture"]()


def test_it_runs_from_memory_and_leaves_nothing(script, sandbox, bare_env, tmp_path):
    where = run_and_look(script, sandbox, bare_env, tmp_path, kept=1)
    assert where == "/memfd:pingone-xsoar (deleted)"


# How the places that are tried first come to refuse: a Python or a kernel that will not run programs from memory.
NO_MEMFD = "import os\nif hasattr(os, 'memfd_create'): del os.memfd_create\n"
MEMFD_REFUSED = "import os\ndef refuse(*_): raise PermissionError(1, 'refused')\nos.memfd_create = refuse\n"


@pytest.mark.parametrize("before", [NO_MEMFD, MEMFD_REFUSED])
def test_else_it_runs_from_the_working_directory(script, sandbox, bare_env, tmp_path, before):
    where = run_and_look(before + script, sandbox, bare_env, tmp_path)
    assert where.startswith(str(tmp_path) + "/pingone-xsoar") and where.endswith(" (deleted)"), where


@needs_root
def test_else_it_runs_from_the_temporary_directory(script, sandbox, bare_env, tmp_path):
    (tmp_path / "tmp").mkdir(mode=0o700)
    os.chown(tmp_path / "tmp", 4000, 4000)
    (tmp_path / "work").mkdir(mode=0o755)
    for folder in [tmp_path, *tmp_path.parents]:
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(0o755)
    env = dict(bare_env, TMPDIR=str(tmp_path / "tmp"))
    where = run_and_look(
        NO_MEMFD + script, sandbox, env, tmp_path / "work", loop=shared_loop(tmp_path), user=4000, group=4000
    )
    assert where.startswith("%s/tmp/pingone-xsoar" % tmp_path) and where.endswith(" (deleted)"), where
    assert list((tmp_path / "tmp").iterdir()) == []


def shared_loop(folder):
    """A copy of the loop, with the system's Python, that any user can read."""
    copy = folder / "loop.py"
    copy.write_text(LOOP.read_text())
    return ["/usr/bin/python3", "-S", str(copy)]


def run_and_look(script, sandbox, env, folder, loop=None, kept=0, **popen):
    """Runs a command and tells which file the process was running. Nothing may be left in `folder`, and of files that
    the loop has open, only what is `kept` in memory."""
    sandbox.fault(method="GET", path="*/users*", delayMs=500)
    seen = []
    before = sorted(folder.iterdir())
    with Container(script, sandbox.params, command=loop, env=env, cwd=str(folder), **popen) as container:

        def look():
            # Between fork and exec a child still runs Python.
            seen.append(
                wait_for(
                    "pingone-xsoar starts",
                    lambda: next(
                        (
                            link
                            for child in container.children()
                            for link in [os.readlink("/proc/%d/exe" % child)]
                            if "pingone-xsoar" in link
                        ),
                        None,
                    ),
                )
            )

        answer = container.run("pingone-get-user", {"username": "emma.sharp"}, while_it_runs=look)
        assert answer.only()["HumanReadable"].startswith("### User:emma.sharp\n"), answer.only()
        assert container.children() == []
        files = os.listdir("/proc/%d/fd" % container.process.pid)
        assert len(files) == 3 + kept, "the loop has files open beside its three: %s" % files
    assert sorted(folder.iterdir()) == before
    return seen[0]


def test_where_nothing_may_be_executed_the_error_says_so(script, bare_env, tmp_path):
    refusing = (
        MEMFD_REFUSED
        + "import tempfile\ndef mkstemp(prefix, dir): raise OSError(30, 'Read-only', dir)\ntempfile.mkstemp = mkstemp\n"
    )
    with Container(refusing + script, {}, env=dict(bare_env, TMPDIR=str(tmp_path)), cwd=str(tmp_path)) as container:
        assert container.run("test-module").error() == (
            "Failed to execute test-module command. Error: The executable inside the integration cannot be started "
            "from memory ([Errno 1] refused), or from the working directory ([Errno 30] Read-only: '.'), or from the "
            "temporary directory ([Errno 30] Read-only: '%s'). Use an image with pingone-xsoar installed." % tmp_path
        )


def damaged_payloads(script):
    middle = script.index('CARRIED = """') + 1_000_000
    other = "A" if script[middle] != "A" else "B"
    return {
        "one letter": script[:middle] + other + script[middle + 1 :],
        "cut off": re.sub(r'(?s)(CARRIED = """\n.{500000}).*?"""', r'\1\n"""', script),
        "empty": re.sub(r'(?s)CARRIED = """\n.*?"""', 'CARRIED = """\n"""', script),
        "another program": one_file.carrying(without_payload(script), b"#!/bin/sh\ntouch executed\n").replace(
            hashlib.sha256(b"#!/bin/sh\ntouch executed\n").hexdigest(),
            re.search('CARRIED_SHA256 = "(.*)"', script).group(1),
        ),
    }


@pytest.mark.parametrize("kind", ["one letter", "cut off", "empty", "another program"])
def test_what_has_another_hash_is_never_executed(script, bare_env, tmp_path, kind):
    changed = damaged_payloads(script)[kind]
    assert changed != script
    with Container(changed, {}, env=bare_env, cwd=str(tmp_path)) as container:
        assert container.run("test-module").error() == (
            "Failed to execute test-module command. Error: The executable inside the integration is damaged. "
            "Upload the integration again."
        )
    assert list(tmp_path.iterdir()) == []


def test_the_payload_comes_before_what_the_image_has(script, sandbox, tmp_path):
    pretender = tmp_path / "pingone-xsoar"
    pretender.write_text("#!/bin/sh\nexit 1\n")
    pretender.chmod(0o755)
    with Container(script, sandbox.params, env={"PATH": "%s:/usr/bin:/bin" % tmp_path}) as container:
        assert container.run("test-module").only()["HumanReadable"] == "ok"


def test_both_identities_serve_one_container(script, sandbox, bare_env):
    with Container(script, sandbox.params, env=bare_env) as container:
        for container.brand in common.IDENTITIES:
            assert container.run("pingone-get-user", {"username": "emma.sharp"}).only()["Type"] == 1
