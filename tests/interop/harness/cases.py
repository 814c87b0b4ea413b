"""The cases without TLS, from tables of dimensions; and one case's run, with TLS or without."""

from dataclasses import dataclass

from . import checks, receipts, records
from .compare import difference, message_id
from .log_ins import LogIn, secrets_shown, token
from .mails import DATE, MAILS, SEED, Expected, Mail
from .proxy import Proxy
from .servers.base import LONG_TOKEN, Listener, Maildirs

# The dimensions. What alert comes to support joins as a further row.
PLAIN = ["--security", "plain"]
DRIVERS = {"blocking": ["--driver", "blocking"], "async": ["--driver", "async"]}
# A listener's first one takes every mail, the others those with `every_log_in`.
LOG_INS = [
    LogIn("plain", "plain", ("plain",)),
    LogIn("login", "login", ("login",)),
    LogIn("cram-md5", "cram-md5", ("cram-md5",)),
    LogIn("scram-sha-256", "scram-sha-256", ("scram-sha-256",)),
    LogIn("auto", "auto", ("scram-sha-256", "plain", "login")),
    token("xoauth2", "xoauth2", ("xoauth2",)),
    token("oauthbearer", "oauthbearer", ("oauthbearer",)),
    token("auto, token", "auto", ("oauthbearer", "xoauth2")),
    # Too long for the AUTH line: the response waits for an empty challenge.
    token("auto, long token", "auto", ("oauthbearer", "xoauth2"), secret=LONG_TOKEN, more_turns=1),
]
FLIGHTS = {"pipelined": [], "lock-step": ["--no-pipelining"]}
TRANSFERS = {"DATA": [], "BDAT": ["--chunking", "ahead"]}

# Message-ID of the octets to compare with, in place of each mail's own.
PLACEHOLDER = "<placeholder@kessel.example>"
FIXED = ("--date", str(DATE), "--seed", str(SEED))
DELIVERY_SECONDS = 15


@dataclass(frozen=True)
class Secured:
    """TLS of a case: what alert is told, and what must come of it."""

    stack: str
    # Whom alert trusts, by name.
    trust: str
    options: tuple
    # Whether it begins with STARTTLS.
    starttls: bool
    # The version that is agreed on, and the kind of key; None if TLS does not come about.
    version: str | None = "1.3"
    key: str | None = None
    # The pin that the server's key has; None if no certificate is seen.
    pin: str | None = None
    # What the transcript says that it was proven by.
    proof: str | None = None
    # Instead of what must come of the mail, and then the verbs that come to the server, exactly.
    expected: Expected | None = None
    verbs: frozenset | None = None
    # Whether mails leave with REQUIRETLS.
    required: bool = False

    @property
    def is_broken_off(self):
        """Whether alert must turn back in the handshake."""
        return self.expected is not None and self.expected.phase == "tls"


@dataclass(frozen=True)
class Case:
    listener: Listener
    driver: str
    log_in: LogIn | None
    flight: str
    transfer: str
    mail: Mail
    secured: Secured | None = None

    @property
    def way(self):
        if self.secured:
            return f"{self.listener.name}, {self.secured.stack}, {self.driver}"
        return (f"{self.listener.name}, {self.driver}, {named(self.log_in)}, {self.flight}, "
                f"{self.transfer}")

    @property
    def what(self):
        return f"{self.mail.name}, {self.secured.trust}" if self.secured else self.mail.name

    @property
    def name(self):
        return f"{self.what} [{self.way}]"

    @property
    def expected(self):
        return self.secured and self.secured.expected or self.mail.expected

    @property
    def mechanism(self):
        """What alert must log in with, or None if it must not."""
        if self.log_in is None or self.expected.phase in ("starttls", "tls"):
            return None
        return self.log_in.mechanism(self.listener)


def cases_of(server):
    return [
        Case(listener, driver, log_in, flight, transfer, mail)
        for listener in server.listeners if listener.security == "plain"
        for number, log_in in enumerate(log_ins(listener))
        for driver in DRIVERS
        for flight in (FLIGHTS if listener.pipelining else ["pipelined"])
        for transfer in transfers(listener)
        for mail in MAILS
        if mail.every_log_in or number == 0
        if makes_sense(mail, server, listener, log_in)
    ]


