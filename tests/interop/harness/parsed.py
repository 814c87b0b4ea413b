"""What Python's own mail parser makes of a mail as it arrived."""

import email
import email.policy

from .mails import CONNECTOR, EVERYTHING, RED, picture


def option(name):
    return EVERYTHING[EVERYTHING.index(name) + 1]


# For each mail: subject, texts by type, attachments by name, inline octets by Content-ID.
WANTED = {
    "everything": {
        "subject": option("--subject"),
        "importance": "high",
        "x-plant": "Süd 3",
        "to": "Jörg Müller <ops@interop.example>, duty@interop.example",
        "cc": '"Nacht, Dienst" <night@interop.example>',
        "reply-to": "Leitstand <desk@outside.example>",
        "bcc": None,
        "plain": option("--text"),
        "html": option("--html"),
        "attachments": [("Messwerte März.csv", "text/csv", b"time;bar\r\n12:00;8.4\r\n12:01;8.6\r\n"),
                        ("chart.png", "image/png", picture())],
        "inline": [("<chart@kessel>", "image/png", picture())],
    },
    "connector JSON": {
        "subject": CONNECTOR["Subject"],
        "importance": "high",
        "bcc": None,
        "html": CONNECTOR["Body"],
        "attachments": [("März.csv", "text/csv", b"time;bar\r\n12:00;8.4\r\n")],
        "inline": [("<chart>", "image/png", picture())],
    },
}


def check(server, mail, arrived):
    """What the parser saw otherwise than it was meant; only where the octets are exact."""
    wanted = WANTED.get(mail.name)
    if wanted is None or not server.exact:
        return []
    faults = []
    for one in arrived:
        got = read(one.content, wanted)
        faults += [
            f"parsed {key}: {got[key]!r}, expected {value!r}"
            for key, value in wanted.items() if got[key] != value
        ]
    return faults


def read(content, wanted):
    message = email.message_from_bytes(content, policy=email.policy.default)
    got = {key: None for key in wanted} | {"attachments": [], "inline": []}
    if message.defects:
        got["subject"] = f"defects {message.defects}"
        return got
    for key in wanted:
        if key in message:
            got[key] = str(message[key])
    for part in message.walk():
        octets = part.get_payload(decode=True)
        if part.is_multipart():
            continue
        if part.get_content_disposition() == "attachment":
            got["attachments"].append((part.get_filename(), part.get_content_type(), octets))
        elif part["content-id"]:
            got["inline"].append((str(part["content-id"]), part.get_content_type(), octets))
        else:
            text = part.get_content().replace("\r\n", "\n")
            kind = part.get_content_subtype()
            # A last line end is the writer's to add.
            got[kind] = text if wanted.get(kind, "").endswith("\n") else text.removesuffix("\n")
    return got
