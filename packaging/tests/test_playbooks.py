"""The playbooks: compares each task with the manifest, and runs each branch against the sandbox."""

import json

import incidents
import pytest
import yaml
from incident import Stopped, in_order, ways
from playbooks import FILES, MANIFEST, PLAYBOOKS
from sandbox import changes

CONTAIN, RESTORE = PLAYBOOKS["PingOne - Contain User"], PLAYBOOKS["PingOne - Restore User"]
ONBOARD, INVESTIGATE = PLAYBOOKS["PingOne - Onboard User"], PLAYBOOKS["PingOne - User Investigation"]
FATIGUE, WORKER = PLAYBOOKS["PingOne - MFA Fatigue"], PLAYBOOKS["PingOne - Compromised Worker Application"]
ROGUE = PLAYBOOKS["PingOne - Rogue Administrator"]
COMMANDS = {command["name"]: command for command in MANIFEST["script"]["commands"]}
EMMA, RICHARD = "a8890eb9-38ea-469a-bc00-b64be7903633", "9bc53389-f806-47b6-9480-ab1e3c6269b5"
NORA = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4003"
PAYROLL = "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a06"
EMPLOYEES = "4cd45bdb-0eb2-42fe-8475-4bcd908269f1"
MARKETING, STANDARD = "a5ec8d61-6291-4ebf-8630-135c2ecf1d10", "115458a4-5460-4514-802c-df153a6dcd47"
EACH = pytest.mark.parametrize("playbook", PLAYBOOKS.values(), ids=PLAYBOOKS)


def test_there_are_eight_and_each_is_in_the_file_of_its_name():
    assert len(PLAYBOOKS) == 8
    for file in FILES:
        playbook = yaml.safe_load(file.read_text())
        assert file.name == "playbook-%s.yml" % playbook["name"].replace(" ", "_")
        assert playbook["id"] == playbook["name"]


# Each task against the manifest


@EACH
def test_every_way_ends_and_no_task_is_left_over(playbook):
    tasks = playbook["tasks"]
    assert set(in_order(playbook)) == set(tasks), "some tasks cannot be reached"
    ends = [task["task"]["name"] for task in tasks.values() if not ways(task)]
    assert ends == ["Done"], "every way is to end at the task Done"
    for number, task in tasks.items():
        assert task["id"] == number and task["taskid"] == task["task"]["id"], number


@EACH
def test_every_condition_has_a_way_for_each_answer(playbook):
    for task in playbook["tasks"].values():
        answers = set(task.get("nexttasks") or {})
        if task["type"] != "condition":
            assert answers <= {"#none#"}, task["task"]["name"]
            continue
        labels = {condition["label"] for condition in task.get("conditions", [])}
        if not labels:  # a script says yes or no, and a person chooses one of the answers
            labels = {"yes"} if "scriptName" in task["task"] else answers - {"#default#"}
        assert labels and answers == labels | {"#default#"}, task["task"]["name"]
        assert task["task"]["name"].endswith("?"), task["task"]["name"]


def commands(playbook):
    for task in playbook["tasks"].values():
        if task["task"]["iscommand"]:
            brand, name = task["task"]["script"].split("|||")
            # Without a brand, a pilot's PingOne_copy beside it would run the command once more.
            assert brand == task["task"]["brand"] == "PingOne", task["task"]["name"]
            yield name, task


@EACH
def test_commands_and_arguments_are_in_the_manifest(playbook):
    for name, task in commands(playbook):
        where = "%s: %s" % (task["task"]["name"], name)
        assert name in COMMANDS, where
        known = {argument["name"]: argument for argument in COMMANDS[name]["arguments"]}
        given = task.get("scriptarguments", {})
        assert set(given) <= set(known), where
        assert {argument for argument in known if known[argument].get("required")} <= set(given), where
        for argument, value in given.items():
            assert not known[argument].get("hidden"), where
            choice = known[argument].get("predefined")
            if choice and "simple" in value:
                assert value["simple"] in choice, where
            if choice and "complex" in value:
                default = next(one for one in playbook["inputs"] if "inputs." + one["key"] == value["complex"]["root"])
                assert set(default["value"]["simple"].split(",")) <= set(choice), where


