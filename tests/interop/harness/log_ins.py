"""Ways to log in, the mechanism that must come of each, and what of them must never be shown."""

import base64
from dataclasses import dataclass

from .servers.base import (
    LONG_TOKEN, PASSWORD, TOKEN, USER, WRONG_PASSWORD, WRONG_TOKEN, Listener,
)


@dataclass(frozen=True)
class LogIn:
    """What alert is told."""

    name: str
    # The value of `--auth`, and the mechanisms that may come of it, the best first.
    auth: str
    mechanisms: tuple
    # The turns that a mechanism takes are those of `measures.py`, and so many more.
    more_turns: int = 0
    # The option with the secret, the right one and a wrong one.
    kind: str = "password"
    secret: str = PASSWORD
    wrong: str = WRONG_PASSWORD

    def mechanism(self, listener: Listener):
        """The mechanism that must be used there, or None if there is none."""
        # A response of so many octets, and in base64.
        if 4 * len(self.secret) // 3 > listener.answer_max:
            return None
        return next((one for one in self.mechanisms if one in listener.auth), None)

    def options(self, right=True):
        secret = self.secret if right else self.wrong
        return ["--auth", self.auth, "--user", USER, f"--{self.kind}", secret]


def token(name, auth, mechanisms, **others):
    return LogIn(name, auth, mechanisms, kind="token", **{
        "secret": TOKEN, "wrong": WRONG_TOKEN, **others,
    })


def in_base64(secret):
    """The octets by which the secret is found in any base64 that encodes it, whatever is around."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret.encode())
        whole = slice((offset * 8 + 5) // 6, (offset + len(secret.encode())) * 8 // 6)
        yield encoded[whole]


# What must not stand in alert's output.
SECRETS = [
    (f"{what}{how}", octets)
    for what, secret in {
        "the password": PASSWORD, "the wrong password": WRONG_PASSWORD, "the token": TOKEN,
        "the long token": LONG_TOKEN, "the wrong token": WRONG_TOKEN,
    }.items()
    for how, octets in [
        ("", secret.encode()), *((" in base64", form) for form in in_base64(secret)),
    ]
] + [
    # Their digests differ each time, but not their beginning. From either the password can be
    # guessed at leisure.
    ("CRAM-MD5's answer", base64.b64encode(f"{USER} ".encode())[:10]),
    ("SCRAM-SHA-256's proof", base64.b64encode(b"c=biws,r=")),
]


def secrets_shown(result):
    """No secret may stand in what alert prints, in base64 neither."""
    shown = result.stdout + result.transcript.encode()
    return sorted({f"the output shows {what}" for what, secret in SECRETS if secret in shown})
