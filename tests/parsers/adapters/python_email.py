"""Reads mails with Python's `email`, policy `default`. README.md has the form of what it prints."""

import base64
import json
import sys
from email import message_from_bytes, policy


def main():
    for line in sys.stdin:
        path = line.rstrip("\n")
        try:
            with open(path, "rb") as file:
                mail = read(message_from_bytes(file.read(), policy=policy.default))
        except Exception as error:  # Whatever it is, it belongs in the report.
            mail = {"error": repr(error)}
        print(json.dumps({"path": path} | mail))


def read(message):
    headers = {}
    for name, value in message.items():
        headers.setdefault(name.lower(), []).append(str(value))
    defects = [repr(defect) for part in message.walk() for defect in defects_of(part)]
    return {
        "error": "; ".join(defects) or None,
        "subject": text_of(message["subject"]),
        "from": mailboxes(message["from"]),
        "to": mailboxes(message["to"]),
        "cc": mailboxes(message["cc"]),
        "reply_to": mailboxes(message["reply-to"]),
        # Of a folded value, it leaves the blank in front.
        "message_id": text_of(message["message-id"]).strip(),
        "date": int(message["date"].datetime.timestamp()),
        "headers": headers,
        "structure": structure(message),
        "text": content_of(message.get_body(("plain",))),
        "html": content_of(message.get_body(("html",))),
        "attachments": [attachment(part) for part in message.walk() if part["content-disposition"]],
    }


def defects_of(part):
    yield from part.defects
    for value in part.values():
        yield from value.defects


def text_of(header):
    return None if header is None else str(header)


def mailboxes(header):
    return [] if header is None else [[a.display_name, a.addr_spec] for a in header.addresses]


def structure(part):
    if not part.is_multipart() or part.get_content_maintype() == "message":
        return part.get_content_type()
    return f"{part.get_content_subtype()}({' '.join(map(structure, part.iter_parts()))})"


def content_of(part):
    return None if part is None else part.get_content()


def attachment(part):
    if part.get_content_maintype() == "message":
        octets = part.get_payload(0).as_bytes(policy=policy.SMTP)
    else:
        octets = part.get_payload(decode=True)
    cid = part["content-id"]
    return {
        "name": part.get_filename(),
        "type": part.get_content_type(),
        "params": dict(part["content-type"].params),
        "disposition": part.get_content_disposition(),
        "cid": None if cid is None else cid.strip(" <>"),
        "octets": base64.b64encode(octets).decode(),
    }


main()
