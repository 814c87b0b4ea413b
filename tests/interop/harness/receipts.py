"""Delivery reports: the DSN parameters that left and arrived, and the reports that came of them."""

import email
import email.policy
import re

from .mails import address

NOTIFY = {"SUCCESS", "FAILURE", "DELAY"}
OF_RCPT = {"NOTIFY", "ORCPT"}
OF_MAIL = {"RET", "ENVID"}
RCPT = re.compile(r"RCPT TO:<([^>]*)>(.*)")


def sorted_out(delivered):
    """The reports, and the mails that are none."""
    reports = [one for one in delivered if is_report(one)]
    return reports, [one for one in delivered if one not in reports]


def is_report(delivered):
    head = delivered.content.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return re.search(rb"^Content-Type:\s*multipart/report", head, re.M | re.I) is not None


def check_reports(reports, accepted):
    """RFC 3464: each recipient is reported as delivered, under the address that was given."""
    got = sorted(
        (str(block["Original-Recipient"]).replace(" ", ""), str(block["Action"]).lower())
        for report in reports for block in blocks(report.content) if block["Action"]
    )
    wanted = sorted((f"rfc822;{address(name)}", "delivered") for name in accepted)
    return [] if got == wanted else [f"reports {got}, expected {wanted}"]


def blocks(content):
    message = email.message_from_bytes(content, policy=email.policy.default)
    return [
        block
        for part in message.walk() if part.get_content_type() == "message/delivery-status"
        for block in part.get_payload()
    ]


def check_parameters(commands, arrived, case):
    """With a receipt, where DSN is offered, on every RCPT; else nowhere."""
    wanted = case.mail.receipt and case.listener.dsn
    faults = []
    for command in commands:
        if found := RCPT.match(command):
            given = parameters(found[2].split())
            faults += check_recipient("sent", found[1], given, wanted)
        elif command.startswith("MAIL ") and not wanted:
            if extra := OF_MAIL & parameters(command.split()).keys():
                faults.append(f"MAIL with {sorted(extra)}")
    for one in arrived:
        if one.envelope and "parameters" in one.envelope:
            for recipient, given in one.envelope["parameters"].items():
                faults += check_recipient("stored", recipient, given, wanted)
    return faults


def check_recipient(where, recipient, given, wanted):
    if not wanted:
        extra = OF_RCPT & given.keys()
        return [f"{where}: {recipient} with {sorted(extra)}"] if extra else []
    faults = []
    if set(given.get("NOTIFY", "").split(",")) != NOTIFY:
        faults.append(f"{where}: {recipient} with NOTIFY={given.get('NOTIFY')}")
    if given.get("ORCPT") != f"rfc822;{recipient}":
        faults.append(f"{where}: {recipient} with ORCPT={given.get('ORCPT')}")
    return faults


def parameters(words):
    """`KEYWORD=value` and `KEYWORD`, by keyword."""
    return {word.partition("=")[0].upper(): word.partition("=")[2] for word in words}
