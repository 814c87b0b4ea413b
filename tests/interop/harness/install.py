"""Gets what the run needs: packages from apt, PyPI and npm, kept in a cache folder.

Mail servers are only unpacked (`dpkg -x`), never installed: Debian's conflict with one another.
Their libraries and the tools are installed.
"""

import functools
import os
import shutil
import subprocess
from pathlib import Path

SERVER_PACKAGES = {
    "postfix": ["postfix", "sasl2-bin"],
    "exim": ["exim4-daemon-light", "exim4-base"],
}
LIBRARIES = {
    "postfix": [
        "libdb5.3", "libicu72", "libnsl2", "libsasl2-2", "libsasl2-modules",
        "libsasl2-modules-db", "libssl3", "netbase",
    ],
    "exim": [
        "libcrypt1", "libdb5.3", "libgnutls-dane0", "libgnutls30", "libidn12", "libidn2-0",
        "libnsl2", "libpcre2-8-0", "netbase",
    ],
}
AIOSMTPD = "aiosmtpd==1.4.6"
# `cryptography` brings an OpenSSL of its own: 4.0 and 3.5.
OPENSSL = {
    "openssl-4": ["cryptography==50.0.2", "pyOpenSSL==26.4.0"],
    "openssl-3.5": ["cryptography==46.0.7", "pyOpenSSL==25.3.0"],
}
SMTP_SERVER = "smtp-server@3"


class Missing(Exception):
    """Something could not be installed; says what and why."""


def command(*words, **options):
    """Runs a command, and raises `Missing` with the end of its output if it fails."""
    done = subprocess.run(
        [str(word) for word in words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", **options,
    )
    if done.returncode != 0:
        end = " / ".join(done.stdout.strip().splitlines()[-3:])
        raise Missing(f"{' '.join(map(str, words[:4]))} …: exit {done.returncode}: {end}")
    return done.stdout


@functools.cache
def apt_update():
    command("apt-get", "update", "-qq")


def installed(package):
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True
    )
    return done.stdout == "install ok installed"


def apt_install(packages):
    wanted = [package for package in packages if not installed(package)]
    if wanted:
        apt_update()
        environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        command(
            "apt-get", "install", "-qq", "-y", "--no-install-recommends", *wanted, env=environment
        )


def tool(program, package):
    """A program that is there, or installed from the package."""
    if shutil.which(program) is None:
        apt_install([package])
    return shutil.which(program) or program


class Once:
    """A folder of the cache that is either complete or made anew."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.mark = self.folder / ".complete"

    def make(self, fill):
        if not self.mark.exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            fill(self.folder)
            self.mark.touch()
        return self.folder


def unpacked(cache, server):
    """The folder with a server's unpacked packages, its libraries being installed."""

    def fill(folder):
        apt_update()
        for package in SERVER_PACKAGES[server]:
            command("apt-get", "download", "-qq", package, cwd=folder)
        for archive in sorted(folder.glob("*.deb")):
            command("dpkg", "-x", archive, folder / "root")
            archive.unlink()

    apt_install(LIBRARIES[server])
    return Once(cache / server).make(fill) / "root"


def aiosmtpd_python(cache):
    """A Python that has aiosmtpd."""
    return python_with(cache, "aiosmtpd", [AIOSMTPD])


def openssl_python(cache, name):
    """A Python that has aiosmtpd, and an OpenSSL of its own."""
    return python_with(cache, name, [AIOSMTPD, *OPENSSL[name]])


def python_with(cache, name, packages):
    """A Python that has these packages."""

    def fill(folder):
        python = shutil.which("python3") or "python3"
        try:
            command(python, "-m", "venv", folder / "venv")
        except Missing:
            apt_install(["python3-venv"])
            command("/usr/bin/python3", "-m", "venv", "--clear", folder / "venv")
        command(folder / "venv/bin/pip", "install", "--quiet", *packages)

    return Once(cache / name).make(fill) / "venv/bin/python"


def smtp_server_modules(cache):
    """The folder of node modules that has smtp-server."""

    def fill(folder):
        npm = tool("npm", "npm")
        command(npm, "install", "--loglevel=error", "--no-audit", "--no-fund", "--prefix", folder,
                SMTP_SERVER)

    tool("node", "nodejs")
    return Once(cache / "smtp-server").make(fill) / "node_modules"
