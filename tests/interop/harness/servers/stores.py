"""The two servers that store the octets as received: aiosmtpd and nodemailer's smtp-server."""

import json
import os
import re
import time
from dataclasses import dataclass

from .. import certificates, install
from . import handshake
from .base import (
    DOMAIN, HERE, LONG_TOKEN, MAILBOXES, PASSWORD, RCPT_MAX, REASON, SIZE, START_SECONDS, TOKEN,
    USER, Broken, Delivered, Listener, Seen, Server, secured,
)

# Both programs print it.
LOG_IN = re.compile(r"^auth (\S+) (accepted|refused)$", re.M)
# aiosmtpd's does.
ENCRYPTED = re.compile(r"^tls TLSv(\S+)", re.M)
RECEIVED = re.compile(r"^received (.*)$", re.M)
# In bytes. A request that names many authorities is longer than this; any other is shorter.
MANY = 8192


@dataclass
class Store(Server):
    exact = True

    def delivered(self):
        return [
            Delivered(content=path.with_suffix(".eml").read_bytes(),
                      envelope=json.loads(path.read_text()))
            for path in sorted(self.mail.glob("*.json"))
        ]

    def settings(self, listeners):
        return json.dumps({
            "folder": str(self.mail), "domain": DOMAIN, "mailboxes": MAILBOXES, "user": USER,
            "password": PASSWORD, "tokens": [TOKEN, LONG_TOKEN], "reason": REASON, "size": SIZE,
            "rcpt_max": RCPT_MAX, "listeners": listeners,
            "certificates": str(self.certificates),
        })

    def seen(self, since):
        found = LOG_IN.findall("\n".join(self.tail(since)))
        return Seen({(name.lower(), how == "accepted") for name, how in found})

    def read_ports(self):
        """Takes the ports from the line that the server prints when it listens."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            for line in self.log.read_text().splitlines(keepends=True):
                if line.startswith("ports ") and line.endswith("\n"):
                    ports = json.loads(line.removeprefix("ports "))
                    for listener in self.listeners:
                        listener.port = ports[listener.name]
                    return
            time.sleep(0.02)
        raise Broken(f"{self.name} named no ports")


@dataclass
class Aiosmtpd(Store):
    name = "aiosmtpd"
    program = HERE / "aiosmtpd_store.py"
    # asyncio closes without an alert.
    no_tls13 = "close"

    def offers(self):
        # Its lines have at most 1000 octets.
        offered = {
            "auth": ("plain", "login", "xoauth2", "oauthbearer"), "answer_max": 1000,
            "pipelining": False,
        }
        return [
            Listener("submission", **offered),
            Listener("relay", pipelining=False),
            Listener("limits", pipelining=False, only="limits"),
            *secured([one.name for one in certificates.GOOD + certificates.BAD], **offered),
            *secured(["both"], ["1.2"], **offered),
            *(Listener(f"starttls, {trait}", security="starttls", certificate="ecdsa", trait=trait,
                       **offered)
              for trait in ("injecting", "refusing", "requiretls")),
        ]

    def launch(self):
        python = install.aiosmtpd_python(self.cache)
        listeners = {
            one.name: (one.security, bool(one.auth), one.only or one.trait, one.certificate,
                       one.version)
            for one in self.listeners
        }
        # Of the harness's own environment nothing may reach another Python's imports.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self.spawn(python, self.program, self.settings(listeners), env=environment)
        self.read_ports()

    def seen(self, since):
        text = "\n".join(self.tail(since))
        received = "".join(map(json.loads, RECEIVED.findall(text)))
        seen = super().seen(since)
        seen.tls = [(version, None) for version in ENCRYPTED.findall(text)]
        seen.connections = len(re.findall(r"^connected$", text, re.M))
        seen.verbs = {line.split(" ")[0].upper() for line in received.split("\r\n")} - {""}
        seen.required = "requiretls" in text.splitlines()
        return seen


@dataclass
class Openssl(Aiosmtpd):
    """An aiosmtpd behind an OpenSSL that may be newer than the system's."""

    program = HERE / "openssl_front.py"
    # The groups of the key exchange, where they are not OpenSSL's own choice.
    groups = None
    # The beginning of its version, and groups and signature schemes that it must list.
    version = ""
    unknown_groups = frozenset()
    unknown_schemes = frozenset()
    # The first asks for no certificate of the client.
    traits = ("today", "asks", "asks for many", "requires")

    def offers(self):
        offered = {
            "security": "tls", "auth": ("plain", "login", "xoauth2", "oauthbearer"),
            "answer_max": 1000, "pipelining": False,
        }
        # The session of a client without a certificate ends before it can log in.
        return [
            Listener(f"tls, {trait}", certificate="ecdsa", trait=trait,
                     **offered | ({"auth": ()} if trait == "requires" else {}))
            for trait in self.traits
        ]

    def settings(self, listeners):
        # The authorities of the system: a hundred names and more.
        install.apt_install(["ca-certificates"])
        settings = json.loads(super().settings(listeners))
        return json.dumps(settings | {"authorities": "/etc/ssl/certs/ca-certificates.crt"})

    def launch(self):
        python = install.openssl_python(self.cache, self.name)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        if self.groups:
            configuration = self.folder / "openssl.cnf"
            configuration.write_text(GROUPS.format(groups=self.groups))
            environment["OPENSSL_CONF"] = str(configuration)
        listeners = {one.name: (one.certificate, one.trait) for one in self.listeners}
        self.spawn(python, self.program, self.settings(listeners), env=environment)
        self.read_ports()
        if f"OpenSSL {self.version}." not in self.log.read_text():
            raise Broken(f"{self.name} is not OpenSSL {self.version}")
        for listener in self.listeners:
            self.check_handshake(listener)

    def check_handshake(self, listener):
        """Checks that the handshake has what the cases are about. Without it they would pass too."""
        messages = handshake.messages(listener.port)
        request = messages.get("CertificateRequest")
        groups = handshake.groups(messages.get("EncryptedExtensions", b""))
        faults = []
        if missing := self.unknown_groups - groups:
            faults.append(f"does not list the groups {sorted(map(hex, missing))}")
        if (request is not None) != (listener.trait != "today"):
            faults.append("asks for a certificate" if request else "asks for no certificate")
        if request:
            if missing := self.unknown_schemes - handshake.schemes(request):
                faults.append(f"does not list the schemes {sorted(map(hex, missing))}")
            if (len(request) > MANY) != (listener.trait == "asks for many"):
                faults.append(f"has a CertificateRequest of {len(request)} bytes")
        if faults:
            raise Broken(f"{self.name}, {listener.name}: {'; '.join(faults)}")


