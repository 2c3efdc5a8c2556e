"""Imitates the helpers that XSOAR's server puts in front of every script, for measurements without the real ones.

It is as long, with about as much to import, compile and run, and was calibrated by measurements with the real helpers
(see measure.py). Like them, it hooks into `warnings` and calls the previous hook, so that commands accumulate in memory
if a script's globals are not cleared.
"""

LENGTH = 490_000

HEAD = """
import base64, binascii, calendar, copy, gc, gzip, inspect, json, logging, os, re, socket, ssl, sys, time
import tempfile, traceback, types, urllib, uuid, warnings, xml.sax.saxutils
from abc import abstractmethod
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
import asyncio, decimal, html.parser, multiprocessing.pool, smtplib, sqlite3, unittest.mock, xml.etree.ElementTree
import dateparser, requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry


before_us = warnings.showwarning


def show_warning(*arguments, **named):
    before_us(*arguments, **named)


warnings.showwarning = show_warning
known = {str(number).rjust(8, "0"): number for number in range(9000)}
del known
"""

PART = '''
# Before a class there is as a rule something about where it came from, who asked for it, and which of the scripts are
# to use it until there is something better. In this one there is nothing of that kind to be told, as it came from
# nowhere, nobody asked for it, and no script uses it. It is read all the same, and so are the lines that go before it,
# which is what they are here for. That they are many is because those that they stand for are many, too.


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


# The server's own helpers say much in comments, too: which version of the server knows what, since when something is
# done in this way and no longer in another, and what is to be thought of by whoever changes it. All of that is sent,
# read and skipped with every command, so here is as much of it, which says nothing but how long it is: the text that
# surrounds the part number {n} of the helpers has to be of a certain length, and here is the place where it gets it.
# It could be left out, and the measured times of the server's loop would then be too short by what it takes to skip it.
# Whoever has the server's own helpers at hand need not care, since measure.py takes them in the place of all this.
# Neither do these lines say anything. They are here for the reason that was given above, and for no other one.

def helper_{n}(value, default=None, separator=",", transform=None):
    """
    Takes a value apart.

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
