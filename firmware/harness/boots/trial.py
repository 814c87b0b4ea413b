"""One boot on one day: the way to the server, the emulator, and all that must come of it."""

import time
from collections import Counter
from dataclasses import dataclass

from harness import checks
from harness.client import Result
from harness.log_ins import secrets_shown
from harness.mails import Expected, Mail, address
from harness.servers.base import PASSWORD, Maildirs

from . import days, expected, keys
from .emulator import ATTEMPT, Boot
from .road import Leg, Road
from .sntp import Sntp

DELIVERY_SECONDS = 15
# For a mail that must not come.
NONE_SECONDS = 0.3
DEFAULT_ROWS = 400
# What is looked for among the words that a server heard; the content is among them.
VERBS = {"EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT"}


@dataclass
class Outcome:
    """What came of a trial."""

    boot: Boot | None
    faults: list


@dataclass(frozen=True)
class Trial:
    """A firmware, its ELF, and the day it is booted on."""

    firmware: object
    elf: object
    day: days.Day

    @property
    def copies(self):
        """How often the mail of each alert, by number, must be at the server."""
        numbers = range(1, self.firmware.alerts + 1)
        # Behind a mail whose end is unknown there is no other on that connection.
        first = self.day.copies
        others = first if self.day.word in ("sent", "partial") else 0
        copies = Counter({number: first if number == 1 else others for number in numbers})
        # What was taken at the first connection comes again with the second.
        return copies + Counter(numbers) if self.day.is_retry else copies


def run(emulator, server, trial):
    day, firmware = trial.day, trial.firmware
    first, later = day.legs_on(server, firmware)
    server.clear()
    marks = server.marks()
    road = Road([Leg(first.port, day.cut), Leg(later.port, None if day.is_retry else day.cut)],
                is_open=not day.is_down)
    sntp = date_server(day, server, first) if day.asks else None

    def heard(line):
        # The server comes back when the first attempt has found it down.
        if day.is_down and day.is_retry and not road.thread and ATTEMPT.search(line):
            road.open()

    try:
        given = days.arguments(day, firmware, road.port, sntp)
        boot = emulator.boot(firmware.name, trial.elf, given, heard)
    finally:
        road.finish()
        if sntp:
            sntp.finish()
    faults = boot.faults() + check_ending(boot, day, firmware.alerts) + check_secrets(boot)
    if sntp:
        faults += sntp.faults + ([] if sntp.asked else ["nobody asked for the date"])
    if day.cut and not road.cuts:
        faults.append("the link ended before it was cut")
    faults += check_mails(server, trial, boot, has_ended=not faults)
    return Outcome(boot, faults + check_seen(server, trial, marks))


def date_server(day, server, first):
    offset = day.offset
    if day.is_too_early:
        offset = keys.begins(server.certificates, first.certificate) - days.HOUR - time.time()
    return Sntp(offset, day.is_silent, day.is_spoofed, heals=day.is_retry)


def check_ending(boot, day, alerts):
    """The exit code, and what the attempts tell."""
    bad = (day.word, day.exit)
    if day.is_retry:
        faults = [] if boot.exit == 0 else [f"exit {boot.exit}, expected 0"]
        # Where no session came about, that is so for every alert.
        failed = len(boot.attempts) - alerts
        if not 1 <= failed <= alerts or boot.attempts != [bad] * failed + [("sent", 0)] * alerts:
            faults.append(f"attempts {boot.attempts}, expected {bad}, then {alerts} sent")
        return faults
    faults = [] if boot.exit == day.exit else [f"exit {boot.exit}, expected {day.exit}"]
    # Without a date nothing is tried.
    wanted = set() if day.until == "date" else {bad}
    if set(boot.attempts) != wanted or len(boot.attempts) > alerts:
        faults.append(f"attempts {boot.attempts}, expected {wanted or 'none'}")
    return faults


def check_secrets(boot):
    """No password in the log: as text, in base64, or octet by octet."""
    shown = secrets_shown(Result(boot.exit, boot.text.encode(), boot.errors, None))
    octets = PASSWORD.encode()
    listed = {", ".join(map(str, octets)), ", ".join(f"{octet:#04x}" for octet in octets),
              octets.hex()}
    if any(one in boot.text.lower() for one in listed):
        shown.append("the log shows the password's octets")
    return shown


def check_mails(server, trial, boot, has_ended):
    """Who got what, how often, and that each is octet for octet what it must be."""
    day = trial.day
    mailboxes = isinstance(server, Maildirs)
    per_mail = len(day.accepted) if mailboxes else 1
    count = sum(trial.copies.values()) * per_mail
    if count == 0:
        time.sleep(NONE_SECONDS)
    arrived = server.wait_for(count, DELIVERY_SECONDS if has_ended else NONE_SECONDS)
    faults = [] if len(arrived) == count else [f"{len(arrived)} mails arrived, {count} expected"]
    envelope = Mail("alert", (), Expected(messages=sum(trial.copies.values())),
                    reverse_path=expected.REVERSE_PATH)
    faults += checks.check_envelopes(arrived, day.accepted, envelope)

    rows = dict(day.arguments).get("rows", DEFAULT_ROWS)
    wanted = expected.Wanted(tuple(map(address, day.recipients)), rows, boot.began,
                             boot.began + boot.seconds, day.offset)
    mails = []
    for one in arrived:
        differs, mail = expected.check(server, one.content, wanted)
        faults += [f"{one.mailbox or 'stored'}: {fault}" for fault in differs]
        if mail:
            mails.append((one.mailbox, mail))
    copies = Counter(mail.number for _, mail in mails)
    if copies != Counter({number: times * per_mail for number, times in trial.copies.items()}):
        faults.append(f"copies of the alerts {dict(copies)}, expected {dict(trial.copies)} "
                      f"for each of {per_mail}")
    return faults + check_doubles(mails, trial, per_mail)


def check_doubles(mails, trial, per_mail):
    """A double is the same mail again, so that who drops what he knows has each exactly once."""
    faults, kept = [], {}
    for mailbox, mail in mails:
        first = kept.setdefault((mailbox, mail.identity), mail)
        if first != mail:
            faults.append(f"two mails with the Message-ID {mail.identity} differ")
    once = Counter(mail.number for mail in kept.values())
    wanted = {number: per_mail for number, times in trial.copies.items() if times}
    if once != Counter(wanted):
        faults.append(f"without doubles there are {dict(once)}, expected {wanted}")
    return faults


def check_seen(server, trial, marks):
    """What the server's log tells: how far the session came, the log-in, and TLS."""
    day, security = trial.day, trial.firmware.security
    if day.until is None and not day.is_good:
        return []
    seen = server.seen(marks)
    if day.is_good:
        versions = [version for version, _ in seen.tls]
        return [
            *checks.differs("log-ins", seen.log_ins, {("plain", True)}, True),
            *checks.differs("TLS", set(versions), {"1.3"} if security != "plain" else set(), True),
            *checks.differs("connections", {seen.connections}, {1}, True),
        ]
    heard = day.heard_by(security)
    log_ins = {("plain", True)} if "AUTH" in heard else set()
    faults = [
        *checks.differs("verbs", seen.verbs & VERBS, heard, True),
        *checks.differs("log-ins", seen.log_ins, log_ins, True),
    ]
    if bool(seen.connections) != (day.until != "date"):
        faults.append(f"the server saw {seen.connections} connections")
    return faults
