"""Boots `alert-tls12` on QEMU's mps2-an386, with its serial line to a listener of a real Postfix: on good
days, with TLS 1.2 and 1.3, and on bad ones, when the server must not be trusted."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness import certificates, client, install
from harness.servers.base import PASSWORD, USER, Broken, die_with_parent, secured
from harness.servers.postfix import Postfix

from . import images, keys, report

NAME = "alert-tls12"
FIRMWARE = Path(__file__).resolve().parents[2] / NAME
TARGET = "thumbv7em-none-eabi"
VERSIONS = ("1.2", "1.3")
# A boot that takes longer hangs.
SECONDS = 120
DELIVERY_SECONDS = 10
# Instructions: SysTick runs at 25 MHz, and an instruction takes a nanosecond of the emulator's time.
TICK = 40
# To build Mbed TLS, and what Rust sees of it.
PACKAGES = ["cmake", "clang", "libclang-dev", "ninja-build"]
# The heap's memory, which is in .bss (`heap.rs`).
ARENA = 120 * 1024
# The body of the mail.
TEXT = b"8.4 bar"
# Postfix logs the alert that ended a handshake.
HEARD = re.compile(r"SSL alert number (\d+)")


@dataclass(frozen=True)
class Day:
    """The server, the name the firmware asks for, and the reason to refuse the server, if there is one."""

    certificate: str
    version: str
    key: str = "ecdsa"
    asked: str = "localhost"
    # As the firmware prints it, and as the server hears it: the number of a TLS alert.
    reason: str | None = None
    alert: int | None = None

    @property
    def name(self):
        asked = f", asked for as {self.asked}" if self.asked != "localhost" else ""
        return f"TLS {self.version}, {LABELS.get(self.certificate, self.certificate)}{asked}"

    @property
    def root(self):
        """The root that the firmware trusts."""
        return certificates.root(self.certificate) if self.reason is None else "root"


LABELS = {"ecdsa": "P-256", "rsa": "RSA-2048", "rsa-chain": "a chain of RSA", "expired": "expired",
          "not-yet-valid": "not valid yet", "wrong-host": "for another name", "unknown-root": "unknown root"}
GOOD = [
    Day(certificate, version, key)
    for version in VERSIONS
    for certificate, key in (("ecdsa", "ecdsa"), ("rsa", "rsa"), ("rsa-chain", "rsa"))
]
# RFC 8446 §6: bad_certificate(42), certificate_expired(45), certificate_unknown(46), unknown_ca(48).
BAD = [
    day
    for version in VERSIONS
    for day in (
        Day("expired", version, reason="Expired", alert=45),
        Day("not-yet-valid", version, reason="NotYetValid", alert=46),
        Day("wrong-host", version, reason="OtherName", alert=42),
        Day("ecdsa", version, asked="mx.elsewhere.example", reason="OtherName", alert=42),
        Day("unknown-root", version, reason="UnknownRoot", alert=48),
    )
]
DAYS = GOOD + BAD


class Server(Postfix):
    """Postfix with a listener for each certificate and version; it takes none newer than that."""

    def offers(self):
        plain = [one for one in super().offers() if one.security == "plain"]
        shown = dict.fromkeys(day.certificate for day in DAYS)
        listeners = secured(shown, VERSIONS, auth=("plain", "login", "cram-md5", "scram-sha-256"))
        return [*plain, *(one for one in listeners if one.security == "tls")]

    def listener(self, day):
        return next(one for one in self.listeners if one.security == "tls"
                    and (one.certificate, one.version) == (day.certificate, day.version))


@dataclass
class Boot:
    """The exit code, None if the firmware hangs, and what it printed."""

    exit: int | None
    text: str

    def number(self, said):
        found = re.search(rf"^{said} (\d+)", self.text, re.M)
        return int(found[1]) if found else 0

    def pair(self, said):
        return f"{self.number(f'{said}sent')}/{self.number(f'{said}received')}"


def build():
    """The ELF and its size."""
    install.apt_install(PACKAGES)
    install.tool("qemu-system-arm", "qemu-system-arm")
    if TARGET not in images.rustup("target", "list", "--installed").split():
        images.rustup("target", "add", TARGET)
    install.command("cargo", "build", "--locked", "--release", "--quiet", "--target", TARGET, cwd=FIRMWARE)
    elf = client.target_folder(FIRMWARE) / TARGET / "release" / NAME
    return elf, images.sizes(images.size_program(), elf)


def boot(elf, port, root, asked, password):
    given = ",".join(f"arg={word}" for word in ("alert", root, asked, USER, password))
    words = [
        "qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none",
        "-icount", "shift=0,align=off,sleep=off",
        "-semihosting-config", f"enable=on,target=native,{given}",
        "-chardev", f"socket,id=line,host=127.0.0.1,port={port}", "-serial", "chardev:line",
        "-kernel", str(elf),
    ]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=SECONDS, preexec_fn=die_with_parent, check=False,
        )
    except subprocess.TimeoutExpired:
        return Boot(None, f"no end after {SECONDS} s")
    return Boot(done.returncode, done.stdout)


def faults(day, boot, mails, seen, heard):
    """What is wrong with a boot: by its exit code and its words, by the mails, and by the server's log."""
    is_good = day.reason is None
    says = f"sent to 1 by TLS {day.version}" if is_good else f"not sent: Certificate({day.reason})"
    wrong = [] if boot.exit == (0 if is_good else 1) else [f"exit {boot.exit}"]
    if says not in boot.text.splitlines():
        wrong.append(f"it did not say: {says}")
    if PASSWORD in boot.text:
        wrong.append("it shows the password")
    if [TEXT in mail.content for mail in mails] != [True] * is_good:
        wrong.append(f"{len(mails)} mails, or another text")
    if seen.connections != 1:
        wrong.append(f"{seen.connections} connections")
    if seen.tls != ([(day.version, day.key)] if is_good else []):
        wrong.append(f"TLS {seen.tls}")
    if seen.log_ins != ({("plain", True)} if is_good else set()):
        wrong.append(f"log-ins {seen.log_ins}")
    if not is_good and seen.verbs:
        wrong.append(f"the server heard {seen.verbs}")
    if heard != ([] if is_good else [day.alert]):
        wrong.append(f"alerts {heard}")
    return wrong


