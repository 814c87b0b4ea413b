"""Counts the cases that passed and failed, and reports those that failed."""

LOG_LINES = 12
SHOWN_FAULTS = 3


class Tally:
    """Counts a server's cases, and prints those that failed."""

    def __init__(self, server, folder, passed=0, failed=0):
        self.server = server
        self.folder = folder
        self.passed = passed
        self.failed = failed

    def record(self, name, faults, transcript="", log=(), cases=1):
        if not faults:
            self.passed += cases
            return
        self.failed += cases
        shown = faults[:SHOWN_FAULTS]
        if len(faults) > len(shown):
            shown.append(f"and {len(faults) - len(shown)} more")
        report = self.folder / f"{self.server}-{self.failed:04}.txt"
        report.write_text("\n".join([f"{self.server}: {name}", *faults, "", transcript, *log]) + "\n")
        lines = [f"FAILED {self.server}: {name}: {'; '.join(shown)}"]
        lines += [f"    log: {line}" for line in list(log)[-LOG_LINES:]]
        print("\n".join([*lines, f"    more: {report}"]), flush=True)
