"""Writes X.509 certificates octet by octet, so that wrong ones can be written too.

Only keys and ECDSA and Ed25519 signatures come from the `cryptography` package. The same keys give
the same octets: ECDSA nonces are RFC 6979's, and the salt of a PSS signature is a hash.
"""

import hashlib
import ipaddress
from datetime import datetime, timezone
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

DATA = Path(__file__).parent / "data"
written = set()


def write(file, octets):
    """Puts octets into `data/`, and remembers that the file is one of ours."""
    path = DATA / file
    assert path not in written, file
    written.add(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)


# DER


def tlv(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def sequence(*parts):
    return tlv(0x30, *parts)


def integer(number):
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def bits(octets, unused=0):
    return tlv(0x03, bytes([unused]), octets)


def octets(*parts):
    return tlv(0x04, *parts)


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray([40 * first + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        out += bytes(reversed(groups))
    return tlv(0x06, bytes(out))


def time(text):
    """RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on."""
    when = datetime.fromisoformat(text)
    if when.year < 2050:
        return tlv(0x17, when.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(0x18, when.strftime("%Y%m%d%H%M%SZ").encode())


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp())


NULL = tlv(0x05)
TRUE = tlv(0x01, b"\xff")

# Names


def distinguished(common_name):
    return sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(0x0C, common_name.encode()))))


def dns(name):
    """A dNSName; octets are written as they are."""
    return tlv(0x82, name if isinstance(name, bytes) else name.encode("ascii"))


def ip(text):
    """An iPAddress; of a network, the address and its mask."""
    if "/" in text:
        network = ipaddress.ip_network(text)
        return tlv(0x87, network.network_address.packed, network.netmask.packed)
    return tlv(0x87, ipaddress.ip_address(text).packed)


# Extensions


def extension(number, value, critical=False):
    return sequence(oid(number), TRUE if critical else b"", octets(value))


def basic_constraints(ca, path_length=None):
    length = b"" if path_length is None else integer(path_length)
    return extension("2.5.29.19", sequence(TRUE if ca else b"", length), critical=True)


def key_usage(*numbers):
    octet = sum(0x80 >> number for number in numbers)
    return extension("2.5.29.15", bits(bytes([octet]), 7 - max(numbers)), critical=True)


def purposes(*numbers):
    return extension("2.5.29.37", sequence(*(oid(number) for number in numbers)))


def alternative_names(*names):
    return extension("2.5.29.17", sequence(*names))


def name_constraints(permitted=(), excluded=()):
    def subtrees(tag, names):
        return tlv(tag, *(sequence(name) for name in names)) if names else b""

    value = sequence(subtrees(0xA0, permitted), subtrees(0xA1, excluded))
    return extension("2.5.29.30", value, critical=True)


DIGITAL_SIGNATURE, KEY_AGREEMENT, KEY_CERT_SIGN, CRL_SIGN = 0, 4, 5, 6
SERVER_AUTH, CLIENT_AUTH = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"

# Keys and signatures


