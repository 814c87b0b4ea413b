"""The days: what goes wrong on the way of a firmware's mail, and what must come of it. As a table."""

from dataclasses import dataclass, replace

from harness.mails import listed

from .servers import listener

# Octets that pass before the link is cut: of a content with ROWS, which has some 300,000; and of the
# first message of TLS.
CUT = 100_000
CUT_HANDSHAKE = 100
# A log that is several times the board's RAM.
ROWS = 20_000
PATIENCE = 1500
# What a firmware does until the content, by its security; a verb is what the server hears.
STEPS = {
    "plain": ("date", "greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"),
    "starttls": ("date", "greeting", "EHLO", "STARTTLS", "handshake", "AUTH", "MAIL", "RCPT", "DATA"),
    "tls": ("date", "handshake", "greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"),
}
TWO_YEARS = 2 * 365 * 24 * 3600
HOUR = 3600


@dataclass(frozen=True)
class Day:
    """A row: what is wrong with the first connection, and how the firmware must end."""

    name: str
    exit: int
    word: str
    server: str = "aiosmtpd"
    # What the listener does wrong, or the certificate it shows instead of the right one.
    fault: str | None = None
    shows: str | None = None
    # Nobody listens; or the link is cut after so many octets.
    is_down: bool = False
    cut: int | None = None
    # A listener without TLS where the firmware wants it.
    is_plain: bool = False
    # The firmware's arguments.
    arguments: tuple = ()
    # Who gets the mail, and how often: 0 if it must not arrive.
    recipients: tuple = ("ops", "duty")
    accepted: tuple = ("ops", "duty")
    copies: int = 0
    # The step that the session comes to with the first server, and no further. None: it is not
    # looked at.
    until: str | None = None
    # The firmwares that have this day: all, those with this proof or security, those with TLS.
    proof: str | None = None
    security: str | None = None
    is_secured: bool = False
    # The server of the date: seconds that it is wrong, or that it is before the certificate's beginning;
    # whether it is silent, or answers another's question.
    asks: bool = False
    offset: int = 0
    is_too_early: bool = False
    is_silent: bool = False
    is_spoofed: bool = False
    # Whether a later connection may be better, and whether this is one where the first was bad.
    passes: bool = False
    is_retry: bool = False

    def applies(self, firmware):
        return (
            self.proof in (None, firmware.proof) and self.security in (None, firmware.security)
            and (firmware.asks or not self.asks)
            and (firmware.security != "plain" or not self.is_secured)
        )

    @property
    def is_good(self):
        return self.exit == 0 and not self.is_retry

    def heard_by(self, security):
        """The verbs that the first server hears."""
        steps = STEPS[security]
        return {step for step in steps[: steps.index(self.until) + 1] if step.isupper()}

    def legs_on(self, server, firmware):
        """The listeners of the first connection, and of the further ones."""
        right = listener(server, firmware.security, firmware.certificate)
        if self.is_plain:
            first = listener(server, "plain", None, self.fault)
        else:
            shown = self.shows or firmware.certificate
            first = listener(server, firmware.security, shown, self.fault)
        return first, right if self.is_retry else first

    def retried(self):
        """The same fault, but only at the first connection."""
        more = (("tries", 4), ("wait", 200))
        return replace(self, name=f"{self.name}, then well", arguments=self.arguments + more,
                       is_retry=True, until=None)


def good(boots):
    """The two servers take turns. And a mail larger than RAM."""
    servers = [("postfix", "aiosmtpd")[boot % 2] for boot in range(boots)]
    return [
        *(Day(f"good, {server}", 0, "sent", server, copies=1) for server in servers),
        *(Day(f"larger than RAM, {server}", 0, "sent", server, copies=1,
              arguments=(("rows", ROWS),))
          for server in ("postfix", "aiosmtpd")),
        # The mail's date must be the server's.
        Day("good, date asked for", 0, "sent", "postfix", copies=1, asks=True, offset=HOUR),
        Day("good, RSA key", 0, "sent", "postfix", copies=1, shows="rsa", proof="ca"),
        Day("good, RSA chain", 0, "sent", copies=1, shows="rsa-chain", proof="ca"),
    ]


