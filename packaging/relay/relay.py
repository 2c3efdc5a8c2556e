"""PingOne for Cortex XSOAR: hands a command to the executable pingone-xsoar and its answer to the server.

XSOAR starts integrations as Python only. For each command this script starts `pingone-xsoar serve`, gives it
the command on stdin, turns its messages into calls of `demisto` and the server's answers into reply lines.
It knows nothing about PingOne, keeps no process and leaves no file behind.
"""

import base64
import contextlib
import hashlib
import importlib
import json
import lzma
import os
import shutil
import signal
import subprocess
import tempfile
import threading

NAME = "pingone-xsoar"
# The executable, where this copy of the script carries it: the SHA-256 of the whole, and xz in base64.
CARRIED_SHA256 = ""
CARRIED = """
"""

# What of the server's context goes along. The incident stays here: the executable has no use for it.
CONTEXT = ("IntegrationBrand", "IntegrationInstance", "IsDebug", "runDuration")
# How the server's own loop marks the answer to a call as an error; the executable knows it.
ERROR_MARKER = "[ERROR-fd5a7750-7182-4b38-90ba-091824478903]"
LONGEST_LINE = 64 * 1024 * 1024
# The executable answers within its own time limit; this much later it is taken for stuck.
GRACE = 30


class Broken(Exception):
    """The executable did not do its part."""


def nameless_memory():
    """An open file in memory that may be executed."""
    if not hasattr(os, "memfd_create"):
        raise OSError("this Python has no memfd_create")
    try:
        return os.memfd_create(NAME, 0x11)  # close on exec, and MFD_EXEC, which Linux knows since 6.3
    except OSError:
        return os.memfd_create(NAME)


def nameless_file(folder):
    """An open file of our own on disk. It has lost its name before anything is in it: nobody else can open
    it, and nothing stays behind, whatever happens."""
    file, path = tempfile.mkstemp(prefix=NAME, dir=folder)
    os.unlink(path)
    os.fchmod(file, 0o700)
    return file


def start(path, files=()):
    pipe = subprocess.PIPE
    return subprocess.Popen([NAME, "serve"], executable=path, pass_fds=files, stdin=pipe, stdout=pipe, stderr=pipe)


def start_carried():
    """Starts the executable that this script carries, from the first place that allows it."""
    try:
        program = lzma.decompress(base64.b64decode(CARRIED))
    except (ValueError, lzma.LZMAError, EOFError):
        program = b""
    if hashlib.sha256(program).hexdigest() != CARRIED_SHA256:
        raise Broken("The executable inside the integration is damaged: upload the integration's file again.")
    refusals = []
    for place, create in (
        ("memory", nameless_memory),
        ("the working directory", lambda: nameless_file(".")),
        ("the temporary directory", lambda: nameless_file(tempfile.gettempdir())),
    ):
        try:
            with open(create(), "wb") as file:
                file.write(program)
                file.flush()
                # A file that is open for writing cannot be executed.
                readable = os.open("/proc/self/fd/%d" % file.fileno(), os.O_RDONLY)
            try:
                return start("/proc/self/fd/%d" % readable, [readable])
            finally:
                os.close(readable)
        except OSError as error:
            refusals.append("%s (%s)" % (place, error))
    raise Broken(
        "The executable inside the integration may not be started from %s. Use an image that has "
        "pingone-xsoar installed." % ", nor from ".join(refusals)
    )


def start_installed():
    """Starts the executable of the image: from the Python package, else from the search path."""
    try:
        path = importlib.import_module("pingone_xsoar").path()
    except ImportError:
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


def converse(process):
    """Carries messages and replies until the command is completed, or the executable is gone. True if there
    was an answer."""
    answered = False
    reply = request_line()
    while True:
        try:
            process.stdin.write(reply)
            process.stdin.flush()
        except BrokenPipeError:
            reply = b""  # it may have answered before it ended
        line = process.stdout.readline(LONGEST_LINE)
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
        elif kind == "completed":
            return answered
        else:
            process.kill()
            raise Broken("sent something that is not a message of its protocol")


def keep_last_words(pipe, words):
    """Empties stderr on a thread of its own, which never calls `demisto`: the server has one conversation."""
    for chunk in iter(lambda: pipe.read1(4096), b""):
        words[0] = (words[0] + chunk)[-1000:]


def carry_out():
    seconds, stuck, words = patience(), threading.Event(), [b""]
    process = start_carried() if CARRIED_SHA256 else start_installed()
    reader = threading.Thread(target=keep_last_words, args=(process.stderr, words), daemon=True)
    timer = threading.Timer(seconds, lambda: (stuck.set(), process.kill()))
    try:
        reader.start()
        timer.start()
        problem = None if converse(process) else "ended"
    except Broken as broken:
        problem = str(broken)
    finally:
        end(process, timer, reader)
    if problem:
        raise Broken(describe(problem, process.returncode, seconds if stuck.is_set() else None, words[0]))


def end(process, timer, reader):
    """Nothing goes on when the command is over: containers are shared between integrations."""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(2)  # after `native` and the end of its input it ends by itself
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    timer.cancel()
    for thread in (timer, reader):
        if thread.is_alive():
            thread.join(1)
    process.stdout.close()
    process.stderr.close()


def describe(problem, code, seconds, words):
    if seconds:
        problem = "gave no answer within %g seconds and was ended" % seconds
    elif problem == "ended" and code < 0:
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
