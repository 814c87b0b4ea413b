"""What arrived against what `alert --eml` prints, octet for octet."""

import re

FIELD = re.compile(rb"([!-9;-~]+):.*\r\n(?:[ \t].*\r\n)*")


def content_of(server, mail):
    """The octets as they were sent: a store that keeps LF is read as CRLF."""
    return mail if server.exact else mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def message_id(content):
    found = re.search(rb"^Message-ID:\s*(<[^>]*>)", content, re.M | re.I)
    return found[1].decode() if found else None


def difference(server, arrived, wanted):
    """None if equal apart from the server's own header fields in front, else what differs."""
    arrived = content_of(server, arrived)
    if not arrived.endswith(wanted):
        return first_difference(server, arrived, wanted)
    front = arrived[: len(arrived) - len(wanted)]
    while front:
        own = FIELD.match(front)
        if own is None or own[1].decode().lower() not in server.own_fields:
            return f"something stands in front: {front[:80]!r}"
        front = front[own.end():]
    return None


def first_difference(server, arrived, wanted):
    while (own := FIELD.match(arrived)) and own[1].decode().lower() in server.own_fields:
        arrived = arrived[own.end():]
    pairs = enumerate(zip(arrived, wanted))
    at = next((at for at, (a, b) in pairs if a != b), min(len(arrived), len(wanted)))
    return (
        f"{len(arrived)} octets arrived, {len(wanted)} expected; at {at}: "
        f"{arrived[max(at - 10, 0):at + 30]!r} for {wanted[max(at - 10, 0):at + 30]!r}"
    )
