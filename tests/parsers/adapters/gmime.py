"""Reads mails with GMime 3, through its introspection. README.md has the form of what it prints."""

import base64
import json
import sys

import gi

gi.require_version("GMime", "3.0")
from gi.repository import GMime  # noqa: E402


def main():
    GMime.init()
    for line in sys.stdin:
        path = line.rstrip("\n")
        try:
            with open(path, "rb") as file:
                stream = GMime.StreamMem.new_with_buffer(file.read())
            mail = read(GMime.Parser.new_with_stream(stream).construct_message(None))
        except Exception as error:  # Whatever it is, it belongs in the report.
            mail = {"error": repr(error)}
        print(json.dumps({"path": path} | mail))


def read(message):
    headers = {}
    fields = message.get_header_list()
    for index in range(fields.get_count()):
        field = fields.get_header_at(index)
        headers.setdefault(field.get_name().lower(), []).append(field.get_value())
    root = message.get_mime_part()
    leaves = [part for part in walk(root) if not isinstance(part, GMime.Multipart)]
    return {
        "error": None,
        "subject": message.get_subject(),
        "from": mailboxes(message, GMime.AddressType.FROM),
        "to": mailboxes(message, GMime.AddressType.TO),
        "cc": mailboxes(message, GMime.AddressType.CC),
        "reply_to": mailboxes(message, GMime.AddressType.REPLY_TO),
        "message_id": f"<{message.get_message_id()}>",
        "date": message.get_date().to_unix(),
        "headers": headers,
        "structure": structure(root),
        "text": text_of(leaves, "text/plain"),
        "html": text_of(leaves, "text/html"),
        "attachments": [attachment(part) for part in leaves if part.get_disposition()],
    }


def mailboxes(message, kind):
    return list(mailboxes_of(message.get_addresses(kind)))


def mailboxes_of(addresses):
    for index in range(addresses.length()):
        address = addresses.get_address(index)
        if isinstance(address, GMime.InternetAddressGroup):
            # Of a group, its members.
            yield from mailboxes_of(address.get_members())
        else:
            yield [address.get_name() or "", address.get_addr()]


def children(part):
    return [part.get_part(index) for index in range(part.get_count())]


def walk(part):
    yield part
    if isinstance(part, GMime.Multipart):
        for child in children(part):
            yield from walk(child)


def type_of(part):
    return part.get_content_type().get_mime_type()


def structure(part):
    if not isinstance(part, GMime.Multipart):
        return type_of(part)
    subtype = part.get_content_type().get_media_subtype()
    return f"{subtype}({' '.join(map(structure, children(part)))})"


def text_of(leaves, kind):
    for part in leaves:
        if type_of(part) == kind and not part.get_disposition():
            # Its get_text() ends at a NUL.
            return octets_of(part).decode(part.get_content_type_parameter("charset"))
    return None


def octets_of(part):
    out = GMime.StreamMem.new()
    if isinstance(part, GMime.MessagePart):
        form = GMime.FormatOptions.get_default().clone()
        form.set_newline_format(GMime.NewLineFormat.DOS)
        part.get_message().write_to_stream(form, out)
    else:
        part.get_content().write_to_stream(out)
    return bytes(out.get_byte_array())


def attachment(part):
    parameters = part.get_content_type().get_parameters()
    pairs = [parameters.get_parameter_at(index) for index in range(parameters.length())]
    if isinstance(part, GMime.Part):
        name = part.get_filename()
    else:
        name = part.get_content_disposition_parameter("filename")
    return {
        "name": name,
        "type": type_of(part),
        "params": {pair.get_name(): pair.get_value() for pair in pairs},
        "disposition": part.get_disposition(),
        "cid": part.get_content_id(),
        "octets": base64.b64encode(octets_of(part)).decode(),
    }


main()
