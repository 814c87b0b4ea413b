"""The interop harness's aiosmtpd with bad days: a listener's trait says what goes wrong there.

A fault is the same without TLS, behind STARTTLS and within TLS, since it is in the server.
"""

import asyncio
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
sys.path.append(str(PROJECT / "tests/interop/harness/servers"))

import aiosmtpd_store as store  # noqa: E402


async def silence():
    """A reply that never comes: ends with the connection."""
    await asyncio.Event().wait()


class Greeting(store.Heard):
    """Greets otherwise; the first thing that is said to a connection is the greeting."""

    greeting = ""

    async def push(self, status):
        if not getattr(self, "has_greeted", False):
            self.has_greeted = True
            if not self.greeting:
                await silence()
            await super().push(self.greeting)
            self.transport.close()
            return
        await super().push(status)


class Busy(Greeting):
    greeting = "421 4.3.2 Too busy just now"


class Babbling(Greeting):
    greeting = "This is no reply"


class Deferring(store.Heard):
    async def smtp_MAIL(self, arg):
        await self.push("451 4.3.0 Later, please")


class MuteHandshake(store.Heard):
    """Says that TLS may begin, and no more."""

    async def smtp_STARTTLS(self, arg):
        await self.push("220 Ready to start TLS")
        await silence()


class MuteRecipients(store.Heard):
    async def smtp_RCPT(self, arg):
        await silence()


class Full(store.Store):
    """Takes no content."""

    async def handle_DATA(self, server, session, envelope):
        return "452 4.3.1 No space left"


class MuteContent(store.Store):
    """Takes the mail, and never says so."""

    async def handle_DATA(self, server, session, envelope):
        await super().handle_DATA(server, session, envelope)
        await silence()


class Forgetful(store.Store):
    """Takes no mail, and never says so."""

    async def handle_DATA(self, server, session, envelope):
        await silence()


class NoStartTls(store.Store):
    """What somebody on the way makes of an EHLO reply: no STARTTLS, but AUTH."""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        kept = [one for one in responses[:-1] if one != "250-STARTTLS" and "AUTH" not in one]
        return [*kept, "250-AUTH PLAIN LOGIN", responses[-1]]


store.PROTOCOLS |= {
    "busy": Busy, "babbling": Babbling, "silent": Greeting, "deferring": Deferring,
    "mute recipients": MuteRecipients, "mute handshake": MuteHandshake,
}
store.HANDLERS |= {
    "full": Full, "mute content": MuteContent, "forgetful": Forgetful, "no STARTTLS": NoStartTls,
}
asyncio.run(store.main())
