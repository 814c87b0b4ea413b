"""The run: builds the firmwares, starts the servers, boots in two lanes, and counts.

    python3 -m boots [-n BOOTS] [all | NAME…]
"""

import argparse
import re
import signal
import sys
import threading
import time
import traceback

from harness import client
from harness.install import Missing
from harness.servers.base import PASSWORD, USER, Broken
from harness.tally import Tally

from . import days, images, keys, report, tls12
from .emulator import Emulator
from .servers import SERVERS
from .trial import Outcome, Trial, run

BOOTS = 3
NAMES = [one.name for one in images.FIRMWARES]


class Run:
    """The firmwares that were asked for, from building them to the tables."""

    def __init__(self, firmwares, boots):
        self.firmwares = firmwares
        self.boots = boots
        # Servers and their packages are where the interop harness keeps them.
        self.packages = client.target_folder() / "interop"
        self.cache = client.target_folder(images.FIRMWARE) / "boots"
        self.failures = self.cache / "failures"
        self.failures.mkdir(parents=True, exist_ok=True)
        for old in self.failures.glob("*.txt"):
            old.unlink()
        self.tallies = {one.name: Tally(one.name, self.failures) for one in firmwares}
        # (trial, outcome), the latter None until it is there.
        self.done = []
        self.servers = {}
        self.lock = threading.Lock()

    def all(self):
        """How many checks passed, and how many failed."""
        try:
            tools = images.Tools(self.cache)
            certificates = keys.kept(self.cache / "certificates")
            given = keys.given(certificates, USER, PASSWORD)
            elves = images.build(tools, [one.name for one in self.firmwares], given)
            sizes = {name: images.sizes(tools.size, elf) for name, elf in elves.items()}
            self.start(certificates)
            self.lanes(Emulator(tools.qemu, tools.decoder), elves)
            records = [(one, sizes[one.name], self.outcomes(one)) for one in self.firmwares]
            print("\n".join(["", *report.firmwares(records), "", *report.days(records), ""]))
            self.panics(elves)
        except (Missing, Broken) as error:
            self.tallies["setup"] = Tally("setup", self.failures)
            self.tallies["setup"].record("all", [str(error)])
        finally:
            for server in self.servers.values():
                server.stop()
        passed = sum(tally.passed for tally in self.tallies.values())
        failed = sum(tally.failed for tally in self.tallies.values())
        return passed, failed

    def start(self, certificates):
        for name, server in SERVERS.items():
            began = time.monotonic()
            self.servers[name] = server(self.cache / "run" / name, self.packages, certificates)
            self.servers[name].start()
            print(f"{name}: started in {time.monotonic() - began:.1f} s", flush=True)

    def lanes(self, emulator, elves):
        """Each server has a lane: a boot at a time, so that its store is that boot's."""
        began = time.monotonic()
        trials = [
            Trial(firmware, elves[firmware.name], day)
            for firmware in self.firmwares for day in days.days(firmware, self.boots)
        ]
        self.done = [(trial, None) for trial in trials]
        lanes = [
            threading.Thread(target=self.lane, args=(emulator, name), daemon=True)
            for name in SERVERS
        ]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()
        print(f"{len(trials)} boots in {time.monotonic() - began:.0f} s")

    def outcomes(self, firmware):
        return [(trial.day, outcome) for trial, outcome in self.done if trial.firmware == firmware]

    def lane(self, emulator, name):
        server = self.servers[name]
        for number, (trial, _) in enumerate(self.done):
            if trial.day.server != name:
                continue
            marks = server.marks()
            try:
                outcome, shown = run(emulator, server, trial), []
            except Exception as error:
                outcome = Outcome(None, [f"{type(error).__name__}: {error}"])
                shown = traceback.format_exc().splitlines()
            boot = outcome.boot
            shown += [*boot.log, *boot.errors.splitlines()] if boot else []
            with self.lock:
                self.done[number] = (trial, outcome)
                self.tallies[trial.firmware.name].record(
                    trial.day.name, outcome.faults, "\n".join(server.tail(marks)), shown
                )

    def panics(self, elves):
        print("Calls of a panic, by the crate in whose source they stand; embedded-smtp must have none")
        for name, elf in elves.items():
            listed, faults = images.panics(elf)
            every = self.cache / f"panics-{name}.txt"
            every.write_text(listed)
            crates = re.findall(r"^    (\S.*) calls$", listed, re.M)
            print(f"    {name}: {', '.join(crates)}; all: {every}")
            self.tallies[name].record("no panic of embedded-smtp", faults, listed)
        print()


def main(arguments):
    parser = argparse.ArgumentParser(prog="firmware/run", description="Boots the firmwares.")
    parser.add_argument("-n", dest="boots", type=int, default=BOOTS, metavar="BOOTS",
                        help=f"how often each is booted on a good day; {BOOTS} if not said")
    every = [*NAMES, tls12.NAME]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, or of {' '.join(every)}")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - {*every, "all"}:
        parser.error(f"no such firmware: {' '.join(sorted(unknown))}")
    if given.boots < 1:
        parser.error("at least one boot")
    wanted = every if not given.names or "all" in given.names else given.names
    # An ordinary end of the process, so that servers are stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    passed = failed = 0
    if firmwares := [one for one in images.FIRMWARES if one.name in wanted]:
        passed, failed = Run(firmwares, given.boots).all()
    if tls12.NAME in wanted:
        also_passed, also_failed = tls12.run()
        passed, failed = passed + also_passed, failed + also_failed
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


try:
    sys.exit(main(sys.argv[1:]))
except KeyboardInterrupt:
    sys.exit(130)
