"""Postfix's smtp-sink: takes every recipient and offers no SIZE."""

from dataclasses import dataclass

from .. import install
from .base import Delivered, Listener, Server, accounts, free_port


@dataclass
class Sink(Server):
    name = "smtp-sink"
    refuses_unknown = False
    size = None
    exact = True

    def launch(self):
        packages = install.unpacked(self.cache, "postfix")
        etc = self.folder / "etc"
        (etc / "postfix").mkdir(parents=True)
        (etc / "postfix/main.cf").write_text("compatibility_level = 3.6\n")
        accounts(etc, ["postfix", "postdrop"])
        self.listeners = [
            Listener("pipelining", free_port()),
            Listener("no-pipelining", free_port(), pipelining=False),
        ]
        script = "".join(
            f"smtp-sink -u nobody {'' if one.pipelining else '-p '}-d /media/mail/%s. "
            f"127.0.0.1:{one.port} 64 &\n"
            for one in self.listeners
        )
        self.spawn_in_namespace(packages, etc, "bash", "-euc", script + "wait\n")

    def delivered(self):
        mails = []
        for path in sorted(self.mail.iterdir()):
            # The sink writes the envelope as header fields in front, and an empty line behind.
            head, _, content = path.read_bytes().partition(b"\n\n")
            mails.append(Delivered(content=content))
        return mails
