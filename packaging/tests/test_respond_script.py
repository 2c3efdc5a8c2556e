"""The script PingOneRespondToUser, run in a container whose commands go to the executable and the sandbox."""

import pytest
import yaml
from conftest import PACKAGING, ROOT
from sandbox import changes
from xsoar import Container

SCRIPT = PACKAGING / "pack" / "Scripts" / "PingOneRespondToUser.py"
DEFINITION = yaml.safe_load(SCRIPT.with_suffix(".yml").read_text())
EMMA, RICHARD = "a8890eb9-38ea-469a-bc00-b64be7903633", "9bc53389-f806-47b6-9480-ab1e3c6269b5"
NOBODY = "3f0c1d7e-55aa-4a11-9f0e-1c2d3e4f5a6b"
ALL = "disable,endSessions,expirePassword"


class Server:
    """Runs the script. Its commands go to the instances of the integration, by name."""

    def __init__(self, script, instances):
        self.script, self.instances, self.asked = script, instances, []
        script.run_command = self.run_command

    def run_command(self, command, args):
        self.asked.append((command, args))
        args = dict(args)
        using, brand = args.pop("using", None), args.pop("using-brand", None)
        assert using or brand == "PingOne", "a pilot's PingOne_copy would run the command once more"
        entries = []
        for name, instance in self.instances.items():
            if using in (None, name):
                answer = instance.run(command, args)
                assert not answer.exceptions, answer.exceptions
                entries += [dict(entry, ModuleName=name) for entry in answer.entries]
        return entries

    def run(self, **args):
        answer = self.script.run("", args)
        assert not answer.exceptions, answer.exceptions
        return answer.entries


@pytest.fixture
def server(relay, sandbox, image_env):
    with Container(relay, sandbox.params, env=image_env) as instance, Container(SCRIPT.read_text(), {}) as script:
        yield Server(script, {"Ping": instance})


def context(entry):
    """The context of an entry by the name of its key, without the condition for merging."""
    return {key.split("(")[0]: value for key, value in entry["EntryContext"].items()}


def test_a_user_is_disabled_signed_off_and_must_change_the_password(server, sandbox):
    (entry,) = server.run(user_name="emma.sharp", actions=ALL)
    assert entry["Type"] == 1
    profile = {"Username": "emma.sharp", "ID": EMMA, "Email": "emma.sharp@example.com"}
    found = context(entry)
    (disabled,) = found["DisableUser"]
    assert disabled == {
        "Brand": "PingOne",
        "Instance": "Ping",
        "UserProfile": profile,
        "Disabled": True,
        "Result": "Success",
        "Message": "Disabled",
    }
    (ended,) = found["SessionClearResults"]
    message = ended.pop("Message")
    assert ended == {"UserName": "emma.sharp", "UserId": EMMA, "Brand": "PingOne", "Result": "Success"}
    assert message == "Ended 2 sessions"
    (expired,) = found["ExpirePassword"]
    assert expired["UserProfile"] == profile and (expired["Instance"], expired["Result"]) == ("Ping", "Success")
    assert found["PingOne.Containment"][0]["Record"]["Disabled"], "so that it can be undone"
    assert "| emma.sharp | Ping | disable | Success | Disabled |" in entry["HumanReadable"]
    assert not sandbox.user("emma.sharp")["enabled"]
    assert [command for command, _ in server.asked] == ["pingone-get-user", "pingone-contain-user"]


@pytest.mark.parametrize("action, key", [("disable", "DisableUser"), ("endSessions", "SessionClearResults")])
def test_only_what_is_asked_for_is_done_and_reported(server, sandbox, action, key):
    (entry,) = server.run(user_email="emma.sharp@example.com", actions=action)
    assert set(context(entry)) == {key, "PingOne.Containment"}
    assert sandbox.user("emma.sharp")["enabled"] == (action != "disable")


def test_a_user_who_is_disabled_already_is_a_success_that_says_so(server):
    server.run(user_id=EMMA, actions="disable")
    (entry,) = server.run(user_id=EMMA, actions=["disable"])
    (disabled,) = context(entry)["DisableUser"]
    assert (disabled["Disabled"], disabled["Result"], disabled["Message"]) == (True, "Success", "Already disabled")


def test_one_user_named_in_several_ways_is_one_user(server, sandbox):
    (entry,) = server.run(
        user_id=EMMA, user_name='["emma.sharp"]', user_email="emma.sharp@example.com", actions="disable"
    )
    assert len(context(entry)["DisableUser"]) == 1
    assert changes(sandbox) == ["PUT /users/%s/enabled" % EMMA]


