"""Reads mails with mblaze. README.md has the form of what it prints."""

import base64
import re

import tool


def read(path, _):
    parts = [part(line) for line in tool.run("mshow", "-t", path).decode().split("\n")[1:] if line.strip()]
    leaves = [one for one in parts if not one["type"].startswith("multipart/")]
    return {
        "subject": field(path, "subject"),
        "message_id": field(path, "message-id"),
        "structure": structure(parts)[0],
        "text": text_of(path, leaves, "text/plain"),
        "html": text_of(path, leaves, "text/html"),
        "attachments": [attachment(path, one) for one in leaves if one["name"] is not None],
    }


def field(path, name):
    # It fails where there is no such field.
    lines = tool.run("mhdr", "-d", "-h", name, path, may_fail=True).decode()
    return lines.removesuffix("\n") if lines else None


def part(line):
    found = re.fullmatch(r'( *)(\d+): (\S+) size=\d+(?: name="(.*)")?', line)
    depth, number, kind, name = found.groups()
    return {"depth": len(depth), "number": number, "type": kind, "name": name}


def structure(parts):
    """Of the first part, and the parts after it."""
    first, *rest = parts
    if not first["type"].startswith("multipart/"):
        return first["type"], rest
    children = []
    while rest and rest[0]["depth"] > first["depth"]:
        child, rest = structure(rest)
        children.append(child)
    return f"{first['type'].removeprefix('multipart/')}({' '.join(children)})", rest


def octets(path, one):
    return tool.run("mshow", "-O", path, one["number"])


def text_of(path, leaves, kind):
    for one in leaves:
        if one["type"] == kind and one["name"] is None:
            return octets(path, one).decode()
    return None


def attachment(path, one):
    return {
        "name": one["name"],
        "type": one["type"],
        "octets": base64.b64encode(octets(path, one)).decode(),
    }


tool.main(read)
