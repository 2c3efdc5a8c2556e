"""PingOne for Cortex XSOAR: hands a command to the executable pingone-xsoar and its answer to the server.

XSOAR starts integrations as Python only. For each command this script starts `pingone-xsoar serve`, gives it
the command on stdin, turns its messages into calls of `demisto` and the server's answers into reply lines.
It knows nothing about PingOne, keeps no process and leaves no file behind.
"""

import binascii
import hashlib
import json
import os
import select
import subprocess
import sys
import time
import zlib

NAME = "pingone-xsoar"
# The executable, where this copy of the script carries it: the SHA-256 of the whole, and zlib in base64.
CARRIED_SHA256 = ""
CARRIED = """
"""
# Between commands the executable stays in memory: unpacking it takes ten times as long as looking through it.
KEPT = "pingone_xsoar_" + CARRIED_SHA256
# Nobody may write to it, let it grow or shrink, or take these seals off: F_SEAL_SEAL, _SHRINK, _GROW and _WRITE.
SEALS, F_ADD_SEALS, F_GET_SEALS = 0xF, 1033, 1034

# What of the server's context goes along. The incident stays here: the executable has no use for it.
CONTEXT = ("IntegrationBrand", "IntegrationInstance", "IsDebug", "runDuration")
# How the server's own loop marks the answer to a call as an error; the executable knows it.
ERROR_MARKER = "[ERROR-fd5a7750-7182-4b38-90ba-091824478903]"
MAX_LINE = 64 * 1024 * 1024
CHUNK = 32 * 1024
# The executable answers within its own time limit; this much later it is taken for stuck.
GRACE = 30
# Ended is what closed its output; it may take a moment longer until it is gone.
LAST_MOMENT = 2
NO_MESSAGE = "sent something that is not a message of its protocol"


class Broken(Exception):
    """The executable did not do its part."""


def start(path, files=()):
    pipe = subprocess.PIPE
    command = [NAME, "serve"]
    return subprocess.Popen(command, 0, path, pipe, pipe, pipe, pass_fds=files)


def start_file(file):
    """Starts an open file. It must not be open for writing: Linux does not execute what may change."""
    return start("/proc/self/fd/%d" % file, [file])


def start_kept():
    """Starts the copy that an earlier command kept, if it is there and what it should be. Every script in this
    Python can reach it, so the seals are looked at and the whole is hashed each time, by a descriptor that nobody
    else knows."""
    try:
        file = os.dup(sys.modules[KEPT].descriptor)
    except Exception:  # it is not there, or somebody changed it into something else
        return None
    try:
        if seals(file) == SEALS and digest(file) == CARRIED_SHA256:
            return start_file(file)
    except OSError:
        pass  # no such file any more, or open for writing somewhere: a fresh copy will do
    finally:
        os.close(file)
    return None


def digest(file):
    found, place = hashlib.sha256(), 0
    while True:
        chunk = os.pread(file, CHUNK, place)
        if not chunk:
            return found.hexdigest()
        found.update(chunk)
        place += len(chunk)


def give_back():
    """glibc keeps what is freed for later use; after unpacking, these are tens of megabytes."""
    try:
        os.confstr("CS_GNU_LIBC_VERSION")  # other libraries do not know it, and give back by themselves
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)
    except Exception:
        pass  # it works without, too


def keep(file):
    """Keeps a sealed copy for the next command. Elsewhere than in `sys.modules` it would be cleared away."""
    kept = type(sys)(KEPT)
    kept.descriptor = os.dup(file)
    sys.modules[KEPT] = kept


def start_carried():
    """Starts the executable that this script carries, from the first place that allows it."""
    carried = globals().pop("CARRIED")  # it must not outlive the command
    process = start_kept()
    if process:
        return process
    try:
        program = zlib.decompress(binascii.a2b_base64(carried))
    except (ValueError, zlib.error):
        program = b""
    if hashlib.sha256(program).hexdigest() != CARRIED_SHA256:
        raise Broken("The executable inside the integration is damaged: upload the integration's file again.")
    refusals = []
    for place, create in (
        ("memory", nameless_memory),
        ("the working directory", lambda: nameless_file(".")),
        ("the temporary directory", lambda: nameless_file(None)),
    ):
        try:
            file, sealed = written(create(), program)
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
        "The executable inside the integration may not be started from %s. Use an image that has "
        "pingone-xsoar installed." % ", nor from ".join(refusals)
    )


def written(file, program):
    """The program in the file, which then is open for reading alone; and whether it is sealed."""
    with open(file, "wb", 0) as writer:
        rest = memoryview(program)
        while rest:
            rest = rest[writer.write(rest) :]
        return os.open("/proc/self/fd/%d" % file, os.O_RDONLY), seals(file, SEALS) == SEALS


def seals(file, added=0):
    """The seals of a file, after some were added. Files on disk have none, nor can they be given any."""
    try:
        import fcntl

        if added:
            fcntl.fcntl(file, F_ADD_SEALS, added)
        return fcntl.fcntl(file, F_GET_SEALS)
    except (ImportError, OSError):
        return 0


