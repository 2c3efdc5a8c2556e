"""Existing clients keep working: our entries are read the way that published scripts and playbooks read them.

The readers below are our own; what they rely on is what those clients rely on. They are run on entries as the
relay hands them on, and the rules behind them on every recorded answer.
"""

import json

import pytest
from conftest import ROOT
from xsoar import Container

from readme import recorded_entries

EMMA, RICHARD = "a8890eb9-38ea-469a-bc00-b64be7903633", "9bc53389-f806-47b6-9480-ab1e3c6269b5"
NOTE, ERROR, METRICS = 1, 4, 19
# What a fetch gives is for the server alone: incidents, or an exception.
ANSWERS = [file for file in sorted(ROOT.glob("test_data/*/*/answer.snap")) if "fetch-" not in file.parts[-3]]


@pytest.fixture
def container(relay, sandbox, image_env):
    with Container(relay, sandbox.params, env=image_env) as container:
        yield container


# Readers


def user_of_the_first_entry(entries):
    """How older versions of get-user-data read a command's result: only the first entry's context."""
    context = entries[0]["EntryContext"]
    for key, value in context.items():
        if key == "PingOne.Account" or key.startswith("PingOne.Account("):
            account = dict(value[0] if isinstance(value, list) else value)
            known = {name: account.pop(name) for name in ("ID", "Username", "Email")}
            return known, account
    return None


def users_of_all_entries(entries):
    """How its newest version does: every entry is a user, and only counts if it has a text."""
    readable = [entry["HumanReadable"] for entry in entries if entry["Type"] != ERROR]
    return [entry["EntryContext"] for entry, text in zip(entries, readable) if text]


def error_text(entries):
    """How both read errors."""
    return "\n".join(entry["Contents"] for entry in entries if entry["Type"] == ERROR)


# get-user-data


@pytest.mark.parametrize("args", [{"username": "emma.sharp"}, {"userId": EMMA}, {"userId": EMMA, "username": ""}])
def test_get_user_data_finds_the_user_in_the_first_entry(container, args):
    entries = container.run("pingone-get-user", args).entries
    known, others = user_of_the_first_entry(entries)
    assert known == {"ID": EMMA, "Username": "emma.sharp", "Email": "emma.sharp@example.com"}
    assert others == {
        "DisplayName": None,  # the sandbox's users have no formatted name
        "Enabled": True,
        "CreatedAt": "2021-09-03T18:04:03.916Z",
        "UpdatedAt": "2021-09-23T17:18:11.747Z",
    }
    assert len(users_of_all_entries(entries)) == 1, "one user, so one entry"
    assert error_text(entries) == ""


def test_get_user_data_reads_a_detailed_answer_too(container):
    entries = container.run("pingone-get-user", {"username": "emma.sharp", "detailed": "true"}).entries
    known, others = user_of_the_first_entry(entries)
    assert known == {"ID": EMMA, "Username": "emma.sharp", "Email": "emma.sharp@example.com"}
    assert others["Groups"] and others["Enabled"] is True
    assert len(users_of_all_entries(entries)) == 1


def test_get_user_data_reads_what_creates_a_user(container):
    args = {"username": "ines.new", "populationId": "4cd45bdb-0eb2-42fe-8475-4bcd908269f1"}
    known, others = user_of_the_first_entry(container.run("pingone-create-user", args).entries)
    assert known["Username"] == "ines.new" and known["Email"] is None
    assert others["Enabled"] is True


# Account Enrichment

OUTPUTS = ("ID", "Username", "DisplayName", "Email", "Enabled", "CreatedAt", "UpdatedAt")


