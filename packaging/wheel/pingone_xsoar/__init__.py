"""The executable pingone-xsoar as a Python package, so that `pip install` brings it into an image.

XSOAR's integration asks `path()` where it is; `pingone-xsoar` on the command line starts it.
"""

import os
import sys


def path():
    """The path of the executable."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "pingone-xsoar")


def main():
    """Becomes the executable."""
    os.execv(path(), ["pingone-xsoar"] + sys.argv[1:])
