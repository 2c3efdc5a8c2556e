#!/usr/bin/env python3
"""Measures what a command costs in an XSOAR container: with the one file, with the executable installed, and with
Python only.

Each way runs `pingone-get-user` with our stand-in for XSOAR's server and its loop, and with PingOne's hosts on loopback
with TLS and a configurable delay. The ways take turns, container by container, so that a machine that slows down
affects all of them. Prints medians with quartiles.

    first      from the start of a container to the end of its first command
    re-sent    a later command, for which the server sends the script again
    cached     a later command, for which the loop has kept the compiled script
    memory     of the loop after 40 commands, re-sent or cached, including files in memory
    growth     per command, in a loop that does not clear a script's globals

The server's helpers come from --common-server, or else from our stand-in for them (common_script.py). `floor` is a
script that only returns ok. The Python integration is measured with those helpers if its file is given; otherwise our
own script, which makes the same calls with requests (tests/with_requests.py).

Build the sandbox first: cargo build --bin pingone-sandbox. Needs openssl, and requests and dateparser in the Python
that runs the loop.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import common
import common_script
import one_file

TESTS = common.PACKAGING / "tests"
sys.path.insert(0, str(TESTS))
from sandbox import Sandbox, environment  # noqa: E402
from xsoar import LOOP, Container, request_of  # noqa: E402

FLOOR = 'demisto.results({"Type": 1, "ContentsFormat": "text", "Contents": "ok"})\n'
NO_MEMFD = "import os\nif hasattr(os, 'memfd_create'): del os.memfd_create\n"
# The published integration only supports PingOne's own hosts.
OWN_HOSTS = """
import socket
if not hasattr(socket, "asked_before"):
    socket.asked_before = socket.getaddrinfo
    ports = %r
    def here(host, port, *more, **named):
        known = host in ports
        return socket.asked_before("127.0.0.1" if known else host, ports.get(host, port), *more, **named)
    socket.getaddrinfo = here
"""
MIB = 1024 * 1024


class Way:
    """One way to run the command: a script, and the environment of the container."""

    def __init__(self, name, script, env):
        self.name, self.script, self.env = name, script, env
        self.first, self.resent, self.cached = [], [], []


class Far:
    """PingOne's hosts, some milliseconds away."""

    def __init__(self, certificate, sandbox, round_trip):
        upstream = sandbox.url.rsplit(":", 1)[1]
        command = [sys.executable, str(TESTS / "network.py"), certificate, upstream, str(round_trip)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.api, self.auth = (int(port) for port in self.process.stdout.readline().split())
        hosts = {"api_url": "https://127.0.0.1:%d" % self.api, "auth_url": "https://127.0.0.1:%d" % self.auth}
        self.params = dict(sandbox.params, region="US", **hosts)

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def certificate(folder):
    """A new certificate for loopback and PingOne's names, so that none has to be stored or can expire."""
    key, certificate, both = (os.path.join(folder, name) for name in ("key.pem", "cert.pem", "both.pem"))
    names = "subjectAltName=IP:127.0.0.1,DNS:api.pingone.com,DNS:auth.pingone.com"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=loopback", "-addext", names]
    command += ["-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    Path(both).write_text(Path(key).read_text() + Path(certificate).read_text())
    return both, certificate


def run(container, request):
    """Milliseconds of a command."""
    before = time.perf_counter()
    answer = container.serve(request)
    taken = (time.perf_counter() - before) * 1000
    entry = answer.only()
    assert entry["Type"] == 1, entry
    return taken


def measure(way, helpers, params, python, times):
    """A container's first command, and some later ones, each re-sent and cached."""
    request = request_of(helpers + way.script, params, "pingone-get-user", {"username": "emma.sharp"})
    resent, versioned = json.dumps(request), json.dumps(dict(request, code_version="1"))
    cached = json.dumps(dict(request, code_version="1", script=None))
    before = time.perf_counter()
    with Container("", params, command=[python, str(LOOP)], env=way.env) as container:
        run(container, resent)
        way.first.append((time.perf_counter() - before) * 1000)
        way.resent += [run(container, resent) for _ in range(times)]
        run(container, versioned)
        way.cached += [run(container, cached) for _ in range(times)]


def memory(way, helpers, params, python, commands):
    """MiB used by the loop after some commands, re-sent and cached; and the growth per command without clearing."""
    request = request_of(helpers + way.script, params, "pingone-get-user", {"username": "emma.sharp"})
    resent, versioned = json.dumps(request), json.dumps(dict(request, code_version="1"))
    cached = json.dumps(dict(request, code_version="1", script=None))
    early, late = commands // 4, commands - commands // 4
    found = []
    for mode, first, further in (([], resent, resent), ([], versioned, cached), (["older"], resent, resent)):
        command = [python, str(LOOP), *mode]
        with Container("", params, command=command, env=way.env) as container:
            for place in range(early):
                run(container, further if place else first)
            before = used(container.process.pid)
            for _ in range(late):
                run(container, further)
            found.append(used(container.process.pid) / MIB)
    return [found[0], found[1], (found[2] - before / MIB) / late]


def used(pid):
    """Bytes of memory used by a process, including its files in memory, which also count for the container."""
    text = Path("/proc/%d/status" % pid).read_text()
    kept = {}
    for file in Path("/proc/%d/fd" % pid).iterdir():
        if os.readlink(str(file)).startswith("/memfd:"):
            found = file.stat()
            kept[found.st_ino] = found.st_blocks * 512
    return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1)) * 1024 + sum(kept.values())


