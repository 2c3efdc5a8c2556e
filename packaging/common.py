"""What the builders share: the static executable, the version, and the unified YAML for XSOAR's upload.

A unified YAML is integration.yml with the code, the image and the description embedded. integration.yml is edited as
text, which needs only the standard library and leaves everything else in it unchanged.
"""

import base64
import re
import subprocess
from pathlib import Path

PACKAGING = Path(__file__).resolve().parent
ROOT = PACKAGING.parent
RELAY = PACKAGING / "relay" / "relay.py"
OUT = ROOT / "target" / "packaging"
NAME = "pingone-xsoar"
# The integration's ID: replaces the Marketplace integration, or runs in parallel with it for a pilot.
IDENTITIES = ("PingOne", "PingOne_copy")


def add_arguments(parser):
    """Adds the arguments that all builders share."""
    parser.add_argument("--executable", type=Path, help="the static executable; without it, static.sh builds it")
    parser.add_argument("--out", type=Path, default=OUT, help="output folder (%(default)s)")


def executable(given):
    """The path of the static executable for containers, which is built if none is given."""
    return given or built()


def built(*options):
    """The path of the static executable that static.sh builds with these options."""
    run = subprocess.run(
        [PACKAGING / "static.sh", *options], stdout=subprocess.PIPE, universal_newlines=True, check=True
    )
    return Path(run.stdout.strip())


def version():
    return re.search(r'^version = "([^"]+)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)


def replaced(text, old, new):
    """`text` with its only `old` replaced."""
    if text.count(old) != 1:
        raise SystemExit("expected exactly once, found %d times: %r" % (text.count(old), old))
    return text.replace(old, new)


def block(text, indent):
    """A YAML literal block."""
    lines = ((" " * indent + line).rstrip() for line in text.splitlines())
    return "|\n" + "\n".join(lines) + "\n"


def stock_image():
    """The image that integration.yml names."""
    return re.search(r"^  dockerimage: (\S+)$", (ROOT / "integration.yml").read_text(), re.M).group(1)


def unified(identity, script, image=None):
    """integration.yml for XSOAR's upload. `image` replaces the Docker image that it names."""
    text = (ROOT / "integration.yml").read_text()
    text = re.sub(r"\A(#.*\n)+", "", text)  # comments about the repository
    text = replaced(text, "  id: PingOne\n", "  id: %s\n" % identity)
    text = replaced(text, "\nname: PingOne\n", "\nname: %s\n" % identity)
    text = replaced(text, "\ndisplay: PingOne\n", "\ndisplay: %s\n" % identity)
    text = replaced(text, "  script: '-'\n", "  script: " + block(script, 4))
    if image:
        text = replaced(text, "  dockerimage: %s\n" % stock_image(), "  dockerimage: %s\n" % image)
    picture = base64.b64encode((PACKAGING / "pack" / "PingOne_image.png").read_bytes()).decode()
    description = (PACKAGING / "pack" / "PingOne_description.md").read_text()
    return "%simage: data:image/png;base64,%s\ndetaileddescription: %s" % (text, picture, block(description, 2))


def write_unified(out, suffix, script, image=None):
    """Writes the unified YAML of both identities, and prints their paths."""
    out.mkdir(parents=True, exist_ok=True)
    for identity in IDENTITIES:
        file = out / ("%s-%s.yml" % (identity, suffix))
        file.write_text(unified(identity, script, image))
        print("%s  %d bytes" % (file, file.stat().st_size))
