"""The sandbox, a PingOne on loopback, as a process with its controls; and the environment of a container."""

import json
import subprocess
import urllib.request


class Sandbox:
    """A PingOne on loopback, as a separate process."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True
        )
        self.url = self.process.stdout.readline().strip()
        self.params = json.loads(self.process.stdout.readline())

    def _control(self, method, path, body=None):
        request = urllib.request.Request(
            "%s/sandbox/%s" % (self.url, path), method=method, data=None if body is None else json.dumps(body).encode()
        )
        # The tests' own requests must not go to a proxy that the machine may have.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None

    def calls(self):
        """Method and path of every call so far, without the environment's path."""
        base = "/v1/environments/" + self.params["environment_id"]
        return ["%s %s" % (call["method"], call["path"].replace(base, "")) for call in self._control("GET", "calls")]

    def user(self, name):
        return next(user for user in self._control("GET", "state")["users"] if user["username"] == name)

    def fault(self, **fault):
        self._control("POST", "faults", fault)

    def answer_pushes(self, user, answer, after_seconds=0):
        """Decides how a user answers pushes: APPROVE, DENY or IGNORE."""
        self._control("POST", "push-responses", {"user": user, "answer": answer, "afterSeconds": after_seconds})

    def faults(self):
        """The faults that have not been used yet."""
        return self._control("GET", "faults")

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def changes(sandbox):
    """The calls that change something."""
    return [call for call in sandbox.calls() if not call.startswith("GET ") and not call.endswith("/as/token")]


def environment(folder):
    """What XSOAR sets for a container of an image that has `folder` on its search path."""
    return {
        "PATH": "%s:/usr/bin:/bin" % folder,
        "HTTP_PROXY": "",
        "http_proxy": "",
        "HTTPS_PROXY": "",
        "https_proxy": "",
    }
