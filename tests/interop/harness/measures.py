"""Round trips and writes, counted by the proxy, against what the extensions allow."""

from . import cases
from .mails import DATE, SEED, SMALL
from .proxy import Proxy

DELAY = 0.02
MAILS = 4
# Turns for greeting to final reply: EHLO, log-in, then one mail; and for each mail behind it.
LOG_IN_TURNS = {None: 0, "plain": 1, "login": 3}
MAIL_TURNS = {True: (2, 1), False: (4, 4)}


def run(alert, server):
    """Yields for each way of sending its name, what differed, and the dialogue's turns."""
    for listener in server.listeners:
        if listener.security not in cases.SECURITY:
            continue
        for log_in in [one for one in LOG_IN_TURNS if one in (listener.auth or [None])]:
            for flight in cases.FLIGHTS:
                pipelined = listener.pipelining and flight == "pipelined"
                label = f"{listener.name}, {log_in or 'no'} AUTH, {flight}"
                first, following = MAIL_TURNS[pipelined]
                first += 1 + LOG_IN_TURNS[log_in]
                one = measure(alert, listener, log_in, flight, 1)
                many = measure(alert, listener, log_in, flight, MAILS)
                yield report(f"round trips, {label}: {first} and {following}", one, many,
                             round_trips(one, first),
                             round_trips(many, first + (MAILS - 1) * following))
                if not log_in:
                    yield report(f"writes, {label}", one, many, writes(one, pipelined))


def report(name, one, many, *faults):
    dialogue = "\n".join(f"{turn!r}" for proxy in (one, many) for turn in proxy.turns)
    return name, [fault for fault in faults if fault], dialogue


def measure(alert, listener, log_in, flight, mails):
    proxy = Proxy(listener.port, DELAY)
    options = [
        *cases.connection(listener, "blocking", log_in, flight, "DATA"), *SMALL,
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
