"""A stand-in for XSOAR's server: starts the loop as the server does, sends commands and answers calls.

Every container is given up after a minute, so that a test that went wrong ends.
"""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LOOP = Path(__file__).with_name("loop.py")
MARKER = "[ERROR-fd5a7750-7182-4b38-90ba-091824478903]"
# The server puts its own helpers, some 490 KB of Python, in front of an integration's code.
HELPERS = "".join(
    'def helper_%04d(value=None):\n    """%s"""\n    return value\n\n\n' % (number, "Stands for one of many. " * 15)
    for number in range(1175)
)


class Answer:
    """The result of one command."""

    def __init__(self):
        self.entries = []
        self.exceptions = []
        self.logs = []
        self.calls = []

    def only(self):
        """The only entry."""
        assert not self.exceptions, "the loop reported an exception:\n" + "\n".join(map(str, self.exceptions))
        assert len(self.entries) == 1, "one entry expected: %r" % self.entries
        return self.entries[0]

    def error(self):
        """The text of the only entry, which must be an error entry in the form of XSOAR's own helpers."""
        entry = self.only()
        assert entry["Type"] == 4, entry
        assert set(entry) == {"Type", "ContentsFormat", "Contents", "EntryContext"}, entry
        assert entry["ContentsFormat"] == "text" and entry["EntryContext"] is None, entry
        return entry["Contents"]


def request_of(script, params, name, args=None, context=None, native=False, brand="PingOne"):
    """A command as the server sends it to a container."""
    return {
        "script": script,
        "integration": True,
        "native": native,
        "command": name,
        "params": params,
        "args": args or {},
        "context": dict(
            {
                "IntegrationBrand": brand,
                "IntegrationInstance": brand + "_instance_1",
                "Inv": {"id": "12"},
                "Incidents": [{"id": "12", "name": "An incident"}],
            },
            **(context or {}),
        ),
    }


class Container:
    """A container started by the server, with what the server stores for the instance."""

    def __init__(self, script, params, command=None, versioned=True, before_6=False, env=None, **popen):
        self.script, self.params, self.versioned = HELPERS + script, params, versioned
        self.stored, self.version = {}, 1
        self.last_run = {}
        self.set_last_run_reply = "{}"
        self.refusals = {}  # what a call is refused with, by its name: a list of texts, used up one by one
        self.other_writers = []  # what others put into the integration context before our next writes
        self.run_command = None  # for a script: runs a command of an integration and returns its entries
        self.brand = "PingOne"
        command = (command or [sys.executable, LOOP]) + (["before-6"] if before_6 else [])
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            universal_newlines=True,
            encoding="utf-8",
            **popen,
        )
        self.watchdog = threading.Timer(60, self.process.kill)
        self.watchdog.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        stderr = self.process.stderr.read()
        code = self.process.wait()
        self.watchdog.cancel()
        self.process.stdout.close()
        self.process.stderr.close()
        assert (code, stderr) == (0, ""), "the loop ended with %s and wrote to stderr: %s" % (code, stderr)

    def ping(self):
        self._write("ping")
        return self._read()

    def run(self, name, args=None, params=None, context=None, native=False, while_it_runs=None):
        """Runs a command. `while_it_runs` is called in the meantime, on its own thread."""
        request = json.dumps(self.request(name, args, params, context, native))
        if not while_it_runs:
            return self.serve(request)
        with ThreadPoolExecutor(1) as beside:
            meanwhile = beside.submit(while_it_runs)
            answer = self.serve(request)
        meanwhile.result()  # raises what it raised
        return answer

    def request(self, name, args=None, params=None, context=None, native=False):
        return request_of(self.script, dict(self.params, **(params or {})), name, args, context, native, self.brand)

    def serve(self, request):
        """Sends a request and answers calls until it is completed."""
        answer = Answer()
        self._write(request)
        while True:
            message = self._read()
            kind = message["type"]
            if kind == "completed":
                return answer
            if kind == "result":
                answer.entries += message["results"]
            elif kind == "exception":
                answer.exceptions.append(message["args"]["exception"])
            else:
                answer.calls.append(message.get("command"))
                self._write(self._reply(message, answer))

    def _reply(self, message, answer):
        command, args = message["command"], message["args"]
        refusals = self.refusals.get(command)
        if refusals:
            return MARKER + refusals.pop(0)
        if message["type"] == "log":
            answer.logs.append((command, " ".join(args["args"])))
            return "null"
        if self.run_command:
            return json.dumps(self.run_command(command, args))
        if command == "getLastRun":
            return json.dumps(self.last_run)
        if command == "setLastRun":
            assert answer.entries and not answer.exceptions, "the last run is stored before the answer is out"
            self.last_run = args["value"]
            return self.set_last_run_reply
        if command == "getIntegrationContext":
            if not self.versioned:
                return json.dumps(self.stored)
            return json.dumps({"context": self.stored, "version": {"version": self.version}})
        assert command == "setIntegrationContext", message
        if self.other_writers:
            self.stored, self.version = dict(self.stored, **self.other_writers.pop(0)), self.version + 1
        if args["version"]["version"] not in (-1, self.version):
            return MARKER + "version conflict"
        self.stored, self.version = args["value"], self.version + 1
        return "{}"

    def _write(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _read(self):
        line = self.process.stdout.readline()
        assert line, "the loop has ended; its stderr: " + self.process.stderr.read()
        return json.loads(line)

    def children(self):
        """The ids of the processes that the loop started and that are still running."""
        # The loop starts them on its only lasting thread.
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as file:
            return [int(child) for child in file.read().split()]


def wait_for(what, found):
    """Waits until `found` returns something, for at most ten seconds."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        result = found()
        if result:
            return result
        time.sleep(0.01)
    raise AssertionError("%s: not within 10 seconds" % what)