def makes_sense(mail, server, listener, log_in):
    if listener.only:
        return listener.only in mail.needs
    has = {"size"} if server.size else set()
    has |= {"refusal"} if server.refuses_unknown else set()
    has |= {log_in.kind} if log_in else set()
    return mail.needs <= has


def log_ins(listener):
    """The log-ins to try where their mechanism is offered; none where none is."""
    if not listener.auth:
        return [None]
    return [log_in for log_in in LOG_INS if log_in.mechanism(listener)]


def transfers(listener):
    return [one for one in TRANSFERS if one == "DATA" or listener.chunking]


def named(log_in):
    return f"AUTH {log_in.name}" if log_in else "no AUTH"


def connection(listener, driver, log_in, flight, transfer, right=True, secured=None):
    """The options that make the connection of a case."""
    options = [*(secured.options if secured else PLAIN), *DRIVERS[driver], *FLIGHTS[flight]]
    # Where CHUNKING is not offered, DATA must be what happens of itself.
    if listener.chunking:
        options += TRANSFERS[transfer]
    if log_in:
        options += log_in.options(right)
        if not secured:
            options.append("--danger-plaintext-auth")
    return options


def run(alert, server, case, number):
    """Runs a case; returns what differed, a line each, the client's transcript, and the mails."""
    mail, expected, secured = case.mail, case.expected, case.secured
    own = f"<{number}.{server.name}@kessel.example>"
    options = [
        *connection(case.listener, case.driver, case.log_in, case.flight, case.transfer,
                    not mail.wrong, secured),
        *mail.connection, *mail.message, *FIXED,
        *(["--repeat", str(mail.repeat)] if mail.repeat > 1 else ["--message-id", own]),
    ]
    server.clear()
    marks = server.marks()
    # What leaves a handshake that fails is seen on the way.
    watched = secured and secured.is_broken_off and Proxy(case.listener.port, 0)
    result = alert.send((watched or case.listener).port, options, mail.stdin)
    faults = checks.check_result(result, expected, secured and secured.version)
    faults += checks.check_dialogue(result, case)
    if watched:
        watched.finish()
        faults += records.check(watched.sent)
    faults += secrets_shown(result)
    if alert.left():
        faults.append(f"processes left: {alert.left()}")

    accepted = expected.accepted if expected.messages else ()
    mailboxes = isinstance(server, Maildirs)
    reported = mail.receipt and mailboxes and case.listener.dsn
    copies = expected.messages * (len(accepted) if mailboxes else bool(accepted))
    seconds = DELIVERY_SECONDS if result.exit == expected.exit else 1
    spoke = bool(result.commands()) or secured
    everything = server.wait_for(copies + reported, seconds if spoke else 0)
    faults += checks.check_seen(server.seen(marks), case) if spoke else ["nothing was sent"]

    reports, arrived = receipts.sorted_out(everything)
    if len(arrived) != copies:
        faults.append(f"{len(arrived)} mails arrived, {copies} expected")
    faults += receipts.check_reports(reports, accepted if reported else ())
    faults += receipts.check_parameters(result.commands(), arrived, case)
    faults += checks.check_envelopes(arrived, accepted, mail)
    wanted = octets_expected(alert, mail) if arrived else b""
    identities = set()
    for one in arrived:
        identity = message_id(one.content)
        identities.add(identity)
        if differs := difference(server, one.content, with_identity(wanted, identity)):
            faults.append(f"{one.mailbox or 'stored'}: {differs}")
    if len(identities) != expected.messages:
        faults.append(f"{len(identities)} Message-IDs, {expected.messages} expected")
    if mail.repeat == 1 and identities - {own}:
        faults.append(f"Message-ID {identities}, expected {own}")
    return faults, result.transcript, arrived


def octets_expected(alert, mail):
    return alert.eml((*mail.message, *FIXED, "--message-id", PLACEHOLDER), mail.stdin)


def with_identity(octets, identity):
    """The mail with its own Message-ID; nothing else depends on that."""
    return octets.replace(PLACEHOLDER.encode(), (identity or "none").encode(), 1)
