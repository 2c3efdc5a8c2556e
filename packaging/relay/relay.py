"""PingOne for Cortex XSOAR: passes commands to the executable pingone-xsoar, and its answers to the server.

XSOAR only runs integrations written in Python. For each command this script starts `pingone-xsoar serve`, sends it
the command on stdin, and translates its messages into calls of `demisto` and the results into reply lines. It knows
nothing about PingOne, keeps no process running and leaves no files behind.
"""

import binascii
import hashlib
import json
import os
import select
import subprocess
import sys
import threading
import time
import zlib

NAME = "pingone-xsoar"
# The embedded executable, if this copy of the script has one: its SHA-256, the size of its first half, and both halves
# as zlib in base64.
CARRIED_SHA256 = ""
CARRIED_HALF = 0
CARRIED = """
"""
# The executable stays in memory between commands: unpacking it takes ten times as long as hashing it.
KEPT = "pingone_xsoar_" + CARRIED_SHA256
# It cannot be written, resized or unsealed: F_SEAL_SEAL, _SHRINK, _GROW and _WRITE.
SEALS, F_ADD_SEALS, F_GET_SEALS = 0xF, 1033, 1034

# The parts of the server's context to pass on. Of the incident, the executable needs the id alone.
CONTEXT = ("IntegrationBrand", "IntegrationInstance", "IsDebug", "runDuration")
# How the server's own loop marks a reply as an error. The executable understands it.
ERROR_MARKER = "[ERROR-fd5a7750-7182-4b38-90ba-091824478903]"
MAX_LINE = 64 * 1024 * 1024
CHUNK = 32 * 1024
# Seconds beyond the executable's own time limit until it is considered stuck.
GRACE = 30
# Seconds until a process that closed its output must have exited.
LAST_MOMENT = 2
NO_MESSAGE = "sent a message that the relay does not understand"
# XSOAR expects a fetch to raise its errors: an error entry would pass for a result.
FETCHES = ("fetch-incidents", "fetch-events")


class Broken(Exception):
    """The executable failed."""


class FetchFailed(Exception):
    """A fetch failed, so its last run stays as it is."""


def start(path, files=()):
    pipe = subprocess.PIPE
    command = [NAME, "serve"]
    return subprocess.Popen(command, 0, path, pipe, pipe, pipe, pass_fds=files)


def start_file(file):
    """Starts an open file. It must not be open for writing: Linux refuses to execute such a file."""
    return start("/proc/self/fd/%d" % file, [file])


def start_kept():
    """Starts the copy that an earlier command kept, if it exists and is intact. Every script in this Python process
    can reach it, so each time its seals are checked and it is hashed, through a descriptor that no one else has."""
    try:
        file = os.dup(sys.modules[KEPT].descriptor)
    except Exception:  # it does not exist, or was replaced by something else
        return None
    try:
        if seals(file) == SEALS and is_intact(file):
            return start_file(file)
    except (OSError, ValueError):
        pass  # closed, empty, or open for writing somewhere: make a fresh copy
    finally:
        os.close(file)
    return None


def is_intact(file):
    """Whether a sealed file is the executable. Mapped, it is hashed without being copied; nobody can shrink it."""
    import mmap

    with mmap.mmap(file, 0, mmap.MAP_PRIVATE, mmap.PROT_READ) as content:
        return digest([content]) == CARRIED_SHA256


def digest(pieces):
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def unpack(carried):
    """The halves of the executable, unpacked at once: zlib does not hold Python's lock. A damaged half is empty, so the
    hash will not match."""
    halves = [b"", b""]

    def inflate(place, packed):
        try:
            halves[place] = zlib.decompress(packed, bufsize=CARRIED_HALF)
        except zlib.error:
            halves[place] = b""

    try:
        first, second = map(binascii.a2b_base64, carried.split("\n\n"))
        other = threading.Thread(target=inflate, args=(0, first))
        other.start()
        inflate(1, second)
        other.join()
    except ValueError:
        pass
    except RuntimeError as error:
        raise Broken("The executable inside the integration cannot be unpacked (%s)." % error)
    return halves


def give_back():
    """glibc keeps freed memory for later use; after unpacking, that is tens of megabytes."""
    try:
        os.confstr("CS_GNU_LIBC_VERSION")  # other C libraries fail here; they return memory anyway
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)
    except Exception:
        pass  # optional


def keep(file):
    """Keeps a sealed copy for the next command. Anything outside `sys.modules` would be cleared."""
    kept = type(sys)(KEPT)
    kept.descriptor = os.dup(file)
    sys.modules[KEPT] = kept


def start_carried():
    """Starts the embedded executable, from the first location that allows it."""
    carried = globals().pop("CARRIED")  # it must not outlive the command
    process = start_kept()
    if process:
        return process
    halves = unpack(carried)
    if digest(halves) != CARRIED_SHA256:
        raise Broken("The executable inside the integration is damaged. Upload the integration again.")
    refusals = []
    for place, create in (
        ("memory", nameless_memory),
        ("the working directory", lambda: nameless_file(".")),
        ("the temporary directory", lambda: nameless_file(None)),
    ):
        try:
            file, sealed = written(create(), halves)
            try:
                process = start_file(file)
                if sealed:
                    keep(file)
                return process
            finally:
                os.close(file)
        except OSError as error:
            refusals.append("%s (%s)" % (place, error))
    raise Broken(
        "The executable inside the integration cannot be started from %s. Use an image with "
        "pingone-xsoar installed." % ", or from ".join(refusals)
    )


