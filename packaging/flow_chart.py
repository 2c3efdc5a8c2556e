"""Draws a playbook as a flow chart (PNG), from its tasks and their positions in XSOAR's editor.

Standard library only, with letters of its own, so the picture is the same wherever it is drawn.
"""

import json
import struct
import zlib

# XSOAR's editor places tasks on a grid that is twice as wide as ours.
SCALE = 2
BOX_WIDTH, BOX_HEIGHT, MARGIN = 190, 48, 24
LETTER_WIDTH, LINE_HEIGHT = 6, 10
PAPER, INK, LINE = (255, 255, 255), (33, 43, 48), (120, 132, 138)
FILLS = {
    "start": (205, 232, 213),
    "title": (205, 232, 213),
    "condition": (252, 233, 190),
    "regular": (214, 228, 240),
    "playbook": (226, 217, 240),
}
# Letters of 5 by 7 pixels. Each row is the hexadecimal number of its five bits.
LETTERS = {
    "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e", "D": "1e11111111111e",
    "E": "1f10101e10101f", "F": "1f10101e101010", "G": "0e11101711110e", "H": "1111111f111111",
    "I": "0e04040404040e", "J": "0702020202120c", "K": "11121418141211", "L": "1010101010101f",
    "M": "111b1515111111", "N": "11191513111111", "O": "0e11111111110e", "P": "1e11111e101010",
    "Q": "0e11111115120d", "R": "1e11111e141211", "S": "0f10100e01011e", "T": "1f040404040404",
    "U": "1111111111110e", "V": "11111111110a04", "W": "1111111515150a", "X": "11110a040a1111",
    "Y": "11110a04040404", "Z": "1f01020408101f", "0": "0e11131519110e", "1": "040c040404040e",
    "2": "0e11010204081f", "3": "1f02040201110e", "4": "02060a121f0202", "5": "1f101e0101110e",
    "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e", "9": "0e11110f01020c",
    "?": "0e110102040004", "-": "0000000e000000", ":": "00040000000400", ".": "00000000000c0c",
    ",": "00000000040408", "'": "04040800000000", "(": "02040808080402", ")": "08040202020408",
    " ": "00000000000000",
}  # fmt: skip


