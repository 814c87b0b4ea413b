"""Postfix's smtp-sink: takes every recipient and offers no SIZE. Its AUTH takes any password, and is
left alone."""

import re
from dataclasses import dataclass

from .. import install
from .base import Delivered, Listener, Server, accounts, give_ports

ENVELOPE = re.compile(rb"^X-(Mail|Rcpt)-Args: <([^>]*)>(.*)", re.M)


@dataclass
class Sink(Server):
    name = "smtp-sink"
    refuses_unknown = False
    size = None
    own_fields = ("x-client-addr", "x-client-proto", "x-helo-args", "x-mail-args", "x-rcpt-args",
                  "received")

    def offers(self):
        return [
            Listener("pipelining", dsn=True),
            Listener("no-pipelining", pipelining=False, dsn=True),
        ]

    def launch(self):
        packages = install.unpacked(self.cache, "postfix")
        etc = self.folder / "etc"
        (etc / "postfix").mkdir(parents=True)
        (etc / "postfix/main.cf").write_text("compatibility_level = 3.6\n")
        accounts(etc, ["postfix", "postdrop"])
        give_ports(self.listeners)
        script = "".join(
            f"smtp-sink -u nobody {'' if one.pipelining else '-p '}-d /media/mail/%s. "
            f"127.0.0.1:{one.port} 64 &\n"
            for one in self.listeners
        )
        self.spawn_in_namespace(packages, etc, "bash", "-euc", script + "wait\n")

    def delivered(self):
        mails = []
        for path in sorted(self.mail.iterdir()):
            # The envelope stands in front as header fields; an empty line ends the file.
            content = path.read_bytes().removesuffix(b"\n")
            envelope = {"from": None, "recipients": [], "parameters": {}}
            for what, address, words in ENVELOPE.findall(content):
                if what == b"Mail":
                    envelope["from"] = address.decode()
                else:
                    envelope["recipients"].append(address.decode())
                    given = dict(word.partition("=")[::2] for word in words.decode().split())
                    envelope["parameters"][address.decode()] = given
            mails.append(Delivered(content=content, envelope=envelope))
        return mails