GROUPS = """
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = default
[default]
Groups = {groups}
"""


@dataclass
class Openssl4(Openssl):
    """OpenSSL's own groups and schemes. A client may not know those with SM2."""

    name = "openssl-4"
    version = "4"
    # curveSM2MLKEM768 and curveSM2; sm2sig_sm3.
    unknown_groups = frozenset({0x11EE, 0x0029})
    unknown_schemes = frozenset({0x0708})


@dataclass
class Openssl3(Openssl):
    """Brainpool groups first, which a client may not know. embedded-tls knows all its schemes."""

    name = "openssl-3.5"
    version = "3.5"
    groups = "brainpoolP256r1tls13:brainpoolP384r1tls13:P-256"
    unknown_groups = frozenset({0x001F, 0x0020})


@dataclass
class SmtpServer(Store):
    name = "smtp-server"
    mechanisms = ("plain", "login", "cram-md5", "xoauth2")

    def offers(self):
        return [
            Listener("submission", auth=self.mechanisms, dsn=True),
            Listener("relay", dsn=True),
            Listener("no-pipelining", auth=self.mechanisms, pipelining=False, dsn=True),
        ]

    def launch(self):
        modules = install.smtp_server_modules(self.cache)
        offered = {"authMethods": [name.upper() for name in self.mechanisms]}
        options = {
            "submission": offered | {"hideSTARTTLS": True},
            "relay": {"authOptional": True, "disabledCommands": ["AUTH", "STARTTLS"]},
            "no-pipelining": offered | {"hideSTARTTLS": True, "hidePIPELINING": True},
        }
        environment = os.environ | {"NODE_PATH": str(modules)}
        self.spawn(install.tool("node", "nodejs"), HERE / "smtp_server_store.js",
                   self.settings(options), env=environment)
        self.read_ports()
