"""The mails that are sent, as a table, and what must come of each."""

import base64
import json
import random
import struct
import zlib
from dataclasses import dataclass, field, replace

from .servers.base import DOMAIN, RCPT_MAX, REASON

DATE = 1_790_000_000
SEED = 42
FROM = "Kessel 3 · Süd <boiler3@outside.example>"
RED = "ROTE LEITUNG: 8,4 bar – Überdruck\n"
FIFTY = [f"u{number:02}" for number in range(1, 51)]
# Wire octets: dots at every place, `From ` lines, the look of a terminator and of commands.
DOTS = ".\n..\n...\n.\r\n\r\n.\r\nFrom me\n.From you\n>From us\nQUIT\n\n.\n" + ".\n" * 400 + "."


def address(name):
    return f"{name}@{DOMAIN}"


def listed(*names):
    return "; ".join(map(address, names))


@dataclass(frozen=True)
class Expected:
    """What the result line, the exit code and the mailboxes must show."""

    outcome: str = "sent"
    exit: int = 0
    status: int = 200
    phase: str | None = "content"
    retry: str | None = None
    code: int | None = 250
    messages: int = 1
    accepted: tuple = ()
    refused: tuple = ()
    # Recipients that were not tried, others were; and whether any was.
    left: tuple = ()
    tried: bool = True
    # What `error` must hold.
    error: str = ""


@dataclass(frozen=True)
class Mail:
    """A row: the options, and what must come of it."""

    name: str
    message: tuple
    expected: Expected
    # Options of the connection, which `--eml` has no use for.
    connection: tuple = ()
    stdin: bytes | None = None
    repeat: int = 1
    # What the server must have for the row to make sense.
    needs: frozenset = field(default_factory=frozenset)
    # Whether it goes out with every log-in, or with each listener's first.
    every_log_in: bool = False
    # With the wrong password or token.
    wrong: bool = False
    reverse_path: str = "boiler3@outside.example"
    # Whether a report of delivery is asked for, and whether the length is known in advance.
    receipt: bool = False
    sized: bool = True


def fixtures(folder):
    """Writes the files that the mails attach."""
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(SEED)
    (folder / "log.csv").write_bytes(b"time;bar\r\n12:00;8.4\r\n12:01;8.6\r\n")
    (folder / "chart.png").write_bytes(picture())
    (folder / "big.bin").write_bytes(source.randbytes(5_000_000))
    (folder / "huge.bin").write_bytes(source.randbytes(6_500_000))
    (folder / "middle.bin").write_bytes(source.randbytes(300_000))
    (folder / "dots.txt").write_bytes(DOTS.encode())


