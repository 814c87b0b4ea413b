"""Reads mails with s-nail, all of them in one mailbox. README.md has the form of what it prints."""

import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tool

# A line that no mail has.
MARK = "== mail "


def main():
    paths = [line.rstrip("\n") for line in sys.stdin]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        shown = show(paths, folder)
        for number, path in enumerate(paths, 1):
            try:
                mail = read(shown[number], folder / str(number))
            except Exception as error:  # Whatever it is, it belongs in the report.
                mail = {"error": repr(error)}
            print(json.dumps({"path": path} | mail))


def show(paths, folder):
    """What it shows of each mail, by number; the parts are files in folders of their own."""
    mailbox = folder / "mailbox"
    commands = []
    with open(mailbox, "wb") as file:
        for number, path in enumerate(paths, 1):
            lines = Path(path).read_bytes().replace(b"\r\n", b"\n")
            file.write(b"From sender Mon Nov 24 16:00:00 2025\n" + lines + b"\n")
            (folder / str(number)).mkdir()
            commands += [f"echo {MARK}{number}", f"type {number}"]
            commands += [f"chdir {folder / str(number)}", f"write {number} body"]
    done = subprocess.run(
        ["s-nail", "-#", "-R", "-Sttycharset=utf-8", "-f", mailbox],
        input="\n".join([*commands, "xit", ""]).encode(),
        capture_output=True,
        timeout=600,
        check=False,
        env=tool.ENVIRONMENT | {"HOME": str(folder)},
    )
    pieces = done.stdout.decode("utf-8", "surrogateescape").split(MARK)[1:]
    return {int(piece.split("\n", 1)[0]): piece.split("\n", 1)[1] for piece in pieces}


def read(shown, folder):
    header, _, _ = shown.partition("\n\n")
    fields = {}
    for line in header.split("\n")[1:]:
        if line.startswith((" ", "\t")):
            fields[name] += line  # noqa: F821
        else:
            name, _, fields[name] = line.partition(": ")
    files = [file for file in sorted(folder.iterdir(), key=lambda f: f.stat().st_ino) if file.name != "body"]
    return {
        "error": None,
        "subject": fields.get("Subject"),
        "message_id": fields.get("Message-ID"),
        "attachments": [attachment(file) for file in files],
    }


def attachment(file):
    return {"name": file.name, "octets": base64.b64encode(file.read_bytes()).decode()}


main()
