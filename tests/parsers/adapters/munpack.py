"""Reads attachments with munpack. README.md has the form of what it prints."""

import base64
import re

import tool


def read(path, folder):
    # As a mail store has it: it takes a CR for a part of its line.
    stored = folder / "part0"
    stored.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    lines = tool.run("munpack", "-t", "-C", folder, stdin=stored).decode("utf-8", "replace").split("\n")
    found = [re.fullmatch(r"(.*) \((\S+)\)", line) for line in lines]
    found = [match.groups() for match in found if match]
    # `part1` and so on are parts without a name.
    found = [(name, kind) for name, kind in found if not re.fullmatch(r"part\d+", name)]
    return {"attachments": [attachment(folder, name, kind) for name, kind in found]}


def attachment(folder, name, kind):
    octets = (folder / name).read_bytes()
    return {"name": name, "type": kind, "octets": base64.b64encode(octets).decode()}


tool.main(read)
