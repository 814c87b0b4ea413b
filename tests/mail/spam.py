"""Compares what SpamAssassin finds in the alerts with `rules.toml` and with the guide: `spam.py ALERT WORK [--write]`."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import mails

HERE = Path(__file__).parent
GUIDE = HERE / "../../docs/spam.md"
# They say that the mail was not received over a network, which it was not.
HERE_ONLY = {"NO_RECEIVED", "NO_RELAYS"}


def main():
    alert, work, *options = sys.argv[1:]
    paths = mails.write(alert, Path(work), mails.ALERTS)
    found = judge(paths, Path(work))
    expected = tomllib.loads((HERE / "rules.toml").read_text("utf-8"))
    failed = 0
    for name, rules in found.items():
        wanted = {rule for rule, entry in expected.items() if name in entry["mails"]}
        wrong = sorted(set(rules) ^ wanted)
        failed += bool(wrong)
        listed = ", ".join(f"{rule} {score}" for rule, score in sorted(rules.items())) or "nothing"
        print(f"{'FAILED' if wrong else '.':6} {sum(rules.values()):5.1f}  {name}: {listed}")
        if wrong:
            print(f"       not as in rules.toml: {', '.join(wrong)}")
    if not is_in_guide(table(found, expected), "--write" in options):
        failed += 1
        print("FAILED docs/spam.md has another table: tests/mail/spam --write")
    print(f"{len(found) + 1 - failed} passed, {failed} failed")
    return failed > 0


def judge(paths, work):
    """What each mail is given points for, by its name."""
    done = subprocess.run(
        ["perl", HERE / "spam.pl", work / "state"],
        input="".join(f"{path}\n" for path in paths.values()),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    names = {str(path): name for name, path in paths.items()}
    found = {}
    for line in done.stdout.splitlines():
        mail = json.loads(line)
        found[names[mail["path"]]] = {r: score for r, score in mail["rules"].items() if r not in HERE_ONLY}
    return found


def table(found, expected):
    rows = ["| mail | points | what counts |", "|---|---|---|"]
    for name, rules in found.items():
        counts = ", ".join(f"{rule} {score:g}" for rule, score in sorted(rules.items())) or "nothing"
        rows.append(f"| {name} | {sum(rules.values()) + 0.0:.1f} | {counts} |")
    rows += ["", "| rule | what it says, and what you can do |", "|---|---|"]
    rows += [f"| {rule} | {entry['about']} |" for rule, entry in expected.items()]
    return "\n".join(rows)


def is_in_guide(rows, writes):
    """Whether the guide has this table between its marks; puts it there if it `writes`."""
    text = GUIDE.read_text("utf-8")
    before, rest = text.split("<!-- measured -->\n", 1)
    _, after = rest.split("<!-- end -->\n", 1)
    wanted = f"{before}<!-- measured -->\n{rows}\n<!-- end -->\n{after}"
    if writes:
        GUIDE.write_text(wanted, "utf-8")
    return writes or text == wanted


sys.exit(main())
