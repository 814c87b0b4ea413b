"""Certificates that are kept from run to run, since the firmwares are built with some of them."""

import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

from harness import certificates
from harness.install import command, tool

# Those that the firmwares trust: authorities, and a key.
ROOTS, PINNED = ("root", "root-rsa"), "ecdsa"
WEEK_SECONDS = 7 * 24 * 3600


def kept(folder):
    """The interop harness's certificates, made anew if they are of another script or end soon."""
    script = Path(certificates.__file__)
    made_by = folder / "made-by"
    if not made_by.exists() or made_by.read_bytes() != script.read_bytes() or ends_soon(folder):
        certificates.certificates(folder)
        for root in ROOTS:
            command(tool("openssl", "openssl"), "x509", "-in", folder / f"{root}.pem",
                    "-outform", "DER", "-out", folder / f"{root}.der")
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


def begins(folder, name):
    """When a certificate begins, in seconds since 1970."""
    line = command("openssl", "x509", "-noout", "-startdate", "-in", folder / f"{name}.pem")
    date = datetime.strptime(line.strip(), "notBefore=%b %d %H:%M:%S %Y GMT")
    return date.replace(tzinfo=timezone.utc).timestamp()


def given(folder, user, password):
    """The environment that the firmwares are built with."""
    return {
        "FIRMWARE_USER": user,
        "FIRMWARE_PASSWORD": password,
        "FIRMWARE_PIN": certificates.pin(folder, PINNED),
        "FIRMWARE_ROOT": ":".join(str(folder / f"{root}.der") for root in ROOTS),
    }
