"""Reads mails with Python's `email`, policy `compat32`. README.md has the form of what it prints."""

import base64
import json
import sys
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import collapse_rfc2231_value, getaddresses, parsedate_to_datetime


def main():
    for line in sys.stdin:
        path = line.rstrip("\n")
        try:
            with open(path, "rb") as file:
                mail = read(message_from_bytes(file.read(), policy=policy.compat32))
        except Exception as error:  # Whatever it is, it belongs in the report.
            mail = {"error": repr(error)}
        print(json.dumps({"path": path} | mail))


def read(message):
    headers = {}
    for name, value in message.items():
        headers.setdefault(name.lower(), []).append(decoded(value))
    defects = [repr(defect) for part in message.walk() for defect in part.defects]
    leaves = [part for part in walk(message) if not part.is_multipart() or is_message(part)]
    return {
        "error": "; ".join(defects) or None,
        "subject": decoded(message["subject"]),
        "from": mailboxes(message, "from"),
        "to": mailboxes(message, "to"),
        "cc": mailboxes(message, "cc"),
        "reply_to": mailboxes(message, "reply-to"),
        "message_id": message["message-id"],
        "date": int(parsedate_to_datetime(message["date"]).timestamp()),
        "headers": headers,
        "structure": structure(message),
        "text": text_of(leaves, "text/plain"),
        "html": text_of(leaves, "text/html"),
        "attachments": [attachment(part) for part in leaves if part["content-disposition"]],
    }


def decoded(value):
    if value is None:
        return None
    # Folds are left in a value.
    value = str(value).replace("\r\n", "").replace("\n", "")
    return str(make_header(decode_header(value)))


def mailboxes(message, field):
    values = [str(value).replace("\n", "") for value in message.get_all(field, [])]
    return [[decoded(name), address] for name, address in getaddresses(values) if name or address]


def is_message(part):
    return part.get_content_maintype() == "message"


def walk(part):
    yield part
    if part.is_multipart() and not is_message(part):
        for child in part.get_payload():
            yield from walk(child)


def structure(part):
    if not part.is_multipart() or is_message(part):
        return part.get_content_type()
    return f"{part.get_content_subtype()}({' '.join(map(structure, part.get_payload()))})"


def text_of(leaves, kind):
    for part in leaves:
        if part.get_content_type() == kind and not part["content-disposition"]:
            return part.get_payload(decode=True).decode(part.get_content_charset())
    return None


def attachment(part):
    if is_message(part):
        octets = part.get_payload(0).as_bytes(policy=policy.compat32.clone(linesep="\r\n"))
    else:
        octets = part.get_payload(decode=True)
    parameters = part.get_params()[1:]
    cid = part["content-id"]
    return {
        "name": part.get_filename(),
        "type": part.get_content_type(),
        "params": {name.lower(): collapse_rfc2231_value(value) for name, value in parameters},
        "disposition": part.get_content_disposition(),
        "cid": None if cid is None else cid.strip(" <>"),
        "octets": base64.b64encode(octets).decode(),
    }


main()
