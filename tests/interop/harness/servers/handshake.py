"""The encrypted messages of a TLS 1.3 server's handshake, as `openssl s_client` decrypts them."""

import re
import struct
import subprocess

from .. import install

MESSAGE = re.compile(r"^<<< TLS 1\.3, Handshake \[length \w+\], (\w+)\n((?: +[0-9a-f ]+\n)+)", re.M)
SUPPORTED_GROUPS = 10
SIGNATURE_ALGORITHMS = 13
SECONDS = 20


def messages(port):
    """The messages by name. The client offers P-256 only, as embedded-tls does."""
    words = [install.tool("openssl", "openssl"), "s_client", "-connect", f"127.0.0.1:{port}",
             "-tls1_3", "-groups", "P-256", "-msg"]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired as late:
        raise install.Missing(f"openssl s_client: no end after {SECONDS} s") from late
    found = MESSAGE.findall(done.stdout.decode(errors="replace"))
    return {name: bytes.fromhex(digits) for name, digits in found}


def groups(encrypted_extensions):
    """The groups that the server lists. RFC 8446 §4.3.1: type, length, extensions."""
    return numbers(encrypted_extensions[4:], SUPPORTED_GROUPS)


def schemes(certificate_request):
    """The signature schemes that the server lists. §4.3.2: a context comes before the extensions."""
    context = certificate_request[4]
    return numbers(certificate_request[5 + context:], SIGNATURE_ALGORITHMS)


def numbers(extensions, wanted):
    """The 16-bit numbers that an extension lists. Empty if the extension is missing."""
    rest = extensions[2:]
    while rest:
        kind, length = struct.unpack_from(">HH", rest)
        if kind == wanted:
            return set(struct.unpack_from(f">{(length - 2) // 2}H", rest, 6))
        rest = rest[4 + length:]
    return set()
