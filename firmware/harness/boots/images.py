"""The firmwares as they are built: their tools, their size, and whose code in them can panic."""

import functools
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from harness.client import PROJECT, target_folder
from harness.install import Missing, Once, command, tool

FIRMWARE = PROJECT / "firmware"
PANICS = PROJECT / "benches/tls"
TARGET = "thumbv7m-none-eabi"
DEFMT_PRINT = "1.2.0"
RAM = 65_536


@dataclass(frozen=True)
class Firmware:
    """A firmware: how it reaches a server, and what proves that server."""

    name: str
    security: str
    # What the server shows, and how it is known: "pin" or "ca".
    certificate: str | None = None
    proof: str | None = None
    # Alerts that go over one connection.
    alerts: int = 1
    # Whether it asks for the date.
    asks: bool = False


FIRMWARES = [
    Firmware("alert-blocking", "plain"),
    Firmware("alert-async", "plain", alerts=3),
    Firmware("alert-tls", "tls", "ecdsa", "pin"),
    Firmware("alert-ca", "starttls", "ecdsa", "ca", asks=True),
]


@dataclass(frozen=True)
class Size:
    """Octets: in flash; and .data and .bss, in RAM from the beginning."""

    flash: int
    static: int


class Tools:
    """What builds, boots and measures; installed where it is missing."""

    def __init__(self, cache):
        has_target()
        self.qemu = tool("qemu-system-arm", "qemu-system-arm")
        self.decoder = str(defmt_print(cache))
        self.size = llvm_size()


def has_target():
    if TARGET in command("rustup", "target", "list", "--installed").split():
        return
    try:
        command("rustup", "target", "add", TARGET)
    except Missing as error:
        raise Missing(f"the firmwares need Rust's target {TARGET}, and rustup has none: {error}")


def defmt_print(cache):
    """The decoder of the log, built once."""

    def fill(folder):
        # The folder may be within the firmwares' workspace, which builds for the board.
        command("cargo", "install", "--quiet", "--locked", "--version", DEFMT_PRINT,
                "--target", host(), "--root", folder, "defmt-print")

    return Once(cache / f"defmt-print-{DEFMT_PRINT}").make(fill) / "bin/defmt-print"


def host():
    return re.search(r"^host: (.*)$", command("rustc", "-vV"), re.M)[1]


def llvm_size():
    """rustup's llvm-size, which is in no PATH."""
    folder = Path(command("rustc", "--print", "sysroot").strip()) / "lib/rustlib" / host() / "bin"
    if not (folder / "llvm-size").exists() and not shutil.which("llvm-size"):
        command("rustup", "component", "add", "llvm-tools")
    return shutil.which("llvm-size", path=f"{folder}:{os.environ['PATH']}") or "llvm-size"


def build(names, given):
    """Builds the firmwares with what is given by the environment; returns the ELF of each."""
    packages = [word for name in names for word in ("--package", name)]
    done = subprocess.run(
        ["cargo", "build", "--quiet", "--locked", "--release",
         "--message-format=json-render-diagnostics", *packages],
        cwd=FIRMWARE, env=os.environ | given, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        raise Missing("the firmwares do not build")
    elves = {}
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable"):
            elves[message["target"]["name"]] = Path(message["executable"])
    if absent := [name for name in names if name not in elves]:
        raise Missing(f"cargo named no program for {', '.join(absent)}")
    return elves


def sizes(tools, elf):
    # text, data, bss: data is in flash and in RAM.
    text, data, bss = map(int, command(tools.size, elf).splitlines()[1].split()[:3])
    return Size(text + data, data + bss)


def panics(elf):
    """The list of calls of a panic by crate, and what is wrong with it: `benches/tls` has the check."""
    done = subprocess.run([panics_program(), "panics", elf], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode != 0:
        return done.stdout, ["embedded-smtp's code can panic, or the check is blind"]
    return done.stdout, []


@functools.cache
def panics_program():
    command("cargo", "build", "--locked", "--quiet", "--release", "--package", "host", cwd=PANICS)
    return target_folder(PANICS) / "release/host"
