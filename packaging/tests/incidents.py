"""The pack's incident types, fields, classifier, mapper and layout, and a stand-in for what XSOAR does with them.

It supports only what ours use. Anything else fails instead of doing nothing.
"""

import json

from conftest import PACKAGING

PACK = PACKAGING / "pack"
# Fields that XSOAR brings along, in its pack Common Types or as members of every incident, by name.
COMMON_FIELDS = {
    "Event ID": "eventid",
    "Source IP": "sourceip",
    "Source Username": "sourceusername",
    "User Agent": "useragent",
    "occurred": "occurred",
}


def items(folder):
    return [json.loads(file.read_text()) for file in sorted((PACK / folder).glob("*.json"))]


FIELDS, TYPES, LAYOUTS = items("IncidentFields"), items("IncidentTypes"), items("Layouts")
CLASSIFIER = next(item for item in items("Classifiers") if item["type"] == "classification")
MAPPER = next(item for item in items("Classifiers") if item["type"] == "mapping-incoming")


def field_names():
    """The names under which the context has a field, by its name in a mapper."""
    return dict(COMMON_FIELDS, **{field["name"]: field["cliName"] for field in FIELDS})


def mapped_fields():
    """The fields that the mapper fills, by their names in the context."""
    return {field_names()[name] for of in MAPPER["mapping"].values() for name in of["internalMapping"]}


def member(value, path):
    """The values at a path, with lists flattened."""
    values = [value]
    for name in path.split("."):
        found = [one[name] for one in values if isinstance(one, dict) and one.get(name) is not None]
        values = [one for many in found for one in (many if isinstance(many, list) else [many])]
    return values


TRANSFORMERS = {
    "join": lambda values, separator: [separator.join(map(str, values))] if values else [],
    "split": lambda values, delimiter: [part for value in values for part in value.split(delimiter)],
    "atIndex": lambda values, index: values[int(index) : int(index) + 1],
}


def value_of(mapping, event):
    if "simple" in mapping:
        values = member(event, mapping["simple"])
    else:
        what = mapping["complex"]
        assert what["filters"] == [], "filters are not used"
        values = member(event, "%s.%s" % (what["root"], what["accessor"]))
        for transformer in what["transformers"]:
            args = {name: given["value"]["simple"] for name, given in transformer["args"].items()}
            values = TRANSFORMERS[transformer["operator"]](values, **args)
    assert len(values) <= 1, "a text field with several values: %s" % values
    return values[0] if values and values[0] != "" else None


def incident_of(event):
    """The incident that XSOAR makes of an event: its type, and its fields as the context has them."""
    (key,) = member(event, "action.type")
    kind = CLASSIFIER["keyTypeMap"].get(key, CLASSIFIER["defaultIncidentType"])
    mapping = MAPPER["mapping"][kind]["internalMapping"]
    found = {field_names()[name]: value_of(how, event) for name, how in mapping.items()}
    return dict({name: value for name, value in found.items() if value is not None}, type=kind)
