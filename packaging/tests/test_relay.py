"""The relay between our stand-in for XSOAR's server and the real executable with the sandbox behind it; and between
the server and executables that misbehave."""

import ast
import json
import os
import re
import signal
import sys
import time

import pytest
import yaml
from conftest import ROOT
from xsoar import HELPERS, MARKER, Container, wait_for

EMMA, RICHARD = "a8890eb9-38ea-469a-bc00-b64be7903633", "9bc53389-f806-47b6-9480-ab1e3c6269b5"
SALES = "3d9a0c52-8f16-4e57-b6a4-27f0d1c3e803"
EMPLOYEES = "4cd45bdb-0eb2-42fe-8475-4bcd908269f1"
DEVICE = "66c529e8-1cb3-4ef8-80cd-199f895b7001"
# A device that takes one-time codes.
MAILBOX = "66c529e8-1cb3-4ef8-80cd-199f895b7012"
RECORD = {"ID": EMMA, "At": "2026-03-04T08:00:00.000Z", "User": "emma.sharp", "Record": {"Disabled": True}}
USER_COLUMNS = (
    "|AccountStatus|CreatedAt|Email|Enabled|Environment|First Name|ID|Last Name|PopulationID|UpdatedAt|Username|"
)
# Stand for what is only known once the verification has started: its ID, and the code that was sent.
VERIFICATION, CODE = object(), object()
UNKNOWN = "It is not known whether the command took effect in PingOne."

# Commands in an order that makes sense, with how their War Room text begins. Those that are not here are asked with the
# arguments of their document example before the last one, which deletes a user.
COMMANDS = [
    ("test-module", {}, "ok"),
    ("pingone-get-user", {"username": "emma.sharp"}, "### User:emma.sharp\n" + USER_COLUMNS),
    ("pingone-get-groups", {"username": "emma.sharp"}, "PingOne groups for user: emma.sharp\n ### Groups\n|ID|Name|"),
    ("pingone-unlock-user", {"username": "leo.locked"}, "### leo.locked unlocked"),
    ("pingone-deactivate-user", {"username": "emma.sharp"}, "### User emma.sharp deactivated"),
    ("pingone-activate-user", {"username": "emma.sharp"}, "### emma.sharp is active now"),
    (
        "pingone-set-password",
        {"username": "emma.sharp", "password": "Juniper-Saddle-93"},
        "emma.sharp password was updated.",
    ),
    ("pingone-password-force-change", {"username": "richard.smith"}, "richard.smith password was set to force change."),
    ("pingone-read-password-state", {"username": "richard.smith"}, "### Password state for richard.smith\n|"),
    (
        "pingone-add-to-group",
        {"username": "richard.smith", "groupName": "Sales"},
        "User: %s added to group: Sales successfully" % RICHARD,
    ),
    (
        "pingone-remove-from-group",
        {"userId": RICHARD, "groupId": SALES},
        "User: %s was removed from group: %s successfully" % (RICHARD, SALES),
    ),
    (
        "pingone-create-user",
        {"username": "ines.new", "populationId": EMPLOYEES},
        "### PingOne user created: ines.new\n|",
    ),
    (
        "pingone-update-user",
        {"username": "ines.new", "email": "ines.new@example.com"},
        "### PingOne user updated: ines.new\n|email|\n|---|\n| ines.new@example.com |\n",
    ),
    ("pingone-list-users", {"username": "emma"}, "### PingOne users\n|Username|Name|State|"),
    ("pingone-lock-user", {"username": "nora.lind", "duration": "4 hours"}, "### Lock account: nora.lind\n|"),
    ("pingone-unlock-password", {"username": "petra.lockout"}, "### Unlock password: petra.lockout\n|"),
    ("pingone-list-sessions", {"username": "emma.sharp"}, "### PingOne sessions: emma.sharp\n|"),
    ("pingone-clear-user-sessions", {"username": ["emma.sharp", "richard.smith"]}, "### End sessions\n|"),
    ("pingone-list-mfa-devices", {"userId": EMMA}, "### PingOne MFA devices: %s\n|" % EMMA),
    ("pingone-block-mfa-device", {"userId": EMMA, "deviceId": DEVICE}, "### Block MFA devices: %s\n|" % EMMA),
    ("pingone-unblock-mfa-device", {"userId": EMMA, "deviceId": DEVICE}, "### Unblock MFA devices: %s\n|" % EMMA),
    ("pingone-unlock-mfa-device", {"userId": EMMA, "deviceId": DEVICE}, "### Unlock MFA devices: %s\n|" % EMMA),
    ("pingone-get-mfa-bypass", {"userId": EMMA}, "### PingOne MFA bypass\n|"),
    ("pingone-end-mfa-bypass", {"userId": EMMA}, "### End MFA bypass: %s\n|" % EMMA),
    ("pingone-delete-mfa-device", {"userId": EMMA, "deviceId": DEVICE}, "### Delete MFA devices: %s\n|" % EMMA),
    ("pingone-reset-mfa", {"userId": EMMA}, "### Delete MFA devices: %s\n|" % EMMA),
    ("pingone-set-mfa-enabled", {"userId": EMMA, "enabled": "true"}, "### Enable MFA: %s\n|" % EMMA),
    ("pingone-verify-push", {"username": "mia.mobile"}, "### Push sent\n|Outcome|"),
    ("pingone-get-verification", {"verificationId": VERIFICATION}, "### PingOne verification\n|Outcome|"),
    ("pingone-cancel-verification", {"verificationId": VERIFICATION}, "### Push cancelled\n|Outcome|"),
    (
        "pingone-verify-push",
        {"username": "mia.mobile", "deviceId": MAILBOX},
        "### Waiting for a one-time code\n|Outcome|",
    ),
    ("pingone-check-otp", {"verificationId": VERIFICATION, "otp": CODE}, "### One-time code checked\n|Outcome|"),
    ("pingone-list-audit-activities", {"username": "emma.sharp"}, "### PingOne audit activities\n|"),
    ("pingone-get-failed-logins", {}, "### Failed sign-ons from "),
    ("pingone-list-groups", {}, "### PingOne groups\n|"),
    ("pingone-get-group-members", {"groupName": "Sales"}, "### Members of group: Sales\n|Username|Name|State|"),
    ("pingone-list-populations", {}, "### PingOne populations\n|"),
    ("pingone-list-role-assignments", {"username": "nora.lind"}, "### PingOne role assignments: nora.lind\n|"),
    ("pingone-contain-user", {"username": "emma.sharp", "steps": "disable"}, "### Containment of emma.sharp\n|Step|"),
    ("pingone-restore-user", {"username": "emma.sharp", "record": RECORD}, "### Restoration of emma.sharp\n|Step|"),
    ("pingone-delete-user", {"username": "richard.smith"}, "User: %s was Deleted successfully" % RICHARD),
]


