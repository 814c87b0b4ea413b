"""A root, an intermediate and leaves for localhost, ECDSA and RSA, made with openssl."""

import shutil

from .install import command, tool

KEYS = {
    "ecdsa": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}
AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
LEAF = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
    "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n"
)


def certificates(folder):
    """Fills the folder, anew for each run: root.pem, and KIND.pem (leaf first) with KIND.key."""
    openssl = tool("openssl", "openssl")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    def issue(name, key, subject, extensions, issuer):
        command(openssl, "genpkey", *KEYS[key], "-out", folder / f"{name}.key")
        (folder / f"{name}.ext").write_text(extensions)
        command(openssl, "req", "-new", "-key", folder / f"{name}.key",
                "-subj", f"/CN={subject}", "-out", folder / f"{name}.csr")
        signer = (
            ["-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key",
             "-CAcreateserial"]
            if issuer else ["-signkey", folder / f"{name}.key"]
        )
        command(openssl, "x509", "-req", "-in", folder / f"{name}.csr", "-days", "30",
                "-sha256", "-extfile", folder / f"{name}.ext", *signer,
                "-out", folder / f"{name}.pem")

    issue("root", "ecdsa", "Interop Root", AUTHORITY, None)
    issue("intermediate", "ecdsa", "Interop Intermediate", AUTHORITY, "root")
    for key in KEYS:
        issue(key, key, "localhost", LEAF, "intermediate")
        with (folder / f"{key}.pem").open("a") as chain:
            chain.write((folder / "intermediate.pem").read_text())
    return folder