def run():
    """How many boots passed, and how many failed."""
    folder = client.target_folder(FIRMWARE) / "boots"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        elf, size = build()
        certs = certificates.certificates(folder / "certificates")
        for name in keys.ROOTS:
            install.command("openssl", "x509", "-in", certs / f"{name}.pem", "-outform", "DER",
                            "-out", folder / f"{name}.der")
    except install.Missing as error:
        print(f"FAILED {NAME}: {error}")
        return 0, 1
    password = folder / "password"
    password.write_text(PASSWORD)
    server = Server(folder / "postfix", client.target_folder() / "interop", certs)
    rows, boots, failed = [], [], 0
    try:
        server.start()
        for day in DAYS:
            server.clear()
            marks = server.marks()
            done = boot(elf, server.listener(day).port, folder / f"{day.root}.der", day.asked, password)
            mails = server.wait_for(int(day.reason is None), DELIVERY_SECONDS)
            seen = server.seen(marks)
            heard = [int(number) for number in HEARD.findall("\n".join(server.tail(marks)))]
            wrong = faults(day, done, mails, seen, heard)
            boots.append(done)
            rows.append(row(day, done, mails, heard, wrong))
            if wrong:
                failed += 1
                print(f"FAILED {NAME}, {day.name}: {'; '.join(wrong)}; it said: {done.text.strip()[-300:]!r}",
                      flush=True)
    except (Broken, install.Missing) as error:
        print(f"FAILED {NAME}: {error}")
        failed += 1
    finally:
        server.stop()
    if boots:
        print("\n".join([*days(rows), "", *totals(size, boots), ""]))
    return sum(row[-1] == "ok" for row in rows), failed


COLUMNS = ("", "M instr.", "peak heap", "peak stack", "bytes, TLS", "bytes, all", "trips", "mails", "alert",
           "result")
NOTE = ("Bytes: sent and received, in the handshake and in all. M instructions: of the handshake. Alert: that\n"
        "the server heard.")


def row(day, boot, mails, heard, wrong):
    return (
        day.name, f"{boot.number('ticks') * TICK / 1e6:.1f}", f"{boot.number('heap'):,}",
        f"{boot.number('stack'):,}", boot.pair("handshake "), boot.pair(""), str(boot.number("turns")),
        str(len(mails)), ",".join(map(str, heard)) or "-", "BAD" if wrong else "ok",
    )


def days(rows):
    return [NOTE, *report.aligned([COLUMNS, *rows])]


def totals(size, boots):
    """The firmware's size, and the most of all boots."""
    return report.aligned([
        ("", "flash", "static RAM, without the heap", "the heap's memory", "peak heap", "peak stack"),
        (NAME, f"{size.flash:,}", f"{size.static - ARENA:,}", f"{ARENA:,}",
         *(f"{max(boot.number(one) for boot in boots):,}" for one in ("heap", "stack"))),
    ])
