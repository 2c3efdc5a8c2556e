"""The executable pingone-xsoar as a Python package, so that `pip install` adds it to an image.

XSOAR's integration gets its location from `path()`. The command `pingone-xsoar` starts it.
"""

import os
import sys


def path():
    """The path of the executable."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "pingone-xsoar")


def main():
    """Replaces this process with the executable."""
    os.execv(path(), ["pingone-xsoar"] + sys.argv[1:])