def paths(value):
    """The context paths that an argument or a condition reads."""
    if isinstance(value, list):
        return [path for one in value for path in paths(one)]
    if not isinstance(value, dict):
        return []
    found = [path for one in value.values() for path in paths(one)]
    if "root" in value:
        found.append(".".join([value["root"]] + ([value["accessor"]] if "accessor" in value else [])))
    if value.get("iscontext") and "simple" in (value.get("value") or {}):
        found.append(value["value"]["simple"])
    return found


def written(task):
    """The context paths that a task can write."""
    arguments = task.get("scriptarguments", {})
    if task["task"]["iscommand"]:
        name = task["task"]["script"].split("|||")[1]
        return {output["contextPath"] for output in COMMANDS[name].get("outputs", [])}
    if "playbookName" in task["task"]:
        return {output["contextPath"] for output in PLAYBOOKS[task["task"]["playbookName"]]["outputs"]}
    if task["task"].get("scriptName") == "SetAndHandleEmpty":
        key, value = arguments["key"]["simple"], arguments["value"].get("simple", "")
        members = json.loads(value) if value.startswith("{") else {}
        return {key} | {"%s.%s" % (key, member) for member in members}
    return set()


def is_there(path, known):
    return any(one == path or one.startswith(path + ".") for one in known)


@EACH
def test_every_context_path_that_is_read_was_written_before(playbook):
    declared = {"inputs." + one["key"] for one in playbook["inputs"]}
    read, before = set(), {number: set() for number in playbook["tasks"]}
    for number in in_order(playbook):
        task = playbook["tasks"][number]
        for path in paths(task.get("scriptarguments")) + paths(task.get("conditions")):
            read.add(path)
            known = declared if path.startswith("inputs.") else before[number]
            assert is_there(path, known), "%s reads %s" % (task["task"]["name"], path)
        for following in ways(task):
            before[following] |= before[number] | written(task)
    assert declared <= read, "an input is not used"
    everything = {path for task in playbook["tasks"].values() for path in written(task)}
    for output in playbook["outputs"]:
        assert is_there(output["contextPath"], everything), output["contextPath"]
    for one in playbook["inputs"]:
        for path in paths(one["value"]):
            outputs = {out["contextPath"] for name in COMMANDS.values() for out in name.get("outputs", [])}
            assert is_there(path, outputs | {"incident." + field for field in incidents.mapped_fields()}), path


@EACH
def test_sub_playbooks_are_ours_and_take_what_they_are_given(playbook):
    for task in playbook["tasks"].values():
        assert (task["type"] == "playbook") == ("playbookName" in task["task"]), task["task"]["name"]
        if task["type"] == "playbook":
            inputs = {one["key"]: one for one in PLAYBOOKS[task["task"]["playbookName"]]["inputs"]}
            given = set(task["scriptarguments"])
            assert given <= set(inputs), task["task"]["name"]
            assert {key for key, one in inputs.items() if one["required"]} <= given, task["task"]["name"]


# Run against the sandbox


def outcomes(steps):
    return {step["Step"]: step["Outcome"] for step in steps}


def test_contain_and_restore(incident, sandbox):
    incident.play(CONTAIN, {"Username": "emma.sharp"}, {"Contain the user?": "yes"})
    assert incident.asked == ["Contain the user?"]
    assert incident.done[-3:] == ["Contain the user?", "Contain the user", "Done"]
    emma = "/users/" + EMMA
    made = changes(sandbox)
    assert made[0] == "PUT %s/enabled" % emma, "nothing before the approval, and disabled first"
    assert {call.rsplit("/", 1)[0] for call in made[1:]} == {"DELETE %s/sessions" % emma}
    contained = incident.context["PingOne"]["Containment"][-1]
    assert contained["ID"] == EMMA and contained["User"] == "emma.sharp"
    assert outcomes(contained["Steps"]) == {"disable": "done", "endSessions": "done"}
    record = contained["Record"]
    assert record["Disabled"] and record["EndedSessions"] == len(made) - 1
    assert len(incident.notes) == 1 and incident.notes[0].startswith("### Containment of emma.sharp\n"), (
        "the result is a note"
    )
    account = incident.context["PingOne"]["Account"][0]
    assert account["ID"] == EMMA and account["Enabled"], "as it was before"

    before = len(made)
    incident.asked.clear()
    incident.play(RESTORE, {"Username": "emma.sharp"}, {"Restore the user?": "yes"})
    assert incident.asked == ["Restore the user?"]
    assert changes(sandbox)[before:] == ["PUT %s/enabled" % emma]
    restored = incident.context["PingOne"]["Restoration"][-1]
    assert outcomes(restored["Steps"]) == {"enable": "done", "endSessions": "cannot be undone"}
    assert incident.context["PingOne"]["Account"][0]["Enabled"], "and as it is again"


