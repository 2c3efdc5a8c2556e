#!/usr/bin/env python3
"""Draws PingOne_image.png, the integration's picture in XSOAR: a key and the name, 120 by 50 points.

The drawing is our own, so no artwork of Ping Identity's is used. Run it to draw the picture again.
"""

import struct
import sys
import zlib
from pathlib import Path

WIDTH, HEIGHT, FINE = 120, 50, 4
BACKGROUND, KEY, TEXT = (255, 255, 255), (0, 118, 129), (38, 50, 56)
# Letters of 5 by 7 points, each row as bits.
LETTERS = {
    "P": (30, 17, 17, 30, 16, 16, 16),
    "i": (4, 0, 12, 4, 4, 4, 14),
    "n": (0, 0, 22, 25, 17, 17, 17),
    "g": (0, 0, 15, 17, 15, 1, 14),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "e": (0, 0, 14, 17, 31, 16, 14),
}


def in_key(x, y):
    """A ring with a shaft to its right, which has two teeth."""
    from_centre = (x - 13) ** 2 + (y - 25) ** 2
    ring = 4.5**2 <= from_centre <= 9**2
    shaft = 21 <= x <= 38 and 23 <= y <= 27
    teeth = (30 <= x <= 33 or 35 <= x <= 38) and 27 <= y <= 32
    return ring or shaft or teeth


def in_text(x, y):
    """The name, two points to a letter's point less a gap."""
    column, row = int((x - 43) // 1.8), int((y - 18) // 2)
    letter, bit = divmod(column, 6)
    if not (0 <= row < 7 and 0 <= letter < 7 and bit < 5):
        return False
    return bool(LETTERS["PingOne"[letter]][row] >> (4 - bit) & 1)


def point(x, y):
    """The colour of a point: the mean of finer ones, for smooth edges."""
    fine = [(x + (i + 0.5) / FINE, y + (j + 0.5) / FINE) for i in range(FINE) for j in range(FINE)]
    colours = [KEY if in_key(*at) else TEXT if in_text(*at) else BACKGROUND for at in fine]
    return bytes(sum(part) // len(colours) for part in zip(*colours))


def chunk(name, data):
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def picture():
    rows = b"".join(b"\0" + b"".join(point(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    file = Path(__file__).with_name("PingOne_image.png")
    file.write_bytes(picture())
    sys.stdout.write("%s: %d bytes\n" % (file.name, file.stat().st_size))
