"""Runs the cases: `check.py ALERT READ_MAILS NODE_FOLDER WORK_FOLDER [PATTERN]`.

`alert --eml` writes each case's mail, its octets are checked, each reader reads all mails in one
process, and what it read is compared with what was put in. README.md has the rules.
"""

import base64
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cases as case_files
import octets

HERE = Path(__file__).parent


def main():
    alert, read_mails, node_folder, work, *pattern = sys.argv[1:]
    work = Path(work)
    shutil.rmtree(work, ignore_errors=True)
    adapters = HERE / "adapters"
    readers = {
        "email": [sys.executable, adapters / "python_email.py"],
        "compat32": [sys.executable, adapters / "python_compat32.py"],
        "MIME-tools": ["perl", adapters / "mime_tools.pl"],
        "Email::MIME": ["perl", adapters / "email_mime.pl"],
        "reformime": [sys.executable, adapters / "reformime.py"],
        "GMime": [sys.executable, adapters / "gmime.py"],
        "mailparser": ["node", adapters / "mailparser.mjs", node_folder],
        "mail-parser": [read_mails, "mail-parser"],
        "mailparse": [read_mails, "mailparse"],
        "mblaze": [sys.executable, adapters / "mblaze.py"],
        "ripmime": [sys.executable, adapters / "ripmime.py"],
        "s-nail": [sys.executable, adapters / "s_nail.py"],
        "munpack": [sys.executable, adapters / "munpack.py"],
    }
    cases = case_files.load(case_files.FOLDER)
    if pattern:
        cases = [case for case in cases if fnmatch.fnmatch(case.name, pattern[0])]
    faults = tomllib.loads((HERE / "faults.toml").read_text("utf-8")).get("fault", [])

    mails = {}
    with ThreadPoolExecutor() as pool:
        written = pool.map(lambda case: write(alert, case, work), cases)
        for case, mail in zip(cases, written):
            if mail is not None:
                mails[case.name] = mail
    for case in cases:
        check_octets(case, mails)

    paths = {str(mail): name for name, mail in mails.items()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {name: pool.submit(read, command, paths) for name, command in readers.items()}
        answers = {name: job.result() for name, job in jobs.items()}
    excused = Excused(faults)
    for case in cases:
        if case.name in mails:
            ended = {"error": "the reader ended before"}
            read_by = {name: answers[name].get(case.name, ended) for name in readers}
            case.results += compare(case, read_by, excused)
    failed = report(cases, list(readers), not pattern, excused)
    print(f"{len(cases) - failed} passed, {failed} failed")
    return failed > 0 or not cases


def write(alert, case, work):
    """Has `alert` write the case's mail. Its path, or None if there is none to read."""
    folder = work / "files" / re.sub(r"[^A-Za-z0-9.-]+", "_", case.name)
    while folder.exists():
        folder = folder.with_name(folder.name + "_")
    arguments, stdin = case_files.arguments(case, folder)
    done = subprocess.run([alert, *arguments], cwd=folder, input=stdin, capture_output=True, timeout=60)
    error = done.stderr.decode("utf-8", "replace")
    wrong = []
    if case.refused is not None:
        if done.returncode != case.refused["exit"]:
            wrong.append(f"exit {done.returncode}, not {case.refused['exit']}: {error.strip()}")
        elif not re.search(case.refused["error"], error):
            wrong.append(f"the error does not say {case.refused['error']!r}: {error.strip()}")
        if done.stdout:
            wrong.append(f"{len(done.stdout)} octets on stdout beside a refusal")
        if not re.fullmatch(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\n", error):
            wrong.append(f"the error is not one clean line: {error!r}")
    elif done.returncode != 0:
        wrong.append(f"exit {done.returncode}: {error.strip()}")
    case.results.append((".", []) if not wrong else ("F", [f"alert: {line}" for line in wrong]))
    if done.returncode != 0 or case.refused is not None:
        return None
    path = folder / "mail.eml"
    path.write_bytes(done.stdout)
    return path


def check_octets(case, mails):
    if case.name not in mails:
        return
    mail = mails[case.name].read_bytes()
    wrong = octets.faults(mail, case.utf8)
    if case.same_as is not None:
        other = mails.get(case.same_as)
        if other is None or other.read_bytes() != mail:
            wrong.append(f"other octets than {case.same_as}")
    wrong = list(dict.fromkeys(wrong))
    case.results.append((".", []) if not wrong else ("F", [f"octets: {line}" for line in wrong]))


def read(command, paths):
    """What a parser reads from all the mails, by the case's name."""
    stdin = "".join(f"{path}\n" for path in paths)
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, encoding="utf-8", timeout=600)
    mails = [json.loads(line) for line in done.stdout.split("\n") if line]
    return {paths[mail["path"]]: mail for mail in mails}


class Excused:
    """The entries of `faults.toml`, and what each of them has excused."""

    def __init__(self, faults):
        self.faults = faults
        # For each entry, how many readers agreed in each case, and of how many.
        self.votes = [[] for _ in faults]

    def covers(self, case, reader, field, wanted, got, agree, voters):
        """Whether an entry excuses it: one that is there, and two thirds of those who read the field."""
        index = next(
            (i for i, f in enumerate(self.faults) if covers(f, case, reader, field, wanted, got)), None
        )
        if index is None or agree * 3 < voters * 2:
            return False
        self.votes[index].append((agree, voters))
        return True


def compare(case, read_by, excused):
    """For each reader a mark for the table, and what differs."""
    differing = {
        reader: {field: (wanted, got) for field, wanted, got in differences(case.expect, answer)}
        for reader, answer in read_by.items()
    }
    for reader, answer in read_by.items():
        lines, is_excused = [], False
        for field, (wanted, got) in differing[reader].items():
            voters = [name for name, other in read_by.items() if reads(other, field)]
            agree = [name for name in voters if field not in differing[name]]
            if excused.covers(case, reader, field, wanted, got, len(agree), len(voters)):
                is_excused = True
            else:
                votes = f"{len(agree)} of {len(voters)} agree"
                lines.append(f"{reader}: {field}: wanted {short(wanted)}, got {short(got)}; {votes}")
        yield "F" if lines else "x" if is_excused else ".", lines


def reads(answer, field):
    """Whether a reader tells of a field. Of a mail that it cannot read at all, it would have."""
    if field == "error" or answer["error"] is not None:
        return True
    name, _, detail = field.partition(".")
    if name == "headers" or not detail:
        return name in answer
    return all(detail in attachment for attachment in answer.get("attachments", [{}]))


def covers(fault, case, reader, field, wanted, got):
    wanted, got = (json.dumps(value, ensure_ascii=False) for value in (wanted, got))
    return (
        fault["parser"] == reader
        and field in fault["fields"]
        and re.search(fault.get("got", ""), got)
        and (not fault.get("but_for_blanks") or wanted.replace(" ", "") == got.replace(" ", ""))
        and (not fault.get("but_for_line_ends") or unended(wanted) == unended(got))
        and any(fnmatch.fnmatchcase(case.name, pattern) for pattern in fault["cases"])
    )


def unended(octets):
    """What is left of octets, in JSON and base64, without their line ends."""
    return re.sub(rb"[\r\n]", b"", base64.b64decode(json.loads(octets)))


def differences(expect, answer):
    """Field, wanted and got, where they differ."""
    if answer["error"] is not None:
        yield "error", None, answer["error"]
    # RFC 2045 §5.1: "The type, subtype, and parameter names are not case sensitive."
    if "structure" in answer:
        answer["structure"] = answer["structure"].lower()
    for field in ("subject", "from", "to", "cc", "reply_to", "message_id", "date", "structure"):
        if field in answer and answer[field] != expect[field]:
            yield field, expect[field], answer[field]
    is_single = "(" not in expect["structure"]
    for field in ("text", "html"):
        if field not in answer:
            continue
        wanted, got = lines_of(expect[field]), lines_of(answer[field])
        # A body that is one part ends in a line end, whether the text does or not.
        if got != wanted and not (is_single and wanted is not None and got == wanted + "\n"):
            yield field, wanted, got
    if "headers" in answer:
        headers = {name: values for name, values in answer["headers"].items() if is_extra(name)}
        for name in sorted({*headers, *expect["headers"]}):
            if ended(headers.get(name)) != ended(expect["headers"].get(name)):
                yield f"headers.{name}", expect["headers"].get(name), headers.get(name)
    if "attachments" in answer:
        yield from attachment_differences(expect["attachments"], answer["attachments"])


def ended(values):
    """A field's values without the blanks at their ends, which half of the readers leave out."""
    return values and [value.rstrip(" ") for value in values]


def attachment_differences(wanted, got):
    if len(wanted) != len(got):
        yield "attachments", len(wanted), len(got)
        return
    for one, other in zip(wanted, got):
        one = {"params": charset(one), "disposition": "attachment", "cid": None, **one}
        if "type" in other:
            other["type"] = other["type"].lower()
        # A fallback for readers that do not know RFC 2231.
        other.get("params", {}).pop("name", None)
        for field in ("name", "type", "params", "disposition", "cid", "octets"):
            if field in other and one[field] != other[field]:
                yield f"attachments.{field}", one[field], other[field]


def charset(attachment):
    """The parameter that a text has which is known to be UTF-8 and not ASCII."""
    try:
        is_ascii = base64.b64decode(attachment["octets"]).decode().isascii()
    except UnicodeDecodeError:
        is_ascii = True
    is_text = attachment["type"].startswith("text/")
    return {"charset": "utf-8"} if is_text and not is_ascii else {}


def lines_of(text):
    # Line ends are given in all mixtures; what counts is where lines end.
    return None if text is None else re.sub(r"\r\n|\r|\n", "\n", text)


def is_extra(name):
    """Whether a field is none of those that are compared as what they mean."""
    return name not in STANDARD and not name.startswith("content-")


STANDARD = {"from", "to", "cc", "reply-to", "subject", "message-id", "date", "mime-version"}


def short(value):
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


# Characters of a value in a line of the report.
SHOWN = 200


def report(cases, readers, is_whole, excused):
    """Prints the table, the entries that were used, and what failed. How many cases did."""
    columns = ["alert", "octets", *readers]
    print("  ".join(columns) + "   (. good, F failed, x excused by faults.toml)")
    failed = 0
    for case in cases:
        marks = [mark for mark, _ in case.results]
        marks += [" "] * (len(columns) - len(marks))
        row = "  ".join(mark.center(len(column)) for mark, column in zip(marks, columns))
        print(f"{row}   {case.name}")
        failed += "F" in marks
    print("\nExcused: the reader, how often, how many readers agreed at the least, the fields, the reason")
    for fault, votes in zip(excused.faults, excused.votes):
        fields = ", ".join(fault["fields"])
        if votes:
            agree, voters = min(votes, key=lambda vote: vote[0] / vote[1])
            print(f"{fault['parser']:11} {len(votes):4}  {agree} of {voters}  {fields}: {fault['reason']}")
        elif is_whole:
            print(f"{fault['parser']:11}    0  not needed: {fields}: {fault['cases']}")
    print()
    for case in cases:
        for _, lines in case.results:
            for line in lines:
                print(f"FAILED {case.name}\n    {line}")
    return failed


sys.exit(main())