def test_containment_by_all_steps_is_undone_as_far_as_can_be(incident, sandbox):
    steps = "lock,disable,endSessions,setPassword,forceChange,removeDevices,leaveGroups"
    inputs = {"Username": "emma.sharp", "Steps": steps, "LockDuration": "4 hours", "AskForApproval": "false"}
    incident.play(CONTAIN, inputs)
    assert incident.asked == [], "False is taken in any case"
    record = incident.context["PingOne"]["Containment"][-1]["Record"]
    assert record["Locked"] and record["Disabled"] and set(record["LeftGroups"]) == {MARKETING, STANDARD}
    left = ["DELETE /users/%s/memberOfGroups/%s" % (EMMA, group) for group in (MARKETING, STANDARD)]
    assert set(left) <= set(changes(sandbox))
    incident.play(RESTORE, {"Username": "emma.sharp", "AskForApproval": "False"})
    restored = outcomes(incident.context["PingOne"]["Restoration"][-1]["Steps"])
    assert restored.pop("removeDevices") == restored.pop("setPassword") == "cannot be undone"
    assert restored.pop("endSessions") == restored.pop("forceChange") == "cannot be undone"
    assert restored == {"enable": "done", "unlock": "done", "joinGroups": "done"}
    assert changes(sandbox).count("POST /users/%s/memberOfGroups" % EMMA) == 2
    groups = incident.context["PingOne"]["Account"][0]["Groups"]
    assert {group["ID"] for group in groups} == {MARKETING, STANDARD}


def test_blocked_devices_are_kept_and_unblocked_again(incident, sandbox):
    inputs = {"Username": "mia.mobile", "Steps": "blockDevices", "AskForApproval": "false"}
    incident.play(CONTAIN, inputs)
    blocked = changes(sandbox)
    assert blocked and all(call.startswith("POST /users/") and "/devices/" in call for call in blocked)
    assert len(incident.context["PingOne"]["Containment"][-1]["Record"]["BlockedDevices"]) == len(blocked)
    incident.play(RESTORE, {"Username": "mia.mobile", "AskForApproval": "false"})
    assert outcomes(incident.context["PingOne"]["Restoration"][-1]["Steps"]) == {"unblockDevices": "done"}
    assert sorted(changes(sandbox)[len(blocked) :]) == sorted(blocked), "the same devices"


@pytest.mark.parametrize("ask", ["True", "", "no", "0"])
def test_nothing_is_changed_without_approval(incident, sandbox, ask):
    inputs = {"Username": "emma.sharp", "AskForApproval": ask}
    incident.play(CONTAIN, inputs, {"Contain the user?": "#default#"})
    assert incident.asked == ["Contain the user?"]
    assert incident.notes == ["PingOne - Contain User: not approved, so nothing was changed."]
    incident.play(RESTORE, inputs, {})
    assert "there is no containment record" in incident.notes[1], "the dry run left no record"
    assert changes(sandbox) == []


def test_nothing_is_restored_without_approval(incident, sandbox):
    incident.play(CONTAIN, {"Username": "emma.sharp", "AskForApproval": "False"})
    made = changes(sandbox)
    incident.play(RESTORE, {"Username": "emma.sharp"}, {"Restore the user?": "#default#"})
    assert incident.asked == ["Restore the user?"]
    assert incident.notes[-1] == "PingOne - Restore User: not approved, so nothing was changed."
    assert changes(sandbox) == made


def test_a_step_that_fails_stops_the_playbook_but_the_record_is_there(incident, sandbox):
    sandbox.fault(path="*/password", method="PUT", status=400)
    with pytest.raises(Stopped, match="(?s)Contain the user: .*Replace password"):
        incident.play(CONTAIN, {"Username": "emma.sharp", "Steps": "disable,setPassword", "AskForApproval": "False"})
    contained = incident.context["PingOne"]["Containment"][-1]
    assert outcomes(contained["Steps"])["setPassword"] == "failed"
    assert contained["Record"]["Disabled"] and not contained["Record"]["PasswordReplaced"]


