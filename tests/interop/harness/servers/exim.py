"""Exim with its own authenticators, Maildirs, STARTTLS and implicit TLS."""

import shutil
from dataclasses import dataclass

from .. import install
from .base import (
    DOMAIN, MAILBOXES, PASSWORD, SIZE, USER, Listener, Maildirs, Server, accounts, free_port, give,
    template,
)


@dataclass
class Exim(Maildirs, Server):
    name = "exim"
    own_fields = ("return-path", "envelope-to", "delivery-date", "received")

    def launch(self):
        packages = install.unpacked(self.cache, "exim")
        mechanisms = ("plain", "login", "cram-md5")
        self.listeners = [
            Listener("submission", free_port(), auth=mechanisms),
            Listener("relay", free_port()),
            Listener("starttls", free_port(), security="starttls", auth=mechanisms),
            Listener("tls", free_port(), security="tls", auth=mechanisms),
        ]
        etc = self.folder / "etc"
        ids = accounts(etc, ["Debian-exim", "interop"])
        give(self.mail, ids["interop"], 0o755)
        ports = {listener.name: listener.port for listener in self.listeners}
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

    def logs(self):
        main = self.store / "exim-mainlog.log"
        return [main if main.exists() else self.log]


def quoted(text):
    """A text that Exim's expansion and its list and string syntax leave as it is."""
    for special, escape in (("\\", "\\\\\\\\"), ('"', '\\"'), ("$", "\\\\$")):
        text = text.replace(special, escape)
    return text
