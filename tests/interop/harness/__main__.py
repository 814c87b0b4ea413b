"""The run: installs and starts the servers, runs their cases in two lanes, and counts."""

import multiprocessing
import os
import signal
import sys
import time
import traceback

from . import cases, certificates, client, install, mails, measures, parsed, tls_cases
from .servers import SERVERS
from .servers.base import Broken, die_with_parent
from .tally import Tally

# Servers that run their cases at a time. Most of it is waiting.
LANES = 2


def table(results):
    """One line per way of sending, one column per mail."""
    ways = list(dict.fromkeys(way for way, _ in results))
    mails = list(dict.fromkeys(mail for _, mail in results))
    lines = [f"    {number:>3}  {mail}" for number, mail in enumerate(mails, 1)]
    width = max(map(len, ways), default=0)
    lines.append(" " * (width + 4) + "".join(f"{number:>4}" for number in range(1, len(mails) + 1)))
    for way in ways:
        marks = [{True: "ok", False: "BAD", None: "-"}[results.get((way, mail))] for mail in mails]
        lines.append(f"    {way:<{width}}" + "".join(f"{mark:>4}" for mark in marks))
    return lines


def cases_of(server):
    return cases.cases_of(server) + tls_cases.cases_of(server)


class Run:
    """The servers that were asked for, on the way from start to stop."""

    def __init__(self, cache):
        self.cache = cache
        self.files = cache / "run/files"
        self.failures = cache / "run/failures"
        for folder in (self.files, self.failures):
            folder.mkdir(parents=True, exist_ok=True)
        for old in self.failures.glob("*.txt"):
            old.unlink()
        mails.fixtures(self.files)
        self.tallies = {}
        self.servers = {}

    def start(self, name, certs):
        """One after the other: apt has one lock, and a port that was picked must soon be taken."""
        began = time.monotonic()
        server = SERVERS[name](self.cache / "run" / name, self.cache, certs)
        self.servers[name] = server
        try:
            server.start()
        except (Broken, install.Missing, OSError) as error:
            missing = len(cases_of(server)) + len(measures.measures_of(server))
            tally = self.tallies[name] = Tally(name, self.failures)
            tally.record(f"all {missing} cases", [str(error)], log=server.tail({}), cases=missing)
            return
        print(f"{name}: started in {time.monotonic() - began:.1f} s", flush=True)

    def cases(self, name):
        """A lane's work: all cases of a server that is started."""
        began = time.monotonic()
        server, tally = self.servers[name], Tally(name, self.failures)
        # A name of its own, by which its processes are found.
        program = self.cache / "run" / f"alert-{name}"
        program.unlink(missing_ok=True)
        os.link(self.program, program)
        alert = client.Alert(program, self.files)
        results, secured, measured = {}, {}, {}
        for number, case in enumerate(cases_of(server), 1):
            marks = server.marks()
            arrived, transcript = [], ""
            try:
                faults, transcript, arrived = cases.run(alert, server, case, number)
                faults += parsed.check(server, case.mail, arrived)
            except Exception as error:
                faults = [f"{type(error).__name__}: {error}"]
                transcript = traceback.format_exc()
            tally.record(case.name, faults, transcript, server.tail(marks))
            those = secured if case.secured else results
            those[case.way, case.what] = not faults
        for measure in measures.measures_of(server):
            faults, dialogue = measures.run(alert, measure)
            tally.record(f"round trips and writes, {measure.name}", faults, dialogue)
            measured[measure.name] = not faults
        print("\n".join([
            f"\n{name}: cases {time.monotonic() - began:.1f} s",
            *table(results),
            "    with TLS",
            *table(secured),
            "    round trips to the first final reply, and for each further mail; writes",
            *(f"     {'ok' if passed else 'BAD':>3}  {name}" for name, passed in measured.items()),
            "",
        ]), flush=True)
        return tally

    def all(self, names):
        try:
            self.program = client.build()
            certs = certificates.certificates(self.cache / "run/certificates")
            for name in names:
                self.start(name, certs)
            self.all_cases([name for name in names if name not in self.tallies])
        except install.Missing as error:
            tally = self.tallies["setup"] = Tally("setup", self.failures)
            tally.record("all", [str(error)])
        finally:
            for server in self.servers.values():
                server.stop()

    def all_cases(self, names):
        """Each lane takes the next server until none is left."""
        # Forked, a lane has all that is here.
        context = multiprocessing.get_context("fork")
        waiting, counts = context.SimpleQueue(), context.SimpleQueue()
        for name in [*names, *[None] * LANES]:
            waiting.put(name)
        lanes = [
            context.Process(target=self.lane, args=(waiting, counts), daemon=True)
            for _ in range(LANES)
        ]
        try:
            for lane in lanes:
                lane.start()
            for lane in lanes:
                lane.join()
        finally:
            for lane in lanes:
                lane.terminate()
                lane.join()
        while not counts.empty():
            name, passed, failed = counts.get()
            self.tallies[name] = Tally(name, self.failures, passed, failed)
        for name in names:
            if name not in self.tallies:
                self.tallies[name] = Tally(name, self.failures)
                self.tallies[name].record("all cases", ["the lane ended in the middle"])

    def lane(self, waiting, counts):
        die_with_parent()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while name := waiting.get():
            tally = self.cases(name)
            counts.put((name, tally.passed, tally.failed))


def main(names):
    unknown = [name for name in names if name not in SERVERS]
    if unknown:
        print(f"no such server: {' '.join(unknown)}; there are {' '.join(SERVERS)}", file=sys.stderr)
        return 64
    # An ordinary end of the process, so that servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run = Run(client.target_folder() / "interop")
    run.all(names or list(SERVERS))
    for name in [*SERVERS, "setup"]:
        if tally := run.tallies.get(name):
            print(f"{name}: {tally.passed + tally.failed} cases")
    passed = sum(tally.passed for tally in run.tallies.values())
    failed = sum(tally.failed for tally in run.tallies.values())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
