"""The pack's incidents: what the classifier and the mapper make of activities, and what the layout shows."""

import json

import pytest
import yaml
from incidents import CLASSIFIER, COMMON_FIELDS, FIELDS, LAYOUTS, MAPPER, PACK, TYPES, field_names, incident_of
from playbooks import PLAYBOOKS
from xsoar import Container

SCRIPTS = {file.stem: yaml.safe_load(file.read_text()) for file in (PACK / "Scripts").glob("*.yml")}
SHOW = (PACK / "Scripts" / "PingOneShowEvent.py").read_text()
ENVIRONMENT = "https://api.pingone.eu/v1/environments/0b1f4c52-7e0f-4d57-9a4c-3c2b6d5e8f01"
NORA, MIA = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4003", "5f0e2d3c-4b1a-4c6d-8e7f-9a0b1c2d3e4f"
GROUP = "a5ec8d61-6291-4ebf-8630-135c2ecf1d10"


def activity(action, resources, **more):
    """An activity in PingOne's shape. Members other than these may be missing."""
    event = {"id": "5b0c", "recordedAt": "2026-03-04T10:15:30.120Z", "action": {"type": action, "description": "d"}}
    return dict(event, resources=resources, result={"status": "SUCCESS", "description": "said"}, **more)


def of_user(path="", kind="USER", **more):
    return dict({"type": kind, "id": MIA, "href": "%s/users/%s%s" % (ENVIRONMENT, MIA, path)}, **more)


ACTORS = {"user": {"id": NORA, "name": "nora.admin"}, "client": {"id": "adminui", "name": "Administration"}}


def test_who_what_and_from_where():
    event = activity(
        "ROLE_ASSIGNMENT.CREATED",
        [of_user("/roleAssignments/1", name="mia.mobile")],
        actors=ACTORS,
        source={"ipAddress": "198.51.100.7", "userAgent": "Firefox"},
        correlationId="7d1e",
    )
    assert incident_of(event) == {
        "type": "PingOne Event",
        "occurred": "2026-03-04T10:15:30.120Z",
        "eventid": "5b0c",
        "pingoneaction": "ROLE_ASSIGNMENT.CREATED",
        "pingonetarget": "mia.mobile",
        "pingoneuserid": MIA,
        "sourceusername": "nora.admin",
        "pingoneactorid": NORA,
        "pingoneclient": "Administration",
        "pingoneclientid": "adminui",
        "pingonecorrelationid": "7d1e",
        "sourceip": "198.51.100.7",
        "useragent": "Firefox",
    }


@pytest.mark.parametrize(
    "resources",
    [
        [of_user()],
        [of_user("/devices/1", kind="DEVICE", id="1")],
        [of_user("/memberOfGroups/" + GROUP, kind="MEMBER_OF_GROUP", id=GROUP, name="Finance Approvers")],
        [{"type": "APPLICATION", "id": "a", "href": ENVIRONMENT + "/applications/a"}, of_user()],
        [of_user(), {"type": "APPLICATION", "id": "a", "href": ENVIRONMENT + "/applications/a"}],
    ],
    ids=["user", "device", "group", "user last", "user first"],
)
def test_the_user_concerned_is_found_in_what_belongs_to_the_user(resources):
    assert incident_of(activity("A.B", resources))["pingoneuserid"] == MIA


@pytest.mark.parametrize(
    "event",
    [
        activity("SECRET.READ", [{"type": "APPLICATION", "id": "a", "href": ENVIRONMENT + "/applications/a/secret"}]),
        activity("SUBSCRIPTION.DELETED", [{"type": "SUBSCRIPTION", "id": "s"}]),
        {"action": {"type": "ENVIRONMENT.UPDATED"}},
    ],
    ids=["application", "no address", "hardly anything"],
)
def test_an_event_about_no_user_has_no_user(event):
    found = incident_of(event)
    assert found["type"] == "PingOne Event"
    assert not {"pingoneuserid", "pingoneactorid", "sourceip"} & set(found)


