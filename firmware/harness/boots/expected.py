"""The mail that a firmware must send, by a template of its own: nothing of the crate writes it.

What cannot be known in advance is taken from what arrived, and checked for itself: the date, the
Message-ID, the boundaries.
"""

import base64
import email.utils
import re
from dataclasses import dataclass
from pathlib import Path

from harness import parsed
from harness.compare import content_of, difference

TEMPLATE = Path(__file__).resolve().parents[1] / "expected/alert.eml"
HOST = "boiler3.example.org"
REVERSE_PATH = "boiler3@example.org"
DATE = re.compile(rb"^Date: (.*)\r\n", re.M)
# The number of the alert, and when the firmware started, in seconds since 1970 as hexadecimal digits.
ID = re.compile(rb"^Message-ID: (<(\d+)\.([0-9a-f]+)@" + re.escape(HOST.encode()) + rb">)\r\n", re.M)
BOUNDARY = re.compile(rb'^ boundary="([^"\r\n]*)"\r\n', re.M)
# RFC 2046 §5.1.1: bchars, at most 70, the last one no space.
BCHARS = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
# RFC 2045 §6.8: lines of at most 76 characters.
LINE_OCTETS = 57
# The board's clock and this machine's may tick a little apart.
SLACK_SECONDS = 2


@dataclass(frozen=True)
class Wanted:
    """What the mails of one boot must be."""

    recipients: tuple
    rows: int
    # When the boot was, by this machine's clock, and how far the board's is ahead.
    began: float
    ended: float
    ahead: float = 0

    def covers(self, seconds):
        began, ended = self.began + self.ahead, self.ended + self.ahead
        return began - SLACK_SECONDS <= seconds <= ended + SLACK_SECONDS


def csv(rows):
    lines = ["second,millibar", *(f"{k},{8000 + k * 37 % 500}" for k in range(rows))]
    return "".join(line + "\r\n" for line in lines).encode()


def in_lines(octets):
    pieces = range(0, len(octets), LINE_OCTETS)
    return b"\r\n".join(base64.b64encode(octets[at:at + LINE_OCTETS]) for at in pieces)


def mail(values):
    template = TEMPLATE.read_bytes().replace(b"\n", b"\r\n")
    return re.sub(rb"\{\{(\w+)\}\}", lambda found: values[found[1].decode()], template)


@dataclass(frozen=True)
class Mail:
    """A mail that arrived: its alert's number, its Message-ID, and its octets as they were sent."""

    number: int
    identity: str
    octets: bytes


def check(server, arrived, wanted):
    """What differs, and the mail; None if it is none of a firmware's."""
    content = content_of(server, arrived)
    date, identity = DATE.search(content), ID.search(content)
    boundaries = BOUNDARY.findall(content)
    if not date or not identity or len(boundaries) != 2:
        return [f"Date {date}, Message-ID {identity}, boundaries {boundaries}"], None
    faults = [
        *check_date(date[1].decode(), wanted), *check_started(int(identity[3], 16), wanted),
        *check_boundaries(boundaries), *check_parsed(content, wanted),
    ]
    octets = mail({
        "date": date[1], "id": identity[1], "to": ",\r\n ".join(f"<{to}>" for to in wanted.recipients).encode(),
        "mixed": boundaries[0], "alternative": boundaries[1], "rows": in_lines(csv(wanted.rows)),
    })
    if differs := difference(server, arrived, octets):
        faults.append(differs)
    return faults, Mail(int(identity[2]), identity[1].decode(), octets)


def check_date(text, wanted):
    try:
        date = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return [f"Date {text!r}"]
    # RFC 5322 §3.3, with the day of the week that it was.
    if text != email.utils.format_datetime(date) or not wanted.covers(date.timestamp()):
        return [f"Date {text!r}, the boot was at {wanted.began + wanted.ahead:.0f}"]
    return []


def check_started(seconds, wanted):
    return [] if wanted.covers(seconds) else [f"Message-ID of a start at {seconds}"]


def check_boundaries(boundaries):
    mixed, alternative = boundaries
    faults = [f"boundary {one!r}" for one in boundaries if not BCHARS.fullmatch(one)]
    # A line of the one must not be taken for the other's.
    if mixed.startswith(alternative) or alternative.startswith(mixed):
        faults.append(f"boundaries {mixed!r} and {alternative!r}")
    return faults


def check_parsed(content, wanted):
    """Python's own parser, on what arrived, must find what was meant."""
    meant = {
        "subject": "Boiler 3: 8.4 bar",
        "importance": "high",
        "from": "Boiler 3 <boiler3@example.org>",
        "to": ", ".join(wanted.recipients),
        "plain": "Pressure in boiler 3 is above 8 bar. The log is attached.",
        "html": "<h1>Boiler 3</h1><p>Pressure is above <b>8 bar</b>. The log is attached.</p>",
        "attachments": [("pressure.csv", "text/csv", csv(wanted.rows))],
        "inline": [],
    }
    got = parsed.read(content, meant)
    return [
        f"parsed {key}: {str(got[key])[:80]!r}, expected {str(value)[:80]!r}"
        for key, value in meant.items() if got[key] != value
    ]
