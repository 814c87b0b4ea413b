"""Exim with its own authenticators, Maildirs, STARTTLS and implicit TLS."""

import re
import shutil
import time
from dataclasses import dataclass

from .. import install
from .base import (
    BAD, DOMAIN, MAILBOXES, PASSWORD, SIZE, USER, Listener, Maildirs, Seen, Server, accounts, give,
    give_ports, secured, template,
)

# An authenticator's name is its mechanism's, with `_` for `-`. K: the mail came by CHUNKING.
ARRIVED = re.compile(r"<= \S+ H=.* P=e?smtp.*")
ACCEPTED = re.compile(r" A=(\w+)")
CONNECTED = re.compile(r"SMTP connection from \S+ .*\(TCP/IP connection count")
# Key exchange, then kind of key and hash: `X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES…`.
ENCRYPTED = re.compile(r" X=TLS([\d.]+):\w*?__(ECDSA|RSA)")
# The last lines of a connection, but for that of one without a mail, which stands behind them.
ENDED = re.compile(r"SMTP connection from .* (closed by|lost)|TLS error on connection from \[")
LOG_SECONDS = 3
LAST_LINE_SECONDS = 0.02
# Of a connection without a mail: the verbs that came.
IDLE = re.compile(r"no MAIL in .*?(?: C=(\S+))?$", re.M)
REFUSED = re.compile(r"(\w+) authenticator failed")


@dataclass
class Exim(Maildirs, Server):
    name = "exim"
    # GnuTLS looks at the cipher suites first.
    no_tls13 = "cipher"
    own_fields = ("return-path", "envelope-to", "delivery-date", "received")

    def offers(self):
        mechanisms = ("plain", "login", "cram-md5")
        offered = {"chunking": True, "dsn": True}
        return [
            Listener("submission", auth=mechanisms, **offered),
            Listener("relay", **offered),
            *secured(["ecdsa", "rsa", "both", *BAD], auth=mechanisms, **offered),
            *secured(["both"], ["1.2"], auth=mechanisms, **offered),
        ]

    def launch(self):
        packages = install.unpacked(self.cache, "exim")
        etc = self.folder / "etc"
        ids = accounts(etc, ["Debian-exim", "interop"])
        give(self.mail, ids["interop"], 0o755)
        ports = give_ports(self.listeners) | self.secured_ports()
        template("exim/exim.conf", etc / "exim4/interop.conf", **ports,
                 domain=DOMAIN, size=SIZE, user=USER, password=quoted(PASSWORD),
                 mailboxes=" : ".join(MAILBOXES))
        (etc / "exim4/trusted_configs").write_text("/etc/exim4/interop.conf\n")
        shutil.copytree(self.certificates, etc / "exim4/certificates")
        for path in [etc / "exim4/certificates", *(etc / "exim4/certificates").iterdir()]:
            give(path, ids["Debian-exim"], 0o755 if path.is_dir() else 0o600)
        script = (
            "mkdir -p /var/spool/exim4/{db,input,msglog}; chown -R Debian-exim: /var/spool/exim4\n"
            "exim4 -C /etc/exim4/interop.conf -bdf\n"
        )
        self.spawn_in_namespace(packages, etc, "bash", "-euc", script)

    def secured_ports(self):
        """Lists of the ports, by what the configuration asks of them."""
        def those(which):
            return " : ".join(str(one.port) for one in self.listeners if which(one))

        return {
            "every": " ; ".join(f"[127.0.0.1]:{one.port}" for one in self.listeners),
            "starttls": those(lambda one: one.security == "starttls"),
            "tls": those(lambda one: one.security == "tls"),
            "old": those(lambda one: one.version == "1.2"),
            "certificates": " ".join(
                f"port{one.port}={one.certificate}" for one in self.listeners if one.certificate
            ),
        }

    def logs(self):
        main = self.store / "exim-mainlog.log"
        return [main if main.exists() else self.log]

    def seen(self, since):
        # A process for each connection writes it, a little later.
        end = time.monotonic() + LOG_SECONDS
        while not ENDED.search("\n".join(self.tail(since))) and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(LAST_LINE_SECONDS)
        text = "\n".join(self.tail(since))
        arrived = ARRIVED.findall(text)
        log_ins = {(name, True) for name in ACCEPTED.findall("\n".join(arrived))}
        log_ins |= {(name, False) for name in REFUSED.findall(text)}
        return Seen(
            {(name.lower().replace("_", "-"), right) for name, right in log_ins},
            {"BDAT" if " K " in line else "DATA" for line in arrived},
            [(version, key.lower()) for version, key in ENCRYPTED.findall("\n".join(arrived))],
            len(CONNECTED.findall(text)),
            {verb for verbs in IDLE.findall(text) for verb in verbs.split(",") if verb},
        )


def quoted(text):
    """A text that Exim's expansion and its list and string syntax leave as it is."""
    for special, escape in (("\\", "\\\\\\\\"), ('"', '\\"'), ("$", "\\\\$")):
        text = text.replace(special, escape)
    return text
