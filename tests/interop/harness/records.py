"""TLS records as they pass: what a client lets out that turns back in the handshake."""

HANDSHAKE, CHANGE_CIPHER_SPEC, ALERT, CIPHERED = 22, 20, 21, 23
HEADER_OCTETS = 5
# Level and description; ciphered, the kind and an authentication tag as well (RFC 8446 §5.2).
ALERT_OCTETS = {ALERT: 2, CIPHERED: 2 + 1 + 16}


def check(octets):
    """After the ClientHello there may be one alert and nothing else that carries anything."""
    clear, records, rest = split(octets)
    faults = []
    if clear not in (b"", b"EHLO [127.0.0.1]\r\nSTARTTLS\r\n"):
        faults.append(f"sent in clear: {clear[:100]!r}")
    if not records or records[0][0] != HANDSHAKE:
        faults.append(f"no ClientHello: {records[:3]}")
    # RFC 8446 appendix D.4: a change_cipher_spec says nothing.
    after = [record for record in records[1:] if record[0] != CHANGE_CIPHER_SPEC]
    if len(after) > 1 or any(ALERT_OCTETS.get(kind) != length for kind, length in after):
        faults.append(f"after the ClientHello: records (kind, octets) {after}")
    if rest:
        faults.append(f"no record: {rest[:40]!r}")
    return faults


def split(octets):
    """What stands in front of TLS, the records' kinds and lengths, and what is none."""
    start = octets.find(b"\r\nSTARTTLS\r\n") + len(b"\r\nSTARTTLS\r\n") if octets[:1] == b"E" else 0
    clear, rest = octets[:start], octets[start:]
    records = []
    while len(rest) >= HEADER_OCTETS and rest[0] in (
        HANDSHAKE, CHANGE_CIPHER_SPEC, ALERT, CIPHERED
    ):
        length = int.from_bytes(rest[3:5], "big")
        records.append((rest[0], length))
        rest = rest[HEADER_OCTETS + length:]
    return clear, records, rest