def test_a_user_that_is_not_there_stops_before_anything(incident, sandbox):
    for playbook in (CONTAIN, INVESTIGATE):
        with pytest.raises(Stopped, match="(?s)Look up the user: .*Failed to find user for nobody.here username"):
            incident.play(playbook, {"Username": "nobody.here"})
    assert changes(sandbox) == [] and incident.asked == []


def test_without_a_record_nothing_is_restored(incident, sandbox):
    incident.play(RESTORE, {"Username": "emma.sharp", "Records": []})
    assert "there is no containment record" in incident.notes[0]
    assert sandbox.calls() == []


@EACH
def test_without_the_integration_the_playbook_stops_and_says_why(incident, sandbox, playbook):
    incident.enabled = ()
    what = "%s: no instance of the integration PingOne is enabled, so " % playbook["name"]
    with pytest.raises(Stopped, match="Report that PingOne is not enabled: " + what):
        incident.play(playbook, {one["key"]: "x" for one in playbook["inputs"]})
    assert incident.done == ["", "Is PingOne enabled?"]
    assert sandbox.calls() == [] and incident.context == {}


def test_onboard(incident, sandbox):
    incident.play(
        ONBOARD,
        {
            "Username": "ines.new",
            "PopulationID": EMPLOYEES,
            "Email": "ines.new@example.com",
            "GivenName": "Ines",
            "FamilyName": "Noor",
            "Title": "Buyer",
            "GroupNames": "Marketing, Standard,Marketing",
        },
    )
    user = sandbox.user("ines.new")
    base = "/users/" + user["id"]
    assert changes(sandbox) == ["POST /users", "PATCH " + base] + ["POST %s/memberOfGroups" % base] * 2
    assert (user["email"], user["title"]) == ("ines.new@example.com", "Buyer")
    (account,) = incident.context["PingOne"]["Account"]
    assert account["ID"] == user["id"] and account["Username"] == "ines.new"
    assert {group["Name"] for group in account["Groups"]} == {"Marketing", "Standard"}
    assert len(incident.notes) == 1 and incident.notes[0].startswith("### User:ines.new\n")


def test_onboard_with_the_least(incident, sandbox):
    incident.play(ONBOARD, {"Username": "ines.new", "PopulationID": EMPLOYEES})
    assert changes(sandbox) == ["POST /users"]
    with pytest.raises(Stopped, match="(?s)Create the user: .*UNIQUENESS_VIOLATION"):
        incident.play(ONBOARD, {"Username": "ines.new", "PopulationID": EMPLOYEES, "GroupNames": "Sales"})
    assert set(changes(sandbox)) == {"POST /users"}, "nothing is done to a user that was there already"


# In the sandbox, this worker application has the role Identity Data Read Only alone.
READER = {
    "credentials": {
        "identifier": "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a03",
        "password": "sandbox-secret-of-the-reader",
    }
}


def test_investigation_of_a_user_under_attack(incident, sandbox):
    incident.container.params = dict(incident.container.params, **READER)
    for _ in range(2):  # what the first run found is not counted twice
        incident.play(INVESTIGATE, {"Username": "emma.sharp", "FailedLoginLimit": "1"})
    found = incident.context["PingOneInvestigation"]
    assert found["Verdict"] == ["Suspicious"]
    assert [finding["Check"] for finding in found["Finding"]] == ["Failed sign-ons", "MFA devices", "Sessions"]
    assert changes(sandbox) == []
    assert incident.notes[0] == incident.notes[1]
    assert incident.notes[0].startswith(
        "### PingOne - User Investigation\n|Check|Verdict|Reason|\n|---|---|---|\n"
        "| Failed sign-ons | suspicious | Many sign-ons failed from one address."
    )


def test_investigation_with_a_higher_limit(incident, sandbox):
    incident.play(INVESTIGATE, {"Username": "emma.sharp", "FailedLoginLimit": "2"})
    checks = [finding["Check"] for finding in incident.context["PingOneInvestigation"]["Finding"]]
    assert "Failed sign-ons" not in checks, "one failed from each of two addresses, and one from an unknown one"


