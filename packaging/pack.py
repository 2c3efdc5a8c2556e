#!/usr/bin/env python3
"""Builds the pack as a zip for XSOAR: the integration as one file, incidents, playbooks, scripts, release notes, pages.

Writes PingOneXSOAR.zip, and the same pack in the layout of a content repository (pack/Packs/PingOneXSOAR), with the
pages and images that demisto-sdk requires for each item. Needs PyYAML: pip install PyYAML.
"""

import argparse
import json
import shutil
import zipfile

import yaml

import common
import flow_chart
import one_file
import readme

PACK = common.PACKAGING / "pack"
ID = "PingOneXSOAR"
# XSOAR's names for kinds of content. A pack's metadata lists all of them, even if it has none.
KINDS = ("automation", "playbook", "integration")
# Content that the zip holds as it is here, by folder: its kind, and the members that the metadata repeat.
AS_IT_IS = {
    "IncidentFields": ("incidentfield", ("name", "type", "description")),
    "IncidentTypes": ("incidenttype", ("name", "playbook", "closureScript", "hours", "days", "weeks")),
    "Classifiers": ("classifier", ("name", "description")),
    "Layouts": ("layoutscontainer", ("name", "description")),
}
# What the integration names as the defaults of its incidents.
DEFAULTS = {
    "defaultclassifier": "classifier-PingOne.json",
    "defaultmapperin": "classifier-mapper-incoming-PingOne.json",
}


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def lay_out(folder, integration):
    """Writes the pack to `folder` in the layout of a content repository. `integration` is the unified YAML."""
    if folder.exists():
        shutil.rmtree(folder)
    for name in ("pack_metadata.json", "README.md", ".pack-ignore", ".secrets-ignore"):
        write(folder / name, (PACK / name).read_bytes())
    for notes in sorted((PACK / "ReleaseNotes").glob("*.md")):
        write(folder / "ReleaseNotes" / notes.name, notes.read_bytes())
    manifest = yaml.safe_load((common.ROOT / "integration.yml").read_text())
    # demisto-sdk requires file names without separators for integrations and scripts (BA109), so each has a folder.
    beside = folder / "Integrations" / "PingOne"
    write(beside / "PingOne.yml", integration)
    write(beside / "README.md", readme.integration(manifest, common.ROOT / "test_data"))
    for name in ("PingOne_image.png", "PingOne_description.md"):
        write(beside / name, (PACK / name).read_bytes())
    for name in AS_IT_IS:
        for file in files_of(name):
            write(folder / name / file.name, file.read_bytes())
    # For Cortex XSIAM: the zip for XSOAR leaves it out.
    for file in sorted((PACK / "ModelingRules" / "PingOne").iterdir()):
        write(folder / "ModelingRules" / "PingOne" / file.name, file.read_bytes())
    for file in script_files():
        definition = yaml.safe_load(file.read_text())
        beside = folder / "Scripts" / file.stem
        write(beside / file.name, script(file))
        write(beside / "README.md", readme.script(definition))
    for file in playbook_files():
        playbook = yaml.safe_load(file.read_text())
        write(folder / "Playbooks" / file.name, file.read_bytes())
        write(folder / "Playbooks" / (file.stem + "_README.md"), readme.playbook(playbook))
        write(folder / "doc_files" / (file.stem.replace("playbook-", "") + ".png"), flow_chart.draw(playbook))


def files_of(name):
    return sorted((PACK / name).glob("*.json"))


def with_defaults(integration):
    """The integration with the pack's classifier and mapper as its defaults. Uploaded alone, it must not name them."""
    names = [json.loads((PACK / "Classifiers" / name).read_text())["id"] for name in DEFAULTS.values()]
    lines = ["%s: %s\n" % one for one in zip(DEFAULTS, names)]
    return common.replaced(integration, "\nscript:\n", "\n%sscript:\n" % "".join(lines))


def script_files():
    """The definitions of the scripts. The code is beside each of them."""
    return sorted((PACK / "Scripts").glob("*.yml"))


def script(definition):
    """The unified YAML of a script: its definition with the code embedded."""
    code = definition.with_suffix(".py").read_text()
    return common.replaced(definition.read_text(), "script: '-'\n", "script: " + common.block(code, 2))