def nameless_memory():
    """An open file in memory that may be executed and sealed."""
    if not hasattr(os, "memfd_create"):
        raise OSError("this Python has no memfd_create")
    try:
        return os.memfd_create(NAME, 0x13)  # close on exec, sealing, and MFD_EXEC, which Linux knows since 6.3
    except OSError:
        return os.memfd_create(NAME, 0x3)


def nameless_file(folder):
    """An open file of our own on disk. It has lost its name before anything is in it: nobody else can open
    it, and nothing stays behind, whatever happens."""
    import tempfile

    file, path = tempfile.mkstemp(prefix=NAME, dir=folder or tempfile.gettempdir())
    os.unlink(path)
    os.fchmod(file, 0o700)
    return file


def start_installed():
    """Starts the executable of the image: from the Python package, else from the search path."""
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
            "The executable %s cannot be started (%s). Upload the integration's file that has it "
            "inside, or choose an image that has it installed." % (path, error)
        )


def request_line():
    context = demisto.callingContext.get("context") or {}
    request = {
        "command": demisto.command(),
        "params": demisto.params(),
        "args": demisto.args(),
        "context": {name: context[name] for name in CONTEXT if name in context},
        "integration": True,
        "native": True,
    }
    return json.dumps(request).encode() + b"\n"


def patience():
    """Seconds until the executable is taken for stuck; within the time that the server gives the container."""
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
    """Makes the call that the executable asks for. Old servers have no versions of the integration context."""
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
    raise ValueError("%s is not a call that the relay makes" % command)


def reply_line(message):
    try:
        reply = json.dumps(call_server(message), default=str)
    except Exception as error:  # whatever it was, the executable decides what it means for the command
        reply = ERROR_MARKER + " ".join(str(error).split())
    return reply.encode() + b"\n"


class Pipes:
    """The pipes of the executable. All three are served at once, so that neither side waits for the other, and by
    the script's only thread: the server has one conversation."""

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
        """Has `poll` look at a pipe, or no longer."""
        if event and pipe not in self.polled:
            self.poll.register(pipe, event)
            self.polled.add(pipe)
        elif not event and pipe in self.polled:
            self.poll.unregister(pipe)
            self.polled.remove(pipe)

    def exchange(self, line):
        """Sends a line, and gives the next that comes: nothing at the end of the output, or of the time."""
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
        """Moves what can be moved. False if the time is over."""
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
        """Sends as much as goes at once; `serve` does the rest."""
        if more:
            self.unsent = memoryview(bytes(self.unsent) + more)
        try:
            if self.unsent:
                self.unsent = self.unsent[os.write(self.input, self.unsent) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self.unsent = b""  # it may have answered before it ended
        self.watch(self.input, select.POLLOUT if self.unsent else None)

    def end(self, kill):
        """Nothing goes on when the command is over: containers are shared between integrations."""
        process, deadline = self.process, time.monotonic() + LAST_MOMENT
        self.watch(self.input, None)
        self.unsent = b""
        process.stdin.close()  # after `native` and the end of its input it ends by itself
        while self.polled and not kill and self.serve(deadline):
            self.received.clear()  # nobody listens any more
        while process.poll() is None:
            if kill or time.monotonic() >= deadline:
                process.kill()
                process.wait()
            else:
                time.sleep(0.0001)  # it has closed its output, so it is about to be gone
        process.stdout.close()
        process.stderr.close()


def converse(pipes, fresh):
    """Carries messages and replies until the command is completed, or the executable is gone. True if there
    was an answer."""
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
            if kind == "exception":
                entries = [error_entry(message["args"]["exception"])]
        except (ValueError, KeyError, TypeError):
            kind = "garbage"
        if kind in ("result", "exception"):
            demisto.results(entries)
            answered = True
        elif kind in ("log", "executeCommand"):
            reply = reply_line(message)
            if fresh:  # now PingOne is asked, so there is time
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
    # A loop that compiles every script anew fills that room again with each.
    fresh = KEPT in sys.modules and not known and demisto.callingContext.get("code_version")
    pipes, problem, kill = Pipes(process, seconds), None, True
    try:
        if not converse(pipes, fresh):
            problem = "gave no answer within %g seconds and was ended" % seconds if pipes.stuck else "ended"
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

        problem = "was ended by %s before it answered" % signal.Signals(-code).name
    elif problem == "ended":
        problem = "ended with exit code %d before it answered" % code
    text = "%s %s. Whether the command took effect in PingOne is not known." % (NAME, problem)
    words = words.decode(errors="replace").strip()
    return "%s Its last words: %s" % (text, words) if words else text


def error_entry(text):
    return {
        "Type": 4,
        "ContentsFormat": "text",
        "EntryContext": None,
        "Contents": "Failed to execute %s command. Error: %s" % (demisto.command(), text),
    }


def main():
    try:
        carry_out()
    except Broken as problem:
        demisto.results(error_entry(problem))


if __name__ in ("__main__", "__builtin__", "builtins"):
    main()
