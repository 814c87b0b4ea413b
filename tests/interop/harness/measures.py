"""Round trips and writes, counted by the proxy, against what the extensions allow."""

from dataclasses import dataclass

from . import cases
from .log_ins import LogIn
from .mails import FROM, SMALL, listed
from .proxy import Proxy
from .servers.base import Listener

DELAY = 0.02
MAILS = 4
# Turns of a mechanism; each is one write.
MECHANISM_TURNS = {
    "plain": 1, "xoauth2": 1, "oauthbearer": 1, "cram-md5": 2, "login": 3,
    # Cyrus SASL sends the server's signature as a challenge, which an empty line answers.
    "scram-sha-256": 3,
}
LARGE = ("--from", FROM, "--to", listed("ops"), "--text", "8.4 bar\n" * 500)


@dataclass(frozen=True)
class Way:
    """A way to send, and the turns of a mail: of the first, and of each behind it."""

    name: str
    flight: str
    transfer: str
    first: int
    following: int
    # Writes of a mail and QUIT; None if they are as many as the buffer makes them.
    writes: int | None
    message: tuple = SMALL
    # Octets; the content of SMALL fits.
    buffer: int = 4096


PIPELINED = [
    # MAIL to DATA; the content, and behind it QUIT or the next mail's MAIL to DATA.
    Way("pipelined, DATA", "pipelined", "DATA", 2, 1, 2),
    # MAIL to the content. Nothing may stand behind BDAT LAST: QUIT is a write of its own.
    Way("pipelined, BDAT", "pipelined", "BDAT", 1, 1, 2),
    Way("pipelined, BDAT above the buffer", "pipelined", "BDAT", 2, 2, None, LARGE, 1024),
]
LOCK_STEP = [
    Way("lock-step, DATA", "lock-step", "DATA", 4, 4, 5),
    Way("lock-step, BDAT", "lock-step", "BDAT", 3, 3, 4),
]
# A server that does not offer PIPELINING, and a client that may use it.
NOT_OFFERED = [Way("not offered, DATA", "pipelined", "DATA", 4, 4, 5)]


@dataclass(frozen=True)
class Measure:
    """One way of sending, over one log-in, that is measured."""

    listener: Listener
    log_in: LogIn | None
    way: Way

    @property
    def name(self):
        return (f"{self.listener.name}, {cases.named(self.log_in)}, {self.way.name}: "
                f"{self.first} and {self.way.following}")

    @property
    def log_in_turns(self):
        if not self.log_in:
            return 0
        return MECHANISM_TURNS[self.log_in.mechanism(self.listener)] + self.log_in.more_turns

    @property
    def first(self):
        """Round trips from EHLO to the first mail's final reply."""
        return 1 + self.log_in_turns + self.way.first

    @property
    def writes(self):
        """From EHLO to QUIT."""
        return self.way.writes and 1 + self.log_in_turns + self.way.writes


def measures_of(server):
    """Each way with a listener's first log-in, and its first way with the others."""
    # Through TLS the proxy would not tell a turn from a turn.
    listeners = [one for one in server.listeners if one.security == "plain" and not one.only]
    return [
        Measure(listener, log_in, way)
        for listener in listeners
        for number, log_in in enumerate(cases.log_ins(listener))
        for way in ways(listener)[:1 if number else None]
    ]


def ways(listener):
    all_ways = (PIPELINED if listener.pipelining else NOT_OFFERED) + LOCK_STEP
    return [way for way in all_ways if way.transfer in cases.transfers(listener)]


def run(alert, measure):
    """What differed, and the dialogue's turns."""
    one, many = send(alert, measure, 1), send(alert, measure, MAILS)
    faults = [
        round_trips(one, measure.first),
        round_trips(many, measure.first + (MAILS - 1) * measure.way.following),
        writes(one, measure),
    ]
    dialogue = "\n".join(f"{turn!r}" for proxy in (one, many) for turn in proxy.turns)
    return [fault for fault in faults if fault], dialogue


def send(alert, measure, mails):
    proxy = Proxy(measure.listener.port, DELAY)
    way = measure.way
    options = [
        *cases.connection(measure.listener, "blocking", measure.log_in, way.flight, way.transfer),
        *way.message, "--buffer", str(way.buffer), *cases.FIXED,
    ]
    if mails > 1:
        options += ["--repeat", str(mails)]
    result = alert.send(proxy.port, options)
    proxy.finish()
    proxy.result = result
    return proxy


def round_trips(proxy, wanted):
    """Up to the final reply: a QUIT of its own is behind it."""
    if proxy.result.exit != 0:
        return f"exit {proxy.result.exit}: {proxy.result.transcript[-200:]!r}"
    turns = proxy.turns
    if turns and turns[-1] == b"QUIT\r\n":
        turns = turns[:-1]
    return None if len(turns) == wanted else f"{len(turns)} round trips, {wanted} expected"


def writes(proxy, measure):
    """So many segments, and QUIT where it must be."""
    if measure.writes and proxy.segments != measure.writes:
        return f"{proxy.segments} segments from the client, {measure.writes} expected"
    last = proxy.turns[-1] if proxy.turns else b""
    rides = last.endswith(b"\r\n.\r\nQUIT\r\n")
    if measure.way is PIPELINED[0] and not rides:
        return f"QUIT does not ride behind the content: {last[-30:]!r}"
    if measure.way is not PIPELINED[0] and last != b"QUIT\r\n":
        return f"QUIT is not alone: {last[-30:]!r}"
    return None
