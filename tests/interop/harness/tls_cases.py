"""The cases with TLS: each whole for one mail, and what else can go right or wrong."""

from dataclasses import replace

from . import certificates
from .cases import DRIVERS, LOG_INS, Case, Secured, transfers
from .mails import MAILS, MIDDLE, SMALL, Expected, Mail

STACKS = ("rustls", "embedded")
# One that has all: text, HTML, attachments, an inline image, four recipients.
WHOLE = next(mail for mail in MAILS if mail.name == "everything")
THREE = Mail("3 mails", SMALL, Expected(messages=3, accepted=("ops",)), repeat=3)
SMALL_MAIL = next(mail for mail in MAILS if mail.name == "small")
STREAMED = Mail("300 KB streamed", MIDDLE, Expected(accepted=("ops",)), connection=("--stream",))
# Logs in with the best there is.
LOG_IN = next(log_in for log_in in LOG_INS if log_in.name == "auto")
NAME = ("--server-name", "localhost")

NOT_SENT = Expected("failed", 76, 500, "tls", "reconnect", code=None, messages=0, tried=False)
# What stands in the error for each fault.
DISTRUST = {
    "expired": "has expired",
    "not-yet-valid": "is not valid yet",
    "wrong-host": "is not for",
    "self-signed": "signed by itself",
    "unknown-root": "no trusted root",
    "wrong-purpose": "not for servers",
    # One stack says no more than that a rule is broken.
    "issuer-no-authority": "certificate",
    "pin": "not a pinned one",
}


def distrusted(fault):
    return replace(NOT_SENT, exit=77, status=401, retry="never", error=DISTRUST[fault])


# By the server's way to turn a client down that has no version in common with it.
OLD = {
    "version": replace(NOT_SENT, error="does not speak TLS 1.3: use --tls-stack rustls"),
    "cipher": replace(NOT_SENT, error="use --tls-stack rustls"),
    "close": replace(NOT_SENT, exit=74, error="closed the connection in the TLS handshake"),
}
STRIPPED = replace(NOT_SENT, exit=69, phase="starttls", retry="never", error="STARTTLS")
INJECTED = replace(NOT_SENT, phase="starttls")
REFUSED = replace(NOT_SENT, outcome="refused", exit=75, phase="starttls", retry="later", code=454)
# The server says so after the handshake.
CLIENT_CERTIFICATE = replace(NOT_SENT, phase="greeting", error="requires a client certificate")
NOT_REQUIRED = replace(NOT_SENT, exit=69, phase="mail", retry="never")


class Table:
    """The cases of one server, as they are listed."""

    def __init__(self, server):
        self.folder = server.certificates
        self.no_tls13 = server.no_tls13
        self.listeners = {
            (one.security, one.certificate, one.version): one
            for one in server.listeners if one.certificate and not one.trait
        }
        self.traits = {one.trait: one for one in server.listeners if one.trait}
        self.plain = next(
            (one for one in server.listeners if one.security == "plain" and one.auth), None
        )
        self.cases = []

    def add(self, listener, trust, words, mail=WHOLE, name=NAME, stacks=STACKS, drivers=DRIVERS,
            security=None, **secured):
        """A case for each stack and driver."""
        security = security or listener.security
        certificate = "ecdsa" if listener.certificate == "both" else listener.certificate
        # DATA and BDAT have their turn with each.
        transfer = {"starttls": "DATA", "tls": "BDAT"}[security]
        if transfer not in transfers(listener):
            transfer = "DATA"
        for stack in stacks:
            options = ("--security", security, "--tls-stack", stack, *name, *map(str, words))
            details = {
                "starttls": security == "starttls", "version": listener.version,
                "key": key_of(certificate), "pin": certificate and self.pin(certificate),
                "proof": proof_of(words), **secured,
            }
            one = Secured(stack, trust, options, **details)
            self.cases += [
                Case(listener, driver, LOG_IN, "pipelined", transfer, mail, one)
                for driver in drivers
            ]

    def refused(self, listener, trust, words, expected, verbs=("EHLO", "STARTTLS"), **others):
        """Cases in which no TLS comes about, and these verbs come to the server with STARTTLS."""
        self.add(listener, trust, words, **{
            "expected": expected, "version": None,
            "verbs": frozenset(verbs if listener.security != "tls" else ()), **others,
        })

    def pin(self, certificate):
        return certificates.pin(self.folder, certificate)

    def pinned(self, *names):
        return [word for name in names for word in ("--pin", self.pin(name))]

    def ca(self, certificate):
        name = certificates.root(certificate)
        # What is signed by itself or leads to nobody is asked for the root of the others.
        known = name if name in ("root", "root-p384", "root-rsa") else "root"
        return ["--ca", self.folder / f"{known}.pem"]

    def trusts(self, certificate):
        """The ways to trust a good certificate."""
        pin, ca = self.pinned(certificate), self.ca(certificate)
        return {"pin": pin, "ca": ca, "ca + pin": ca + pin, "danger": ["--danger-no-verify"]}


def proof_of(words):
    """What a server has proven itself by that is trusted so."""
    if "--danger-no-verify" in words:
        return "not verified"
    alone = "--pin" in words and "--ca" not in words
    return "pinned or vouched for" if alone else "certificate chain"


def key_of(certificate):
    if certificate is None:
        return None
    return "rsa" if certificates.BY_NAME[certificate].key.startswith("rsa") else "ecdsa"


