"""TLS by the OpenSSL that the package `cryptography` brings, in front of an aiosmtpd; started with one
JSON argument. The aiosmtpd is that of `aiosmtpd_store.py`, without TLS, in the same process."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from OpenSSL import SSL

import aiosmtpd_store

CHUNK = 16_384


def context_of(certificate, trait):
    """What the trait asks of a client: `asks`, `asks for many` and `requires` are about its certificate."""
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    path = Path(aiosmtpd_store.settings["certificates"]) / certificate
    context.use_certificate_chain_file(f"{path}.pem")
    context.use_privatekey_file(f"{path}.key")
    if trait in ("asks", "asks for many", "requires"):
        required = SSL.VERIFY_FAIL_IF_NO_PEER_CERT if trait == "requires" else 0
        context.set_verify(SSL.VERIFY_PEER | required, lambda *_: True)
    if trait == "asks for many":
        # The names of these authorities stand in the request.
        context.load_client_ca(aiosmtpd_store.settings["authorities"].encode())
    return context


class Front:
    """A connection: TLS to the client, none to the aiosmtpd."""

    def __init__(self, context, outer, inner):
        self.tls = SSL.Connection(context, None)
        self.tls.set_accept_state()
        self.reader, self.writer = outer
        self.inner_reader, self.inner_writer = inner

    async def run(self):
        try:
            await self.handshake()
            print("tls", self.tls.get_protocol_version_name(), self.tls.get_cipher_name(), flush=True)
            await asyncio.gather(self.inwards(), self.outwards())
        except (SSL.Error, OSError, EOFError) as error:
            print("tls failed", repr(error), flush=True)
            # An alert, if the client is still there.
            with contextlib.suppress(OSError):
                await self.flush()
        finally:
            self.writer.close()
            self.inner_writer.close()

    async def handshake(self):
        while True:
            try:
                self.tls.do_handshake()
                return await self.flush()
            except SSL.WantReadError:
                await self.more()

    async def more(self):
        """Sends what there is, then takes bytes of the client."""
        await self.flush()
        data = await self.reader.read(CHUNK)
        if not data:
            raise EOFError("the client closed")
        self.tls.bio_write(data)

    async def flush(self):
        while True:
            try:
                self.writer.write(self.tls.bio_read(CHUNK))
            except SSL.WantReadError:
                break
        await self.writer.drain()

    async def inwards(self):
        while True:
            try:
                self.inner_writer.write(self.tls.recv(CHUNK))
                await self.inner_writer.drain()
            except SSL.WantReadError:
                try:
                    await self.more()
                except EOFError:
                    return self.inner_writer.close()
            except SSL.ZeroReturnError:
                return self.inner_writer.close()

    async def outwards(self):
        while data := await self.inner_reader.read(CHUNK):
            self.tls.sendall(data)
            await self.flush()
        self.tls.shutdown()
        await self.flush()
        self.writer.close()


async def main():
    loop = asyncio.get_running_loop()
    print("OpenSSL", SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode(), flush=True)
    ports = {}
    for name, (certificate, trait) in aiosmtpd_store.settings["listeners"].items():
        context = context_of(certificate, trait)
        store = await loop.create_server(
            lambda: aiosmtpd_store.protocol("tls", True, None, None), "127.0.0.1", 0
        )
        behind = store.sockets[0].getsockname()[1]

        async def connected(reader, writer, context=context, behind=behind):
            inner = await asyncio.open_connection("127.0.0.1", behind)
            await Front(context, (reader, writer), inner).run()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        ports[name] = server.sockets[0].getsockname()[1]
    print("ports", json.dumps(ports), flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
