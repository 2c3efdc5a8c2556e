"""Stands for the helpers that XSOAR's server puts in front of every script, for measuring where those are not at hand.

As long as they are, with about as much to import, to compile and to run; calibrated by what was measured with the
real ones (see measure.py). Like them it hooks itself into `warnings` and calls what was there before: where nobody
clears a script's globals, each command then stays in memory.
"""

LENGTH = 490_000

HEAD = """
import base64, binascii, calendar, copy, gc, gzip, inspect, json, logging, os, re, socket, ssl, sys, time
import tempfile, traceback, types, urllib, uuid, warnings, xml.sax.saxutils
from abc import abstractmethod
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
import dateparser, requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


before_us = warnings.showwarning


def show_warning(*arguments, **named):
    before_us(*arguments, **named)


warnings.showwarning = show_warning
"""

PART = '''

class Kind{n}(object):
    """
    One of the kinds of things that scripts work with. Like the server's own helpers, more of it is said than done:
    the text is read with every command, but of its comments and blanks nothing stays.

    :type name: ``str``
    :param name: What it is called (required)

    :return: Nothing
    :rtype: ``None``
    """

    NAMES = {{"first": "The first {n}", "second": "The second", "third": ["a", "b", "c"]}}

    def __init__(self, name, value=None, others=None, **more):
        self.name = name
        self.value = value or self.NAMES.get(name, "nothing")
        self.others = [other for other in others or [] if other is not None]
        for key in sorted(more):
            setattr(self, key, more[key])

    def to_context(self):
        """
        What of it goes into the context.

        :return: The members that have a value
        :rtype: ``dict``
        """
        found = {{}}
        for key, value in self.__dict__.items():
            if value is None or key.startswith("_"):
                continue
            if isinstance(value, list):
                found[key] = [str(one) + "{n}" for one in value]
            elif isinstance(value, dict):
                found.update({{"%s.%s" % (key, inner): value[inner] for inner in value}})
            else:
                found[key] = value
        return found


def helper_{n}(value, default=None, separator=",", transform=None):
    """
    Takes a value apart.

    :type value: ``str`` or ``list``
    :param value: What is to be taken apart (required)

    :type separator: ``str``
    :param separator: What stands between the parts (optional)

    :return: The parts
    :rtype: ``list``
    """
    if not value:
        return default or []
    parts = value if isinstance(value, list) else str(value).strip("[]").split(separator)
    try:
        parts = [transform(part.strip()) if transform else part.strip() for part in parts]
    except (AttributeError, TypeError) as error:
        raise ValueError("The value %s cannot be taken apart by helper_{n}: %s" % (value, error))
    return parts if len(parts) != 1 or parts[0] else default
'''


def text():
    """The script."""
    parts = [HEAD]
    while sum(map(len, parts)) < LENGTH:
        parts.append(PART.format(n=len(parts)))
    return "".join(parts)