def cases_of(server):
    """Servers without TLS have one case: that they are not mistaken for one that has it."""
    table = Table(server)
    if table.plain:
        stripped(table)
    today(table)
    if not table.listeners:
        return table.cases
    whole(table)
    wrong(table)
    for certificate in certificates.BAD:
        bad(table, certificate.name)
    old(table)
    required(table)
    traits(table)
    return table.cases


def stripped(table):
    """STARTTLS is not offered: whether by the server or by somebody on the way is the same."""
    table.add(table.plain, "not offered", ["--danger-no-verify"], security="starttls",
              expected=STRIPPED, version=None, verbs=frozenset({"EHLO", "QUIT"}))


def whole(table):
    """Every security × key × trust × stack × driver; then many mails, and much."""
    good = [one.name for one in certificates.GOOD]
    for security in ("starttls", "tls"):
        for certificate in good:
            if listener := table.listeners.get((security, certificate, "1.3")):
                for trust, words in table.trusts(certificate).items():
                    # The longer chains need one way to be trusted.
                    if certificate in ("ecdsa", "rsa") or trust in ("ca", "pin"):
                        table.add(listener, trust, words)
        listener = table.listeners[security, "ecdsa", "1.3"]
        ca = table.ca("ecdsa")
        table.add(listener, "ca", ca, THREE)
        table.add(listener, "ca", ca, STREAMED)
        # The name is the host's, an IP address.
        table.add(listener, "ca, IP address", ca, name=())
        if both := table.listeners.get((security, "both", "1.3")):
            table.add(both, "ca", ca)
            table.add(both, "either pin", table.pinned("rsa", "ecdsa"), drivers=["blocking"])


def wrong(table):
    """A good server, of which something else is asked."""
    for security in ("starttls", "tls"):
        listener = table.listeners[security, "ecdsa", "1.3"]
        ca, other, wrong_pin = table.ca("ecdsa"), table.ca("rsa-chain"), table.pinned("expired")
        refuse = table.refused
        refuse(listener, "wrong pin", wrong_pin, distrusted("pin"))
        refuse(listener, "public roots", [], distrusted("unknown-root"))
        refuse(listener, "wrong name", ca, distrusted("wrong-host"),
               name=("--server-name", "mx.elsewhere.example"))
        refuse(listener, "wrong IP address", ca, distrusted("wrong-host"),
               name=("--server-name", "127.0.0.2"))
        refuse(listener, "ca + wrong pin", ca + wrong_pin, distrusted("pin"),
               drivers=["blocking"])
        refuse(listener, "wrong ca + pin", other + table.pinned("ecdsa"),
               distrusted("unknown-root"), drivers=["blocking"])


def bad(table, name):
    """A bad certificate, which neither the right root makes good nor its own pin with it."""
    for security in ("starttls", "tls"):
        listener = table.listeners.get((security, name, "1.3"))
        if listener is None:
            return
        ca, pin = table.ca(name), table.pinned(name)
        table.refused(listener, "ca", ca, distrusted(name))
        table.refused(listener, "ca + pin", ca + pin, distrusted(name), drivers=["blocking"])
    # A pin alone stands for all of it, and danger for nothing.
    table.add(listener, "pin", pin, SMALL_MAIL, drivers=["async"])
    table.add(listener, "danger", ["--danger-no-verify"], SMALL_MAIL, drivers=["blocking"])


def old(table):
    """TLS 1.2 only: rustls delivers, the other says why not."""
    for security in ("starttls", "tls"):
        listener = table.listeners[security, "both", "1.2"]
        ca, pin = table.ca("ecdsa"), table.pinned("ecdsa")
        table.add(listener, "ca", ca, stacks=["rustls"])
        table.add(listener, "pin", pin, stacks=["rustls"], drivers=["blocking"])
        table.refused(listener, "wrong pin", table.pinned("expired"), distrusted("pin"),
                      stacks=["rustls"])
        table.refused(listener, "ca", ca, OLD[table.no_tls13], stacks=["embedded"], pin=None)


def required(table):
    """--require-tls: the server must offer it, and be verified by a chain."""
    verbs = frozenset({"EHLO", "STARTTLS", "AUTH", "QUIT"})
    wanted = ["--require-tls"]
    offers = table.traits.get("requiretls")
    refuse = {"expected": NOT_REQUIRED, "verbs": verbs}
    if offers is None:
        listener = table.listeners["starttls", "ecdsa", "1.3"]
        table.add(listener, "ca, REQUIRETLS", table.ca("ecdsa") + wanted, **refuse)
        return
    trusts = table.trusts("ecdsa")
    for trust in ("ca", "ca + pin"):
        table.add(offers, f"{trust}, REQUIRETLS", trusts[trust] + wanted, required=True)
    for trust in ("pin", "danger"):
        table.add(offers, f"{trust}, REQUIRETLS", trusts[trust] + wanted, **refuse)


def today(table):
    """Lists of groups and of signature schemes that not every client knows, and requests for a client's
    certificate."""
    for trait in ("today", "asks", "asks for many"):
        if listener := table.traits.get(trait):
            for trust, words in table.trusts("ecdsa").items():
                table.add(listener, trust, words)
    if listener := table.traits.get("requires"):
        table.add(listener, "pin", table.pinned("ecdsa"), expected=CLIENT_CERTIFICATE,
                  verbs=frozenset())


def traits(table):
    """Odd answers to STARTTLS."""
    ca = table.ca("ecdsa")
    if listener := table.traits.get("injecting"):
        table.refused(listener, "octets behind the 220", ca, INJECTED, pin=None)
    if listener := table.traits.get("refusing"):
        table.refused(listener, "454", ca, REFUSED, ("EHLO", "STARTTLS", "QUIT"), pin=None)
