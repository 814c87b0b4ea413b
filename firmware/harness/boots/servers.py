"""The servers of these boots: the interop harness's Postfix, and its aiosmtpd with bad days."""

from dataclasses import dataclass
from pathlib import Path

from harness.servers.base import Listener, secured
from harness.servers.postfix import Postfix
from harness.servers.stores import Aiosmtpd

# What faulty_store.py knows to do wrong.
FAULTS = (
    "busy", "babbling", "silent", "deferring", "mute recipients", "full", "mute content",
    "forgetful", "no STARTTLS", "mute handshake",
)
# Bad certificates that stay bad while they are kept.
DISTRUSTED = ("expired", "wrong-host", "unknown-root")


@dataclass
class Faulty(Aiosmtpd):
    """Good listeners, bad certificates, and each fault without TLS, with STARTTLS, within TLS."""

    program = Path(__file__).with_name("faulty_store.py")

    def offers(self):
        offered = {"auth": ("plain", "login"), "pipelining": False}
        return [
            Listener("submission", **offered),
            *secured(["ecdsa", "rsa-chain", *DISTRUSTED], **offered),
            *(
                Listener(f"{security}, {fault}", security=security, trait=fault,
                         certificate=None if security == "plain" else "ecdsa", **offered)
                for security in ("plain", "starttls", "tls")
                for fault in FAULTS
            ),
        ]


SERVERS = {"postfix": Postfix, "aiosmtpd": Faulty}


def listener(server, security, certificate, fault=None):
    """The one that a firmware needs."""
    return next(
        one for one in server.listeners
        if one.auth and one.version == "1.3" and one.security == security
        and one.certificate == certificate and one.trait == fault
    )
