"""The `alert` example: built once, run with options, its result read."""

import functools
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .install import Missing

PROJECT = Path(__file__).resolve().parents[3]
RUN_SECONDS = 60
REPLY_SECONDS = "30"


def target_folder(project=PROJECT):
    """Where cargo builds: the cache lives there too."""
    done = subprocess.run(
        ["cargo", "metadata", "--format-version=1", "--no-deps"],
        cwd=project, capture_output=True, text=True, check=True,
    )
    return Path(json.loads(done.stdout)["target_directory"])


def build():
    """Builds `alert` and returns the program."""
    done = subprocess.run(
        ["cargo", "build", "--quiet", "--example", "alert", "--message-format=json"],
        cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False,
    )
    if done.returncode != 0:
        raise Missing("alert does not build")
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == "alert" and message.get("executable"):
            return Path(message["executable"])
    raise Missing("cargo named no program for alert")


@dataclass
class Result:
    """How one run ended."""

    exit: int
    stdout: bytes
    transcript: str
    json: dict | None

    def commands(self):
        """The lines that the client sent, as its transcript shows them."""
        lines = self.transcript.splitlines()
        return [line.removeprefix("C: ") for line in lines if line.startswith("C: ")]


class Alert:
    """Runs the program."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder

    def send(self, port, options, stdin=None):
        """Sends for real to a port of this machine."""
        result = self.run(
            ["--server", f"127.0.0.1:{port}", "--timeout", REPLY_SECONDS, "--transcript", *options],
            stdin,
        )
        lines = result.stdout.decode(errors="replace").splitlines()
        try:
            result.json = json.loads(lines[-1])
        except (IndexError, ValueError):
            result.json = None
        return result

    @functools.cache
    def eml(self, options, stdin=None):
        """The octets that `--eml` prints for these options; asked once for the same ones."""
        result = self.run([*options, "--eml"], stdin)
        if result.exit != 0:
            raise Missing(f"alert --eml: exit {result.exit}: {result.transcript.strip()}")
        return result.stdout

    def run(self, arguments, stdin):
        try:
            done = subprocess.run(
                [self.program, *arguments], input=stdin or b"", capture_output=True,
                cwd=self.folder, timeout=RUN_SECONDS,
            )
        except subprocess.TimeoutExpired as late:
            return Result(-1, late.stdout or b"", f"no end after {RUN_SECONDS} s", None)
        return Result(done.returncode, done.stdout, done.stderr.decode(errors="replace"), None)

    def left(self):
        """Processes of the program that still run."""
        found = []
        for process in Path("/proc").iterdir():
            try:
                if process.name.isdigit() and os.readlink(process / "exe") == str(self.program):
                    found.append(int(process.name))
            except OSError:
                continue
        return found