def document_example(name):
    """The arguments of each command's example."""
    request = ROOT / "test_data" / name / "document-example" / "request.json"
    return json.loads(request.read_text())["args"]


def filled_in(name, args, sandbox, verification, record):
    """The arguments with the ID of the latest verification, the code that the sandbox sent last, and the record of the
    application that was contained."""
    if name == "pingone-restore-application":
        return dict(args, record=record)
    known = {VERIFICATION: lambda: verification, CODE: lambda: sandbox.user("mia.mobile")["sandbox"]["passcode"]}
    return {name: known[value]() if value in (VERIFICATION, CODE) else value for name, value in args.items()}


def test_the_relay_is_python_of_old_images(relay):
    ast.parse(relay, feature_version=(3, 6))
    used = set(re.findall(r"demisto\.(\w+)", relay))
    assert used == {
        "args",
        "callingContext",
        "command",
        "params",
        "results",
        "getLastRun",
        "setLastRun",
        "getIntegrationContext",
        "setIntegrationContext",
        "getIntegrationContextVersioned",
        "setIntegrationContextVersioned",
    }
    assert "getattr(demisto, command)" in relay, "debug, info and error"


def test_every_command_in_one_container(relay, sandbox, image_env):
    manifest = yaml.safe_load((ROOT / "integration.yml").read_text())
    documented = {command["name"] for command in manifest["script"]["commands"]}
    here = {name for name, _, _ in COMMANDS} - {"test-module"}
    assert here <= documented, "a command is not there any more"
    others = [(name, document_example(name), "") for name in sorted(documented - here)]
    assert 480_000 < len(HELPERS) < 500_000, "the script is to be as long as the server's"
    sandbox.answer_pushes("mia.mobile", "IGNORE")
    verification = record = None
    with Container(relay, sandbox.params, env=image_env) as container:
        container.stored = None  # as it is until the first time that it is written
        assert container.ping() == {"type": "pong"}
        for name, args, text in [*COMMANDS[:-1], *others, COMMANDS[-1]]:
            answer = container.run(name, filled_in(name, args, sandbox, verification, record))
            entry = answer.only()
            if name == "pingone-verify-push":
                ((_, started),) = entry["EntryContext"].items()
                verification = started["ID"]
            if name == "pingone-contain-application":
                (record,) = (of for key, of in entry["EntryContext"].items() if key.startswith("PingOne.Containment"))
            assert entry["Type"] == 1 and entry["HumanReadable"].startswith(text), (name, entry)
            assert ("debug", "Command being called is " + name) in answer.logs, (name, answer.logs)
            assert container.children() == [], "%s left a process behind" % name
            assert container.ping() == {"type": "pong"}
    calls = sandbox.calls()
    tokens = [call for call in calls if call.endswith("/as/token")]
    assert len(tokens) == 2, "one for the test button, which may not keep it, and one for all others: %s" % calls
    for change in (
        "PUT /users/%s/password" % EMMA,
        "DELETE /users/%s/memberOfGroups/%s" % (RICHARD, SALES),
        "DELETE /users/%s" % RICHARD,
    ):
        assert change in calls, calls
    assert sandbox.user("ines.new")["email"] == "ines.new@example.com"


