"""An aiosmtpd that stores each mail's octets and envelope; started with one JSON argument."""

import asyncio
import base64
import binascii
import functools
import itertools
import json
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

# Octets of what came that are printed of each piece.
SHOWN = 200

settings = json.loads(sys.argv[1])
folder = Path(settings["folder"])
mailboxes = {f"{name}@{settings['domain']}" for name in settings["mailboxes"]}
numbers = itertools.count()
reason = json.dumps({"status": settings["reason"], "schemes": "bearer", "scope": "mail"})


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
        options = [option.partition("=") for option in envelope.mail_options]
        described = {
            "from": envelope.mail_from,
            "options": {name: value for name, _, value in options},
            "recipients": envelope.rcpt_tos,
        }
        # Under another name until it is whole.
        stem.with_suffix(".part").write_text(json.dumps(described))
        stem.with_suffix(".part").rename(stem.with_suffix(".json"))
        return "250 2.0.0 Stored"

    # Google's XOAUTH2: "user=" {User} "^Aauth=Bearer " {Access Token} "^A^A"; a refusal is a
    # challenge with JSON, which an empty line answers.
    async def auth_XOAUTH2(self, server, args):
        form = "user={user}\x01auth=Bearer {token}\x01\x01"
        return await bearer(server, args, "XOAUTH2", form, b"")

    # RFC 7628 §3.1: gs2-header kvsep *kvpair kvsep; §3.2.3: ^A answers the error.
    async def auth_OAUTHBEARER(self, server, args):
        form = "n,a={user},\x01auth=Bearer {token}\x01\x01"
        return await bearer(server, args, "OAUTHBEARER", form, b"\x01")


class Limited(Store):
    """Offers LIMITS (RFC 9422), and keeps to it."""

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [*responses[:-1], f"250-LIMITS RCPTMAX={settings['rcpt_max']}", responses[-1]]

    async def handle_RCPT(self, server, session, envelope, address, options):
        if len(envelope.rcpt_tos) >= settings["rcpt_max"]:
            return "452 4.5.3 Too many recipients"
        return await super().handle_RCPT(server, session, envelope, address, options)


async def bearer(server, args, mechanism, form, acknowledgement):
    """An exchange with a token."""
    if len(args) > 1:
        try:
            response = base64.b64decode(args[1], validate=True)
        except binascii.Error:
            return AuthResult(success=False, handled=False, message="501 5.5.2 No base64")
    else:
        response = await server.challenge_auth("")
    if not isinstance(response, bytes):
        return AuthResult(success=False, handled=True)
    # Host and port are the client's to give or not.
    words = response.decode(errors="replace").split("\x01")
    given = "\x01".join(word for word in words if not word.startswith(("host=", "port=")))
    right = given in [form.format(user=settings["user"], token=one) for one in settings["tokens"]]
    print("auth", mechanism, "accepted" if right else "refused", flush=True)
    if right:
        return AuthResult(success=True)
    answer = await server.challenge_auth(reason)
    if not isinstance(answer, bytes):
        return AuthResult(success=False, handled=True)
    if answer != acknowledgement:
        return AuthResult(success=False, handled=False, message="501 5.5.2 That is no answer")
    return AuthResult(success=False, handled=False)


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (
        data.login == settings["user"].encode() and data.password == settings["password"].encode()
    )
    print("auth", mechanism, "accepted" if right else "refused", flush=True)
    return AuthResult(success=right, handled=False)


class Heard(SMTP):
    """Prints what came, TLS taken off, and the TLS that was agreed on."""

    def connection_made(self, transport):
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if not self._original_transport:
            print("connected", flush=True)
        if tls:
            print("tls", tls.version(), tls.cipher()[0], flush=True)

    def data_received(self, data):
        print("received", json.dumps(data[:SHOWN].decode("latin-1")), flush=True)
        super().data_received(data)


class Injecting(Heard):
    """What somebody on the way would add in clear, for the client to take as the server's later."""

    async def push(self, status):
        if status.startswith("220 Ready to start TLS"):
            status += "\r\n250 2.0.0 Injected"
        await super().push(status)


class Refusing(Heard):
    """Offers STARTTLS, and has none just now."""

    async def smtp_STARTTLS(self, arg):
        await self.push("454 4.7.0 TLS not available due to temporary reason")


class RequiringTls(Heard):
    """RFC 8689: takes REQUIRETLS with MAIL."""

    async def smtp_MAIL(self, arg):
        words = arg.split(" ")
        if "REQUIRETLS" in words:
            print("requiretls", flush=True)
        await super().smtp_MAIL(" ".join(word for word in words if word != "REQUIRETLS"))


class OffersRequireTls(Store):
    # RFC 8689 §2: advertised on TLS only.
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        offered = ["250-REQUIRETLS"] if session.ssl else []
        return [*responses[:-1], *offered, responses[-1]]


PROTOCOLS = {"injecting": Injecting, "refusing": Refusing, "requiretls": RequiringTls}
HANDLERS = {"limits": Limited, "requiretls": OffersRequireTls}


def protocol(security, auth, trait, context):
    options = {
        "hostname": "mx.interop.example", "ident": "aiosmtpd", "data_size_limit": settings["size"],
        "enable_SMTPUTF8": True, "loop": asyncio.get_running_loop(),
    }
    if auth:
        options |= {
            "authenticator": authenticate, "auth_required": True,
            "auth_require_tls": security == "starttls",
        }
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    return PROTOCOLS.get(trait, Heard)(HANDLERS.get(trait, Store)(), **options)


def context_of(certificate, version):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    for kind in ("ecdsa", "rsa") if certificate == "both" else (certificate,):
        path = Path(settings["certificates"]) / kind
        context.load_cert_chain(f"{path}.pem", f"{path}.key")
    context.maximum_version = ssl.TLSVersion[f"TLSv{version.replace('.', '_')}"]
    return context


async def main():
    loop = asyncio.get_running_loop()
    ports = {}
    for name, listener in settings["listeners"].items():
        security, auth, trait, certificate, version = listener
        context = context_of(certificate, version) if certificate else None
        made = functools.partial(protocol, security, auth, trait, context)
        server = await loop.create_server(
            made, "127.0.0.1", 0, ssl=context if security == "tls" else None
        )
        ports[name] = server.sockets[0].getsockname()[1]
    print("ports", json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
