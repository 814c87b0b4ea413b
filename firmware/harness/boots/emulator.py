"""Boots a firmware on QEMU's lm3s6965evb, decodes its log as it comes, and reads its report."""

import re
import subprocess
import threading
import time
from dataclasses import dataclass, field

from harness.servers.base import die_with_parent

# A firmware that takes longer hangs.
SECONDS = 60
# The guest reaches this machine's loopback as 10.0.2.2. A reset by the watchdog ends the emulation.
MACHINE = (
    "-M", "lm3s6965evb", "-nographic", "-monitor", "none", "-serial", "none", "-no-reboot",
    "-nic", "user,model=stellaris",
)
# Says nothing but that a timer is not in use.
HARMLESS = re.compile(r"^Timer with period zero, disabling\n", re.M)
STACK = re.compile(r"\bpeak stack: (\d+) octets")
ATTEMPTS = re.compile(r"\battempts: (\d+)")
ATTEMPT = re.compile(r"\battempt (\d+): (sent|partial|refused|failed|unknown|invalid), exit (\d+)")
# What defmt-print says of octets that are no log.
MALFORMED = re.compile(r"malformed|failed to decode|panicked", re.I)


@dataclass
class Boot:
    """One boot, from power on to the end of the emulator."""

    began: float
    # None: it had to be stopped.
    exit: int | None = None
    seconds: float = 0.0
    log: list = field(default_factory=list)
    errors: str = ""

    @property
    def text(self):
        return "\n".join(self.log)

    @property
    def peak_stack(self):
        found = STACK.findall(self.text)
        return int(found[0]) if len(found) == 1 else None

    @property
    def attempts(self):
        """Word and exit code of each, in order."""
        return [(word, int(code)) for _, word, code in ATTEMPT.findall(self.text)]

    def faults(self):
        """What is wrong with the boot itself, whatever the day."""
        if self.exit is None:
            return [f"hangs: stopped after {SECONDS} s"]
        faults = []
        if self.peak_stack is None:
            faults.append(f"exit {self.exit}, and not one report of the stack: panic, fault or reset")
        counted = ATTEMPTS.findall(self.text)
        if self.attempts and counted != [str(len(self.attempts))]:
            faults.append(f"says attempts: {counted}, and tells of {len(self.attempts)}")
        if self.attempts and self.attempts[-1][1] != self.exit:
            faults.append(f"exit {self.exit}, the last attempt {self.attempts[-1]}")
        if said := MALFORMED.search(self.text + self.errors):
            faults.append(f"the log cannot be decoded: {said[0]}")
        if rest := HARMLESS.sub("", self.errors).strip():
            faults.append(f"on stderr: {rest[:200]!r}")
        return faults


@dataclass(frozen=True)
class Emulator:
    """QEMU, and what decodes the log."""

    qemu: str
    decoder: str

    def boot(self, name, elf, arguments, heard=lambda line: None):
        """Boots with `key=value` arguments; `heard` gets each line of the log when it comes."""
        words = [name, *(f"{key}={value}" for key, value in arguments.items())]
        # A comma is doubled, or it would end the value.
        given = ",".join("arg=" + word.replace(",", ",,") for word in words)
        boot = Boot(time.time())
        began = time.monotonic()
        qemu = subprocess.Popen(
            [self.qemu, *MACHINE, "-semihosting-config", f"enable=on,target=native,{given}",
             "-kernel", str(elf)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=False, preexec_fn=die_with_parent,
        )
        decoder = subprocess.Popen(
            [self.decoder, "-e", str(elf), "--log-format", "{L} {s}"],
            stdin=qemu.stdout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", preexec_fn=die_with_parent,
        )
        # The decoder's only, so that it sees the end.
        qemu.stdout.close()
        errors = []
        readers = [
            threading.Thread(target=read_log, args=(decoder.stdout, boot.log, heard)),
            threading.Thread(target=lambda: errors.append(qemu.stderr.read())),
        ]
        for reader in readers:
            reader.start()
        try:
            boot.exit = qemu.wait(SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            qemu.kill()
            boot.seconds = time.monotonic() - began
            qemu.wait()
            decoder.wait()
            for reader in readers:
                reader.join()
            decoder.stdout.close()
            qemu.stderr.close()
        boot.errors = b"".join(errors).decode(errors="replace")
        if decoder.returncode != 0:
            boot.errors += f"\nthe decoder ended with {decoder.returncode}"
        return boot


def read_log(stream, log, heard):
    for line in stream:
        log.append(line.rstrip("\n"))
        heard(line)