@pytest.mark.parametrize("versioned, before_6", [(True, False), (False, False), (False, True), (True, True)])
def test_the_token_is_kept_whatever_form_the_integration_context_has(relay, sandbox, image_env, versioned, before_6):
    stored = {"other": "kept"}
    for _ in range(2):
        with Container(relay, sandbox.params, versioned=versioned, before_6=before_6, env=image_env) as container:
            container.stored = stored
            answer = container.run("pingone-get-user", {"username": "emma.sharp"})
            assert answer.only()["Type"] == 1
            stored = container.stored
    assert set(stored) == {"other", "pingone_token"} and stored["other"] == "kept"
    assert isinstance(stored["pingone_token"], str)
    tokens = [call for call in sandbox.calls() if call.endswith("/as/token")]
    assert len(tokens) == 1, "the second container was to find the token of the first"


def test_what_others_write_meanwhile_is_kept(relay, sandbox, image_env):
    with Container(relay, sandbox.params, env=image_env) as container:
        container.other_writers = [{"theirs": "1"}]
        answer = container.run("pingone-get-user", {"username": "emma.sharp"})
        assert answer.calls.count("setIntegrationContext") == 2, (
            "refused by its version, then written: %s" % answer.calls
        )
        assert set(container.stored) == {"theirs", "pingone_token"}


def test_error_replies_reach_the_executable(relay, sandbox, image_env):
    with Container(relay, sandbox.params, env=image_env) as container:
        container.refusals = {
            "getIntegrationContext": ["no such\\nkey"],
            "setIntegrationContext": ["conflict"] * 2,
            "debug": ["the log is full"],
        }
        answer = container.run("pingone-get-user", {"username": "emma.sharp"})
        assert answer.only()["Type"] == 1
        assert "Cannot read the integration context: no such" in " ".join(text for _, text in answer.logs)
        assert answer.calls.count("setIntegrationContext") == 3, "two conflicts, then written: %s" % answer.calls
        assert "pingone_token" in container.stored


def test_errors_of_the_command_are_its_own(relay, sandbox, image_env):
    with Container(relay, sandbox.params, env=image_env) as container:
        assert container.run("pingone-get-user", {"username": "nobody"}).error() == (
            "Failed to execute pingone-get-user command. Error: Failed to find user for nobody username."
        )
        wrong = {"credentials": {"identifier": sandbox.params["credentials"]["identifier"], "password": "wrong-secret"}}
        text = container.run("test-module", params=wrong).error()
        assert "check the Client ID and Client Secret" in text and "wrong-secret" not in text
        # JSON has no NaN: what is no request is an error entry too, not silence.
        text = container.run("pingone-get-user", {"username": float("nan")}).error()
        assert text.startswith("Failed to execute pingone-get-user command. Error: The input line is not"), text


