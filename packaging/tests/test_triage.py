"""The playbook PingOne - Triage, run on incidents that the mapper makes of activities."""

from incidents import incident_of
from playbooks import PLAYBOOKS
from sandbox import changes

TRIAGE = PLAYBOOKS["PingOne - Triage"]
EMMA, RICHARD = "a8890eb9-38ea-469a-bc00-b64be7903633", "9bc53389-f806-47b6-9480-ab1e3c6269b5"
NORA = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4003"
NOBODY = "3f0c1d7e-55aa-4a11-9f0e-1c2d3e4f5a6b"
USERS = "https://api.pingone.eu/v1/environments/e/users/"
ASKED = "Who should be contained?"


def event(action, user=None, actor=None, address=None, client=None):
    found = {"id": "5b0c", "recordedAt": "2026-03-04T10:15:30.120Z", "action": {"type": action}, "resources": []}
    if user:
        found["resources"].append({"type": "USER", "id": user, "name": "someone", "href": USERS + user})
    if actor:
        found["actors"] = {"user": {"id": actor, "name": "someone"}}
    if client:
        found.setdefault("actors", {})["client"] = {"id": client, "name": "some application"}
    if address:
        found["source"] = {"ipAddress": address}
    return found


def triage(incident, event, answer="#default#", inputs=None, approval="yes"):
    incident.context["incident"] = incident_of(event)
    incident.play(TRIAGE, inputs or {}, {ASKED: answer, "Contain the user?": approval})
    return {one["Check"]: one["Verdict"] for one in incident.context.get("PingOneTriage", {}).get("Finding", [])}


def test_what_the_acting_user_never_did_is_suspicious_and_both_can_be_contained(incident, sandbox):
    role = event("ROLE_ASSIGNMENT.CREATED", RICHARD, EMMA, "203.0.113.9")
    found = triage(incident, role, "both")
    assert found["Address"] == found["Action"] == "suspicious"
    assert incident.asked == [ASKED, "Contain the user?"], "the containment asks once more, after a preview"
    assert incident.notes[0].startswith("### PingOne - Triage\n|Check|Verdict|Reason|")
    contained = {one["ID"] for one in incident.context["PingOne"]["Containment"]}
    assert contained == {EMMA, RICHARD}
    assert not sandbox.user("emma.sharp")["enabled"]


def test_what_the_acting_user_often_does_is_usual(incident, sandbox):
    device = event("DEVICE.CREATED", EMMA, EMMA, "198.51.100.77")
    found = triage(incident, device, inputs={"Until": "now"})
    assert not {"Address", "Action"} & set(found)
    assert incident.notes[-1] == "PingOne - Triage: no one was contained."
    assert incident.asked == [ASKED] and changes(sandbox) == []


def test_earlier_results_in_the_context_do_not_count_as_usual(incident):
    device = event("DEVICE.CREATED", EMMA, EMMA, "198.51.100.77")
    assert not {"Address", "Action"} & set(triage(incident, device, inputs={"Until": "now"}))
    found = triage(incident, device, inputs={"Since": "2 days ago", "Until": "1 day ago"})
    assert found["Action"] == "suspicious"


def test_a_sign_on_from_the_address_of_the_failed_ones_is_suspicious(incident, sandbox):
    burst = event("FAILED_SIGN_ONS.ADDRESS", EMMA, address="198.51.100.77")
    found = triage(incident, burst, "concerned", inputs={"Steps": "endSessions"})
    assert found["Sign-on"] == "suspicious" and "Action" not in found
    assert {call.rsplit("/", 1)[0] for call in changes(sandbox)} == {"DELETE /users/%s/sessions" % EMMA}


def test_failed_sign_ons_of_many_users_look_up_each_of_them(incident):
    burst = event("FAILED_SIGN_ONS.ADDRESS", EMMA, address="203.0.113.200")
    burst["resources"].append({"type": "USER", "id": RICHARD, "name": "richard"})
    assert "Sign-on" not in triage(incident, burst)
    assert {account["ID"] for account in incident.context["PingOne"]["Account"]} == {EMMA, RICHARD}


def test_failed_sign_ons_without_an_address_are_triaged_too(incident, sandbox):
    triage(incident, event("FAILED_SIGN_ONS.USER", EMMA))
    assert "Read what came from the address" not in incident.done and incident.asked == [ASKED]


def test_a_user_who_is_gone_does_not_stop_the_triage(incident, sandbox):
    triage(incident, event("USER.DELETED", NOBODY, EMMA), "concerned")
    assert incident.notes[-1] == "PingOne - Triage: no one was contained."
    assert changes(sandbox) == []


def test_an_event_about_no_user_by_nobody_has_nothing_to_find(incident, sandbox):
    assert triage(incident, event("CERTIFICATE.CREATED")) == {}
    assert incident.notes[0] == "PingOne - Triage: none of the checks found anything unusual."
    assert sandbox.calls() == []


def test_an_application_that_acts_alone_is_compared_with_itself(incident):
    asked = {"actionType": "DEVICE.CREATED", "username": "emma.sharp"}
    (entry,) = incident.run_command("PingOne", "pingone-list-audit-activities", asked)
    (activities,) = [of for key, of in entry["EntryContext"].items() if key.startswith("PingOne.Activity(")]
    client, address = activities[0]["ClientID"], activities[0]["IP"]
    found = triage(incident, event("SECRET.READ", address="203.0.113.9", client=client), inputs={"Until": "now"})
    assert found["Address"] == found["Action"] == "suspicious"
    device = event("DEVICE.CREATED", address=address, client=client)
    assert not {"Address", "Action"} & set(triage(incident, device, inputs={"Until": "now"}))


def test_the_application_through_which_a_user_acts_says_nothing_about_the_user(incident, sandbox):
    triage(incident, event("SECRET.READ", None, EMMA, client="adminui"))
    assert "Read what it did before" not in incident.done


def test_nothing_is_changed_without_the_second_approval(incident, sandbox):
    triage(incident, event("SECRET.READ", None, EMMA), "acting", approval="#default#")
    assert incident.asked == [ASKED, "Contain the user?"] and changes(sandbox) == []


def test_an_administrator_among_them_is_worth_knowing(incident):
    found = triage(incident, event("PASSWORD.RESET", NORA, EMMA))
    assert found["Roles"] == "worth knowing"
    assert "Roles" not in triage(incident, event("CERTIFICATE.CREATED")), "the roles of users of an earlier run"
