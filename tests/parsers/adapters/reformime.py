"""Reads mails with reformime. README.md has the form of what it prints."""

import base64

import tool


def read(path, _):
    sections = [section(text) for text in info(path).strip().split("\n\n")]
    leaves = [part for part in sections if not part["content-type"].startswith("multipart/")]
    return {
        "structure": structure(sections[0], sections),
        "text": text_of(path, leaves, "text/plain"),
        "html": text_of(path, leaves, "text/html"),
        "attachments": [attachment(path, part) for part in leaves if "content-disposition" in part],
    }


def info(path):
    return tool.run("reformime", "-i", stdin=path).decode()


def section(text):
    return dict(line.split(": ", 1) for line in text.split("\n") if ": " in line)


def structure(part, sections):
    kind = part["content-type"]
    if not kind.startswith("multipart/"):
        return kind
    level = part["section"].count(".") + 1
    inside = [p for p in sections if p["section"].startswith(part["section"] + ".")]
    children = [p for p in inside if p["section"].count(".") == level]
    return f"{kind.removeprefix('multipart/')}({' '.join(structure(p, sections) for p in children)})"


def octets(path, part):
    return tool.run("reformime", "-e", "-s", part["section"], stdin=path)


def text_of(path, leaves, kind):
    for part in leaves:
        if part["content-type"] == kind and "content-disposition" not in part:
            return octets(path, part).decode(part["charset"])
    return None


def attachment(path, part):
    return {
        "name": part.get("content-disposition-filename", part.get("content-name")),
        "type": part["content-type"],
        "disposition": part["content-disposition"],
        "octets": base64.b64encode(octets(path, part)).decode(),
    }


tool.main(read)
