"""The program that runs inside a container and that XSOAR's server talks to: our own, after the documented protocol.

One JSON object a line, both ways. `ping` is answered by a pong; any other line is a command, whose `script` is
run with an object `demisto` in its globals, which are cleared afterwards; then comes `completed`, whatever happened.
A script with a `code_version` is compiled once, and need not be sent again. Standard library only, and nothing that
an old Python lacks, since it also runs inside the images under test.

With the argument `before-6`, `demisto` is as it was before server 6.0: without versions of the integration
context. With `older`, nothing is kept compiled and nobody clears a script's globals.
"""

import json
import os
import sys
import threading
import traceback

MARKER = "[ERROR-fd5a7750-7182-4b38-90ba-091824478903]"


def send(message):
    # Nobody but the loop's own thread may talk to the server: there is one conversation.
    if threading.current_thread() is not threading.main_thread():
        os._exit(97)
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def ask(message):
    send(message)
    line = sys.stdin.readline()
    if MARKER in line:
        raise ValueError(line.split(MARKER, 1)[1].rstrip("\n"))
    return json.loads(line)


class Demisto:
    """The public functions for integrations and scripts, as far as ours need them."""

    def __init__(self, request):
        self.callingContext = request

    def command(self):
        return self.callingContext["command"]

    def params(self):
        return self.callingContext["params"]

    def args(self):
        return self.callingContext["args"]

    def results(self, results):
        entries = results if isinstance(results, list) else [results]
        send({"type": "result", "results": entries})

    def _log(self, level, texts):
        return ask({"type": "log", "command": level, "args": {"args": list(texts)}})

    def debug(self, *texts):
        return self._log("debug", texts)

    def info(self, *texts):
        return self._log("info", texts)

    def error(self, *texts):
        return self._log("error", texts)

    def getLastRun(self):
        return ask({"type": "executeCommand", "command": "getLastRun", "args": {}})

    def setLastRun(self, value):
        return ask({"type": "executeCommand", "command": "setLastRun", "args": {"value": value}})

    def incident(self):
        return self.callingContext["context"]["Incidents"][0]

    def executeCommand(self, command, args):
        return ask({"type": "executeCommand", "command": command, "args": args})

    def getIntegrationContext(self):
        context = ask({"type": "executeCommand", "command": "getIntegrationContext", "args": {"refresh": False}})
        return context["context"] if "version" in context else context

    def setIntegrationContext(self, value):
        anything = {"version": -1, "sequenceNumber": -1, "primaryTerm": -1}
        arguments = {"value": value, "version": anything, "sync": False}
        return ask({"type": "executeCommand", "command": "setIntegrationContext", "args": arguments})


class Demisto6(Demisto):
    """The versioned integration context, available since server 6.0."""

    def getIntegrationContextVersioned(self, refresh=False):
        return ask({"type": "executeCommand", "command": "getIntegrationContext", "args": {"refresh": refresh}})

    def setIntegrationContextVersioned(self, value, version, sync=False):
        arguments = {"value": value, "version": version, "sync": sync}
        return ask({"type": "executeCommand", "command": "setIntegrationContext", "args": arguments})


def main():
    kind = Demisto if "before-6" in sys.argv else Demisto6
    older, compiled = "older" in sys.argv, {}
    for line in iter(sys.stdin.readline, ""):
        if line.strip() == "ping":
            send({"type": "pong"})
            continue
        request = json.loads(line)
        environment = dict(os.environ)
        script, version = request.pop("script", None), request.get("code_version")
        names = {"demisto": kind(request)}
        try:
            code = compiled.get(version) or compile(script, "<script>", "exec")
            if version and not older:
                compiled[version] = code
            exec(code, names)
        except SystemExit:
            pass
        except BaseException:
            send({"type": "exception", "args": {"exception": traceback.format_exc().splitlines()}})
        if not older:
            names.clear()
        os.environ.clear()
        os.environ.update(environment)
        send({"type": "completed"})
        if request.get("native"):
            break


if __name__ == "__main__":
    main()
