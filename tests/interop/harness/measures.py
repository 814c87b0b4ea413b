"""Round trips and writes, counted by the proxy, against what the extensions allow."""

from dataclasses import dataclass

from . import cases
from .mails import DATE, SEED, SMALL
from .proxy import Proxy
from .servers.base import Listener

DELAY = 0.02
MAILS = 4
# Turns of the log-in, and of a mail: the first, and each behind it.
LOG_IN_TURNS = {None: 0, "plain": 1, "login": 3}
MAIL_TURNS = {True: (2, 1), False: (4, 4)}


@dataclass(frozen=True)
class Measure:
    """One way of sending that is measured."""

    listener: Listener
    log_in: str | None
    flight: str

    @property
    def name(self):
        log_in = f"AUTH {self.log_in}" if self.log_in else "no AUTH"
        return f"{self.listener.name}, {log_in}, {self.flight}: {self.first} and {self.following}"

    @property
    def pipelined(self):
        return self.listener.pipelining and self.flight == "pipelined"

    @property
    def first(self):
        """Round trips from EHLO to the first mail's final reply."""
        return 1 + LOG_IN_TURNS[self.log_in] + MAIL_TURNS[self.pipelined][0]

    @property
    def following(self):
        """Round trips of each further mail."""
        return MAIL_TURNS[self.pipelined][1]


def measures_of(server):
    return [
        Measure(listener, log_in, flight)
        for listener in server.listeners if listener.security in cases.SECURITY
        for log_in in LOG_IN_TURNS if log_in in (listener.auth or [None])
        for flight in cases.FLIGHTS
    ]


def run(alert, measure):
    """What differed, and the dialogue's turns."""
    one, many = send(alert, measure, 1), send(alert, measure, MAILS)
    faults = [
        round_trips(one, measure.first),
        round_trips(many, measure.first + (MAILS - 1) * measure.following),
    ]
    if not measure.log_in:
        faults.append(writes(one, measure.pipelined))
    dialogue = "\n".join(f"{turn!r}" for proxy in (one, many) for turn in proxy.turns)
    return [fault for fault in faults if fault], dialogue


def send(alert, measure, mails):
    proxy = Proxy(measure.listener.port, DELAY)
    options = [
        *cases.connection(measure.listener, "blocking", measure.log_in, measure.flight, "DATA"),
        *SMALL,
        "--date", str(DATE), "--seed", str(SEED),
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


def writes(proxy, pipelined):
    """Pipelined: EHLO; MAIL to DATA; content and QUIT. Else one per command."""
    wanted = 3 if pipelined else 6
    if proxy.segments != wanted:
        return f"{proxy.segments} segments from the client, {wanted} expected"
    last = proxy.turns[-1]
    if pipelined and not last.endswith(b"\r\n.\r\nQUIT\r\n"):
        return f"QUIT does not ride behind the content: {last[-30:]!r}"
    return None
