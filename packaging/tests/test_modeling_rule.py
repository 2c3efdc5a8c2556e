"""The modeling rule for Cortex XSIAM: what it reads is in our events, and what it maps is in the schema."""

import json
import re

import pytest
import yaml
from conftest import PACKAGING, ROOT

RULE = PACKAGING / "pack" / "ModelingRules" / "PingOne"
DATASET = "ping_pingone_raw"
XIF = "\n".join(line for line in (RULE / "PingOne.xif").read_text().splitlines() if not line.lstrip().startswith("//"))
SCHEMA = json.loads((RULE / "PingOne_schema.json").read_text())[DATASET]


def events():
    """Events as the recorded cases push them."""
    for file in (ROOT / "test_data" / "pingone-get-events").glob("*/exchanges.json"):
        for exchange in json.loads(file.read_text()):
            request = exchange["request"]
            if request["headers"].get("content-encoding") == "gzip":
                lines = request.get("text", "").split("\n")
                yield from [request["json"]] if "json" in request else map(json.loads, lines)


def paths(value, path=()):
    """All paths to members; the items of a list have no step of their own."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*path, name)
            yield from paths(member, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, path)


PATHS = {path for event in events() for path in paths(event)}


def test_the_schema_has_columns_of_our_events():
    assert set(SCHEMA) <= {path[0] for path in PATHS}
    assert all(column == {"type": "string", "is_array": False} for column in SCHEMA.values())


@pytest.mark.parametrize("column, path", re.findall(r"\b(\w+) -> ([\w.]+)", XIF))
def test_what_the_rule_reads_is_in_our_events(column, path):
    # The two that the rule takes out of the list of resources.
    column = "resources" if column in ("first_resource", "first_user") else column
    assert column in SCHEMA
    assert (column, *path.split(".")) in PATHS


def test_the_rule_uses_every_column_and_names_what_it_defines():
    words = set(re.findall(r"(?<![\w.])[A-Za-z_]\w*(?![\w.]*\()", re.sub(r'"[^"]*"', "", XIF)))
    assert set(SCHEMA) <= words
    defined = set(re.findall(r"^\s+(\w+) =", XIF, re.M))
    assert defined <= words
    used = re.sub(r"^\s+\w+ =", "", XIF, flags=re.M)
    assert [name for name in defined if not re.search(r"\b%s\b" % name, used)] == []


def test_users_are_identities_too():
    for side in ("source", "target"):
        users = re.findall(r"xdm\.%s\.user\.(\w+) = (\w+)" % side, XIF)
        assert users == re.findall(r"xdm\.%s\.identity\.(\w+) = (\w+)" % side, XIF) != []


def test_the_rule_is_for_the_dataset_of_the_documented_collector():
    assert re.findall(r"\[MODEL: dataset = (\w+)\]", XIF) == [DATASET]
    page = (ROOT / "docs" / "events.md").read_text()
    assert "vendor **ping** and the product\n   **pingone**" in page and "`%s`" % DATASET in page
    rule = yaml.safe_load((RULE / "PingOne.yml").read_text())
    assert rule["supportedModules"] == ["xsiam"] and rule["rules"] == rule["schema"] == ""
