#!/usr/bin/env python3
"""Builds the integration as one file: a unified YAML for the stock demisto/python3 image, with the executable embedded.

Writes PingOne-one-file.yml and PingOne_copy-one-file.yml.
"""

import argparse
import base64
import hashlib
import zlib

import common

# Longer lines make the file smaller, shorter ones are easier on editors.
LINE = 1000


def carrying(relay, program):
    """The relay with `program` embedded. zlib, because xz is a fifth smaller but takes four times as long to unpack,
    which delays a container's first command. Base64, because Python decodes base85 fifty times as slowly. In two
    halves, because the relay unpacks both at once, which saves a third of the time."""
    size = (len(program) + 1) // 2
    halves = "\n\n".join(packed(half) for half in (program[:size], program[size:]))
    relay = common.replaced(relay, 'CARRIED_SHA256 = ""', 'CARRIED_SHA256 = "%s"' % hashlib.sha256(program).hexdigest())
    relay = common.replaced(relay, "CARRIED_HALF = 0", "CARRIED_HALF = %d" % size)
    return common.replaced(relay, 'CARRIED = """\n"""', 'CARRIED = """\n%s\n"""' % halves)


def packed(half):
    """Lines of base64, all of about the same length: demisto-sdk mistakes a short last line for a secret."""
    text = base64.b64encode(zlib.compress(half, 9)).decode()
    length = len(text) // (len(text) // LINE + 1) + 1
    return "\n".join(text[start : start + length] for start in range(0, len(text), length))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    common.add_arguments(parser)
    arguments = parser.parse_args()
    program = common.executable(arguments.executable).read_bytes()
    common.write_unified(arguments.out, "one-file", carrying(common.RELAY.read_text(), program))


if __name__ == "__main__":
    main()