def playbook_files():
    return sorted((PACK / "Playbooks").glob("playbook-*.yml"))


def metadata(manifest, playbooks, scripts):
    """metadata.json, which tells the server what the zip contains."""
    own = json.loads((PACK / "pack_metadata.json").read_text())
    contents = {kind: [] for kind in KINDS}
    contents["playbook"] = [{"name": one["name"], "description": one["description"]} for one in playbooks]
    for name, (kind, members) in AS_IT_IS.items():
        items = [json.loads(file.read_text()) for file in files_of(name)]
        for item in items:
            item["playbook"] = item.get("playbookId", "")
        contents[kind] = [{member: item.get(member, "") for member in members} for item in items]
    contents["automation"] = [
        {"name": one["name"], "description": one["comment"], "tags": one["tags"]} for one in scripts
    ]
    commands = [{"name": one["name"], "description": one["description"]} for one in manifest["script"]["commands"]]
    contents["integration"] = [
        {
            "name": manifest["display"],
            "description": manifest["description"],
            "category": manifest["category"],
            "commands": commands,
        }
    ]
    return {
        "name": own["name"],
        "id": ID,
        "description": own["description"],
        "created": own["created"],
        "updated": own["created"],
        "legacy": True,
        "support": own["support"],
        "supportDetails": {},
        "author": own["author"],
        "certification": "",
        "price": 0,
        "serverMinVersion": "0.0.0",
        "currentVersion": own["currentVersion"],
        "tags": own["tags"],
        "categories": [category.title() for category in own["categories"]],
        "contentItems": contents,
        "useCases": own["useCases"],
        "keywords": own["keywords"],
        "dependencies": {},
    }


def zip_files(folder):
    """The contents of the zip, by path: items and release notes, but not their pages and images."""
    manifest = yaml.safe_load((common.ROOT / "integration.yml").read_text())
    playbooks = [yaml.safe_load(file.read_text()) for file in playbook_files()]
    scripts = [yaml.safe_load(file.read_text()) for file in script_files()]
    found = {"metadata.json": json.dumps(metadata(manifest, playbooks, scripts), indent=4).encode()}
    files = [folder / "pack_metadata.json", folder / "README.md"]
    found.update({str(file.relative_to(folder)): file.read_bytes() for file in files})
    for file in sorted(folder.glob("Scripts/*/*.yml")):
        found["Scripts/script-" + file.name] = file.read_bytes()
    for name in AS_IT_IS:
        found.update({str(file.relative_to(folder)): packed(file) for file in sorted(folder.glob(name + "/*.json"))})
    files = sorted(folder.glob("Playbooks/*.yml")) + sorted(folder.glob("ReleaseNotes/*.md"))
    found.update({str(file.relative_to(folder)): file.read_bytes() for file in files})
    found["Integrations/integration-PingOne.yml"] = (folder / "Integrations" / "PingOne" / "PingOne.yml").read_bytes()
    return found


def packed(file):
    """JSON content as it is in the zip. Servers also read the versions of a layout under older names."""
    item = json.loads(file.read_text())
    if file.parent.name == "Layouts":
        item.update(fromServerVersion=item["fromVersion"], toServerVersion="99.99.99")
    return json.dumps(item, indent=4).encode()


def zipped(files, file):
    """Writes the zip. It is reproducible."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path)  # with the timestamp 1980-01-01
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    common.add_arguments(parser)
    parser.add_argument(
        "--docker-image",
        help="the image with the executable installed, such as name:tag; without it, the pack contains the executable",
    )
    arguments = parser.parse_args()
    relay = common.RELAY.read_text()
    if arguments.docker_image:
        integration = common.unified("PingOne", relay, arguments.docker_image)
    else:
        program = common.executable(arguments.executable).read_bytes()
        integration = common.unified("PingOne", one_file.carrying(relay, program))
    integration = with_defaults(integration)
    folder = arguments.out / "pack" / "Packs" / ID
    lay_out(folder, integration)
    file = arguments.out / (ID + ".zip")
    zipped(zip_files(folder), file)
    print("%s  %d bytes" % (file, file.stat().st_size))


if __name__ == "__main__":
    main()