class Key:
    """A private key of `data/keys/`, made when it is not there."""

    def __init__(self, name):
        path = DATA / "keys" / f"{name}.p8"
        self.name = name
        if path.exists():
            self.private = serialization.load_der_private_key(path.read_bytes(), None)
        else:
            self.private = make_key(name.split("-")[0])
        write(
            f"keys/{name}.p8",
            self.private.private_bytes(
                serialization.Encoding.DER,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        self.public = self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def usual_algorithm(self):
        if self.name.startswith("p384"):
            return "ecdsa-sha384"
        if self.name.startswith("p521"):
            return "ecdsa-sha512"
        if self.name.startswith("p256"):
            return "ecdsa-sha256"
        return "ed25519" if self.name.startswith("ed25519") else "rsa-sha256"


def make_key(kind):
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    curves = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
    return ec.generate_private_key(curves[kind]())


HASHES = {
    "md5": ("1.2.840.113549.2.5", "1.2.840.113549.1.1.4", None),
    "sha1": ("1.3.14.3.2.26", "1.2.840.113549.1.1.5", "1.2.840.10045.4.1"),
    "sha256": ("2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2"),
    "sha384": ("2.16.840.1.101.3.4.2.2", "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3"),
    "sha512": ("2.16.840.1.101.3.4.2.3", "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4"),
}


def algorithm_identifier(algorithm):
    """Of `ecdsa-HASH`, `rsa-HASH`, `rsa-HASH-no-null`, `pss-HASH` or `ed25519`."""
    if algorithm == "ed25519":
        return sequence(oid("1.3.101.112"))
    kind, name, *more = algorithm.split("-")
    digest, pkcs1, ecdsa = HASHES[name]
    if kind == "ecdsa":
        return sequence(oid(ecdsa))
    if kind == "rsa":
        return sequence(oid(pkcs1), b"" if more else NULL)
    hash_identifier = sequence(oid(digest), NULL)
    return sequence(
        oid("1.2.840.113549.1.1.10"),
        sequence(
            tlv(0xA0, hash_identifier),
            tlv(0xA1, sequence(oid("1.2.840.113549.1.1.8"), hash_identifier)),
            tlv(0xA2, integer(hashlib.new(name).digest_size)),
        ),
    )


def sign(key, algorithm, message):
    if algorithm == "ed25519":
        return key.private.sign(message)
    kind, name, *_ = algorithm.split("-")
    if kind == "ecdsa":
        digest = getattr(hashes, name.upper())()
        return key.private.sign(message, ec.ECDSA(digest, deterministic_signing=True))
    numbers = key.private.private_numbers()
    modulus = numbers.public_numbers.n
    encoded = (pkcs1_encoded if kind == "rsa" else pss_encoded)(name, message, modulus.bit_length())
    size = (modulus.bit_length() + 7) // 8
    return pow(int.from_bytes(encoded, "big"), numbers.d, modulus).to_bytes(size, "big")


def pkcs1_encoded(name, message, key_bits):
    """RFC 8017 section 9.2."""
    digest = sequence(sequence(oid(HASHES[name][0]), NULL), octets(hashlib.new(name, message).digest()))
    return b"\0\x01" + b"\xff" * (key_bits // 8 - 3 - len(digest)) + b"\0" + digest


def pss_encoded(name, message, key_bits):
    """RFC 8017 section 9.1.1, with as long a salt as the hash is."""
    digest = hashlib.new(name, message).digest()
    salt = hashlib.new(name, b"salt" + message).digest()
    hashed = hashlib.new(name, bytes(8) + digest + salt).digest()
    size = key_bits // 8
    block = (b"\x01" + salt).rjust(size - len(hashed) - 1, b"\0")
    mask = b""
    while len(mask) < len(block):
        counter = (len(mask) // len(hashed)).to_bytes(4, "big")
        mask += hashlib.new(name, hashed + counter).digest()
    masked = bytearray(a ^ b for a, b in zip(block, mask))
    masked[0] &= 0x7F
    return bytes(masked) + hashed + b"\xbc"


# Certificates


class Certificate:
    """A certificate that is a file of `data/`."""

    def __init__(self, file, der, subject, key):
        self.file, self.der, self.subject, self.key = file, der, subject, key
        write(f"{file}.der", der)

    def changed(self, file, der):
        return Certificate(file, der, self.subject, self.key)


def issue(
    file,
    subject,
    key,
    issuer=None,
    *,
    extensions=(),
    not_before="2000-01-01T00:00:00",
    not_after="2100-01-01T00:00:00",
    algorithm=None,
    version=3,
    public=None,
):
    """A certificate for `key`, signed by `issuer`, or by itself where there is none. `public` stands
    in the place of the key's SubjectPublicKeyInfo."""
    signer = issuer.key if issuer else key
    algorithm = algorithm or signer.usual_algorithm()
    serial = int.from_bytes(hashlib.sha256(file.encode()).digest()[:8], "big")
    to_be_signed = sequence(
        tlv(0xA0, integer(version - 1)) if version > 1 else b"",
        integer(serial),
        algorithm_identifier(algorithm),
        distinguished(issuer.subject if issuer else subject),
        sequence(time(not_before), time(not_after)),
        distinguished(subject),
        public or key.public,
        tlv(0xA3, sequence(*extensions)) if extensions else b"",
    )
    signature = sign(signer, algorithm, to_be_signed)
    der = sequence(to_be_signed, algorithm_identifier(algorithm), bits(signature))
    return Certificate(file, der, subject, key)