def picture():
    """A small PNG."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + bytes([16 * y, 64, 16 * x]) * 1 for y in range(16) for x in range(1))
    head = struct.pack(">IIBBBBB", 1, 16, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


SMALL = ("--from", FROM, "--to", listed("ops"), "--subject", "Overpressure", "--text", "8.4 bar\n")
EVERYTHING = (
    "--from", FROM, "--to", f"Jörg Müller <{address('ops')}>, {address('duty')}",
    "--cc", f'"Nacht, Dienst" <{address("night")}>', "--bcc", listed("u01"),
    "--reply-to", "Leitstand <desk@outside.example>",
    "--subject", "Überdruck in Kessel 3: 8,4 bar – bitte sofort prüfen, das Ventil klemmt 🔥",
    "--text", RED + ".\nFrom here on\n", "--html", '<h1>8,4 bar</h1><img src="cid:chart@kessel">',
    "--importance", "high", "--header", "X-Plant: Süd 3",
    "--attach", "log.csv,type=text/csv,name=Messwerte März.csv", "--attach", "chart.png,type=image/png",
    "--attach", "chart.png,type=image/png,cid=chart@kessel",
)
CONNECTOR = {
    "From": "boiler3@outside.example", "To": listed("ops", "duty"), "CC": listed("night"),
    "Bcc": listed("u01"), "Subject": "Überdruck – Kessel 3", "IsHtml": True, "Importance": "High",
    "Body": '<p>8,4 bar</p><img src="cid:chart">',
    "Attachments": [
        {"ContentData": base64.b64encode(b"time;bar\r\n12:00;8.4\r\n").decode(),
         "ContentType": "text/csv", "ContentTransferEncoding": "base64", "FileName": "März.csv"},
        {"ContentData": base64.b64encode(picture()).decode(), "ContentType": "image/png",
         "ContentTransferEncoding": "base64", "FileName": "chart.png", "ContentId": "chart"},
    ],
}
MIDDLE = ("--from", FROM, "--to", listed("ops"), "--subject", "Dump", "--text", "300 KB\n",
          "--attach", "middle.bin,type=application/octet-stream")
BIG = ("--from", FROM, "--to", listed("ops"), "--subject", "Dump", "--text", "5 MB\n",
       "--attach", "big.bin,type=application/octet-stream")


def to(*names):
    return ("--from", FROM, "--to", listed(*names), "--subject", "To whom", "--text", "…\n")


LINES = ("--from", FROM, "--to", listed("ops"))
OPS = Expected(accepted=("ops",))
FOUR = Expected(accepted=("ops", "duty", "night", "u01"))

REFUSED = Expected("refused", 77, 401, "auth", "never", code=535, messages=0, tried=False)
RECEIPT = (
    "--from", FROM, "--to", listed("ops", "duty"), "--subject", "Receipt", "--text", "8.4 bar\n",
    "--delivery-receipt", address("night"),
)
PIPE = (
    "--from", FROM, "--to", listed("ops"), "--subject", "Dump", "--stream",
    "--attach", "/dev/stdin,type=application/octet-stream,name=pipe.bin",
)


def needs(*what):
    return frozenset(what)


MAILS = [
    Mail("small", SMALL, OPS, every_log_in=True),
    Mail("everything", EVERYTHING, FOUR, every_log_in=True),
    Mail("connector JSON", ("--json", "-"), FOUR, stdin=json.dumps(CONNECTOR).encode()),
    Mail("5 MB", BIG, OPS),
    Mail("5 MB, buffer 512", BIG, OPS, connection=("--buffer", "512")),
    Mail("5 MB streamed, buffer 512", BIG, OPS, connection=("--stream", "--buffer", "512")),
    Mail("100 KB of unknown length", PIPE, OPS, sized=False,
         stdin=random.Random(SEED).randbytes(100_000)),
    Mail("attachments as they are", (*LINES, "--text", "log\n", "--attach",
         "log.csv,type=text/csv,encoding=none", "--attach",
         "log.csv,type=text/csv,name=again.csv,encoding=none"), OPS),
    Mail("50 recipients", to(*FIFTY), Expected(accepted=tuple(FIFTY))),
    Mail("50 recipients, 20 a mail", to(*FIFTY),
         Expected("partial", 1, 202, retry="later", accepted=tuple(FIFTY[:RCPT_MAX]),
                  left=tuple(FIFTY[RCPT_MAX:])),
         needs=needs("limits")),
    Mail("one of three unknown", to("ops", "nobody", "duty"),
         Expected("partial", 1, 202, retry="never", accepted=("ops", "duty"), refused=("nobody",)),
         needs=needs("refusal"), every_log_in=True),
    Mail("one of three unknown, all or none", to("ops", "nobody", "duty"),
         Expected("refused", 68, 404, "rcpt", "never", code=550, messages=0,
                  refused=("nobody",)),
         connection=("--policy", "all"), needs=needs("refusal")),
    Mail("all unknown", to("nobody", "noone"),
         Expected("refused", 68, 404, "rcpt", "never", code=550, messages=0,
                  refused=("nobody", "noone")),
         needs=needs("refusal")),
    Mail("20 mails", SMALL, Expected(messages=20, accepted=("ops",)), repeat=20,
         every_log_in=True),
    Mail("delivery receipt", RECEIPT, Expected(accepted=("ops", "duty")),
         connection=("--envelope-from", address("night")), reverse_path=address("night"),
         receipt=True),
    Mail("above SIZE",
         ("--from", FROM, "--to", listed("ops"), "--text", "6 MB", "--attach", "huge.bin"),
         Expected("invalid", 65, 400, "mail", "never", code=None, messages=0, tried=False),
         needs=needs("size")),
    Mail("wrong password", SMALL, REFUSED, needs=needs("password"), wrong=True,
         every_log_in=True),
    Mail("wrong token", SMALL, replace(REFUSED, error=REASON), needs=needs("token"), wrong=True,
         every_log_in=True),
    Mail("only dots", (*LINES, "--text", "\n".join("." * (n % 70 + 1) for n in range(400))), OPS),
    Mail("only dots, buffer 512", (*LINES, "--text", ".\n" * 2000), OPS,
         connection=("--buffer", "512")),
    Mail("From and dots, short", (*LINES, "--text", ".\nFrom me, quoted-printable\n.From\n"), OPS),
    Mail("From and dots, long", (*LINES, "--text", "@dots.txt"), OPS),
]
