"""An aiosmtpd that stores each mail's octets and envelope; started with one JSON argument."""

import asyncio
import itertools
import json
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

settings = json.loads(sys.argv[1])
folder = Path(settings["folder"])
mailboxes = {f"{name}@{settings['domain']}" for name in settings["mailboxes"]}
numbers = itertools.count()


class Store:
    """Takes mail for the mailboxes there are, and writes down what it got."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address not in mailboxes:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(self, server, session, envelope):
        stem = folder / f"{next(numbers):06}"
        stem.with_suffix(".eml").write_bytes(envelope.original_content)
        described = {
            "from": envelope.mail_from,
            "options": envelope.mail_options,
            "recipients": envelope.rcpt_tos,
        }
        # Under another name until it is whole.
        stem.with_suffix(".part").write_text(json.dumps(described))
        stem.with_suffix(".part").rename(stem.with_suffix(".json"))
        return "250 2.0.0 Stored"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (
        data.login == settings["user"].encode() and data.password == settings["password"].encode()
    )
    return AuthResult(success=right, handled=False)


def protocol(security, context):
    options = {
        "hostname": "mx.interop.example", "ident": "aiosmtpd", "data_size_limit": settings["size"],
        "enable_SMTPUTF8": True, "loop": asyncio.get_running_loop(),
    }
    if security != "none":
        options |= {
            "authenticator": authenticate, "auth_required": True,
            "auth_require_tls": security == "starttls",
        }
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    return SMTP(Store(), **options)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings["certificate"], settings["key"])
    loop = asyncio.get_running_loop()
    ports = {}
    for name, security in settings["listeners"].items():
        server = await loop.create_server(
            lambda security=security: protocol(security, context), "127.0.0.1", 0
        )
        ports[name] = server.sockets[0].getsockname()[1]
    print("ports", json.dumps(ports), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
