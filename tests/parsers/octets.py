"""What every mail must be, octet by octet, before any parser looks at it.

This file knows no more of MIME than where parts begin: the boundaries of a mail differ in their last
letter, stand in lines of their own and begin with `--=_`, which no encoded line does.
"""

import re

BOUNDARY = re.compile(rb'boundary="(=_[0-9A-F]{16})[amr]"')
ENCODED_WORD = re.compile(rb"=\?utf-8\?[QB]\?[!-~]*\?=")
HEADER_LINE = 78
ENCODED_LINE = 76
LINE = 998


def faults(mail, utf8):
    """What is wrong with the octets of a mail, one line each."""
    found = []
    if re.search(rb"\r(?!\n)|(?<!\r)\n", mail):
        found.append("a bare CR or LF")
    if not mail.endswith(b"\r\n"):
        found.append("no line end at the end")
    if b"\0" in mail:
        found.append("an octet 0")
    if not utf8 and not mail.isascii():
        found.append("an octet above 0x7F")
    lines = mail.split(b"\r\n")
    if lines[-1] == b"":
        lines.pop()
    if any(len(line) > LINE for line in lines):
        found.append(f"a line of more than {LINE} octets")
    is_multipart = BOUNDARY.search(mail) is not None
    for headers, body in parts(lines):
        found += header_faults(headers, utf8)
        found += body_faults(headers, body, is_multipart)
    return found


def parts(lines):
    """The parts of a mail: the lines of their headers and of their bodies."""
    sections, section = [], []
    closed = False
    boundary = BOUNDARY.search(b"\n".join(lines))
    delimiter = re.compile(rb"--" + (boundary[1] if boundary else b"=_") + rb"[amr](--)?")
    for line in lines:
        match = delimiter.fullmatch(line)
        if match:
            if not closed:
                sections.append(section)
            section, closed = [], match[1] is not None
        else:
            section.append(line)
    if not closed:
        sections.append(section)
    for section in sections:
        if b"" in section:
            end = section.index(b"")
            yield section[:end], section[end + 1 :]
        else:
            yield section, []


def header_faults(lines, utf8):
    for number, line in enumerate(lines):
        shown = line[:60].decode("utf-8", "replace")
        if number == 0 and line[:1] in (b" ", b"\t"):
            yield f"a header begins with a fold: {shown}"
        if not line.strip():
            yield "a header line of blanks"
        if re.search(rb"[\x00-\x1f\x7f]", line):
            yield f"a control character in a header: {shown!r}"
        if not re.match(rb"[!-9;-~]+:|[ ]", line):
            yield f"neither a field nor a fold: {shown}"
        # RFC 2047 §2: "Each line of a header field that contains one or more 'encoded-word's is
        # limited to 76 characters."
        if b"=?utf-8?" in line and len(line) > ENCODED_LINE:
            yield f"{len(line)} octets in a line with an encoded word: {shown}"
        for word in ENCODED_WORD.findall(line):
            if len(word) > 75:
                yield f"an encoded word of {len(word)} octets: {shown}"
        length = len(line.decode("utf-8")) if utf8 else len(line)
        if length > HEADER_LINE and could_fold(line):
            yield f"{length} octets in a header line that could be folded: {shown}"


def could_fold(line):
    """Whether there is a blank that stands alone between two words in the line, the field's name not
    counted: the only place where all readers agree on a fold."""
    # Nor in a quoted string, whose blanks are the name's own.
    text = re.sub(rb'^[!-9;-~]+:| (file)?name="[^"]*"', b"", line)
    return re.search(rb"\S \S", text) is not None