def test_investigation_of_a_quiet_user(incident, sandbox):
    incident.play(INVESTIGATE, {"Username": "richard.smith"})
    assert incident.context["PingOneInvestigation"] == {"UserID": [RICHARD], "Verdict": ["Nothing suspicious found"]}
    assert incident.notes == ["PingOne - User Investigation: none of the checks found anything."]


def test_investigation_keeps_the_users_of_an_incident_apart(incident, sandbox):
    incident.play(INVESTIGATE, {"Username": "emma.sharp", "FailedLoginLimit": "2"})
    incident.play(INVESTIGATE, {"Username": "nora.lind"})
    incident.play(INVESTIGATE, {"Username": "richard.smith"})
    assert incident.context["PingOneInvestigation"] == {"UserID": [RICHARD], "Verdict": ["Nothing suspicious found"]}
    users = {one["UserID"] for kind in ("Session", "Device") for one in incident.context["PingOne"][kind]}
    assert EMMA in users, "what was found of the first user stays in the incident"


def activity(number, action, actor, affected):
    """An activity as pingone-list-audit-activities also returns it for the user who performed it."""
    resources = [{"Type": "USER", "ID": affected, "Name": "somebody"}]
    return {"ID": number, "Action": action, "UserID": actor, "Resources": resources}


@pytest.mark.parametrize("action", ["PASSWORD.RESET", "PASSWORD.SET", "DEVICE.CREATED", "DEVICE.ACTIVATED"])
def test_what_a_user_did_to_others_is_not_held_against_them(incident, action):
    key = "PingOne.Activity(val.ID && val.ID == obj.ID)"
    incident.put(key, [activity("1", action, RICHARD, EMMA)])
    incident.play(INVESTIGATE, {"Username": "richard.smith"})
    assert incident.context["PingOneInvestigation"]["Verdict"] == ["Nothing suspicious found"]
    incident.put(key, [activity("2", action, NORA, RICHARD)])
    incident.play(INVESTIGATE, {"Username": "richard.smith"})
    (finding,) = incident.context["PingOneInvestigation"]["Finding"]
    assert finding["Check"] == ("Password" if action.startswith("PASSWORD") else "MFA devices")


def test_sessions_that_have_expired_are_not_counted(incident):
    key = "PingOne.Session(val.ID && val.ID === obj.ID)"
    session = {"UserID": RICHARD, "Expired": False}
    incident.put(key, [dict(session, ID="1", IP="192.0.2.1"), dict(session, ID="2", IP="192.0.2.2", Expired=True)])
    incident.play(INVESTIGATE, {"Username": "richard.smith"})
    assert "Finding" not in incident.context["PingOneInvestigation"]
    incident.put(key, [dict(session, ID="3", IP="192.0.2.3", Expired=None)])
    incident.play(INVESTIGATE, {"Username": "richard.smith"})
    (finding,) = incident.context["PingOneInvestigation"]["Finding"]
    assert finding["Check"] == "Sessions", "one whose end is not known may be live"


def test_investigation_finds_the_user_in_any_case_of_letters(incident):
    incident.play(INVESTIGATE, {"Username": "Richard.SMITH"})
    assert incident.context["PingOneInvestigation"]["UserID"] == [RICHARD]


def test_investigation_judges_nobody_where_it_is_not_known_who_is_meant(incident):
    look_alike = {"ID": "11111111-2222-4333-8444-555555555555", "Username": "Richard.Smith"}
    incident.put("PingOne.Account(val.ID && val.ID === obj.ID)", [look_alike])
    with pytest.raises(Stopped, match="Report that the user is not known: .* nothing was evaluated"):
        incident.play(INVESTIGATE, {"Username": "richard.smith"})
    assert "Verdict" not in incident.context["PingOneInvestigation"]
    incident.container.params = dict(incident.container.params, not_found_as_note=True)
    with pytest.raises(Stopped, match="Report that the user is not known: .* nothing was evaluated"):
        incident.play(INVESTIGATE, {"Username": "nobody.here"})


def test_investigation_of_an_administrator(incident, sandbox):
    incident.play(INVESTIGATE, {"Username": "nora.lind"})
    found = incident.context["PingOneInvestigation"]
    assert [finding["Check"] for finding in found["Finding"]] == ["Roles"]
    assert found["Verdict"] == ["Nothing suspicious found"], "roles are worth knowing, not suspicious"