def test_unknown_users_are_reported_beside_the_others(server, sandbox):
    (entry,) = server.run(user_name="emma.sharp, no|body", user_id=NOBODY, actions="disable")
    rows = {row["UserProfile"]["Username"] or row["UserProfile"]["ID"]: row for row in context(entry)["DisableUser"]}
    assert {name: row["Result"] for name, row in rows.items()} == {
        "emma.sharp": "Success",
        "no|body": "Failed",
        NOBODY: "Failed",
    }
    assert rows["no|body"]["Message"].endswith("Failed to find user for no|body username.")
    assert "[404]" in rows[NOBODY]["Message"] and not rows[NOBODY]["Disabled"]
    assert "| no\\|body |" in entry["HumanReadable"]


def test_if_nothing_succeeds_there_is_an_error_too(server, sandbox):
    entry, error = server.run(user_name="nobody.here", actions=ALL)
    assert {row["Result"] for key in ("DisableUser", "ExpirePassword") for row in context(entry)[key]} == {"Failed"}
    assert error["Type"] == 4 and error["Contents"].startswith("PingOneRespondToUser: no action succeeded.")
    assert changes(sandbox) == []


def test_protected_users_stay_protected(server, sandbox):
    server.instances["Ping"].params["protected_users"] = "emma.sharp"
    entry, error = server.run(user_name="emma.sharp", actions="disable")
    (row,) = context(entry)["DisableUser"]
    assert row["Result"] == "Failed" and "protected" in row["Message"]
    assert error["Type"] == 4 and sandbox.user("emma.sharp")["enabled"]


def test_a_step_that_fails_is_reported_and_the_others_are_done(server, sandbox):
    sandbox.fault(path="*/enabled", method="PUT", status=400)
    (entry,) = server.run(user_name="emma.sharp", actions="disable,endSessions")
    found = context(entry)
    assert (found["DisableUser"][0]["Result"], found["DisableUser"][0]["Disabled"]) == ("Failed", False)
    assert found["SessionClearResults"][0]["Result"] == "Success"


def test_the_entries_of_the_commands_are_there_if_asked_for(server):
    (entry,) = server.run(user_name="emma.sharp", actions="disable", verbose="true")
    assert "### User:emma.sharp" in entry["HumanReadable"] and "### Containment of emma.sharp" in entry["HumanReadable"]
    assert "PingOne.Account" not in context(entry), "only the scripts' own keys and the record"


def test_each_instance_that_knows_the_user_is_used_and_one_that_cannot_say_is_reported(
    server, relay, sandbox, image_env
):
    with Container(relay, dict(sandbox.params, region="Mars"), env=image_env) as broken:
        server.instances["Broken"] = broken
        (entry,) = server.run(user_name="emma.sharp", actions="disable")
    failed, done = context(entry)["DisableUser"]
    assert failed["Result"] == "Failed" and "Mars" in failed["Message"]
    assert (done["Result"], done["Instance"]) == ("Success", "Ping")


def test_a_command_that_cannot_be_run_loses_nothing_of_what_was_done(server, sandbox):
    def refuse_the_second(command, args):
        if args.get("userId") == RICHARD:
            server.script.refusals["pingone-contain-user"] = ["the container is gone"]
        return server.run_command(command, args)

    server.script.run_command = refuse_the_second
    (entry,) = server.run(user_id=[EMMA, RICHARD], actions="disable")
    done, failed = context(entry)["DisableUser"]
    assert (done["Result"], failed["Result"]) == ("Success", "Failed")
    assert failed["Message"].startswith("pingone-contain-user failed: ")


@pytest.mark.parametrize(
    "args, problem",
    [
        ({"actions": "disable"}, "Provide at least one of user_id, user_name and user_email."),
        ({"user_name": "emma.sharp"}, "Provide actions"),
        ({"user_name": "emma.sharp", "actions": "disable,delete"}, "Provide actions"),
    ],
)
def test_wrong_arguments_change_nothing(server, sandbox, args, problem):
    (entry,) = server.run(**args)
    assert entry["Type"] == 4 and problem in entry["Contents"]
    assert sandbox.calls() == []


def test_the_definition_declares_what_the_script_reads_and_writes(server):
    arguments = {argument["name"]: argument for argument in DEFINITION["args"]}
    assert set(arguments) == {"user_id", "user_name", "user_email", "actions", "verbose"}
    (entry,) = server.run(user_name="emma.sharp", actions=",".join(arguments["actions"]["predefined"]))
    written = set()
    for key, items in context(entry).items():
        for name, value in items[0].items() if key != "PingOne.Containment" else ():
            members = value if isinstance(value, dict) else [None]
            written |= {".".join(filter(None, (key, name, member))) for member in members}
    declared = {output["contextPath"] for output in DEFINITION["outputs"]}
    assert written == declared - {"PingOne.Containment"}
    manifest = yaml.safe_load((ROOT / "integration.yml").read_text())
    assert DEFINITION["dockerimage"] == manifest["script"]["dockerimage"], "an image that is there anyway"
