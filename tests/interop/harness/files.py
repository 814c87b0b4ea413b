"""Sends real files through `alert` to an aiosmtpd in this process, and compares what arrives with them.

`python -m harness.files ALERT CACHE`, by the Python that has aiosmtpd. README.md says more.
"""

import asyncio
import hashlib
import subprocess
import sys
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.smtp import SMTP

from .install import Once, apt_update, command

# Debian's packages are unpacked, and chardet's source, which has texts in many encodings.
PACKAGES = ["libpython3.11-testsuite", "python3-sklearn", "cups-filters"]
CHARDET = "chardet==5.2.0"

# Kind, patterns in the unpacked packages, and how many of their files at most, smallest names first.
KINDS = [
    ("pictures", ["**/*.jpg", "**/*.png", "**/*.gif", "**/*.webp", "**/*.tiff", "**/*.bmp", "**/*.ppm"], 20),
    ("PDF", ["**/*.pdf"], 10),
    ("CSV", ["**/*.csv", "mixed.csv"], 12),
    ("UTF-16", ["chardet*/tests/UTF-16*/*"], 6),
    ("other encodings", ["chardet*/tests/*/*.txt"], 20),
    ("gz", ["**/*.gz"], 15),
    ("mails", ["**/test_email/data/msg_*.txt"], 20),
    ("sound", ["**/*.au", "**/*.wav", "**/*.aiff"], 10),
    ("zip and tar", ["**/*.zip", "**/*.tar"], 6),
]

WAYS = [
    ("slice, blocking", ["--driver", "blocking"]),
    ("slice, async", ["--driver", "async"]),
    ("streamed, blocking", ["--driver", "blocking", "--stream", "--buffer", "256"]),
    ("streamed, async", ["--driver", "async", "--stream", "--buffer", "256"]),
]


def main():
    alert, cache = sys.argv[1], Path(sys.argv[2])
    kinds = chosen(Once(cache / "files").make(fill))
    store = Store()
    port = serve(store)
    jobs = [
        (kind, file, way, options, f"{number}-{index}")
        for number, (kind, file) in enumerate((kind, file) for kind, files in kinds for file in files)
        for index, (way, options) in enumerate(WAYS)
    ]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda job: send(alert, port, store, *job), jobs))
    failed = 0
    for kind, files in kinds:
        of_kind = [result for result in results if result[0] == kind]
        equal = sum(wrong is None for *_, wrong in of_kind)
        octets = sum(file.stat().st_size for file in files)
        print(f"{kind:16} {len(files):4} files {octets:9} bytes {equal:4} of {len(of_kind)} deliveries equal")
    for kind, file, way, wrong in results:
        if wrong is not None:
            failed += 1
            print(f"FAILED {kind}, {way}: {file.name}: {wrong}")
    number = sum(len(files) for _, files in kinds)
    if number < 100:
        failed += 1
        print(f"FAILED only {number} files")
    print(f"{len(results) - failed} passed, {failed} failed")
    return failed > 0


def fill(folder):
    """Unpacks the packages."""
    apt_update()
    command("apt-get", "download", "-qq", *PACKAGES, cwd=folder)
    for archive in sorted(folder.glob("*.deb")):
        command("dpkg", "-x", archive, folder)
        archive.unlink()
    command(
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
        "--dest", folder, CHARDET,
    )
    for archive in sorted(folder.glob("chardet*.tar.gz")):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        archive.unlink()
    # No package here has a table with line ends of every kind: made of one that is there.
    rows = next(iter(sorted(folder.glob("**/iris.csv")))).read_bytes().split(b"\n")
    ends = [b"\r\n", b"\n", b"\r", b"\n\r\n"]
    mixed = b"".join(row + ends[number % len(ends)] for number, row in enumerate(rows))
    (folder / "mixed.csv").write_bytes(mixed)


def chosen(folder):
    """For each kind its files, none of them twice."""
    kinds, taken = [], set()
    for kind, patterns, most in KINDS:
        found = {file for pattern in patterns for file in folder.glob(pattern) if file.is_file()}
        files = sorted(found - taken, key=lambda file: (file.name, str(file)))[:most]
        taken.update(files)
        kinds.append((kind, files))
    return kinds


class Store:
    """Takes every mail; keeps what was attached, by Message-ID."""

    def __init__(self):
        self.attached = {}

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.original_content, policy=policy.default)
        parts = [
            (part.get_filename(), hashlib.sha256(part.get_payload(decode=True)).hexdigest())
            for part in mail.iter_attachments()
        ]
        self.attached[mail["message-id"].strip("<>")] = parts
        return "250 2.0.0 Stored"


def serve(store):
    """The port of a server in a thread of its own, which ends with the process."""
    ready = threading.Event()
    ports = []

    async def run():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(store, data_size_limit=None), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    ready.wait(10)
    return ports[0]


def send(alert, port, store, kind, file, way, options, number):
    """Sends one file in one way. What is wrong with what arrived, or None."""
    message_id = f"{number}@files.example.org"
    done = subprocess.run(
        [
            alert, "--server", f"127.0.0.1:{port}", "--security", "plain", "--from", "boiler3@example.org",
            "--to", "ops@example.org", "--subject", file.name, "--text", way, "--message-id", message_id,
            "--attach", str(file), *options,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    wanted = [(file.name, hashlib.sha256(file.read_bytes()).hexdigest())]
    got = store.attached.pop(message_id, None)
    wrong = None
    if done.returncode != 0:
        wrong = f"exit {done.returncode}: {done.stderr.strip()}"
    elif got != wanted:
        wrong = f"wanted {wanted}, got {got}"
    return kind, file, way, wrong


sys.exit(main())
