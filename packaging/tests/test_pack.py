"""The pack: the contents of the zip, its pages, and whether the check with demisto-sdk finds errors."""

import json
import shutil
import struct
import subprocess
import sys
import zipfile

import pytest
import yaml
from conftest import PACKAGING, ROOT, TARGET

import common
import flow_chart
import readme

MANIFEST = yaml.safe_load((ROOT / "integration.yml").read_text())
COMMANDS = [command["name"] for command in MANIFEST["script"]["commands"]]
SCRIPTS = sorted(file.stem for file in (PACKAGING / "pack" / "Scripts").glob("*.yml"))
PLAYBOOKS = sorted(file.name for file in (PACKAGING / "pack" / "Playbooks").iterdir())
NOTES = sorted(file.name for file in (PACKAGING / "pack" / "ReleaseNotes").iterdir())
INCIDENTS = [
    "%s/%s" % (folder, file.name)
    for folder in ("IncidentFields", "IncidentTypes", "Classifiers", "Layouts")
    for file in sorted((PACKAGING / "pack" / folder).iterdir())
]
METADATA = json.loads((PACKAGING / "pack" / "pack_metadata.json").read_text())
SDK_PYTHON = TARGET / "ci-venv" / "bin" / "python"


def build(out, *arguments):
    command = [sys.executable, PACKAGING / "pack.py", "--out", out, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return out / "pack" / "Packs" / "PingOneXSOAR", out / "PingOneXSOAR.zip"


@pytest.fixture(scope="module")
def pack(tmp_path_factory, executable):
    """The pack as a folder and as a zip, as the documented command builds it."""
    return build(tmp_path_factory.mktemp("pack"), "--executable", executable)


def test_the_zip_holds_what_is_installed_and_nothing_else(pack):
    with zipfile.ZipFile(pack[1]) as archive:
        assert archive.namelist() == [
            "metadata.json",
            "pack_metadata.json",
            "README.md",
            *("Scripts/script-%s.yml" % name for name in SCRIPTS),
            *INCIDENTS,
            *("Playbooks/" + name for name in PLAYBOOKS),
            *("ReleaseNotes/" + name for name in NOTES),
            "Integrations/integration-PingOne.yml",
        ]


def test_the_integration_inside_is_the_one_file_with_the_incidents_of_the_pack(pack, one_files):
    with zipfile.ZipFile(pack[1]) as archive:
        inside = archive.read("Integrations/integration-PingOne.yml").decode()
    defaults = "defaultclassifier: PingOne - Classifier\ndefaultmapperin: PingOne - Incoming Mapper\n"
    assert defaults in inside and inside.replace(defaults, "", 1) == one_files["PingOne"]


def test_a_script_inside_is_its_definition_with_its_code(pack):
    for name in SCRIPTS:
        with zipfile.ZipFile(pack[1]) as archive:
            inside = yaml.safe_load(archive.read("Scripts/script-%s.yml" % name))
        source = PACKAGING / "pack" / "Scripts" / (name + ".yml")
        assert inside.pop("script") == source.with_suffix(".py").read_text()
        definition = yaml.safe_load(source.read_text())
        assert definition.pop("script") == "-" and inside == definition
        assert definition["name"] == definition["commonfields"]["id"] == name


def test_the_pack_can_be_for_an_image(tmp_path, relay):
    folder, _ = build(tmp_path, "--docker-image", "registry.example/pingone:1")
    manifest = yaml.safe_load((folder / "Integrations" / "PingOne" / "PingOne.yml").read_text())
    assert manifest["script"]["dockerimage"] == "registry.example/pingone:1"
    assert manifest["script"]["script"] == relay


def test_the_same_pack_is_the_same_file(tmp_path):
    one, other = (build(tmp_path / name, "--docker-image", "a:1")[1] for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_the_pack_is_not_the_published_one_and_has_the_version_of_the_executable(pack):
    assert METADATA["support"] == "community"
    assert METADATA["currentVersion"] == common.version()
    with zipfile.ZipFile(pack[1]) as archive:
        metadata = json.loads(archive.read("metadata.json"))
    for name in (METADATA["name"], metadata["name"], metadata["id"], pack[0].name):
        assert name.lower() not in ("pingidentity", "ping identity", "pingone")
    contents = metadata["contentItems"]
    assert [command["name"] for command in contents["integration"][0]["commands"]] == COMMANDS
    assert len(contents["playbook"]) == len(PLAYBOOKS)


def test_the_incidents_inside_are_the_ones_here(pack):
    with zipfile.ZipFile(pack[1]) as archive:
        for name in INCIDENTS:
            inside, here = json.loads(archive.read(name)), json.loads((PACKAGING / "pack" / name).read_text())
            assert inside.items() >= here.items(), name
        contents = json.loads(archive.read("metadata.json"))["contentItems"]
    listed = {
        item["name"]
        for kind in ("incidentfield", "incidenttype", "classifier", "layoutscontainer")
        for item in contents[kind]
    }
    assert listed == {json.loads((PACKAGING / "pack" / name).read_text())["name"] for name in INCIDENTS}


def test_the_last_release_notes_are_those_of_this_version():
    assert NOTES[-1] == common.version().replace(".", "_") + ".md"


def test_release_notes_and_page_name_every_playbook_and_script(pack):
    notes = "".join((pack[0] / "ReleaseNotes" / name).read_text() for name in NOTES)
    page = (pack[0] / "README.md").read_text()
    for title in [name[len("playbook-") : -len(".yml")].replace("_", " ") for name in PLAYBOOKS] + SCRIPTS:
        assert "##### New: %s\n" % title in notes and "*%s*" % title in page


def size(png):
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n"), png.name
    return struct.unpack(">II", data[16:24])


def test_pictures_have_the_sizes_that_xsoar_wants(pack):
    picture = pack[0] / "Integrations" / "PingOne" / "PingOne_image.png"
    assert size(picture) == (120, 50) and picture.stat().st_size <= 10_240
    for name in PLAYBOOKS:
        chart = pack[0] / "doc_files" / (name[len("playbook-") : -len(".yml")] + ".png")
        width, height = size(chart)
        assert 400 < width < 1500 and height > 500, name


def test_a_flow_chart_has_a_box_for_each_task_with_its_name_in_it():
    for name in PLAYBOOKS:
        playbook = yaml.safe_load((PACKAGING / "pack" / "Playbooks" / name).read_text())
        places = [json.loads(task["view"])["position"] for task in playbook["tasks"].values()]
        taken = {(place["x"], place["y"]) for place in places}
        assert len(taken) == len(places), "two tasks in one place"
        for task in playbook["tasks"].values():
            text = flow_chart.lines(flow_chart.label(task))
            assert len(text) <= 4 and all(len(line) <= 30 for line in text), task["task"]["name"]


def test_in_a_flow_chart_no_answer_is_written_over_anything():
    for name in PLAYBOOKS:
        playbook = yaml.safe_load((PACKAGING / "pack" / "Playbooks" / name).read_text())
        places, width, height = flow_chart.laid_out(playbook)
        ways = list(flow_chart.all_ways(playbook, places))
        boxes = [(x, y, x + flow_chart.BOX_WIDTH, y + flow_chart.BOX_HEIGHT) for x, y in places.values()]
        words = [(x, y, x + len(way.word) * 6, y + 7) for way in ways if way.word for x, y in [way.word_at]]
        lines = [
            (min(x, to_x), min(y, to_y), max(x, to_x) + 1, max(y, to_y) + 1)
            for way in ways
            for (x, y), (to_x, to_y) in zip(way.points, way.points[1:])
        ]
        assert len(words) >= 2, name
        for place, word in enumerate(words):
            assert word[0] >= 0 and word[2] <= width and word[3] <= height, name
            for other in words[place + 1 :] + boxes + lines:
                assert not overlap(word, other), (name, word, other)
        for line in lines:
            for x, y, to_x, to_y in boxes:
                assert not overlap(line, (x + 1, y + 1, to_x - 1, to_y - 1)), (name, "a line behind a box")


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


# Pages


def test_the_page_has_every_command_with_a_recorded_example(pack):
    page = (pack[0] / "Integrations" / "PingOne" / "README.md").read_text()
    sections = page.split("\n### ")[1:]
    assert [section.split("\n")[0] for section in sections] == COMMANDS
    for section, command in zip(sections, MANIFEST["script"]["commands"]):
        name = command["name"]
        for argument in command.get("arguments", []):
            assert ("\n| %s | " % argument["name"] in section) != argument.get("hidden", False), name
        for output in command.get("outputs", []):
            assert "\n| %s | " % output["contextPath"] in section, name
        answer = (ROOT / "test_data" / name / readme.EXAMPLE / "answer.snap").read_text()
        text = readme.recorded_entries(answer)[0]["HumanReadable"]
        assert "```!%s" % name in section, name
        assert ">" + text.split("\n")[0] in section, name
        if command.get("outputs"):
            assert '"PingOne": {' in section, "%s: no context in its example" % name
    assert "<XX_REPLACED>" not in page


def test_an_example_is_written_as_it_is_typed():
    request = {"command": "c", "args": {"a": "b", "d": "e f", "g": 'h"i', "j": ["k", "l"]}}
    assert readme.command_line(request) == r'!c a=b d="e f" g="h\"i" j="[\"k\", \"l\"]"'


def test_a_context_is_shown_as_it_is_in_an_incident():
    context = {"PingOne.Account(val.ID && val.ID === obj.ID)": [{"ID": "1"}], "PingOne(true)": {"FailedLogins": []}}
    assert readme.nested({"PingOne.Account(x)": 1, "PingOne.NextToken": 2}) == {
        "PingOne": {"Account": 1, "NextToken": 2}
    }
    assert readme.nested(context) == {"PingOne": {"Account": [{"ID": "1"}], "FailedLogins": []}}


# The check by demisto-sdk

needs_sdk = pytest.mark.skipif(not SDK_PYTHON.exists(), reason="needs demisto-sdk: .ci/check_manifest.sh installs it")


@needs_sdk
def test_the_check_finds_what_is_wrong(pack, tmp_path):
    folder = tmp_path / pack[0].name
    shutil.copytree(pack[0], folder)
    playbook = folder / "Playbooks" / "playbook-PingOne_-_Contain_User.yml"
    playbook.write_text(playbook.read_text().replace("inputs.LockDuration", "inputs.Duration"))
    integration = folder / "Integrations" / "PingOne"
    (integration / "README.md").unlink()
    (integration / "PingOne_image.png").rename(integration / "Ping_One_image.png")
    manifest = (integration / "PingOne.yml").read_text()
    manifest = manifest.replace("    compliantpolicies:\n    - User Soft Remediation\n", "", 1)
    manifest = manifest.replace("    - User Hard Remediation\n", "    - User Hard Remediation\n    - Users\n", 1)
    (integration / "PingOne.yml").write_text(manifest + "# https://tenant.pingone.test\n")
    (folder / "doc_files" / "PingOne_-_Restore_User.png").unlink()
    field = folder / "IncidentFields" / "incidentfield-PingOne_Action.json"
    field.write_text(field.read_text().replace('"content": true', '"content": false'))
    checked = subprocess.run(
        [SDK_PYTHON, PACKAGING / "check_pack.py", folder, pack[1]],
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert checked.returncode == 1
    expected = (
        "[RM109] The Integration",
        "[RM114]",
        "[RM116]",
        "[PB118]",
        "[PB119]",
        "[BA109]",
        "[BA112]",
        "[BA129]",
        "[IF101]",
        "[IM100]",
        "PingOne.yml:",
        "PingOne.yml is not the same",
        "User.yml is not the same",
        "PingOne_Action.json is not the same",
    )
    for words in expected:
        assert words in checked.stderr, checked.stderr
    assert len(checked.stderr.splitlines()) == len(expected), checked.stderr
