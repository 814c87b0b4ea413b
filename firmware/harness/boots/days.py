"""The days: what goes wrong on the way of a firmware's mail, and what must come of it. As a table."""

from dataclasses import dataclass, replace

from harness.mails import listed

from .servers import listener

# Octets of the content that pass before the link is cut; with ROWS it has some 300,000.
CUT = 100_000
# A log that is several times the board's RAM.
ROWS = 20_000
PATIENCE = 1500
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
    # With the wrong server nothing but these may be said.
    says: frozenset | None = None
    # The firmwares that have this day: all, or those with this proof or security.
    proof: str | None = None
    security: str | None = None
    # The server of the date: seconds that it is wrong, whether it is silent or answers another's.
    asks: bool = False
    offset: int = 0
    is_silent: bool = False
    is_spoofed: bool = False
    # Whether a later connection may be better, and whether this is one where the first was bad.
    passes: bool = False
    is_retry: bool = False

    def applies(self, firmware):
        return (
            self.proof in (None, firmware.proof) and self.security in (None, firmware.security)
            and (firmware.asks or not self.asks)
        )

    @property
    def is_good(self):
        return self.exit == 0 and not self.is_retry

    def legs_on(self, server, firmware):
        """The listeners of the first connection, and of the further ones."""
        right = listener(server, firmware.security, firmware.certificate)
        if self.is_plain:
            first = listener(server, "plain", None)
        else:
            shown = self.shows or firmware.certificate
            first = listener(server, firmware.security, shown, self.fault)
        return first, right if self.is_retry else first

    def retried(self):
        """The same fault, but only at the first connection."""
        more = (("tries", 4), ("wait", 200))
        return replace(self, name=f"{self.name}, then well", arguments=self.arguments + more,
                       is_retry=True, says=None)


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
    ]


def withheld(name, exit, word, fault, **others):
    return Day(name, exit, word, fault=fault, arguments=(("patience", PATIENCE),), passes=True,
               **others)


def distrusted(name, **others):
    return Day(name, 77, "failed", **others)


HANDSHAKE = frozenset({"EHLO", "STARTTLS"})
NOBODY = ("nobody",)

BAD = [
    Day("server down", 74, "failed", "postfix", is_down=True, passes=True),
    Day("cut in the body", 74, "failed", "postfix", cut=CUT, arguments=(("rows", ROWS),),
        passes=True),
    withheld("greeting withheld", 74, "failed", "silent"),
    withheld("reply to RCPT withheld", 74, "failed", "mute recipients"),
    withheld("final reply withheld, taken", 75, "unknown", "mute content", copies=1),
    withheld("final reply withheld, lost", 75, "unknown", "forgetful"),
    Day("421 as greeting", 75, "refused", fault="busy", passes=True),
    Day("451 to MAIL", 75, "refused", fault="deferring", passes=True),
    Day("452 to the content", 75, "refused", fault="full", passes=True),
    Day("greeting that is none", 76, "failed", fault="babbling", passes=True),
    Day("all recipients refused", 68, "refused", "postfix", recipients=NOBODY, accepted=()),
    Day("one of two refused", 1, "partial", "postfix", recipients=("ops", "nobody"),
        accepted=("ops",), copies=1),
    distrusted("another key", server="postfix", shows="unknown-root", says=HANDSHAKE, proof="pin",
               passes=True),
    distrusted("expired", server="postfix", shows="expired", says=HANDSHAKE, proof="ca",
               passes=True),
    distrusted("for another host", server="postfix", shows="wrong-host", says=HANDSHAKE,
               proof="ca"),
    distrusted("unknown root", server="postfix", shows="unknown-root", says=HANDSHAKE, proof="ca"),
    Day("no TLS there", 76, "failed", is_plain=True, says=frozenset(), security="tls"),
    Day("STARTTLS not offered", 69, "failed", is_plain=True, says=frozenset({"EHLO", "QUIT"}),
        security="starttls"),
    Day("STARTTLS taken away", 69, "failed", fault="no STARTTLS",
        says=frozenset({"EHLO", "QUIT"}), security="starttls"),
    distrusted("a date behind the end", says=HANDSHAKE, asks=True, offset=TWO_YEARS),
    distrusted("a date before the beginning", says=HANDSHAKE, asks=True, offset=-TWO_YEARS),
    Day("date withheld", 74, "failed", says=frozenset(), asks=True, is_silent=True,
        arguments=(("patience", PATIENCE),)),
    Day("date of another's question", 74, "failed", says=frozenset(), asks=True, is_spoofed=True,
        arguments=(("patience", PATIENCE),)),
]


def days(firmware, boots):
    bad = [day for day in BAD if day.applies(firmware)]
    return [
        *(day for day in good(boots) if day.applies(firmware)),
        *bad,
        *(day.retried() for day in bad if day.passes),
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