class Canvas:
    """Coloured pixels, from the top left."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows = [bytearray(bytes(PAPER) * width) for _ in range(height)]

    def fill(self, left, top, right, bottom, colour):
        """A rectangle without its right and bottom edges."""
        for row in self.rows[max(top, 0) : max(bottom, 0)]:
            row[left * 3 : right * 3] = bytes(colour) * (right - left)

    def across(self, x, to_x, y):
        self.fill(min(x, to_x), y, max(x, to_x) + 1, y + 1, LINE)

    def down(self, x, y, to_y):
        self.fill(x, min(y, to_y), x + 1, max(y, to_y) + 1, LINE)

    def arrow(self, x, y):
        """An arrowhead pointing at the position."""
        for row in range(5):
            self.fill(x - row, y - row - 1, x + row + 1, y - row, LINE)

    def write(self, x, y, text):
        for letter in text.upper():
            for row, bits in enumerate(bytes.fromhex(LETTERS[letter])):
                for column in range(5):
                    if bits >> (4 - column) & 1:
                        self.fill(x + column, y + row, x + column + 1, y + row + 1, INK)
            x += LETTER_WIDTH

    def png(self):
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        data = zlib.compress(b"".join(b"\0" + bytes(row) for row in self.rows), 9)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def chunk(name, data):
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def lines(text):
    """Wraps a text to fit a box."""
    found = [""]
    for word in text.split():
        joined = (found[-1] + " " + word).strip()
        if len(joined) * LETTER_WIDTH > BOX_WIDTH - 12:
            found.append(word)
        else:
            found[-1] = joined
    return found


def label(task):
    return task["task"]["name"] or "Start"


def draw(playbook):
    """The PNG of a playbook."""
    places, width, height = laid_out(playbook)
    canvas = Canvas(width, height)
    for way in all_ways(playbook, places):
        way.draw(canvas)
    for number, (x, y) in places.items():
        draw_box(canvas, playbook["tasks"][number], x, y)
    return canvas.png()


def laid_out(playbook):
    """The position of each task's box, and the size of the chart."""
    places = {}
    for number, task in playbook["tasks"].items():
        place = json.loads(task["view"])["position"]
        places[number] = (place["x"] // SCALE, place["y"] // SCALE)
    left = min(x for x, _ in places.values()) - MARGIN
    top = min(y for _, y in places.values()) - MARGIN
    places = {number: (x - left, y - top) for number, (x, y) in places.items()}
    width = max(x for x, _ in places.values()) + BOX_WIDTH + 2 * MARGIN
    return places, width, max(y for _, y in places.values()) + BOX_HEIGHT + MARGIN


class Way:
    """A line from one box to another, labelled with the answer that leads there."""

    def __init__(self, points, word, word_at):
        self.points, self.word, self.word_at = points, word, word_at

    def draw(self, canvas):
        for (x, y), (to_x, to_y) in zip(self.points, self.points[1:]):
            if y == to_y:
                canvas.across(x, to_x, y)
            else:
                canvas.down(x, y, to_y)
        canvas.arrow(*self.points[-1])
        canvas.write(*self.word_at, self.word)


def all_ways(playbook, places):
    next_row = min(abs(a[1] - b[1]) for a in places.values() for b in places.values() if a[1] != b[1])
    lanes = 0
    for number, task in playbook["tasks"].items():
        answers = {}
        for answer, following in (task.get("nexttasks") or {}).items():
            for one in following:
                answers.setdefault(one, []).append({"#none#": "", "#default#": "else"}.get(answer, answer))
        for one, words in answers.items():
            far = places[one][1] - places[number][1] > next_row
            # "else" comes last.
            word = " or ".join(sorted(words, key="else".__eq__))
            yield (
                lane(places[number], places[one], word, lanes % 3)
                if far
                else straight(places[number], places[one], word)
            )
            lanes += far


def straight(place, to_place, word):
    """Down to the next row. The word stands over the line where that reaches the box it leads to."""
    (x, y), (to_x, to_y) = place, to_place
    middle, target = x + BOX_WIDTH // 2, to_x + BOX_WIDTH // 2
    turn = to_y - (to_y - y - BOX_HEIGHT) // 2
    word_x = target - 4 - len(word) * LETTER_WIDTH if target > middle else target + 4
    points = [(middle, y + BOX_HEIGHT), (middle, turn), (target, turn), (target, to_y)]
    return Way(points, word, (word_x, turn - 9))


def lane(place, to_place, word, number):
    """Further down: out of the box's side and down beside the boxes between. The word stands below the box's corner."""
    (x, y), (to_x, to_y) = place, to_place
    side, target, turn = x + BOX_WIDTH + 4 + number * 6, to_x + BOX_WIDTH // 2, to_y - 12
    middle = y + BOX_HEIGHT // 2
    points = [(x + BOX_WIDTH, middle), (side, middle), (side, turn), (target, turn), (target, to_y)]
    return Way(points, word, (x + BOX_WIDTH - len(word) * LETTER_WIDTH, y + BOX_HEIGHT + 3))


def draw_box(canvas, task, x, y):
    canvas.fill(x, y, x + BOX_WIDTH, y + BOX_HEIGHT, INK)
    canvas.fill(x + 1, y + 1, x + BOX_WIDTH - 1, y + BOX_HEIGHT - 1, FILLS[task["type"]])
    text = lines(label(task))
    line_y = y + (BOX_HEIGHT - len(text) * LINE_HEIGHT) // 2 + 2
    for line in text:
        canvas.write(x + (BOX_WIDTH - len(line) * LETTER_WIDTH) // 2, line_y, line)
        line_y += LINE_HEIGHT
