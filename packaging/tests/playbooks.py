"""The manifest, and the pack's playbooks by name."""

from pathlib import Path

import yaml

PACKAGING = Path(__file__).resolve().parent.parent
MANIFEST = yaml.safe_load((PACKAGING.parent / "integration.yml").read_text())
FILES = sorted((PACKAGING / "pack" / "Playbooks").glob("playbook-*.yml"))
PLAYBOOKS = {playbook["name"]: playbook for playbook in (yaml.safe_load(file.read_text()) for file in FILES)}