def test_account_enrichment_gets_every_output_for_each_name(container):
    # The argument takes no list, so the server runs the command once for each name.
    for name in ("emma.sharp", "richard.smith", "dana.disabled"):
        container.run("pingone-update-user", {"username": name, "formatted": "Called " + name})
        (entry,) = container.run("pingone-get-user", {"username": name}).entries
        ((key, accounts),) = entry["EntryContext"].items()
        assert key.startswith("PingOne.Account(") and "ID" in key, "so that users are told apart"
        (account,) = accounts
        assert set(account) == set(OUTPUTS)
        assert account.pop("Enabled") is (name != "dana.disabled")
        assert all(isinstance(value, str) and value for value in account.values()), account
        assert account["Username"] == name and account["DisplayName"] == "Called " + name


def test_account_enrichment_goes_on_after_a_name_that_nobody_has(container):
    for name in ("nobody.here", "emma.sharp"):
        entries = container.run("pingone-get-user", {"username": name}).entries
        if name == "nobody.here":
            assert error_text(entries) == (
                "Failed to execute pingone-get-user command. Error: Failed to find user for nobody.here username."
            )
            assert entries[0]["EntryContext"] is None, "an empty list would be read as a user"
    assert user_of_the_first_entry(entries)[0]["ID"] == EMMA


def test_an_unknown_user_as_a_note_is_no_user(container):
    params = {"not_found_as_note": True}
    (entry,) = container.run("pingone-get-user", {"username": "nobody.here"}, params=params).entries
    assert entry["Type"] == NOTE and entry["HumanReadable"]
    assert user_of_the_first_entry([entry]) is None


# Block Account


def test_block_account_blocks_each_name_and_says_who_was_not_found(container, sandbox):
    texts = []
    for name in ("emma.sharp", "nobody.here", "richard.smith"):
        entries = container.run("pingone-deactivate-user", {"username": name}).entries
        texts.append(error_text(entries))
        if not texts[-1]:
            assert entries[0]["Type"] == NOTE and entries[0]["HumanReadable"] == "### User %s deactivated" % name
            assert entries[0]["EntryContext"] == {}
            assert sandbox.user(name)["enabled"] is False
    not_found = "PingOne error: Failed to find userID for: nobody.here username."
    assert texts == ["", "Failed to execute pingone-deactivate-user command. Error: " + not_found, ""]


def test_errors_have_words_that_clients_look_for(container, sandbox):
    # clear-user-session and its like look for such words, in any case of letters.
    sandbox.fault(path="*/users", method="GET", status=401, times=0)
    text = error_text(container.run("pingone-get-user", {"username": "emma.sharp"}).entries)
    assert "401" in text and "unauthorized" in text.lower()


# Every recorded answer


def id_of(path):
    return "%s/%s" % (path.parts[-3], path.parts[-2])


def test_there_are_recorded_answers():
    assert len(ANSWERS) > 100


@pytest.mark.parametrize("answer", ANSWERS, ids=id_of)
def test_a_recorded_answer_is_one_that_clients_can_read(answer):
    entries = recorded_entries(answer.read_text(encoding="utf-8"))
    assert entries, "a command without an answer"
    with_context = [place for place, entry in enumerate(entries) if entry["EntryContext"]]
    assert with_context in ([], [0]), "the first entry carries the context"
    for entry in entries:
        if entry["Type"] == ERROR:
            assert set(entry) == {"Type", "ContentsFormat", "Contents", "EntryContext"}
            assert isinstance(entry["Contents"], str) and entry["Contents"].strip()
            assert entry["ContentsFormat"] == "text" and entry["EntryContext"] is None
            continue
        assert entry["Type"] != METRICS, "would be counted as a user"
        if entry["HumanReadable"] is None:
            assert entry["PollingCommand"], "only a round of polling has nothing to show"
        else:
            assert isinstance(entry["HumanReadable"], str) and entry["HumanReadable"].strip()
        for key, value in (entry["EntryContext"] or {}).items():
            assert value not in ([], {}, None), "%s is empty: clients take its first item" % key
            assert not key.startswith("PingOne.Account") or key.startswith("PingOne.Account("), key
            if key.startswith("PingOne.Account("):
                accounts = value if isinstance(value, list) else [value]
                assert all(account.get("ID") for account in accounts), "a user without an ID"
        json.dumps(entry, allow_nan=False)
