"""The firmwares as they are built: their tools, their size, and whose code in them can panic."""

import functools
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from harness.client import PROJECT, target_folder
from harness.install import Missing, Once, apt_install, command, tool

FIRMWARE = PROJECT / "firmware"
PANICS = PROJECT / "benches/tls"
TARGET = "thumbv7m-none-eabi"
DEFMT_PRINT = "1.2.0"
# "debian": as if rustup did not have the target.
FORCED = "FIRMWARE_COMPILER"
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
        self.compiler = compiler(cache)
        self.qemu = tool("qemu-system-arm", "qemu-system-arm")
        self.decoder = str(defmt_print(cache))
        self.size = size_program()


@dataclass(frozen=True)
class Compiler:
    """A cargo that can build for the board."""

    cargo: str = "cargo"
    options: tuple = ()
    environment: dict = field(default_factory=dict)


def compiler(cache):
    """rustup's, if it has the target; else Debian's, which builds the core library from its source."""
    try:
        if os.environ.get(FORCED) == "debian":
            raise Missing(f"{FORCED} asks for Debian's")
        if TARGET not in rustup("target", "list", "--installed").split():
            rustup("target", "add", TARGET)
        return Compiler()
    except Missing as error:
        try:
            return debian(cache)
        except Missing as other:
            raise Missing(f"nothing builds for {TARGET}. rustup: {error}. Debian: {other}")


def debian(cache):
    apt_install(["rustc-web", "cargo-web", "rust-web-src"])

    def fill(folder):
        # The target's linker, under the name that the compiler looks for.
        (folder / "rust-lld").symlink_to(tool("lld", "lld"))

    linker = Once(cache / "lld").make(fill)
    return Compiler(
        "/usr/bin/cargo", ("-Zbuild-std=core",),
        {"PATH": f"/usr/bin:/bin:{linker}", "RUSTC_BOOTSTRAP": "1"},
    )


def rustup(*words):
    if shutil.which("rustup") is None:
        raise Missing("there is none")
    return command("rustup", *words)


def defmt_print(cache):
    """The decoder of the log, built once."""

    def fill(folder):
        # The folder may be within the firmwares' workspace, which builds for the board.
        command("cargo", "install", "--quiet", "--locked", "--version", DEFMT_PRINT,
                "--target", host(), "--root", folder, "defmt-print")

    return Once(cache / f"defmt-print-{DEFMT_PRINT}").make(fill) / "bin/defmt-print"


def host():
    return re.search(r"^host: (.*)$", command("rustc", "-vV"), re.M)[1]


def size_program():
    """rustup's llvm-size, which is in no PATH; or that of the binary utilities."""
    folder = Path(command("rustc", "--print", "sysroot").strip()) / "lib/rustlib" / host() / "bin"
    where = f"{folder}:{os.environ['PATH']}"
    if shutil.which("llvm-size", path=where) is None:
        try:
            rustup("component", "add", "llvm-tools")
        except Missing:
            return tool("arm-none-eabi-size", "binutils-arm-none-eabi")
    return shutil.which("llvm-size", path=where) or "llvm-size"


def build(tools, names, given):
    """Builds the firmwares with what is given by the environment; returns the ELF of each."""
    return {name: built(tools.compiler, name, given) for name in names}


def built(compiler, name, given):
    # Each alone: together, one would have what the others want of the crates that they share.
    done = subprocess.run(
        [compiler.cargo, "build", *compiler.options, "--quiet", "--locked", "--release",
         "--message-format=json-render-diagnostics", "--package", name],
        cwd=FIRMWARE, env=os.environ | given | compiler.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True,
    )
    if done.returncode != 0:
        raise Missing(f"{name} does not build")
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable"):
            return Path(message["executable"])
    raise Missing(f"cargo named no program for {name}")


def sizes(program, elf):
    # text, data, bss: data is in flash and in RAM.
    text, data, bss = map(int, command(program, elf).splitlines()[1].split()[:3])
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
