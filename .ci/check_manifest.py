"""Is integration.yml a manifest that Cortex XSOAR takes? demisto-sdk is asked twice, since its two
descriptions of the format differ: the strict pydantic model and the pykwalify schema.

Usage: check_manifest.py [FILE]    (default: integration.yml beside .ci)
Exit code 0 if valid, 1 if not; every complaint is one line on stderr that names the place.
Run it through check_manifest.sh, which installs what is imported here.
"""

import logging
import re
import sys
from copy import deepcopy
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import yaml
from demisto_sdk.commands.content_graph.strict_objects.integration import (
    StrictIntegration,
)
from pydantic import ValidationError
from pykwalify.core import Core
from pykwalify.errors import PyKwalifyException

DEFAULT_FILE = Path(__file__).resolve().parent.parent / "integration.yml"
SCHEMA = files("demisto_sdk") / "commands" / "common" / "schemas" / "integration.yml"


class UniqueKeyLoader(yaml.SafeLoader):
    """A plain YAML reader, except that a key given twice is an error (PyYAML would drop the first)."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def place(manifest, path):
    """`script.commands[3] (pingone-set-password).description` for the steps of a path."""
    text, value = "", manifest
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            value = None
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
        if isinstance(step, int) and isinstance(value, dict):
            name = value.get("name") or value.get("contextPath")
            text += f" ({name})" if name else ""
    return text.lstrip(".") or "top level"


def model_complaints(manifest):
    try:
        StrictIntegration.parse_obj(deepcopy(manifest))
    except ValidationError as error:
        for item in error.errors():
            path = [step for step in item["loc"] if step != "__root__"]
            yield f"{place(manifest, path)}: {item['msg']}"


def schema_complaints(manifest):
    logging.getLogger("pykwalify").setLevel(logging.CRITICAL)
    core = Core(source_data=deepcopy(manifest), schema_files=[str(SCHEMA)])
    try:
        core.validate(raise_exception=True)
    except PyKwalifyException as error:
        for message in core.errors or [error.msg]:
            # pykwalify ends its messages with "Path: '/script/commands/3/name'."
            found = re.search(r"\s*Path: '(?P<path>[^']*)'\.?\s*$", str(message))
            if not found:
                yield str(message)
                continue
            steps = [step for step in found["path"].split("/") if step]
            path = [int(step) if step.isdigit() else step for step in steps]
            yield f"{place(manifest, path)}: {str(message)[: found.start()]}"


def complaints(file):
    try:
        manifest = yaml.load(file.read_text(encoding="utf-8"), Loader=UniqueKeyLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return [f"cannot be read: {' '.join(str(error).split())}"]
    if not isinstance(manifest, dict):
        return ["is not a YAML mapping"]
    return [f"strict model: {text}" for text in model_complaints(manifest)] + [
        f"schema: {text}" for text in schema_complaints(manifest)
    ]


def main(arguments):
    if len(arguments) > 1:
        print(__doc__, file=sys.stderr)
        return 1
    file = Path(arguments[0]) if arguments else DEFAULT_FILE
    sdk = f"demisto-sdk {version('demisto-sdk')}"
    found = complaints(file)
    for complaint in found:
        print(f"{file.name}: {complaint}", file=sys.stderr)
    if found:
        print(f"{file.name}: NOT valid for {sdk}", file=sys.stderr)
        return 1
    print(f"{file.name}: valid for {sdk}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
