"""Postfix with Cyrus SASL, virtual Maildirs, STARTTLS and implicit TLS."""

import shutil
from dataclasses import dataclass

from .. import install
from .base import (
    DOMAIN, MAILBOXES, PASSWORD, SIZE, USER, Listener, Maildirs, Server, accounts, give,
    give_ports, template,
)


@dataclass
class Postfix(Maildirs, Server):
    name = "postfix"
    own_fields = ("return-path", "x-original-to", "delivered-to", "received")

    def offers(self):
        mechanisms = ("plain", "login", "cram-md5", "scram-sha-256")
        return [
            Listener("submission", auth=mechanisms),
            Listener("relay"),
            Listener("starttls", security="starttls", auth=mechanisms),
            Listener("tls", security="tls", auth=mechanisms),
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