def bad(name, exit, word, until, **others):
    """A day of aiosmtpd, unless said otherwise."""
    return Day(name, exit, word, until=until, **others)


def distrusted(name, server="postfix", **others):
    return bad(name, 77, "failed", "handshake", server=server, **others)


SOON = {"arguments": (("patience", PATIENCE),)}
WITHHELD = SOON | {"passes": True}
BIG = (("rows", ROWS),)
NOBODY = ("nobody",)

BAD = [
    Day("server down", 74, "failed", "postfix", is_down=True, passes=True),
    Day("cut in the body", 74, "failed", "postfix", cut=CUT, arguments=BIG, passes=True),
    bad("greeting withheld", 74, "failed", "greeting", fault="silent", **WITHHELD),
    bad("reply to RCPT withheld", 74, "failed", "RCPT", fault="mute recipients", **WITHHELD),
    bad("final reply withheld, taken", 75, "unknown", "DATA", fault="mute content", copies=1,
        **WITHHELD),
    bad("final reply withheld, lost", 75, "unknown", "DATA", fault="forgetful", **WITHHELD),
    bad("421 as greeting", 75, "refused", "greeting", fault="busy", passes=True),
    bad("451 to MAIL", 75, "refused", "MAIL", fault="deferring", passes=True),
    bad("452 to the content", 75, "refused", "DATA", fault="full", passes=True),
    bad("greeting that is none", 76, "failed", "greeting", fault="babbling", passes=True),
    Day("all recipients refused", 68, "refused", "postfix", recipients=NOBODY, accepted=()),
    Day("one of two refused", 1, "partial", "postfix", recipients=("ops", "nobody"),
        accepted=("ops",), copies=1),
    distrusted("another key", shows="unknown-root", proof="pin", passes=True),
    distrusted("expired", shows="expired", proof="ca", passes=True),
    distrusted("for another host", shows="wrong-host", proof="ca"),
    distrusted("unknown root", shows="unknown-root", proof="ca"),
    Day("cut in the handshake", 74, "failed", "postfix", cut=CUT_HANDSHAKE, is_secured=True,
        passes=True),
    # From the start, and behind STARTTLS.
    bad("handshake withheld", 74, "failed", "handshake", is_plain=True, fault="silent",
        security="tls", **WITHHELD),
    bad("handshake withheld", 74, "failed", "handshake", fault="mute handshake",
        security="starttls", **WITHHELD),
    # What a server without TLS hears is no verb.
    Day("no TLS there", 76, "failed", is_plain=True, security="tls"),
    bad("STARTTLS not offered", 69, "failed", "EHLO", is_plain=True, security="starttls",
        passes=True),
    bad("STARTTLS taken away", 69, "failed", "EHLO", fault="no STARTTLS", security="starttls",
        passes=True),
    distrusted("a date behind the end", "aiosmtpd", asks=True, offset=TWO_YEARS, passes=True),
    distrusted("a date before the beginning", "aiosmtpd", asks=True, is_too_early=True),
    # None that a firmware of today can meet: as good as no date.
    bad("a date two years ago", 74, "failed", "date", asks=True, offset=-TWO_YEARS),
    bad("date withheld", 74, "failed", "date", asks=True, is_silent=True, **SOON),
    bad("date of another's question", 74, "failed", "date", asks=True, is_spoofed=True, **SOON),
]


def days(firmware, boots):
    """All that a firmware is booted on."""
    once = [day for day in BAD if day.applies(firmware)]
    return [
        *(day for day in good(boots) if day.applies(firmware)),
        *once,
        *(day.retried() for day in once if day.passes),
    ]


def arguments(day, firmware, port, sntp):
    given = {"port": port} | dict(day.arguments)
    if firmware.alerts > 1:
        given["alerts"] = firmware.alerts
    if day.recipients != Day.recipients:
        given["to"] = listed(*day.recipients).replace("; ", ";")
    if sntp:
        given["sntp"] = sntp.port
    return given