FETCHED = """
json.loads(sys.stdin.readline())
def call(command, **args):
    print(json.dumps({"type": "executeCommand", "command": command, "args": args}), flush=True)
    return sys.stdin.readline()
last = json.loads(call("getLastRun"))
entry = {"Type": 1, "ContentsFormat": "json", "Contents": json.dumps([last])}
print(json.dumps({"type": "result", "results": [entry]}))
reply = call("setLastRun", value={"seen": last.get("seen", 0) + 1})
print(json.dumps({"type": "log", "command": "info", "args": {"args": [reply]}}), flush=True)
sys.stdin.readline()
print('{"type": "completed"}', flush=True)
"""


@pytest.mark.parametrize("reply, received", [("{}", "{}\n"), ("null", "null\n"), ("", MARKER), ("ok", MARKER)])
def test_a_fetch_has_its_last_run(relay, pretend, reply, received):
    with Container(relay, {}, env=pretend(FETCHED)) as container:
        container.set_last_run_reply = reply
        for number, last in enumerate([{}, {"seen": 1}]):
            answer = container.run("fetch-incidents")
            assert answer.only() == {"Type": 1, "ContentsFormat": "json", "Contents": json.dumps([last])}
            assert container.last_run == {"seen": number + 1}
            [(_, text)] = answer.logs
            assert text.startswith(received), text


def test_an_event_is_pushed_once(relay, sandbox, image_env):
    with Container(relay, sandbox.params, env=image_env) as container:
        container.run("pingone-lock-user", {"username": "emma.sharp", "duration": "1 hour"})
        assert " pushed" in container.run("fetch-events").only()["HumanReadable"]
        assert json.loads(container.last_run["events"])["ids"]
        assert container.run("fetch-events").only()["HumanReadable"] == "### No events to push"
        assert sandbox.calls().count("POST /logs/v1/event") == 1


@pytest.mark.parametrize("command", ["fetch-incidents", "fetch-events"])
@pytest.mark.parametrize(
    "code, text",
    [
        (
            """print('{"type": "exception", "args": {"exception": "PingOne said no"}}'); time.sleep(30)""",
            "FetchFailed: PingOne said no",
        ),
        ("sys.exit(3)", "FetchFailed: pingone-xsoar exited with code 3 before it answered."),
        ("print('garbage'); time.sleep(30)", "sent a message that the relay does not understand."),
    ],
)
def test_a_fetch_that_fails_raises(relay, pretend, command, code, text):
    env = pretend("sys.stdin.readline(); sys.stdout.reconfigure(line_buffering=True)\n" + code)
    with Container(relay, {}, env=env) as container:
        answer = container.run(command)
        assert answer.entries == []
        [lines] = answer.exceptions
        assert lines[-1].endswith(text), lines
        assert not any("During handling" in line or "took effect" in line for line in lines), lines
        assert container.children() == [] and container.last_run == {}


def test_incidents_are_fetched_once(relay, sandbox, image_env):
    with Container(relay, sandbox.params, env=image_env) as container:
        first, second = (container.run("fetch-incidents").only() for _ in range(2))
    assert set(first) == {"Type", "ContentsFormat", "Contents"}
    names = [incident["name"] for incident in json.loads(first["Contents"])]
    assert "Administrator role given to rory.rogue by alex.admin" in names, names
    assert json.loads(second["Contents"]) == []
    assert container.last_run and all(isinstance(value, str) for value in container.last_run.values())


def test_a_killed_executable_is_one_error_and_the_next_command_works(relay, sandbox, image_env):
    sandbox.fault(method="GET", path="*/users*", delayMs=20_000)
    with Container(relay, sandbox.params, env=image_env) as container:

        def kill():
            wait_for("the look-up reaches PingOne", lambda: sandbox.faults() == [])
            [child] = container.children()
            os.kill(child, signal.SIGKILL)

        assert container.run("pingone-delete-user", {"username": "emma.sharp"}, while_it_runs=kill).error() == (
            "Failed to execute pingone-delete-user command. Error: pingone-xsoar was stopped by SIGKILL before it "
            "answered. " + UNKNOWN
        )
        assert container.children() == []
        assert container.run("pingone-get-user", {"userId": RICHARD}).only()["Type"] == 1