def ways(arguments, far, folder, certificate):
    executable = common.executable(arguments.executable)
    link = Path(folder) / "bin" / "pingone-xsoar"
    if not link.exists():
        link.parent.mkdir()
        link.symlink_to(executable.resolve())
    relay = common.RELAY.read_text()
    trusted = {"SSL_CERT_FILE": certificate, "REQUESTS_CA_BUNDLE": certificate}
    bare, installed = (dict(environment(path), **trusted) for path in ("/nonexistent", link.parent))
    if arguments.python_integration:
        hosts = {"api.pingone.com": far.api, "auth.pingone.com": far.auth}
        python = Way("Python integration", OWN_HOSTS % hosts + arguments.python_integration.read_text(), bare)
    else:
        python = Way("same calls with requests", (TESTS / "with_requests.py").read_text(), bare)
    return [
        Way("floor", FLOOR, bare),
        python,
        Way("one file", one_file.carrying(relay, executable.read_bytes()), bare),
        Way("one file, from disk", NO_MEMFD + one_file.carrying(relay, executable.read_bytes()), bare),
        Way("installed", relay, installed),
    ]


def shown(numbers):
    """The median, and the quartiles."""
    low, middle, high = statistics.quantiles(numbers, n=4)
    return "%.0f (%.0f to %.0f)" % (middle, low, high) if middle >= 20 else "%.1f (%.1f to %.1f)" % (middle, low, high)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--executable", type=Path, help="the static executable; without it, static.sh builds it")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs the loop (%(default)s)")
    parser.add_argument("--common-server", type=Path, help="XSOAR's CommonServerPython.py")
    parser.add_argument("--python-integration", type=Path, help="the published integration's PingOne.py")
    parser.add_argument("--containers", type=int, default=9, help="containers per way (%(default)s)")
    parser.add_argument("--commands", type=int, default=15, help="later commands of each form (%(default)s)")
    parser.add_argument("--round-trips", default="0,20,60", help="milliseconds to PingOne (%(default)s)")
    parser.add_argument("--for-memory", type=int, default=40, help="commands until memory is measured (%(default)s)")
    arguments = parser.parse_args()
    helpers = arguments.common_server.read_text() if arguments.common_server else common_script.text()
    target = Path(os.environ.get("CARGO_TARGET_DIR", common.ROOT / "target"))
    sandbox = Sandbox(target / "debug" / "pingone-sandbox")
    with tempfile.TemporaryDirectory() as folder:
        both, trusted = certificate(folder)
        for round_trip in [float(one) for one in arguments.round_trips.split(",")]:
            far = Far(both, sandbox, round_trip)
            compared = ways(arguments, far, folder, trusted)
            for _ in range(arguments.containers):
                for way in compared:
                    measure(way, helpers, far.params, arguments.python, arguments.commands)
            report(compared, round_trip)
            if not round_trip:
                for way in compared:
                    numbers = memory(way, helpers, far.params, arguments.python, arguments.for_memory)
                    print("%-26s %.1f MiB re-sent, %.1f cached; grows by %.2f" % (way.name, *numbers))
            far.end()
    sandbox.end()


def report(compared, round_trip):
    """Prints the table, with each way compared to Python."""
    print("\nround trip %g ms: first, re-sent, cached; and compared to Python" % round_trip)
    python = compared[1]
    for way in compared:
        columns = [way.first, way.resent, way.cached]
        beside = [
            statistics.median(mine) / statistics.median(other)
            for mine, other in zip(columns, (python.first, python.resent, python.cached))
        ]
        print(
            "%-26s %s   %s"
            % (way.name, "  ".join("%-20s" % shown(one) for one in columns), " ".join("%.2f" % one for one in beside))
        )


if __name__ == "__main__":
    main()
