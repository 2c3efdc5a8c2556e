"""Compares the pages in docs with what they describe: settings, error texts, files."""

import re

import pytest
import yaml
from conftest import ROOT

DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text()
MIGRATION = (ROOT / "docs" / "migration.md").read_text()
EVENTS = (ROOT / "docs" / "events.md").read_text()
PAGES = {"docs/deployment.md": DEPLOYMENT, "docs/migration.md": MIGRATION, "docs/events.md": EVENTS}
MANIFEST = yaml.safe_load((ROOT / "integration.yml").read_text())


def settings():
    for parameter in MANIFEST["configuration"]:
        if parameter["display"]:
            yield parameter["display"]
        if "displaypassword" in parameter:
            yield parameter["displaypassword"]


def rows(page, heading):
    """The first cells of the table below a heading."""
    section = page.split("\n## %s\n" % heading, 1)[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    return [line.split(" | ")[0][2:] for line in table[2:]]


def test_the_migration_page_goes_through_all_settings():
    assert rows(MIGRATION, "What changes, setting by setting") == list(settings())


def test_the_deployment_page_goes_through_all_settings():
    said = [name for row in rows(DEPLOYMENT, "Configure an instance") for name in row.split(", ")]
    assert sorted(said) == sorted(settings())


def sources():
    """All sources of error texts, with wrapped string literals joined."""
    folders = [ROOT / "src", ROOT / "crates" / "pingone" / "src"]
    files = [file for folder in folders for file in folder.rglob("*.rs")]
    files.append(ROOT / "packaging" / "relay" / "relay.py")
    text = "\n".join(file.read_text() for file in files)
    return re.sub(r'"\s*\n\s*"', "", text)


@pytest.mark.parametrize("row", rows(DEPLOYMENT, "Troubleshooting"))
def test_an_error_that_is_explained_is_one_that_we_write(row):
    words = re.findall(r"`([^`]+)`", row)
    assert words, row
    known = sources()
    for text in words:
        assert text in known, text


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_what_a_page_points_to_is_there(page):
    text = page.read_text()
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link
    for path in re.findall(r"`((?:packaging|src|tests|crates|test_data)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path


def test_the_readme_is_short_and_leads_to_every_page():
    readme = ROOT / "README.md"
    assert readme.stat().st_size <= 10_000
    for page in (ROOT / "docs").glob("*.md"):
        assert "(docs/%s)" % page.name in readme.read_text(), page.name


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_a_page_names_exist(page):
    known = {command["name"] for command in MANIFEST["script"]["commands"]} | {"pingone-xsoar"}
    named = set(re.findall(r"pingone-[a-z-]+[a-z]", PAGES[page]))
    assert named <= known, named - known


@pytest.mark.parametrize("page", PAGES)
def test_what_was_not_tested_is_said_at_the_top(page):
    assert re.search(
        r"not tested on a real (XSOAR server|server|Cortex XSIAM tenant)", PAGES[page].split("\n## ")[0], re.IGNORECASE
    )
