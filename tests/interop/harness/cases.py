"""The cases of a server: its listeners × drivers × log-ins × flights × mails; and one case's run."""

import base64
from dataclasses import dataclass

from .compare import difference, message_id
from .mails import DATE, MAILS, SEED, Mail, address
from .servers.base import PASSWORD, USER, Listener, Maildirs

# The dimensions. What alert comes to support joins as a further row.
SECURITY = {"plain": ["--security", "plain"]}
DRIVERS = {"blocking": ["--driver", "blocking"], "async": ["--driver", "async"]}
LOG_INS = {"plain": "plain", "login": "login", "auto": "plain"}
FLIGHTS = {"pipelined": [], "lock-step": ["--no-pipelining"]}
TRANSFERS = {"DATA": ["--no-chunking"]}
SECRETS = {
    "the password": PASSWORD.encode(),
    "LOGIN's answer": base64.b64encode(PASSWORD.encode()),
    "PLAIN's response": base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()),
}
UNKNOWN_CODE = 550
DELIVERY_SECONDS = 15


@dataclass(frozen=True)
class Case:
    listener: Listener
    driver: str
    log_in: str | None
    flight: str
    transfer: str
    mail: Mail

    @property
    def column(self):
        log_in = f"AUTH {self.log_in}" if self.log_in else "no AUTH"
        return f"{self.listener.name}, {self.driver}, {log_in}, {self.flight}, {self.transfer}"

    @property
    def name(self):
        return f"{self.mail.name} [{self.column}]"


def cases_of(server):
    has = {"size"} if server.size else set()
    has |= {"refusal"} if server.refuses_unknown else set()
    return [
        Case(listener, driver, log_in, flight, transfer, mail)
        for listener in server.listeners if listener.security in SECURITY
        for driver in DRIVERS
        for log_in in log_ins(listener)
        for flight in (FLIGHTS if listener.pipelining else ["pipelined"])
        for transfer in TRANSFERS
        for mail in MAILS
        if mail.needs <= has | ({"auth"} if log_in else set())
    ]


def log_ins(listener):
    """The log-ins to try where a mechanism is offered; none where none is."""
    if not listener.auth:
        return [None]
    return [log_in for log_in, mechanism in LOG_INS.items() if mechanism in listener.auth]


def connection(listener, driver, log_in, flight, transfer, password=PASSWORD):
    """The options that make the connection of a case."""
    options = [
        *SECURITY[listener.security], *DRIVERS[driver], *FLIGHTS[flight], *TRANSFERS[transfer],
    ]
    if log_in:
        options += ["--user", USER, "--password", password, "--auth", log_in]
        if listener.security == "plain":
            options.append("--danger-plaintext-auth")
    return options


def run(alert, server, case, number):
    """Runs a case; returns what differed, a line each, and the client's transcript."""
    mail, expected = case.mail, case.mail.expected
    fixed = ["--date", str(DATE), "--seed", str(SEED)]
    identity = [] if mail.repeat > 1 else ["--message-id", f"<{number}.{server.name}@kessel.example>"]
    options = [
        *connection(case.listener, case.driver, case.log_in, case.flight, case.transfer,
                    mail.password or PASSWORD),
        *mail.connection, *mail.message, *fixed, *identity,
    ]
    if mail.repeat > 1:
        options += ["--repeat", str(mail.repeat)]
    server.clear()
    result = alert.send(case.listener.port, options, mail.stdin)
    faults = check_result(result, expected)
    faults += secrets_shown(result)
    if alert.left():
        faults.append(f"processes left: {alert.left()}")

    accepted = expected.accepted if expected.messages else ()
    copies = expected.messages * (len(accepted) if has_mailboxes(server) else bool(accepted))
    seconds = DELIVERY_SECONDS if result.exit == expected.exit else 1
    arrived = server.wait_for(copies, seconds)
    if len(arrived) != copies:
        faults.append(f"{len(arrived)} mails arrived, {copies} expected")
    faults += check_recipients(server, arrived, accepted, mail)
    identities = set()
    wanted = {}
    for one in arrived:
        own = message_id(one.content)
        identities.add(own)
        if own not in wanted:
            wanted[own] = alert.eml(
                [*mail.message, *fixed, "--message-id", own or "<none@none>"], mail.stdin
            )
        if differs := difference(server, one.content, wanted[own]):
            faults.append(f"{one.mailbox or 'stored'}: {differs}")
    if len(identities) != expected.messages:
        faults.append(f"{len(identities)} Message-IDs, {expected.messages} expected")
    return faults, result.transcript, arrived


def has_mailboxes(server):
    return isinstance(server, Maildirs)


def check_result(result, expected):
    """The exit code and the JSON line."""
    if result.json is None:
        return [f"no JSON line; exit {result.exit}; stderr: {result.transcript.strip()[-300:]!r}"]
    got = result.json
    wanted = {
        "outcome": expected.outcome, "status": expected.status, "phase": expected.phase,
        "retry": expected.retry, "messages": expected.messages, "tls": None,
    }
    if expected.outcome in ("sent", "partial"):
        wanted["code"] = 250
    faults = [
        f"{key} {got.get(key)!r}, expected {value!r}"
        for key, value in wanted.items() if got.get(key, "missing") != value
    ]
    if result.exit != expected.exit:
        faults.append(f"exit {result.exit}, expected {expected.exit}")
    if (got.get("error") is None) != (expected.outcome == "sent"):
        faults.append(f"error {got.get('error')!r}")
    codes = {one["address"]: one["code"] for one in got.get("recipients", [])}
    if not expected.tried:
        if any(codes.values()):
            faults.append(f"recipients {codes}, none expected to have a reply")
        return faults
    for name in expected.accepted:
        if codes.get(address(name)) != 250:
            faults.append(f"recipient {name}: {codes.get(address(name))}, expected 250")
    for name in expected.refused:
        if codes.get(address(name)) != UNKNOWN_CODE:
            faults.append(f"recipient {name}: {codes.get(address(name))}, expected {UNKNOWN_CODE}")
    return faults


def secrets_shown(result):
    """The password must not stand in what alert prints, in base64 neither."""
    shown = result.stdout + result.transcript.encode()
    return [
        f"the output shows {name}" for name, secret in SECRETS.items() if secret in shown
    ]


def check_recipients(server, arrived, accepted, mail):
    """Who got it: the Maildirs, or the envelopes that the server stored."""
    wanted = sorted(accepted)
    faults = []
    if has_mailboxes(server):
        got = sorted(one.mailbox for one in arrived)
        if got != sorted(wanted * mail.expected.messages):
            faults.append(f"mailboxes {got[:5]}…, expected {wanted[:5]}…")
    for one in arrived:
        if one.envelope:
            if sorted(one.envelope["recipients"]) != sorted(map(address, wanted)):
                faults.append(f"envelope {one.envelope['recipients']}, expected {wanted}")
            if one.envelope["from"] != "boiler3@outside.example":
                faults.append(f"reverse-path {one.envelope['from']!r}")
    return faults
