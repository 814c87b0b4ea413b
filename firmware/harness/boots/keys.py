"""Certificates that are kept from run to run, since the firmwares are built with some of them."""

import shutil
import subprocess
from pathlib import Path

from harness import certificates
from harness.install import command, tool

# The firmwares' root and pin, and the script that made them.
ROOT, PINNED = "root", "ecdsa"
WEEK_SECONDS = 7 * 24 * 3600


def kept(folder):
    """The interop harness's certificates, made anew if they are of another script or end soon."""
    script = Path(certificates.__file__)
    made_by = folder / "made-by"
    if not made_by.exists() or made_by.read_bytes() != script.read_bytes() or ends_soon(folder):
        certificates.certificates(folder)
        command(tool("openssl", "openssl"), "x509", "-in", folder / f"{ROOT}.pem",
                "-outform", "DER", "-out", folder / f"{ROOT}.der")
        shutil.copy(script, made_by)
    return folder


def ends_soon(folder):
    """Whether one that is to be good ends within a week."""
    good = [*certificates.AUTHORITIES, *certificates.GOOD]
    return any(
        subprocess.run(
            ["openssl", "x509", "-noout", "-checkend", str(WEEK_SECONDS),
             "-in", folder / f"{one.name}.pem"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode != 0
        for one in good
    )


def given(folder, user, password):
    """The environment that the firmwares are built with."""
    return {
        "FIRMWARE_USER": user,
        "FIRMWARE_PASSWORD": password,
        "FIRMWARE_PIN": certificates.pin(folder, PINNED),
        "FIRMWARE_ROOT": str(folder / f"{ROOT}.der"),
    }
