"""What a case's result line, dialogue, server log and envelopes must show."""

import re

from .mails import address

UNKNOWN_CODE = 550
# Lines of the client's transcript.
PIN = re.compile(r"^-- pin of the key: ([0-9a-f]{64})$", re.M)
AGREED = re.compile(r"^-- TLS ([\d.]+), \w+, by ([\w-]+); proof of the server: (.*)$", re.M)
STACKS = {"rustls": "rustls", "embedded": "embedded-tls"}


def check_result(result, expected, version=None):
    """The exit code and the JSON line."""
    if result.json is None:
        return [f"no JSON line; exit {result.exit}; stderr: {result.transcript.strip()[-300:]!r}"]
    got = result.json
    wanted = {
        "outcome": expected.outcome, "status": expected.status, "phase": expected.phase,
        "retry": expected.retry, "code": expected.code, "messages": expected.messages,
        "tls": version,
    }
    faults = [
        f"{key} {got.get(key)!r}, expected {value!r}"
        for key, value in wanted.items() if got.get(key, "missing") != value
    ]
    if result.exit != expected.exit:
        faults.append(f"exit {result.exit}, expected {expected.exit}")
    error = got.get("error")
    if (error is None) != (expected.outcome == "sent") or expected.error not in (error or ""):
        faults.append(f"error {error!r}, expected {expected.error or 'one if not sent'!r}")
    return faults + check_recipients(got, expected)


def check_recipients(got, expected):
    codes = {one["address"]: one["code"] for one in got.get("recipients", [])}
    if not expected.tried:
        any_code = any(codes.values())
        return [f"recipients {codes}, none expected to have a reply"] if any_code else []
    wanted = {name: 250 for name in expected.accepted}
    wanted |= {name: UNKNOWN_CODE for name in expected.refused}
    wanted |= {name: None for name in expected.left}
    return [
        f"recipient {name}: {codes.get(address(name), 'missing')}, expected {code}"
        for name, code in wanted.items() if codes.get(address(name), "missing") != code
    ]


def check_dialogue(result, case):
    """That the mechanism and the transfer that were meant were used, as the client tells it."""
    commands = result.commands()
    faults = []
    asked = [command.split()[1] for command in commands if command.startswith("AUTH ")]
    wanted = [case.mechanism.upper()] if case.mechanism else []
    if asked != wanted:
        faults.append(f"AUTH {asked}, expected {wanted}")
    if case.mail.wrong and any(command.startswith("MAIL ") for command in commands):
        faults.append("MAIL in spite of a refused log-in")
    ends = {
        "DATA": commands.count("DATA"),
        "BDAT": sum(one.startswith("BDAT ") and one.endswith(" LAST") for one in commands),
    }
    messages = case.expected.messages
    if messages and ends[case.transfer] != messages:
        faults.append(f"{case.transfer} {ends[case.transfer]} times, {messages} expected")
    (other,) = ends.keys() - {case.transfer}
    if any(command.split()[0] == other for command in commands if command):
        faults.append(f"{other} in the dialogue")
    return faults + (check_security(result, case) if case.secured else [])


def check_security(result, case):
    """TLS as the client tells it: when it began, which stack, and the server's key."""
    secured, commands = case.secured, result.commands()
    verbs = [command.split()[0] for command in commands if command]
    faults = []
    starts = secured.starttls and "starttls" != case.expected.phase
    if starts and verbs[:2] != ["EHLO", "STARTTLS"] or verbs.count("STARTTLS") > secured.starttls:
        faults.append(f"began with {verbs[:3]}")
    if secured.is_broken_off and verbs != ["EHLO", "STARTTLS"] * secured.starttls:
        faults.append(f"said {verbs} to a server that it must not trust")
    pins = PIN.findall(result.transcript)
    if pins != ([secured.pin] if secured.pin else []):
        faults.append(f"the transcript has the pins {pins}, expected {secured.pin}")
    agreed = AGREED.findall(result.transcript)
    wanted = (secured.version, STACKS[secured.stack], secured.proof)
    wanted = [wanted] if secured.version else []
    if agreed != wanted:
        faults.append(f"the transcript has {agreed}, expected {wanted}")
    return faults


def check_seen(seen, case):
    """The same as the server's log tells it. Some log nothing where no mail came of it."""
    mail, messages = case.mail, bool(case.expected.messages)
    wanted = {(case.mechanism, not mail.wrong)} if case.mechanism else set()
    return [
        *differs("log-ins", seen.log_ins, wanted, messages or mail.wrong),
        *differs("transfers", seen.transfers, {case.transfer}, messages),
        *(check_seen_tls(seen, case.secured, messages) if case.secured else []),
    ]


def check_seen_tls(seen, secured, messages):
    """One connection, the version and the key; and not a verb more than may have come."""
    if seen.tls is None:
        return []
    known = all(key for _, key in seen.tls)
    wanted = {(secured.version, secured.key if known else None)} if secured.version else set()
    faults = differs("TLS", set(seen.tls), wanted, messages)
    # A handshake that failed is no connection to some.
    if seen.connections != 1 and not (seen.connections == 0 and secured.is_broken_off):
        faults.append(f"the server saw {seen.connections} connections")
    if secured.verbs is not None and seen.verbs != secured.verbs:
        faults.append(f"the server saw {sorted(seen.verbs)}, expected {sorted(secured.verbs)}")
    if seen.required not in (None, secured.required):
        faults.append(f"REQUIRETLS: {seen.required}, expected {secured.required}")
    return faults


def differs(what, got, wanted, all_of_them):
    """Nothing more than is wanted; nothing less only if it must be there."""
    if got is None or got == wanted or (not all_of_them and got <= wanted):
        return []
    return [f"the server saw {what} {sorted(got)}, expected {sorted(wanted)}"]


def check_envelopes(arrived, accepted, mail):
    """Who got it: the Maildirs, or the envelopes that the server stored."""
    wanted = sorted(accepted)
    faults = []
    boxes = sorted(one.mailbox for one in arrived if one.mailbox)
    if boxes and boxes != sorted(wanted * mail.expected.messages):
        faults.append(f"mailboxes {boxes[:5]}…, expected {wanted[:5]}…")
    for one in arrived:
        if not one.envelope:
            continue
        if sorted(one.envelope["recipients"]) != sorted(map(address, wanted)):
            faults.append(f"envelope {one.envelope['recipients']}, expected {wanted}")
        if one.envelope["from"] != mail.reverse_path:
            faults.append(f"reverse-path {one.envelope['from']!r}")
        # RFC 1870 §5: octets of the content with CRLF line ends, not dot-stuffed.
        said = one.envelope.get("options", {}).get("SIZE")
        size = str(len(one.content)) if mail.sized else None
        if "options" in one.envelope and said != size:
            faults.append(f"MAIL with SIZE={said}, expected {size}")
    return faults
