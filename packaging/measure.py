#!/usr/bin/env python3
"""Measures what a command costs beside PingOne's own time: in the one-file way, and with the executable installed.

Each way runs `pingone-get-user` in a container of its own, with our stand-in for XSOAR's server and a PingOne on
loopback. It takes half a minute. Build the sandbox first: cargo build --bin pingone-sandbox.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import common
import one_file

sys.path.insert(0, str(common.PACKAGING / "tests"))
from sandbox import Sandbox, environment  # noqa: E402
from xsoar import Container  # noqa: E402

RUNS = 40
NO_MEMFD = "import os\nif hasattr(os, 'memfd_create'): del os.memfd_create\n"


def milliseconds(action):
    before = time.perf_counter()
    action()
    return (time.perf_counter() - before) * 1000


def measure(script, params, env):
    """The first command of a container, from its start on, and the median of those that follow."""
    args = {"username": "emma.sharp"}
    before = time.perf_counter()
    with Container(script, params, env=env) as container:
        container.run("pingone-get-user", args).only()
        first = (time.perf_counter() - before) * 1000
        rest = [milliseconds(lambda: container.run("pingone-get-user", args).only()) for _ in range(RUNS)]
    return first, statistics.median(rest)


def main():
    executable = common.executable(None)
    relay = common.RELAY.read_text()
    one = one_file.carrying(relay, executable.read_bytes())
    target = Path(os.environ.get("CARGO_TARGET_DIR", common.ROOT / "target"))
    sandbox = Sandbox(target / "debug" / "pingone-sandbox")
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(str(executable), folder + "/pingone-xsoar")
        env, bare = environment(folder), environment("/nonexistent")
        print(
            "executable %d bytes; script %d bytes with it inside, %d without"
            % (executable.stat().st_size, len(one), len(relay))
        )
        for name, script, variables in (
            ("executable installed", relay, env),
            ("one file, from memory", one, bare),
            ("one file, from disk", NO_MEMFD + one, bare),
        ):
            print(
                "%-22s first %4.0f ms, then %4.0f ms a command" % ((name,) + measure(script, sandbox.params, variables))
            )
    sandbox.end()


if __name__ == "__main__":
    main()
