"""The mails of the checks here: twelve alerts as devices send them, and nine that are harder to keep."""

import struct
import subprocess
import zlib

FROM = ["--from", "Boiler 3 <boiler3@example.org>"]
HEAD = [*FROM, "--to", "Operations <ops@example.net>"]
SUBJECT = ["--subject", "Overpressure in boiler 3"]
TEXT = ["--text", "The pressure in boiler 3 is 8.4 bar, the limit is 6.0 bar.\nValve V12 did not open.\n"]
HTML = [
    "--html",
    "<html><body><h1>Overpressure in boiler 3</h1><p>The pressure is <b>8.4 bar</b>, the limit is 6.0 bar."
    "</p><p>Valve V12 did not open.</p></body></html>",
]
LOG = "".join(f"12:{minute:02}:00 pressure {6 + minute / 25:.1f} bar, valve V12 closed\n" for minute in range(60))

# Name, options of `alert`, and fields that a device without a clock leaves out.
ALERTS = [
    ("a line of text", [*HEAD, *SUBJECT, *TEXT], []),
    ("a reading in the subject", [*HEAD, "--subject", "Boiler 3: 8.4 bar (limit 6.0)", *TEXT], []),
    (
        "umlauts",
        [*HEAD, "--subject", "Überdruck in Kessel 3", "--text", "Der Druck beträgt 8,4 bar. Ventil V12 öffnet nicht.\n"],
        [],
    ),
    ("text and HTML", [*HEAD, *SUBJECT, *TEXT, *HTML], []),
    ("HTML alone", [*HEAD, *SUBJECT, *HTML], []),
    ("a table attached", [*HEAD, *SUBJECT, *TEXT, "--attach", "log.csv"], []),
    (
        "a picture in HTML",
        [*HEAD, *SUBJECT, *TEXT, "--html", HTML[1].replace("</p></body>", '</p><p><img src="cid:camera3"></p></body>')]
        + ["--attach", "camera3.png,cid=camera3"],
        [],
    ),
    ("importance high", [*HEAD, *SUBJECT, *TEXT, "--importance", "high"], []),
    (
        "several recipients",
        [*HEAD, "--cc", "duty@example.net; night@example.net", "--bcc", "archive@example.net", *SUBJECT, *TEXT],
        [],
    ),
    ("hidden recipients alone", [*FROM, "--bcc", "ops@example.net", *SUBJECT, *TEXT], []),
    ("no clock: neither Date nor Message-ID", [*HEAD, *SUBJECT, *TEXT], ["Date", "Message-ID"]),
    ("a log as text", [*HEAD, *SUBJECT, "--text", LOG], []),
]

LONG = "Überdruck in Kessel 3, Halle B, Nordseite: 8,4 bar bei zulässigen 6,0 bar, Ventil V12 öffnet nicht, Bereitschaft rufen"
HARDER = [
    ("a subject of several lines", [*HEAD, "--subject", LONG, *TEXT], []),
    ("many recipients", [*FROM, "--to", "; ".join(f"Person Nr. {n} <p{n}@example.net>" for n in range(30)), *SUBJECT, *TEXT], []),
    ("dots at the beginning of lines", [*HEAD, *SUBJECT, "--text", ".\n..\n.end\n\n.\n"], []),
    ("blanks at the end of lines", [*HEAD, *SUBJECT, "--text", "a \nb\t\n  \n"], []),
    ("empty lines at the end", [*HEAD, *SUBJECT, "--text", "a\n\n\n\n"], []),
    ("no text", [*HEAD, *SUBJECT], []),
    ("lines that begin with From", [*HEAD, *SUBJECT, "--text", "From here on\n>From there on\n"], []),
    ("a file as it is", [*HEAD, *SUBJECT, *TEXT, "--attach", "log.csv,encoding=none", "--stream"], []),
    ("a file name outside ASCII, fields of its own", [*HEAD, *SUBJECT, *TEXT, "--attach", "log.csv,name=Übersicht 圧力.csv"]
        + ["--header", "X-Site: Plant 7,  two blanks", "--header", "List-Unsubscribe: <https://example.org/" + "u" * 90 + ">"], []),
]


def write(alert, folder, mails):
    """Has `alert` write the mails. Path by name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "log.csv").write_bytes(LOG.encode().replace(b"\n", b"\r\n"))
    (folder / "camera3.png").write_bytes(picture(64, 48))
    paths = {}
    for number, (name, options, without) in enumerate(mails):
        given = ["--date", "1764000000", "--message-id", f"{number:016x}.boiler3@example.org", "--seed", str(number + 1)]
        mail = subprocess.run([alert, "--eml", *options, *given], cwd=folder, stdout=subprocess.PIPE, check=True).stdout
        for field in without:
            lines = mail.split(b"\r\n")
            mail = b"\r\n".join(line for line in lines if not line.startswith(field.encode() + b":"))
        paths[name] = folder / f"{number}.eml"
        paths[name].write_bytes(mail)
    return paths


def picture(width, height):
    """A PNG of grey levels."""
    rows = b"".join(b"\0" + bytes((x * y) % 256 for x in range(width)) for y in range(height))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
