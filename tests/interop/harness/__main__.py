"""The run: installs, starts server by server, runs its cases, and counts."""

import signal
import sys
import time
import traceback

from . import cases, certificates, client, install, mails, measures, parsed
from .servers import SERVERS
from .servers.base import Broken

LOG_LINES = 12
SHOWN_FAULTS = 3


class Tally:
    """Counts cases, and prints those that failed."""

    def __init__(self, folder):
        self.folder = folder
        self.passed = 0
        self.failed = 0
        self.cases = {}

    def record(self, server, name, faults, transcript="", log=(), cases=1):
        self.cases[server] = self.cases.get(server, 0) + cases
        if not faults:
            self.passed += 1
            return
        self.failed += cases
        shown = faults[:SHOWN_FAULTS]
        if len(faults) > len(shown):
            shown.append(f"and {len(faults) - len(shown)} more")
        print(f"FAILED {server}: {name}: {'; '.join(shown)}")
        for line in list(log)[-LOG_LINES:]:
            print(f"    log: {line}")
        report = self.folder / f"{self.failed:04}.txt"
        report.write_text("\n".join([f"{server}: {name}", *faults, "", transcript, *log]) + "\n")
        print(f"    more: {report}", flush=True)


def table(results):
    """One line per way of sending, one column per mail."""
    ways = list(dict.fromkeys(way for way, _ in results))
    mails = list(dict.fromkeys(mail for _, mail in results))
    for number, mail in enumerate(mails, 1):
        print(f"    {number:>3}  {mail}")
    width = max(map(len, ways), default=0)
    print(" " * (width + 4) + "".join(f"{number:>4}" for number in range(1, len(mails) + 1)))
    for way in ways:
        marks = [{True: "ok", False: "BAD", None: "-"}[results.get((way, mail))] for mail in mails]
        print(f"    {way:<{width}}" + "".join(f"{mark:>4}" for mark in marks))


def run_server(kind, cache, certs, alert, tally):
    began = time.monotonic()
    server = kind(cache / "run" / kind.name, cache, certs)
    results, measured = {}, {}
    try:
        try:
            server.start()
        except (Broken, install.Missing, OSError) as error:
            missing = len(cases.cases_of(server)) + len(measures.measures_of(server))
            tally.record(kind.name, f"all {missing} cases", [str(error)], log=server.tail({}),
                         cases=missing)
            return
        started = time.monotonic()
        for number, case in enumerate(cases.cases_of(server), 1):
            marks = server.marks()
            arrived, transcript = [], ""
            try:
                faults, transcript, arrived = cases.run(alert, server, case, number)
                faults += parsed.check(server, case.mail, arrived)
            except Exception as error:
                faults = [f"{type(error).__name__}: {error}"]
                transcript = traceback.format_exc()
            tally.record(kind.name, case.name, faults, transcript, server.tail(marks))
            results[case.way, case.mail.name] = not faults
        for measure in measures.measures_of(server):
            faults, dialogue = measures.run(alert, measure)
            tally.record(kind.name, f"round trips and writes, {measure.name}", faults, dialogue)
            measured[measure.name] = not faults
    finally:
        server.stop()
    ended = time.monotonic()
    print(f"\n{kind.name}: started in {started - began:.1f} s, cases {ended - started:.1f} s")
    table(results)
    print("    round trips to the first final reply, and for each further mail; writes")
    for name, passed in measured.items():
        print(f"     {'ok' if passed else 'BAD':>3}  {name}")
    print(flush=True)


def main(names):
    unknown = [name for name in names if name not in SERVERS]
    if unknown:
        print(f"no such server: {' '.join(unknown)}; there are {' '.join(SERVERS)}", file=sys.stderr)
        return 64
    # An ordinary end of the process, so that servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cache = client.target_folder() / "interop"
    files = cache / "run/files"
    failures = cache / "run/failures"
    for folder in (files, failures):
        folder.mkdir(parents=True, exist_ok=True)
    for old in failures.glob("*.txt"):
        old.unlink()
    mails.fixtures(files)
    tally = Tally(failures)
    try:
        alert = client.Alert(client.build(), files)
        certs = certificates.certificates(cache / "run/certificates")
        for name in names or SERVERS:
            run_server(SERVERS[name], cache, certs, alert, tally)
    except install.Missing as error:
        tally.record("setup", "all", [str(error)])
    for name, count in tally.cases.items():
        print(f"{name}: {count} cases")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