# The user is asked

MIA, PHONE = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4011", "66c529e8-1cb3-4ef8-80cd-199f895b7011"
ANALYST, CONTAINMENT = "Did the user start these sign-ons?", "Contain the user?"


def pushes(sandbox):
    return [call for call in changes(sandbox) if call.endswith("/deviceAuthentications")]


def test_an_approved_push_ends_the_fatigue_playbook_without_changes(incident, sandbox):
    sandbox.answer_pushes("mia.mobile", "APPROVE", 1)
    incident.play(FATIGUE, {"Username": "mia.mobile"})
    assert incident.context["PingOneMFAFatigue"] == {"UserID": [MIA], "Verdict": ["No attack"]}
    assert incident.asked == [] and changes(sandbox) == pushes(sandbox) and len(pushes(sandbox)) == 1


def test_a_denied_push_blocks_the_phone_and_ends_the_sessions_and_approval_contains(incident, sandbox):
    sandbox.answer_pushes("mia.mobile", "DENY", 1)
    incident.play(FATIGUE, {"Username": "mia.mobile", "Steps": "disable"}, {CONTAINMENT: "yes"})
    assert incident.asked == [CONTAINMENT]
    assert incident.context["PingOneMFAFatigue"]["Verdict"] == ["Attack"]
    assert changes(sandbox)[len(pushes(sandbox)) :] == [
        "POST /users/%s/devices/%s" % (MIA, PHONE),
        "PUT /users/%s/enabled" % MIA,
    ], "Mia has no session, and her email address receives no pushes"
    ended = [change for change in incident.context["PingOne"]["Change"] if "sessions" in change["Command"]]
    assert ended and ended[0]["Verified"]
    assert incident.context["PingOne"]["Containment"][-1]["Record"]["Disabled"]


@pytest.mark.parametrize("said, verdict", [("yes", "No attack"), ("#default#", "Attack")])
def test_an_analyst_decides_where_nobody_is_asked(incident, sandbox, said, verdict):
    incident.play(FATIGUE, {"Username": "emma.sharp"}, {ANALYST: said, CONTAINMENT: "#default#"})
    assert incident.asked[0] == ANALYST and pushes(sandbox) == [], "no device of hers receives pushes"
    assert incident.context["PingOneMFAFatigue"]["Verdict"] == [verdict]
    ended = [call for call in changes(sandbox) if "/sessions/" in call]
    assert changes(sandbox) == ended and bool(ended) == (verdict == "Attack"), "no approval, so no containment"


def test_a_push_that_cannot_be_sent_leaves_the_decision_to_an_analyst(incident, sandbox):
    sandbox.fault(path="*/deviceAuthentications", method="POST", status=400)
    earlier = {"ID": "1", "UserID": MIA, "Outcome": "Approved"}
    incident.put("PingOne.Verification(val.ID && val.ID === obj.ID)", [earlier])
    incident.play(FATIGUE, {"Username": "mia.mobile"}, {ANALYST: "yes"})
    assert incident.asked == [ANALYST], "an earlier yes does not count"


def test_with_ask_user_false_nothing_is_sent(incident, sandbox):
    incident.play(FATIGUE, {"Username": "mia.mobile", "AskUser": "false"}, {ANALYST: "yes"})
    assert incident.asked == [ANALYST] and changes(sandbox) == []


@pytest.mark.parametrize("answer, verdict", [("APPROVE", "worth knowing"), ("DENY", "suspicious")])
def test_investigation_asks_a_suspicious_user(incident, sandbox, answer, verdict):
    sandbox.answer_pushes("mia.mobile", answer, 1)
    key = "PingOne.Activity(val.ID && val.ID == obj.ID)"
    incident.put(key, [activity("1", "PASSWORD.RESET", NORA, MIA)])
    incident.play(INVESTIGATE, {"Username": "mia.mobile"})
    found = incident.context["PingOneInvestigation"]
    assert [finding["Check"] for finding in found["Finding"]] == ["Password", "User's answer"]
    assert found["Finding"][-1]["Verdict"] == verdict and found["Verdict"] == ["Suspicious"]
    assert changes(sandbox) == pushes(sandbox) and len(pushes(sandbox)) == 1
    incident.play(INVESTIGATE, {"Username": "mia.mobile", "AskUser": "False"})
    assert len(pushes(sandbox)) == 1