@pytest.mark.parametrize("kind", ["FAILED_SIGN_ONS.USER", "FAILED_SIGN_ONS.ADDRESS"])
def test_counted_sign_ons_have_their_own_type_and_name_all_users(kind):
    users = [{"type": "USER", "id": MIA, "name": "mia.mobile"}, {"type": "USER", "id": NORA, "name": "nora.admin"}]
    found = incident_of(activity(kind, users, source={"ipAddress": "198.51.100.7"}))
    assert found["type"] == "PingOne Failed Sign-Ons"
    assert found["pingoneuserid"] == MIA + "," + NORA and found["pingonetarget"] == "mia.mobile, nora.admin"
    assert found["sourceip"] == "198.51.100.7" and "pingoneactorid" not in found


def test_types_fields_classifier_and_mapper_belong_together():
    types = {kind["name"] for kind in TYPES}
    assert set(MAPPER["mapping"]) == types == {CLASSIFIER["defaultIncidentType"], *CLASSIFIER["keyTypeMap"].values()}
    for kind in TYPES:
        assert kind["id"] == kind["name"] and kind["playbookId"] in PLAYBOOKS
        assert kind["layout"] in {layout["id"] for layout in LAYOUTS}
    mapped = {name for of in MAPPER["mapping"].values() for name in of["internalMapping"]}
    assert mapped == {field["name"] for field in FIELDS} | set(COMMON_FIELDS), "each field is filled, and none invented"
    for field in FIELDS:
        assert set(field["associatedTypes"]) == types, field["name"]
        assert field["cliName"] == field["name"].lower().replace(" ", "") and field["description"].endswith(".")
        assert not field["required"], field["name"]


def layout_items():
    for tab in LAYOUTS[0]["detailsV2"]["tabs"]:
        for section in tab.get("sections", []):
            for item in section.get("items", []):
                yield section, item


def test_the_layout_shows_all_our_fields_and_only_known_ones():
    shown = [item["fieldId"] for _, item in layout_items() if item["sectionItemType"] == "field"]
    assert len(shown) == len(set(shown)), "a field is shown twice"
    of_xsoar = {"details", "type", "severity", "owner", "sourceinstance", "playbookid"}
    assert set(shown) == set(field_names().values()) | of_xsoar


def test_buttons_run_a_script_of_the_pack_with_arguments_that_it_has():
    buttons = [item for _, item in layout_items() if item["sectionItemType"] == "button"]
    assert buttons
    for button in buttons:
        script = SCRIPTS[button["scriptId"]]
        assert "incident-action-button" in script["tags"], "XSOAR offers no other scripts for buttons"
        arguments = {argument["name"]: argument for argument in script["args"]}
        assert {name for name in arguments if arguments[name].get("required")} <= set(button["args"])
        for name, value in button["args"].items():
            if value["simple"].startswith("${incident."):
                assert value["simple"][len("${incident.") : -1] in field_names().values(), button["name"]
            else:
                assert set(value["simple"].split(",")) <= set(arguments[name]["predefined"]), button["name"]


def test_sections_do_not_overlap_and_show_scripts_of_the_pack():
    (tab,) = [tab for tab in LAYOUTS[0]["detailsV2"]["tabs"] if "sections" in tab]
    taken = [
        (x, y)
        for section in tab["sections"]
        for x in range(section["x"], section["x"] + section["w"])
        for y in range(section["y"], section["y"] + section["h"])
    ]
    assert len(taken) == len(set(taken)) and max(x for x, _ in taken) == 2
    queries = [section["query"] for section in tab["sections"] if section.get("queryType") == "script"]
    assert queries and all("dynamic-section" in SCRIPTS[query]["tags"] for query in queries)


def shown(raw):
    with Container(SHOW, {}) as script:
        context = {"Incidents": [{"id": "12", "name": "An incident", "rawJSON": raw}]}
        return script.run("", context=context).only()


def test_the_event_is_shown_as_it_was_recorded():
    event = activity("SECRET.READ", [of_user(name="zoë")])
    entry = shown(json.dumps(event))
    assert entry["ContentsFormat"] == "markdown"
    assert json.loads(entry["Contents"][len("```json\n") : -len("\n```")]) == event
    assert "zoë" in entry["Contents"]


def test_nothing_in_an_event_breaks_out_of_its_block():
    text = shown(json.dumps({"name": "```\n[x](https://evil.example)"}))["Contents"]
    assert text.count("```") == 2 and text.startswith("```json\n") and text.endswith("\n```")


@pytest.mark.parametrize("raw", [None, ""])
def test_an_incident_from_elsewhere_has_no_event(raw):
    assert "not fetched from PingOne" in shown(raw)["Contents"]
