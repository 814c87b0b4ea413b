"""What every server has: listeners, accounts, a store of delivered mails, a process, a log."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
HARNESS = HERE.parent
DOMAIN = "interop.example"
USER = "boiler3"
PASSWORD = "s3cret, with = and %"
WRONG_PASSWORD = "wr0ng, with = and %"
TOKEN = "ya29.interop-token_0123456789"
WRONG_TOKEN = "ya29.expired-token_0123456789"
# As long as Microsoft's.
LONG_TOKEN = "eyJ0." + "interop-token_0123456789" * 63
# What stands in the JSON that answers a wrong token.
REASON = "401"
SIZE = 8_000_000
RCPT_MAX = 20
# Bad certificates that the MTAs show. What all of them come to is tried on aiosmtpd.
BAD = ["expired", "wrong-host", "unknown-root"]
# Every mailbox there is; an address of the domain without one is refused.
MAILBOXES = ["ops", "duty", "night"] + [f"u{number:02}" for number in range(1, 51)]
START_SECONDS = 30
SETTLE_SECONDS = 0.1
QUIET_SECONDS = 0.5
PR_SET_PDEATHSIG = 1


class Broken(Exception):
    """The server did not start or did not deliver."""


@dataclass
class Listener:
    """A port and what is offered there."""

    name: str
    port: int = 0
    security: str = "plain"
    # What the server shows ("both": ecdsa and rsa, as the client likes), and the newest TLS.
    certificate: str | None = None
    version: str = "1.3"
    auth: tuple = ()
    pipelining: bool = True
    chunking: bool = False
    dsn: bool = False
    # The longest answer to a challenge that it takes, in octets. RFC 4954 §4: 12288 with CRLF.
    answer_max: int = 12_286
    # If it is there for one thing, the mails that need it; no others are sent to it.
    only: str | None = None
    # What is odd about its STARTTLS.
    trait: str | None = None


@dataclass
class Delivered:
    """A mail as it arrived: whose it is (None: all recipients' one), and its octets."""

    content: bytes
    mailbox: str | None = None
    envelope: dict | None = None


@dataclass
class Seen:
    """What a server's log tells of a connection; None is what it does not tell."""

    # (mechanism, whether it was accepted), and DATA or BDAT.
    log_ins: set | None = None
    transfers: set | None = None
    # (version, kind of key) of each TLS that was agreed on; the kind may be None.
    tls: list | None = None
    # Connections, and the verbs that came.
    connections: int | None = None
    verbs: set | None = None
    # Whether a mail came with REQUIRETLS.
    required: bool | None = None


@dataclass
class Server:
    """A mail server: a folder of its own, one process, several listeners."""

    folder: Path
    cache: Path
    certificates: Path
    process: subprocess.Popen | None = None

    name = "server"
    # Whether unknown mailboxes are refused, the SIZE offered, and whether the store is exact.
    refuses_unknown = True
    size = SIZE
    exact = False
    # How it turns a client down that speaks TLS 1.3 only, where it has none: "version" and
    # "cipher" are alerts; "close" says nothing.
    no_tls13 = "version"
    # Header fields that local delivery puts in front.
    own_fields = ()

    def __post_init__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.store = self.folder / "store"
        self.mail = self.store / "mail"
        self.mail.mkdir(parents=True)
        for folder in (self.store, self.mail):
            folder.chmod(0o777)
        self.log = self.folder / "log"
        self.listeners = self.offers()

    def start(self):
        """Installs, configures and starts it, and waits until every listener greets."""
        self.launch()
        end = time.monotonic() + START_SECONDS
        for listener in self.listeners:
            while not answers(listener.port):
                if self.process.poll() is not None or time.monotonic() > end:
                    raise Broken(f"{self.name} does not listen on {listener.name}")
                time.sleep(0.05)
        # What it logs of these connections is none of the first case's.
        before = None
        while before != (before := self.marks()) and time.monotonic() < end:
            time.sleep(QUIET_SECONDS)

    def offers(self):
        """Its listeners, the ports still to come."""
        raise NotImplementedError

    def launch(self):
        """Installs and configures it, gives the listeners their ports, starts the process."""
        raise NotImplementedError

    def spawn(self, *words, **options):
        """Starts the server's process; it dies with this one."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, preexec_fn=die_with_parent, **options,
            )

    def spawn_in_namespace(self, packages, configuration, *words):
        self.spawn(
            "unshare", "--mount", "--pid", "--fork", "--kill-child",
            HARNESS / "namespace.sh", packages, configuration, self.store, *words,
        )

    def stop(self):
        """Ends it by its id; with a namespace's first process everything in it ends."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def logs(self):
        return [self.log]

    def tail(self, since):
        """What the logs gained since `marks()` were taken."""
        lines = []
        for path in self.logs():
            if path.exists():
                with path.open("rb") as log:
                    log.seek(since.get(path, 0))
                    lines += log.read().decode(errors="replace").splitlines()
        return lines

    def marks(self):
        return {path: path.stat().st_size for path in self.logs() if path.exists()}

    def seen(self, since):
        """What the log tells of the one connection since `marks()` were taken."""
        return Seen()

    def clear(self):
        """Removes what was delivered."""
        for path in self.mail.rglob("*"):
            if path.is_file():
                path.unlink()

    def delivered(self):
        """What is there now."""
        raise NotImplementedError

    def wait_for(self, count, seconds):
        """Waits for so many deliveries, and a little longer if there should be none."""
        end = time.monotonic() + seconds
        if count == 0:
            time.sleep(SETTLE_SECONDS)
        while True:
            mails = self.delivered()
            if len(mails) >= count or time.monotonic() > end:
                return mails
            time.sleep(0.02)


class Maildirs:
    """Delivery to one Maildir per mailbox: mail/MAILBOX/new/."""

    def delivered(self):
        return [
            Delivered(content=path.read_bytes(), mailbox=path.parent.parent.name)
            for path in sorted(self.mail.glob("*/new/*"))
        ]


def secured(certificates, versions=("1.3",), **offered):
    """Listeners with STARTTLS and with implicit TLS, for each certificate."""
    return [
        Listener(f"{security}, {certificate}" + (f", TLS {version}" if version != "1.3" else ""),
                 security=security, certificate=certificate, version=version, **offered)
        for security in ("starttls", "tls")
        for version in versions
        for certificate in certificates
    ]


def give_ports(listeners):
    """Gives each listener a free port, and returns them by name."""
    for listener in listeners:
        listener.port = free_port()
    return {listener.name: listener.port for listener in listeners}


def free_port():
    """A port that the kernel picked and nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def accounts(etc, names):
    """Writes passwd and group with system users added, and returns their ids."""
    passwd, group = Path("/etc/passwd").read_text(), Path("/etc/group").read_text()
    taken = {int(number) for number in re.findall(r"^[^:]*:[^:]*:(\d+):", passwd + group, re.M)}
    ids = {}
    for name in names:
        kept = re.search(rf"^{name}:[^:]*:(\d+):", group, re.M)
        number = int(kept[1]) if kept else next(n for n in range(900, 65000) if n not in taken)
        taken.add(number)
        ids[name] = number
        passwd = re.sub(rf"^{name}:.*\n", "", passwd, flags=re.M)
        passwd += f"{name}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"
        if not kept:
            group += f"{name}:x:{number}:\n"
    etc.mkdir(parents=True, exist_ok=True)
    (etc / "passwd").write_text(passwd)
    (etc / "group").write_text(group)
    return ids


def template(path, target, **values):
    """Copies a file of this folder, `{{name}}` replaced."""
    text = (HERE / "conf" / path).read_text()
    text = re.sub(r"\{\{(\w+)\}\}", lambda match: str(values[match[1]]), text)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    return target


def give(path, owner, mode):
    os.chown(path, owner, owner)
    os.chmod(path, mode)