def test_investigation_says_when_no_push_could_be_sent(incident, sandbox):
    sandbox.fault(path="*/deviceAuthentications", method="POST", status=400)
    incident.put("PingOne.Activity(val.ID && val.ID == obj.ID)", [activity("1", "PASSWORD.RESET", NORA, MIA)])
    incident.play(INVESTIGATE, {"Username": "mia.mobile"})
    assert "no push could be sent" in incident.context["PingOneInvestigation"]["Finding"][-1]["Reason"]


# A worker application whose secret was stolen

STOLEN = "Contain the application?"


def test_a_stolen_worker_loses_its_roles_first_and_its_new_secret_is_shown_nowhere(incident, sandbox):
    incident.play(WORKER, {"ClientID": PAYROLL}, {STOLEN: "yes"})
    assert incident.asked == [STOLEN]
    application = "/applications/" + PAYROLL
    made = changes(sandbox)
    assert [call.rsplit("/", 1)[0] for call in made[:2]] == ["DELETE %s/roleAssignments" % application] * 2
    assert made[2:] == ["PUT " + application, "POST %s/secret" % application]
    contained = incident.context["PingOne"]["Containment"][-1]
    assert contained["ID"] == PAYROLL and contained["Application"] == PAYROLL
    assert outcomes(contained["Steps"]) == {"removeRoles": "done", "disable": "done", "rotateSecret": "done"}
    record = contained["Record"]
    assert {role["Role"] for role in record["RemovedRoles"]} == {"Environment Admin", "Identity Data Admin"}
    assert record["Disabled"] and record["SecretRotated"]
    (note, remains) = incident.notes
    assert note.startswith("**Access tokens that the application already has cannot be revoked."), "said first"
    assert "pingone-restore-application" in remains
    everything = json.dumps([incident.context, incident.notes]).lower()
    assert "payroll sync" in everything and '"secret"' not in everything and "sandbox-secret" not in everything


def test_a_worker_is_not_contained_without_approval(incident, sandbox):
    incident.play(WORKER, {"ClientID": PAYROLL}, {STOLEN: "#default#"})
    assert incident.asked == [STOLEN] and changes(sandbox) == []
    assert incident.notes == ["PingOne - Compromised Worker Application: not approved, so nothing was changed."]


def test_the_worker_that_xsoar_uses_itself_is_refused(incident, sandbox):
    own = sandbox.params["credentials"]["identifier"]
    with pytest.raises(Stopped, match="(?s)Contain the application: .*is the worker application of this instance"):
        incident.play(WORKER, {"ClientID": own, "AskForApproval": "False"})
    assert changes(sandbox) == []


# A role that should not have been given away: in the sandbox, alex.admin gave one to rory.rogue

RORY, ALEX = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4016", "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4013"
GWEN, GONE = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4014", "3f0c1d7e-55aa-4a11-9f0e-1c2d3e4f5a6b"
REMOVAL = "Remove the roles?"


def grant(giver, receiver, result="SUCCESS"):
    """An activity as pingone-list-audit-activities returns it for a role that was given to a user."""
    affected = [{"ID": receiver, "Name": "somebody"}]
    one = {"Action": "ROLE_ASSIGNMENT.CREATED", "Result": result, "UserID": giver, "AffectedUsers": affected}
    return dict(one, ID=giver + receiver)


def known_grants(incident, *grants):
    incident.put("PingOne.Activity(val.ID && val.ID == obj.ID)", list(grants))


