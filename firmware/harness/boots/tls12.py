"""Boots `alert-tls12` on QEMU's mps2-an386, with its serial line to a listener of a real Postfix: on good
days, which speak TLS 1.2 or 1.3, and on bad ones."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness import certificates, client, install
from harness.servers.base import PASSWORD, USER, Broken, die_with_parent
from harness.servers.postfix import Postfix

NAME = "alert-tls12"
FIRMWARE = Path(__file__).resolve().parents[2] / NAME
TARGET = "thumbv7em-none-eabi"
# A boot that takes longer hangs.
SECONDS = 120
# Instructions: SysTick runs at 25 MHz, and an instruction takes a nanosecond of the emulator's time.
TICK = 40
# To build Mbed TLS, and what Rust sees of it.
PACKAGES = ["cmake", "clang", "libclang-dev", "ninja-build"]


@dataclass(frozen=True)
class Day:
    """What the server is, what the firmware asks of it, and what comes of it."""

    name: str
    certificate: str
    version: str = "1.3"
    asked: str = "localhost"
    # What the firmware prints, and whether a mail arrives.
    says: str = ""
    sent: bool = False


# Errors of Mbed TLS: -0x2700 is X509_CERT_VERIFY_FAILED.
NOT_VERIFIED = r"not sent: Tls\(.*(0x2700|-9984|CERT_VERIFY_FAILED|2700)"
DAYS = [
    Day("TLS 1.2 only", "both", "1.2", says="sent to 1 by TLS 1.2", sent=True),
    Day("TLS 1.3, P-256", "ecdsa", says="sent to 1 by TLS 1.3", sent=True),
    Day("TLS 1.3, RSA-2048", "rsa", says="sent to 1 by TLS 1.3", sent=True),
    Day("TLS 1.2 only, another name", "both", "1.2", asked="mx.elsewhere.example", says=NOT_VERIFIED),
    Day("another name", "ecdsa", asked="mx.elsewhere.example", says=NOT_VERIFIED),
    Day("a certificate of another name", "wrong-host", says=NOT_VERIFIED),
    Day("expired", "expired", says=NOT_VERIFIED),
    Day("unknown root", "unknown-root", says=NOT_VERIFIED),
]


def build():
    install.apt_install(PACKAGES)
    install.tool("qemu-system-arm", "qemu-system-arm")
    targets = subprocess.run(["rustup", "target", "list", "--installed"], capture_output=True, text=True)
    if TARGET not in targets.stdout.split():
        install.command("rustup", "target", "add", TARGET)
    install.command("cargo", "build", "--locked", "--release", "--quiet", "--target", TARGET, cwd=FIRMWARE)
    return client.target_folder(FIRMWARE) / TARGET / "release/alert-tls12"


def boot(firmware, port, root, asked, password):
    """What the firmware prints until it ends."""
    given = ",".join(f"arg={word}" for word in ("alert", root, asked, USER, password))
    words = [
        "qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none",
        "-icount", "shift=0,align=off,sleep=off",
        "-semihosting-config", f"enable=on,target=native,{given}",
        "-chardev", f"socket,id=line,host=127.0.0.1,port={port}", "-serial", "chardev:line",
        "-kernel", str(firmware),
    ]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=SECONDS, preexec_fn=die_with_parent, check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {SECONDS} s"
    return done.stdout


def flash_of(firmware):
    """Bytes of text and data."""
    sizes = subprocess.run(["size", str(firmware)], capture_output=True, text=True, check=True)
    text, data = sizes.stdout.splitlines()[-1].split()[:2]
    return int(text) + int(data)


def number(said, text):
    found = re.search(rf"^{said} (\d+)", text, re.M)
    return int(found[1]) if found else None


def pair(said, one, other):
    return f"{said[one]}/{said[other]}"


def run():
    """How many boots passed, and how many failed."""
    cache = client.target_folder() / "interop"
    folder = client.target_folder(FIRMWARE) / "boots"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        firmware = build()
    except install.Missing as error:
        print(f"FAILED {NAME}: {error}")
        return 0, 1
    certs = certificates.certificates(folder / "certificates")
    root = folder / "root.der"
    install.command("openssl", "x509", "-in", certs / "root.pem", "-outform", "DER", "-out", root)
    password = folder / "password"
    password.write_text(PASSWORD)
    server = Postfix(folder / "postfix", cache, certs)
    passed = failed = 0
    try:
        server.start()
    except Broken as error:
        print(f"FAILED {NAME}: {error}")
        server.stop()
        return 0, 1
    try:
        print(f"{NAME:<32}{'M instr.':>10}{'heap':>10}{'stack':>8}{'bytes, TLS':>14}{'bytes, all':>14}{'trips':>8}")
        for day in DAYS:
            listener = next(
                one for one in server.listeners
                if one.auth and one.security == "tls" and one.certificate == day.certificate
                and one.version == day.version
            )
            server.clear()
            text = boot(firmware, listener.port, root, day.asked, password)
            arrived = len(server.wait_for(int(day.sent), 10))
            good = re.search(day.says, text) and arrived == day.sent
            passed, failed = passed + bool(good), failed + (not good)
            said = {name: number(name, text) or 0
                    for name in ("ticks", "heap", "stack", "handshake sent", "handshake received", "sent",
                                 "received", "turns")}
            print(f"{day.name:<32}{said['ticks'] * TICK / 1e6:>10.1f}{said['heap']:>10,}"
                  f"{said['stack']:>8,}{pair(said, 'handshake sent', 'handshake received'):>14}"
                  f"{pair(said, 'sent', 'received'):>14}{said['turns']:>8}"
                  f"{'' if good else '  BAD'}", flush=True)
            if not good:
                print(f"    {arrived} mails arrived; it said: {text.strip()[-300:]!r}")
    finally:
        server.stop()
    print(f"flash {flash_of(firmware):,}; of the heap 120 KB are reserved\n")
    return passed, failed