def test_a_server_that_wants_one_command_gets_one(relay, sandbox, image_env):
    with Container(relay, sandbox.params, env=image_env) as container:
        assert container.run("pingone-get-user", {"userId": EMMA}, native=True).only()["Type"] == 1
        assert container.process.wait(10) == 0


def test_a_missing_executable_says_what_to_do(relay, bare_env):
    if os.path.exists("/usr/local/bin/pingone-xsoar"):
        pytest.skip("this machine has /usr/local/bin/pingone-xsoar")
    with Container(relay, {}, env=bare_env) as container:
        assert container.run("test-module").error() == (
            "Failed to execute test-module command. Error: The executable /usr/local/bin/pingone-xsoar cannot be "
            "started ([Errno 2] No such file or directory: '/usr/local/bin/pingone-xsoar'). Upload the "
            "one-file integration, which contains it, or use an image that has it installed."
        )


@pytest.fixture
def pretend(tmp_path):
    """Creates a fake executable and returns the environment of a container that has it."""

    def make(code):
        folder = tmp_path / "pretend"
        folder.mkdir()
        program = folder / "pingone-xsoar"
        program.write_text("#!%s -IS\nimport json, os, sys, time\n%s" % (sys.executable, code))
        program.chmod(0o755)
        return {"PATH": "%s:/usr/bin:/bin" % folder, "HERE": str(tmp_path)}

    return make


@pytest.mark.parametrize(
    "output",
    [
        "hello",
        "[]",
        "7",
        '{"type": "novelty"}',
        '{"type": "result"}',
        '{"no": "type"}',
        '{"type": "exception", "args": null}',
        "\udcff\udcfe",
        '{"type": "resu',
    ],
)
def test_garbage_is_one_error(relay, pretend, output):
    env = pretend(
        "sys.stdin.readline(); os.write(1, %r); time.sleep(30)" % (output + "\n").encode(errors="surrogateescape")
    )
    with Container(relay, {}, env=env) as container:
        text = container.run("pingone-get-user", {"username": "x"}).error()
        assert text == (
            "Failed to execute pingone-get-user command. Error: pingone-xsoar sent a message that the relay does not "
            "understand. " + UNKNOWN
        )
        assert container.children() == []


def test_an_early_end_is_one_error_with_the_last_words(relay, pretend):
    env = pretend("sys.stderr.write('x' * 100_000 + 'out of luck\\n'); sys.exit(3)")
    with Container(relay, {}, env=env) as container:
        text = container.run("pingone-get-user", {"username": "x" * 1_000_000}).error()
    assert text.startswith(
        "Failed to execute pingone-get-user command. Error: pingone-xsoar exited with code 3 "
        "before it answered. %s Its last output: x" % UNKNOWN
    )
    assert text.endswith("out of luck") and len(text) < 1300


def test_an_end_after_the_answer_is_no_error(relay, pretend):
    env = pretend("""print('{"type": "result", "results": [{"Type": 1, "Contents": "done"}]}')""")
    with Container(relay, {}, env=env) as container:
        assert container.run("test-module").only() == {"Type": 1, "Contents": "done"}


@pytest.mark.parametrize(
    "limits",
    [{"context": {"runDuration": 0.05}}, {"params": {"command_timeout": "nonsense"}, "context": {"runDuration": 0.05}}],
)
def test_a_stuck_executable_is_ended(relay, pretend, limits):
    env = pretend("sys.stdin.readline(); time.sleep(60)")
    with Container(relay, {}, env=env) as container:
        before = time.monotonic()
        text = container.run("pingone-get-user", {"username": "x"}, **limits).error()
        assert text == (
            "Failed to execute pingone-get-user command. Error: pingone-xsoar did not answer within 1 "
            "seconds and was stopped. " + UNKNOWN
        )
        assert time.monotonic() - before < 10
        assert container.children() == []