def test_a_rogue_administrator_loses_the_role_and_who_gave_it_is_contained(incident, sandbox):
    incident.play(ROGUE, {"Username": "rory.rogue"}, {REMOVAL: "yes", CONTAINMENT: "yes"})
    assert incident.asked == [REMOVAL, CONTAINMENT]
    assert incident.context["PingOneRogueAdministrator"] == {
        "UserID": [RORY],
        "GrantedByID": [ALEX],
        "GrantedBy": ["alex.admin"],
    }
    role, disabled, session = changes(sandbox)
    assert role.startswith("DELETE /users/%s/roleAssignments/" % RORY), "rory.rogue has no session"
    assert disabled == "PUT /users/%s/enabled" % ALEX
    assert session.startswith("DELETE /users/%s/sessions/" % ALEX)
    assert {one["Role"] for one in incident.context["PingOne"]["RoleAssignment"]} == {"Environment Admin"}
    assert {"rory.rogue", "olga.owner"} <= {one["Username"] for one in incident.context["PingOne"]["Administrator"]}
    contained = incident.context["PingOne"]["Containment"]
    of_rory, of_alex = (one["Record"] for one in contained if not one.get("DryRun"))
    assert of_rory["RemovedRoleNames"] == ["Environment Admin"] and of_alex["Disabled"]
    of_rory, of_alex, remains = incident.notes
    assert of_rory.startswith("### Containment of rory.rogue\n")
    assert of_alex.startswith("### Containment of alex.admin\n")
    assert "check by hand what remains" in remains

    before = len(changes(sandbox))
    incident.play(RESTORE, {"Username": "rory.rogue", "AskForApproval": "False"})
    assert changes(sandbox)[before:] == ["POST /users/%s/roleAssignments" % RORY]
    assert outcomes(incident.context["PingOne"]["Restoration"][-1]["Steps"]) == {"assignRoles": "done"}


def test_no_role_is_removed_without_approval(incident, sandbox):
    incident.play(ROGUE, {"Username": "rory.rogue"}, {REMOVAL: "#default#"})
    assert incident.asked == [REMOVAL] and changes(sandbox) == []
    assert incident.notes == ["PingOne - Rogue Administrator: not approved, so nothing was changed."]


def test_who_gave_a_role_is_not_contained_without_the_second_approval(incident, sandbox):
    incident.play(ROGUE, {"Username": "rory.rogue"}, {REMOVAL: "yes", CONTAINMENT: "#default#"})
    assert incident.asked == [REMOVAL, CONTAINMENT]
    (only,) = changes(sandbox)
    assert "/roleAssignments/" in only
    assert incident.notes[1] == "PingOne - Contain User: not approved, so nothing was changed."
    assert "check by hand what remains" in incident.notes[2]


def test_roles_through_a_group_stay_and_nobody_gave_them(incident, sandbox):
    known_grants(incident, grant(ALEX, RORY), grant(EMMA, NORA), grant(RICHARD, GWEN, "FAILURE"))
    incident.play(ROGUE, {"Username": "gwen.group"}, {REMOVAL: "yes"})
    assert incident.asked == [REMOVAL], "others received roles, and one attempt failed"
    assert not [call for call in changes(sandbox) if "/roleAssignments/" in call]
    assert "through the group Platform Admins" in incident.notes[0]
    assert "no account was found that granted the roles" in incident.notes[1]


def test_an_account_that_gave_a_role_and_is_gone_does_not_stop_the_playbook(incident, sandbox):
    known_grants(incident, grant(GONE, NORA))
    incident.play(ROGUE, {"Username": "nora.lind"}, {REMOVAL: "yes"})
    assert incident.context["PingOneRogueAdministrator"] == {"UserID": [NORA], "GrantedByID": [GONE]}
    assert "/roleAssignments/" in changes(sandbox)[0]
    assert "no account was found that granted the roles" in incident.notes[1]
    assert incident.done[-1] == "Done"


def test_several_who_gave_roles_are_approved_together(incident, sandbox):
    known_grants(incident, grant(EMMA, RORY))
    inputs = {"Username": "rory.rogue", "Steps": "removeRoles,disable", "GrantorSteps": "disable"}
    incident.play(ROGUE, inputs, {REMOVAL: "yes", CONTAINMENT: "yes"})
    disabled = ["PUT /users/%s/enabled" % user for user in (RORY, EMMA, ALEX)]
    assert sorted(call for call in changes(sandbox) if call.startswith("PUT")) == sorted(disabled)


def test_a_rogue_administrator_who_is_not_known_stops_the_playbook(incident, sandbox):
    incident.container.params = dict(incident.container.params, not_found_as_note=True)
    with pytest.raises(Stopped, match="Report that the user is not known: .* nothing was done"):
        incident.play(ROGUE, {"Username": "nobody.here"})
    assert changes(sandbox) == []
