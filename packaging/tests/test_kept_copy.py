"""The executable that the one file keeps in memory between commands, against other scripts in the same Python: they
can reach it, and whatever they do to it, the next command runs ours or nothing. Under each Python that is there."""

import glob
import os
import re
import shutil
import subprocess
import sys

import pytest
from xsoar import LOOP, Container

VERSIONS = ("3.8", "3.10", "3.12")


def python(version):
    """A Python of that version: this one, one on the search path, or one from pyenv."""
    own = "%d.%d" % sys.version_info[:2]
    found = [sys.executable] if own == version else []
    found += filter(None, [shutil.which("python" + version)])
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found += sorted(glob.glob("%s/versions/%s.*/bin/python" % (root, version)))
    for one in found:
        if subprocess.run([one, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return one
    return None


@pytest.fixture(params=VERSIONS)
def interpreter(request):
    return python(request.param) or pytest.skip("Python %s is not there" % request.param)


@pytest.fixture
def container(interpreter, script, sandbox, bare_env, tmp_path):
    command = [interpreter, str(LOOP)]
    with Container(script, sandbox.params, command=command, env=bare_env, cwd=str(tmp_path)) as container:
        yield container


def works(container):
    """Runs a command and returns the inode of the copy that was kept."""
    answer = container.run("pingone-get-user", {"username": "emma.sharp"})
    assert answer.only()["HumanReadable"].startswith("### User:emma.sharp\n"), answer.only()
    assert container.children() == []
    return run(container, SEEN)


def open_files(container):
    folder = "/proc/%d/fd" % container.process.pid
    return {name: os.stat(os.path.join(folder, name)).st_ino for name in os.listdir(folder)}


BEFORE = """
import fcntl, os, stat, sys, zlib
names = [name for name in sys.modules if name.startswith("pingone_xsoar_")]
assert len(names) == 1, names
(name,) = names
kept = sys.modules[name]
file = kept.descriptor
program = b"#!/bin/sh\\\\necho executed > %s\\\\n"

def refused(action, *arguments):
    try:
        action(*arguments)
    except (OSError, ValueError) as error:
        return
    raise AssertionError("%%s was possible" %% action)

def memory(content, seals, name="pingone-xsoar"):
    file = os.memfd_create(name, 3)
    os.write(file, content)
    reader = os.open("/proc/self/fd/%%d" %% file, os.O_RDONLY)
    if seals:
        fcntl.fcntl(file, 1033, 15)
    os.close(file)
    return reader

def put_there(other):
    os.dup2(other, file)
    os.close(other)
"""
DONE = '\ndemisto.results({"Type": 1, "ContentsFormat": "text", "Contents": "done"})\n'
SEEN = """
import os, sys
names = [name for name in sys.modules if name.startswith("pingone_xsoar_")]
seen = [os.fstat(sys.modules[name].descriptor).st_ino for name in names]
demisto.results({"Type": 1, "ContentsFormat": "text", "Contents": seen})
"""


def run(container, other):
    """Runs another script in the same Python process."""
    ours = container.script
    container.script = other
    try:
        return container.run("other").only()["Contents"]
    finally:
        container.script = ours


def attack(container, code, folder):
    before = BEFORE.replace("\\\\n", "\\n") % (folder / "executed")
    assert run(container, before + code + DONE) == "done"


def test_it_is_kept_and_neither_unpacked_nor_copied_again(container, tmp_path):
    first = works(container)
    assert len(first) == 1
    files = open_files(container)
    # What cannot be unpacked any more can only come from the copy.
    attack(container, "zlib.decompress = None", tmp_path)
    for _ in range(3):
        assert works(container) == first
    assert open_files(container) == files and len(files) == 4, "nothing else stays open"
    assert list(tmp_path.iterdir()) == []


def test_nothing_can_be_written_to_it(container, tmp_path):
    first = works(container)
    attack(
        container,
        """
refused(os.write, file, b"x")
refused(os.ftruncate, file, 0)
writer = os.open("/proc/self/fd/%d" % file, os.O_RDWR)
refused(os.pwrite, writer, b"x", 0)
refused(os.ftruncate, writer, 0)
refused(os.ftruncate, writer, 100_000_000)
import mmap
refused(mmap.mmap, writer, 0)
os.close(writer)
assert fcntl.fcntl(file, 1034) & 15 == 15
""",
        tmp_path,
    )
    assert works(container) == first


# What other scripts may do to it. Each time the next command makes a copy of its own.
CHANGES = {
    "closed": "os.close(file)",
    "forgotten": "del sys.modules[name]; os.close(file)",
    "another file": "other = os.open('/proc/self/exe', os.O_RDONLY); put_there(other)",
    "a fake": "put_there(memory(program, True))",
    "a fake of another name": "put_there(memory(program, True, 'other'))",
    "not sealed": "put_there(memory(os.pread(file, 1 << 30, 0), False))",
    "empty": "put_there(memory(b'', True))",
    "cut off": "put_there(memory(os.pread(file, 1_000_000, 0), True))",
    "more at the end": "put_there(memory(os.pread(file, 1 << 30, 0) + b'x', True))",
    "a pipe": "put_there(os.pipe()[0])",
    "a folder": "put_there(os.open('/', os.O_RDONLY))",
    "the loop's input": "kept.descriptor = 0; os.close(file)",
    "another module": "sys.modules[name] = type(sys)(name); os.close(file)",
    "a fake module": "sys.modules[name] = type(sys)(name); sys.modules[name].descriptor = memory(program, True)",
    "nothing": "sys.modules[name] = None; os.close(file)",
    "a text": "kept.descriptor = '3'; os.close(file)",
    "a large number": "kept.descriptor = 1 << 70; os.close(file)",
    "a negative number": "kept.descriptor = -1; os.close(file)",
    "open for writing": "sys.writer = os.open('/proc/self/fd/%d' % file, os.O_RDWR)",
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_becomes_of_it_the_next_command_runs_ours(container, tmp_path, change):
    works(container)
    attack(container, CHANGES[change], tmp_path)
    before = set(open_files(container).values())
    second = works(container)
    assert len(second) == 1 and not before & set(second), "a copy of its own: %s, before it %s" % (second, before)
    assert works(container) == second, "which is kept then"
    assert not (tmp_path / "executed").exists()


def test_a_copy_that_cannot_be_sealed_is_not_kept(container, tmp_path):
    ours = container.script
    container.script = (
        "import os\nif not hasattr(os, 'create'): os.create = os.memfd_create\n"
        "os.memfd_create = lambda name, flags=0: os.create(name, 1)\n" + ours
    )
    for _ in range(2):
        assert works(container) == []
    assert len(open_files(container)) == 3


def test_two_builds_are_told_apart(container, script, tmp_path):
    first = works(container)
    digest = re.search('CARRIED_SHA256 = "(.*)"', script).group(1)
    ours = container.script
    container.script = ours.replace(digest, "0" * 64)
    text = container.run("test-module").error()
    assert "is damaged" in text, "what is kept has another hash"
    container.script = ours
    assert works(container) == first
