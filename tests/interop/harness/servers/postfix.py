"""Postfix with Cyrus SASL, virtual Maildirs, STARTTLS and implicit TLS."""

import re
import shutil
import time
from dataclasses import dataclass

from .. import install
from .base import (
    BAD, DOMAIN, MAILBOXES, PASSWORD, SIZE, USER, Listener, Maildirs, Seen, Server, accounts, give,
    give_ports, secured, template,
)

ACCEPTED = re.compile(r"client=.*, sasl_method=([^,]+)")
REFUSED = re.compile(r"SASL (\S+) authentication failed")
# The last line of a connection counts its commands: `data=1`, or `bdat=1/2` if one failed.
CLOSED = re.compile(r"disconnect from \S+ (.*)")
CONNECTED = re.compile(r"smtpd\[\d+\]: connect from ")
ENCRYPTED = re.compile(r"TLS connection established from .*: TLSv(\S+) with cipher (.*)")
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
            *secured(["ecdsa", "rsa", "both", *BAD], auth=mechanisms, **offered),
            *secured(["both"], ["1.2"], auth=mechanisms, **offered),
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
        template("postfix/master.cf", etc / "postfix/master.cf", **ports,
                 secured="".join(map(entry, self.listeners)))
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
        # The last of these is `commands`, their sum.
        verbs = {one.upper() for one in re.findall(r"(\w+)=", closed[1] if closed else "")[:-1]}
        log_ins = {(method.lower(), True) for method in ACCEPTED.findall(text)}
        log_ins |= {(method.lower(), False) for method in REFUSED.findall(text)}
        tls = [(version, key_of(how)) for version, how in ENCRYPTED.findall(text)]
        return Seen(log_ins, verbs & {"DATA", "BDAT"}, tls, len(CONNECTED.findall(text)), verbs)


def key_of(cipher):
    return "ecdsa" if "ECDSA" in cipher else "rsa" if "RSA" in cipher else None


def entry(listener):
    """A secured listener's lines in master.cf."""
    if listener.security == "plain":
        return ""
    kinds = ("ecdsa", "rsa") if listener.certificate == "both" else (listener.certificate,)
    chains = ",".join(
        f"/etc/postfix/certificates/{kind}.{end}" for kind in kinds for end in ("key", "pem")
    )
    mode = {"starttls": "security_level=encrypt", "tls": "wrappermode=yes"}[listener.security]
    options = [
        f"syslog_name={listener.security}", f"smtpd_tls_{mode}", "smtpd_sasl_auth_enable=yes",
        "smtpd_relay_restrictions=permit_sasl_authenticated,reject",
        f"smtpd_tls_chain_files={chains}",
        f"smtpd_tls_protocols=<=TLSv{listener.version}",
        f"smtpd_tls_mandatory_protocols=<=TLSv{listener.version}",
    ]
    return f"127.0.0.1:{listener.port} inet n - n - - smtpd\n" + "".join(
        f"  -o {option}\n" for option in options
    )