def written(file, halves):
    """Writes the halves to the file. Returns the file, reopened read-only, and whether it is sealed."""
    with open(file, "wb", 0) as writer:
        for half in halves:
            rest = memoryview(half)
            while rest:
                rest = rest[writer.write(rest) :]
        return os.open("/proc/self/fd/%d" % file, os.O_RDONLY), seals(file, SEALS) == SEALS


def seals(file, added=0):
    """Adds seals to a file and returns all its seals. Files on disk cannot have any."""
    try:
        import fcntl

        if added:
            fcntl.fcntl(file, F_ADD_SEALS, added)
        return fcntl.fcntl(file, F_GET_SEALS)
    except (ImportError, OSError):
        return 0


def nameless_memory():
    """An open file in memory that can be executed and sealed."""
    if not hasattr(os, "memfd_create"):
        raise OSError("this Python has no memfd_create")
    try:
        return os.memfd_create(NAME, 0x13)  # close on exec, sealing, and MFD_EXEC (since Linux 6.3)
    except OSError:
        return os.memfd_create(NAME, 0x3)


def nameless_file(folder):
    """An open file on disk, unlinked before anything is written to it, so that no one else can open it and nothing
    is left behind."""
    import tempfile

    file, path = tempfile.mkstemp(prefix=NAME, dir=folder or tempfile.gettempdir())
    os.unlink(path)
    os.fchmod(file, 0o700)
    return file


def start_installed():
    """Starts the executable installed in the image: from the Python package, or from the search path."""
    try:
        import pingone_xsoar

        path = pingone_xsoar.path()
    except ImportError:
        import shutil

        path = shutil.which(NAME) or "/usr/local/bin/" + NAME
    try:
        return start(path)
    except OSError as error:
        raise Broken(
            "The executable %s cannot be started (%s). Upload the one-file integration, which contains it, "
            "or use an image that has it installed." % (path, error)
        )


def request_line():
    context = demisto.callingContext.get("context") or {}
    passed = {name: context[name] for name in CONTEXT if name in context}
    investigation = context.get("Inv")
    if isinstance(investigation, dict) and "id" in investigation:
        passed["Inv"] = {"id": investigation["id"]}
    request = {
        "command": demisto.command(),
        "params": demisto.params(),
        "args": demisto.args(),
        "context": passed,
        "integration": True,
        "native": True,
    }
    return json.dumps(request).encode() + b"\n"


def patience():
    """Seconds until the executable is considered stuck, within the time limit of the container."""
    try:
        seconds = float(demisto.params().get("command_timeout") or 60)
    except (TypeError, ValueError):
        seconds = 60.0
    seconds = GRACE + (seconds if 0 < seconds <= 86400 else 60)
    minutes = (demisto.callingContext.get("context") or {}).get("runDuration")
    if isinstance(minutes, (int, float)) and minutes > 0:
        seconds = min(seconds, max(minutes * 60 - 2, 1))
    return seconds


def call_server(message):
    """Makes a call for the executable. Old servers have no versioned integration context."""
    command, args = message["command"], message["args"]
    if message["type"] == "log" and command in ("debug", "info", "error"):
        return getattr(demisto, command)(*args["args"])
    if command == "getIntegrationContext":
        if hasattr(demisto, "getIntegrationContextVersioned"):
            return demisto.getIntegrationContextVersioned(args.get("refresh", False))
        return demisto.getIntegrationContext()
    if command == "setIntegrationContext":
        if "version" in args and hasattr(demisto, "setIntegrationContextVersioned"):
            return demisto.setIntegrationContextVersioned(args["value"], args["version"], args.get("sync", False))
        return demisto.setIntegrationContext(args["value"])
    if command == "getLastRun":
        return demisto.getLastRun()
    if command == "setLastRun":
        return demisto.setLastRun(args["value"])
    raise ValueError("the relay does not support the call %s" % command)


def reply_line(message):
    try:
        reply = json.dumps(call_server(message), default=str)
    except Exception as error:  # the executable decides what an error means for the command
        reply = ERROR_MARKER + " ".join(str(error).split())
    return reply.encode() + b"\n"


