"""Reads attachments with ripmime. README.md has the form of what it prints."""

import base64

import tool


def read(path, folder):
    lines = tool.run("ripmime", "-i", path, "-d", folder, "-v").decode().split("\n")
    # It doubles percent signs where it prints.
    names = [line.removeprefix("Decoding filename=").replace("%%", "%") for line in lines if line]
    # Parts without a name.
    names = [name for name in names if not name.startswith("textfile")]
    return {"attachments": [attachment(folder / name) for name in names]}


def attachment(file):
    return {"name": file.name, "octets": base64.b64encode(file.read_bytes()).decode()}


tool.main(read)
