"""Postfix with Cyrus SASL, virtual Maildirs, STARTTLS and implicit TLS."""

import re
import shutil
import time
from dataclasses import dataclass

from .. import install
from .base import (
    DOMAIN, MAILBOXES, PASSWORD, SIZE, USER, Listener, Maildirs, Seen, Server, accounts, give,
    give_ports, template,
)

ACCEPTED = re.compile(r"client=.*, sasl_method=([^,]+)")
REFUSED = re.compile(r"SASL (\S+) authentication failed")
# The last line of a connection counts its commands: `data=1`, or `bdat=1/2` if one failed.
CLOSED = re.compile(r"disconnect from \S+ (ehlo=.*)")
LOG_SECONDS = 3


@dataclass
class Postfix(Maildirs, Server):
    name = "postfix"
    own_fields = ("return-path", "x-original-to", "delivered-to", "received")

    def offers(self):
        mechanisms = ("plain", "login", "cram-md5", "scram-sha-256")
        offered = {"chunking": True, "dsn": True}
        return [
            Listener("submission", auth=mechanisms, **offered),
            Listener("relay", **offered),
            Listener("starttls", security="starttls", auth=mechanisms, **offered),
            Listener("tls", security="tls", auth=mechanisms, **offered),
        ]

    def launch(self):
        packages = install.unpacked(self.cache, "postfix")
        etc = self.folder / "etc"
        ids = accounts(etc, ["postfix", "postdrop", "interop"])
        self.mail.chmod(0o755)
        give(self.mail, ids["interop"], 0o755)
        ports = give_ports(self.listeners)
        template("postfix/main.cf", etc / "postfix/main.cf",
                 domain=DOMAIN, uid=ids["interop"], size=SIZE)
        template("postfix/master.cf", etc / "postfix/master.cf", **ports)
        template("postfix/smtpd.conf", etc / "postfix/sasl/smtpd.conf")
        (etc / "postfix/mailboxes").write_text(
            "".join(f"{name}@{DOMAIN} {name}/\n" for name in MAILBOXES)
        )
        shutil.copytree(self.certificates, etc / "postfix/certificates")
        script = (
            f"printf %s {PASSWORD!r} | saslpasswd2 -p -c -f /etc/sasldb2 -u {DOMAIN} {USER}\n"
            "chown postfix /etc/sasldb2\n"
            "chown postfix: /var/lib/postfix\n"
            "postfix start-fg\n"
        )
        self.spawn_in_namespace(packages, etc, "bash", "-euc", script)

    def logs(self):
        return [self.log, self.store / "postfix.log"]

    def seen(self, since):
        # Its log is written by a process of its own, a little later.
        end = time.monotonic() + LOG_SECONDS
        while True:
            text = "\n".join(self.tail(since))
            if (closed := CLOSED.search(text)) or time.monotonic() > end:
                break
            time.sleep(0.01)
        commands = set(re.findall(r"(\w+)=", closed[1] if closed else ""))
        log_ins = {(method.lower(), True) for method in ACCEPTED.findall(text)}
        log_ins |= {(method.lower(), False) for method in REFUSED.findall(text)}
        return Seen(log_ins, {one.upper() for one in commands & {"data", "bdat"}})