def body_faults(headers, body, is_multipart):
    fields = b"\n".join(headers)
    match = re.search(rb"(?im)^Content-Transfer-Encoding: (\S+)", fields)
    if not match:
        if not re.search(rb"(?im)^Content-Type: multipart/", fields):
            yield "a part without an encoding"
        return
    encoding = match[1].decode()
    if encoding == "base64":
        yield from base64_faults(body)
    elif encoding == "quoted-printable":
        yield from quoted_printable_faults(body)
    elif encoding != "7bit":
        yield f"encoding {encoding}"
    elif re.search(rb"(?m)^Content-Disposition: ", fields) is None:
        for line in body:
            if re.search(rb"[^\t -~]", line):
                yield "7bit with a control character"
            if re.match(rb"From |--=_" if is_multipart else rb"From ", line):
                yield f"7bit with a line that begins with {line[:5]!r}"
            if line[-1:] in (b" ", b"\t"):
                yield "7bit with a blank at the end of a line"


def base64_faults(body):
    for number, line in enumerate(body):
        is_last = number == len(body) - 1
        if not re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", line) or len(line) % 4:
            yield f"not a line of base64: {line[:40]!r}"
        if len(line) > ENCODED_LINE or (len(line) < ENCODED_LINE and not is_last):
            yield f"a line of {len(line)} octets in base64"
        if b"=" in line and not is_last:
            yield "padding inside base64"


def quoted_printable_faults(body):
    for line in body:
        if len(line) > ENCODED_LINE:
            yield f"a line of {len(line)} octets in quoted-printable"
        if not re.fullmatch(rb"(?:[\t -<>-~]|=[0-9A-F]{2})*=?", line):
            yield f"not a line of quoted-printable: {line[:40]!r}"
        if line[-1:] in (b" ", b"\t"):
            yield "a blank at the end of a line of quoted-printable"
        if re.match(rb"\.|From |--=_", line):
            yield f"quoted-printable with a line that begins with {line[:5]!r}"


def main():
    """Every fault is seen when it is there, and none when it is not."""
    good = (
        b"Subject: =?utf-8?Q?a?=\r\nX-Long: " + b"a" * 80 + b"\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed;\r\n boundary="=_0000000000000001m"\r\n\r\n'
        b"--=_0000000000000001m\r\nContent-Transfer-Encoding: 7bit\r\n\r\none\r\n.two\r\n"
        b"--=_0000000000000001m\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=3D a=\r\nb\r\n"
        b"--=_0000000000000001m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"A" * 76
        + b"\r\nAA==\r\n--=_0000000000000001m--\r\n"
    )
    assert not list(faults(good, False)), faults(good, False)
    for one, other in [
        (b"one\r\n", b"one\n"),
        (b"one\r\n", b"one\r"),
        (b"one", b"o\0ne"),
        (b"one", b"\xc3\xbc"),
        (b"one", b"a" * 999),
        (b"one", b"From x"),
        (b"one", b"--=_x"),
        (b"one", b"one "),
        (b"one", b"one\x7f"),
        (b"7bit", b"8bit"),
        (b"=?utf-8?Q?a?=", b"=?utf-8?Q?" + b"a" * 66 + b"?="),
        (b"X-Long: ", b"X-Long: a "),
        (b"X-Long: ", b"X-Long: \r\n"),
        (b"X-Long: ", b"X-Long\r\n\t: "),
        (b"X-Long", b"X Long"),
        (b"=3D a=", b"=3d a="),
        (b"=3D a=", b"= a="),
        (b"=3D a=", b"." + b"a" * 30),
        (b"=3D a=", b"From a="),
        (b"=3D a=", b"a \r\n"),
        (b"=3D a=", b"a" * 77),
        (b"AAAA\r\n", b"AAA\r\n"),
        (b"AAAA\r\n", b"AAAAA\r\n"),
        (b"AAAA\r\n", b"AAA=\r\n"),
        (b"AA==", b"AA="),
        (b"AA==", b"A!=="),
        (b"--=_0000000000000001m--\r\n", b"--=_0000000000000001m--"),
    ]:
        bad = good.replace(one, other, 1)
        assert bad != good and list(faults(bad, False)), (one, other)


if __name__ == "__main__":
    main()