def test_the_time_limit_is_beyond_the_executables_own(relay):
    class Demisto:
        callingContext = {}

        def __init__(self, timeout, minutes):
            self._params = {"command_timeout": timeout}
            self.callingContext = {"context": {"runDuration": minutes}}

        def params(self):
            return self._params

    def patience(timeout, minutes):
        names = {"demisto": Demisto(timeout, minutes), "__name__": "relay"}
        exec(relay, names)
        return names["patience"]()

    assert [
        patience(*limits)
        for limits in [
            (None, None),
            ("", 0),
            ("200", None),
            ("1e9", None),
            ("nan", None),
            ("5", "5"),
            ("600", 5),
            ("60", 0.001),
        ]
    ] == [90, 90, 230, 90, 90, 35, 298, 1]


def test_one_that_does_not_end_is_ended(relay, pretend):
    env = pretend(
        """print('{"type": "result", "results": [{"Type": 1}]}\\n{"type": "completed"}', flush=True); time.sleep(60)"""
    )
    with Container(relay, {}, env=env) as container:
        assert container.run("test-module").only() == {"Type": 1}
        assert container.children() == []


def test_stderr_never_blocks_the_answer(relay, pretend):
    env = pretend(
        """sys.stderr.write('x' * 5_000_000); print('{"type": "result", "results": []}\\n{"type": "completed"}')"""
    )
    with Container(relay, {}, env=env) as container:
        answer = container.run("test-module")
        assert (answer.entries, answer.exceptions) == ([], [])


def test_the_request_goes_over_stdin_alone(relay, pretend):
    env = pretend("""
line = sys.stdin.readline()
seen = {"line": json.loads(line), "argv": open("/proc/self/cmdline").read(), "env": dict(os.environ),
        "files": sorted(os.listdir("/proc/self/fd"))}
print(json.dumps({"type": "result", "results": [seen]}))
print('{"type": "completed"}')
""")
    secret = {"credentials": {"identifier": "id", "password": "hunter22-secret"}}
    with Container(relay, secret, env=env) as container:
        seen = container.run(
            "pingone-set-password",
            {"username": "ü\ud800", "password": "Pass-word-1", "debug-mode": "true"},
            context={"runDuration": 5, "IsDebug": True},
        ).only()
    assert seen["line"] == {
        "command": "pingone-set-password",
        "params": secret,
        "args": {"username": "ü\ud800", "password": "Pass-word-1", "debug-mode": "true"},
        "context": {
            "IntegrationBrand": "PingOne",
            "IntegrationInstance": "PingOne_instance_1",
            "IsDebug": True,
            "runDuration": 5,
            "Inv": {"id": "12"},
        },
        "integration": True,
        "native": True,
    }
    for place in ("argv", "env"):
        assert "hunter22" not in str(seen[place]) and "Pass-word-1" not in str(seen[place])
    assert {name: seen["env"].get(name) for name in env} == env, "proxies and certificates are in the environment"
    assert len(seen["files"]) == 4, "stdin, stdout, stderr and the listing itself: %s" % seen["files"]


def test_calls_that_the_relay_does_not_make_are_refused(relay, pretend):
    env = pretend("""
sys.stdin.readline()
replies = []
for call in ({"type": "executeCommand", "command": "deleteIncidents", "args": {}},
             {"type": "log", "command": "results", "args": {"args": [1]}}, {"type": "executeCommand"},
             {"type": "executeCommand", "command": "setIntegrationContext", "args": None}):
    print(json.dumps(call), flush=True)
    replies.append(sys.stdin.readline())
print(json.dumps({"type": "result", "results": [replies]}))
print('{"type": "completed"}')
""")
    with Container(relay, {}, env=env) as container:
        replies = container.run("test-module").only()
    assert (
        replies[0]
        == "[ERROR-fd5a7750-7182-4b38-90ba-091824478903]the relay does not support the call deleteIncidents\n"
    )
    assert len(replies) == 4 and all(reply.startswith("[ERROR-") and reply.endswith("\n") for reply in replies), replies


def test_what_is_no_program_is_one_error(relay, tmp_path):
    program = tmp_path / "pingone-xsoar"
    program.write_text("not a program")
    program.chmod(0o755)
    with Container(relay, {}, env={"PATH": str(tmp_path)}) as container:
        text = container.run("test-module").error()
    assert text.startswith(
        "Failed to execute test-module command. Error: The executable %s cannot be started ([Errno 8] "
        "Exec format error" % program
    ), text
