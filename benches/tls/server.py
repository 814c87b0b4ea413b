"""An aiosmtpd with a listener for each chain of certificates, and one without TLS.

    server.py FOLDER NAME…

On stdout: `port NAME NUMBER` for each listener on 127.0.0.1, picked by the system, then `ready`; then
`mail NAME …` for each mail: the TLS version, the cipher, the recipients and the SHA-256 of the content.
"""

import asyncio
import hashlib
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

folder = Path(sys.argv[1])
ACCOUNT = LoginPassword(b"boiler3", b"correct horse")


class Print:
    """Takes every mail, and tells of it."""

    def __init__(self, name):
        self.name = name

    async def handle_DATA(self, server, session, envelope):
        cipher = server.transport.get_extra_info("cipher") or ("-", "-")
        content = hashlib.sha256(envelope.original_content).hexdigest()
        recipients = ",".join(envelope.rcpt_tos)
        print("mail", self.name, cipher[1], cipher[0], recipients, content, flush=True)
        return "250 2.0.0 Stored"


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=data == ACCOUNT, handled=False)


def protocol(name):
    return SMTP(
        Print(name), hostname="localhost", ident="aiosmtpd", authenticator=authenticate,
        auth_required=True, auth_require_tls=False, loop=asyncio.get_running_loop(),
    )


async def main():
    for name in sys.argv[2:]:
        context = None
        if name != "plain":
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        server = await asyncio.get_running_loop().create_server(
            lambda name=name: protocol(name), "127.0.0.1", 0, ssl=context
        )
        print("port", name, server.sockets[0].getsockname()[1], flush=True)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
