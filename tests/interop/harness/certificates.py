"""Roots, intermediates and leaves for localhost, good ones and bad ones, made with openssl."""

import functools
import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .install import command, tool

KEYS = {
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
}
LOCALHOST = "DNS:localhost,IP:127.0.0.1"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Certificate:
    """A row: what is issued, by whom, and what is wrong with it."""

    name: str
    key: str = "p256"
    # None: signed by itself.
    issuer: str | None = "intermediate"
    authority: bool = False
    names: str = LOCALHOST
    purpose: str = "serverAuth"
    # Counted from now.
    begins: timedelta = -DAY
    ends: timedelta = 30 * DAY

    @property
    def extensions(self):
        if self.authority:
            return "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
        return (
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            f"extendedKeyUsage={self.purpose}\nsubjectAltName={self.names}\n"
        )


AUTHORITIES = [
    Certificate("root", issuer=None, authority=True),
    Certificate("intermediate", issuer="root", authority=True),
    Certificate("root-p384", "p384", issuer=None, authority=True),
    Certificate("intermediate-p384", "p384", issuer="root-p384", authority=True),
    Certificate("root-rsa", "rsa4096", issuer=None, authority=True),
    Certificate("intermediate-rsa", "rsa2048", issuer="root-rsa", authority=True),
    # In nobody's file of roots.
    Certificate("root-unknown", issuer=None, authority=True),
    # Signs although it may not.
    Certificate("no-authority", issuer="intermediate"),
]
GOOD = [
    Certificate("ecdsa"),
    Certificate("rsa", "rsa2048"),
    Certificate("p384-chain", issuer="intermediate-p384"),
    Certificate("p384", "p384", issuer="intermediate-p384"),
    Certificate("rsa-chain", "rsa2048", issuer="intermediate-rsa"),
]
BAD = [
    Certificate("expired", begins=-30 * DAY, ends=-DAY),
    Certificate("not-yet-valid", begins=DAY),
    Certificate("wrong-host", names="DNS:elsewhere.example,IP:127.0.0.2"),
    Certificate("self-signed", issuer=None),
    Certificate("unknown-root", issuer="root-unknown"),
    Certificate("wrong-purpose", purpose="clientAuth"),
    Certificate("issuer-no-authority", issuer="no-authority"),
]
BY_NAME = {one.name: one for one in AUTHORITIES + GOOD + BAD}

CONFIGURATION = """\
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
unique_subject = no
rand_serial = yes
policy = any
[any]
commonName = supplied
"""


def certificates(folder):
    """Fills the folder, anew for each run: NAME.key, and NAME.pem, the leaf first and the root left
    out."""
    openssl = tool("openssl", "openssl")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    alone = {}
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        (work / "configuration").write_text(CONFIGURATION)
        (work / "index").touch()
        for one in BY_NAME.values():
            alone[one.name] = issue(openssl, folder, work, one)
            chain = [alone[each] for each in path(one.name)]
            (folder / f"{one.name}.pem").write_text("".join(chain))
    return folder


def issue(openssl, folder, work, one):
    """Makes a key and a certificate, and returns the latter."""
    key = folder / f"{one.name}.key"
    command(openssl, "genpkey", *KEYS[one.key], "-out", key)
    command(openssl, "req", "-new", "-key", key, "-subj", f"/CN=Interop {one.name}",
            "-out", work / "request")
    (work / "extensions").write_text(one.extensions)
    signer = (
        ["-cert", folder / f"{one.issuer}.pem", "-keyfile", folder / f"{one.issuer}.key"]
        if one.issuer else ["-selfsign", "-keyfile", key]
    )
    issuer = BY_NAME[one.issuer] if one.issuer else one
    command(
        openssl, "ca", "-config", "configuration", "-batch", "-notext", *signer,
        "-md", "sha384" if issuer.key == "p384" else "sha256", "-extfile", "extensions",
        "-startdate", stamp(one.begins), "-enddate", stamp(one.ends),
        "-in", "request", "-out", "certificate", cwd=work,
    )
    return (work / "certificate").read_text()


def path(name):
    """From a certificate up to the one below its root; a root is alone."""
    names = [name]
    while (issuer := BY_NAME[names[-1]].issuer) and BY_NAME[issuer].issuer:
        names.append(issuer)
    return names


def root(name):
    """The root that a certificate leads to."""
    while issuer := BY_NAME[name].issuer:
        name = issuer
    return name


@functools.cache
def pin(folder, name):
    """What `--pin` takes: SHA-256 of the key's SubjectPublicKeyInfo."""
    words = ["openssl", "pkey", "-in", folder / f"{name}.key", "-pubout", "-outform", "DER"]
    done = subprocess.run(words, capture_output=True, check=True)
    return hashlib.sha256(done.stdout).hexdigest()


def stamp(offset):
    return (datetime.now(timezone.utc) + offset).strftime("%Y%m%d%H%M%SZ")
