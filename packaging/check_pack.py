"""Checks that demisto-sdk would accept the pack in a content repository, and that our zip matches the one it builds.

Usage: check_pack.py FOLDER ZIP    (both as packaging/pack.py writes them)
Runs in the environment that .ci/check_manifest.sh creates. Copies the pack into a temporary content repository.
validate.toml lists the checks to run and the known errors. Downloads nothing.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import demisto_sdk
import toml

CONFIGURATION = toml.load(Path(__file__).resolve().parent / "pack" / "validate.toml")
CATEGORIES = ["Authentication & Identity Management", "Identity and Access Management"]
SDK = Path(sys.executable).with_name("demisto-sdk")
# What demisto-sdk changes in every run, or what describes its own repository.
OWN_METADATA = {"updated", "eulaLink"}


def codes():
    """The codes of the checks to run: all of the wanted kinds, without those that are left out."""
    validators = Path(demisto_sdk.__file__).parent / "commands" / "validate" / "validators"
    found = {file.name[:5] for kind in CONFIGURATION["kinds"] for file in validators.glob("*/%s[0-9]*.py" % kind)}
    unknown = set(CONFIGURATION["left_out"]) - found
    if unknown:
        raise SystemExit("validate.toml leaves out unknown checks: %s" % sorted(unknown))
    return sorted(found - set(CONFIGURATION["left_out"]))


def content_repository(root, folder):
    """A minimal content repository that demisto-sdk accepts, with a commit that adds the pack."""
    (root / "Packs").mkdir()
    (root / "Config").mkdir()
    (root / "Config" / "approved_categories.json").write_text(json.dumps({"approved_list": CATEGORIES}))
    policies = [{"name": name, "arguments": named} for name, named in CONFIGURATION["policies"].items()]
    (root / "Config" / "compliant_policies.json").write_text(json.dumps({"policies": policies}))
    git(root, "init", "--quiet", "--initial-branch=master")
    commit(root, "before")
    git(root, "clone", "--quiet", "--bare", ".", ".git/origin")
    git(root, "remote", "add", "origin", str(root / ".git" / "origin"))
    git(root, "fetch", "--quiet", "origin")
    git(root, "checkout", "--quiet", "-b", "pack")
    shutil.copytree(folder, root / "Packs" / folder.name)
    commit(root, "pack")


def git(root, *arguments):
    subprocess.run(["git", *arguments], cwd=root, check=True)


def commit(root, message):
    git(root, "add", "--all")
    identity = ["-c", "user.name=check_pack", "-c", "user.email=check_pack@example.com"]
    git(root, *identity, "commit", "--quiet", "--message=" + message)


def sdk(root, *arguments):
    """Runs demisto-sdk and returns its output. Its exit code is ignored, because it fails if it finds errors."""
    environment = dict(
        os.environ, DEMISTO_SDK_CONTENT_PATH=str(root), DEMISTO_SDK_IGNORE_CONTENT_WARNING="1", CI="1", HOME=str(root)
    )
    done = subprocess.run(
        [SDK, *arguments], cwd=root, env=environment, timeout=180, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return done.stdout.decode(errors="replace")


def validate(root, mode, selected, *arguments):
    """The errors that demisto-sdk finds."""
    configuration = {"ignorable_errors": [], mode: {"select": selected, "warning": []}}
    settings, report = root / ".git" / "validate.toml", root / ".git" / (mode + ".json")
    settings.write_text(toml.dumps(configuration))
    said = sdk(root, "validate", *arguments, "--config-path", str(settings), "-j", str(report))
    if not report.is_file():
        raise SystemExit("demisto-sdk validate wrote no report:\n" + said)
    found = json.loads(report.read_text())
    for problem in found["Validations that caught exceptions"] + found["invalid content items"]:
        yield "", "demisto-sdk could not check: %s" % problem
    for error in found["validations"]:
        yield error["error code"], "%s: [%s] %s" % (error["file path"], error["error code"], error["message"])


def secrets(root, folder):
    """What demisto-sdk considers a secret in the text files of the pack."""
    files = sorted(file for kind in ("*.yml", "*.md") for file in (root / "Packs" / folder.name).rglob(kind))
    said = sdk(root, "secrets", *(word for file in files for word in ("-i", str(file.relative_to(root)))))
    found = re.findall(r"In File: (.*)\n(Secret found: .{1,100})", said)
    if not found and "no secrets were found" not in said:
        raise SystemExit("demisto-sdk secrets printed an unknown result:\n" + said)
    return ["%s: %s" % one for one in found]


def is_same(name, one, other):
    """Whether two files say the same: demisto-sdk writes JSON anew."""
    return one == other or (name.endswith(".json") and json.loads(one) == json.loads(other))


def differences(root, folder, ours):
    """The differences between our zip and the one that demisto-sdk builds from the same pack."""
    said = sdk(root, "zip-packs", "-i", "Packs/" + folder.name, "-o", str(root / ".git" / "zip"))
    made = root / ".git" / "zip" / "uploadable_packs" / (folder.name + ".zip")
    if not made.is_file():
        raise SystemExit("demisto-sdk zip-packs wrote no zip:\n" + said)
    with zipfile.ZipFile(made) as theirs_open, zipfile.ZipFile(ours) as ours_open:
        theirs = {name: theirs_open.read(name) for name in theirs_open.namelist() if not name.endswith("/")}
        ours = {name: ours_open.read(name) for name in ours_open.namelist()}
    if set(theirs) != set(ours):
        yield "files: %s" % sorted(set(theirs) ^ set(ours))
    for name in sorted(set(theirs) & set(ours) - {"metadata.json"}):
        if not is_same(name, theirs[name], ours[name]):
            yield "%s is not the same" % name
    expected, found = json.loads(theirs["metadata.json"]), json.loads(ours["metadata.json"])
    for metadata in (expected, found):
        # Kinds without content can be missing, and the order of the others does not matter.
        items = metadata["contentItems"]
        metadata["contentItems"] = {kind: sorted(of, key=lambda item: item["name"]) for kind, of in items.items() if of}
    for key in sorted((set(expected) | set(found)) - OWN_METADATA):
        if expected.get(key) != found.get(key):
            yield "metadata.json: %s is %r, but %r by demisto-sdk" % (key, found.get(key), expected.get(key))


def main(folder, ours):
    complaints, seen = [], set()
    with tempfile.TemporaryDirectory(prefix="check-pack-") as temporary:
        root = Path(temporary)
        content_repository(root, folder)
        as_it_is = validate(root, "path_based_validations", codes(), "-i", "Packs/" + folder.name)
        as_new = validate(root, "use_git", CONFIGURATION["new"], "-g", "--prev-ver", "origin/master")
        for code, text in [*as_it_is, *as_new]:
            seen.add(code)
            if code not in CONFIGURATION["expected"]:
                complaints.append(text)
        complaints += secrets(root, folder)
        complaints += ["the zip: " + text for text in differences(root, folder, ours)]
    gone = sorted(set(CONFIGURATION["expected"]) - seen)
    complaints += ["validate.toml expects %s, which no longer occurs: remove it" % code for code in gone]
    for complaint in complaints:
        print("%s: %s" % (folder.name, re.sub(r"\s+", " ", complaint)), file=sys.stderr)
    if complaints:
        return 1
    known = ", ".join(sorted(CONFIGURATION["expected"])) or "none"
    print("%s: %d checks of demisto-sdk; known errors: %s" % (folder.name, len(codes()), known))
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