class Pipes:
    """The executable's pipes. All three are served together, so that there is no deadlock, and on the script's only
    thread, because `demisto` calls must not overlap."""

    def __init__(self, process, seconds):
        self.process, self.deadline, self.stuck = process, time.monotonic() + seconds, False
        self.input, self.output, self.errors = (
            pipe.fileno() for pipe in (process.stdin, process.stdout, process.stderr)
        )
        self.unsent, self.received, self.words = b"", bytearray(), b""
        self.poll, self.polled = select.poll(), set()
        for pipe in (self.output, self.errors):
            self.watch(pipe, select.POLLIN)
        os.set_blocking(self.input, False)

    def watch(self, pipe, event):
        """Adds a pipe to `poll`, or removes it."""
        if event and pipe not in self.polled:
            self.poll.register(pipe, event)
            self.polled.add(pipe)
        elif not event and pipe in self.polled:
            self.poll.unregister(pipe)
            self.polled.remove(pipe)

    def exchange(self, line):
        """Sends a line and returns the next one received; an empty one at the end of the output or on timeout."""
        self.send(line)
        searched = 0
        while True:
            end = self.received.find(b"\n", searched) + 1
            if end or self.output not in self.polled:
                line = bytes(self.received[: end or None])
                del self.received[: end or None]
                return line
            searched = len(self.received)
            if searched > MAX_LINE:
                raise Broken(NO_MESSAGE)
            if not self.serve(self.deadline):
                self.stuck = True
                return b""

    def serve(self, deadline):
        """Reads and writes whatever is ready. False on timeout."""
        left = deadline - time.monotonic()
        for pipe, _ in self.poll.poll(max(left, 0) * 1000):
            if pipe == self.input:
                self.send()
                continue
            chunk = os.read(pipe, CHUNK)
            if not chunk:
                self.watch(pipe, None)
            elif pipe == self.output:
                self.received += chunk
            else:
                self.words = (self.words + chunk)[-1000:]
        return left > 0

    def send(self, more=b""):
        """Writes as much as possible without blocking; `serve` writes the rest."""
        if more:
            self.unsent = memoryview(bytes(self.unsent) + more)
        try:
            if self.unsent:
                self.unsent = self.unsent[os.write(self.input, self.unsent) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.unsent = b""  # it may have answered before it exited
        self.watch(self.input, select.POLLOUT if self.unsent else None)

    def end(self, kill):
        """Makes sure that the process exits with the command: containers are shared between integrations."""
        process, deadline = self.process, time.monotonic() + LAST_MOMENT
        self.watch(self.input, None)
        self.unsent = b""
        process.stdin.close()  # with `native` and the end of its input, it exits by itself
        while self.polled and not kill and self.serve(deadline):
            self.received.clear()  # not needed any more
        while process.poll() is None:
            if kill or time.monotonic() >= deadline:
                process.kill()
                process.wait()
            else:
                time.sleep(0.0001)  # it closed its output, so it is about to exit
        process.stdout.close()
        process.stderr.close()


def converse(pipes, fresh):
    """Exchanges messages and replies until the command is completed or the executable exits. True if there was an
    answer."""
    answered = False
    reply = request_line()
    while True:
        line = pipes.exchange(reply)
        if not line:
            return answered
        try:
            message = json.loads(line)
            kind, reply = message["type"], b""
            entries = message["results"] if kind == "result" else None
            exception = message["args"]["exception"] if kind == "exception" else None
        except (ValueError, KeyError, TypeError):
            kind = "garbage"
        if kind == "exception":
            give_error(exception)
            answered = True
        elif kind == "result":
            demisto.results(entries)
            answered = True
        elif kind in ("log", "executeCommand"):
            reply = reply_line(message)
            if fresh:  # the executable is now waiting for PingOne, so there is time
                pipes.send(reply)
                reply, fresh = b"", False
                give_back()
        elif kind == "completed":
            return answered
        else:
            raise Broken(NO_MESSAGE)


def carry_out():
    seconds, known = patience(), KEPT in sys.modules
    process = start_carried() if CARRIED_SHA256 else start_installed()
    # Pointless in a loop that compiles the script again for each command.
    fresh = KEPT in sys.modules and not known and demisto.callingContext.get("code_version")
    pipes, problem, kill = Pipes(process, seconds), None, True
    try:
        if not converse(pipes, fresh):
            problem = "did not answer within %g seconds and was stopped" % seconds if pipes.stuck else "ended"
        kill = pipes.stuck
    except Broken as broken:
        problem = str(broken)
    finally:
        pipes.end(kill)
    if problem:
        raise Broken(describe(problem, process.returncode, pipes.words))


def describe(problem, code, words):
    if problem == "ended" and code < 0:
        import signal

        problem = "was stopped by %s before it answered" % signal.Signals(-code).name
    elif problem == "ended":
        problem = "exited with code %d before it answered" % code
    text = "%s %s." % (NAME, problem)
    if demisto.command() not in FETCHES:
        text += " It is not known whether the command took effect in PingOne."
    words = words.decode(errors="replace").strip()
    return "%s Its last output: %s" % (text, words) if words else text


def give_error(text):
    if demisto.command() in FETCHES:
        raise FetchFailed(text)
    text = "Failed to execute %s command. Error: %s" % (demisto.command(), text)
    demisto.results({"Type": 4, "ContentsFormat": "text", "EntryContext": None, "Contents": text})


def main():
    problem = None
    try:
        carry_out()
    except Broken as broken:
        problem = str(broken)
    if problem:
        give_error(problem)


if __name__ in ("__main__", "__builtin__", "builtins"):
    main()
