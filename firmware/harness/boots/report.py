"""The tables at the end: the firmwares, and the days."""

import statistics

from .images import RAM

COLUMNS = ("", "flash", "static RAM", "peak stack", "free RAM", "boot, median", "longest", "boots",
           "good days", "bad days", "retries", "result")
NOTE = "Octets, and seconds of a good boot. Free RAM: of 65,536, without static RAM and peak stack."


def firmwares(records):
    """A row for each firmware: `records` are (firmware, size, [(day, outcome)])."""
    return [NOTE, *aligned([COLUMNS, *(row(*record) for record in records)])]


def row(firmware, size, outcomes):
    boots = [outcome.boot for _, outcome in outcomes if outcome.boot]
    peak = max((boot.peak_stack or 0 for boot in boots), default=0)
    seconds = [outcome.boot.seconds for day, outcome in outcomes if day.is_good and outcome.boot]
    kinds = [[outcome for day, outcome in outcomes if kind(day) == one] for one in KINDS]
    is_well = not any(outcome.faults for _, outcome in outcomes)
    return (
        firmware.name, f"{size.flash:,}", f"{size.static:,}", f"{peak:,}",
        f"{RAM - size.static - peak:,}", f"{statistics.median(seconds or [0]):.2f}",
        f"{max(seconds, default=0):.2f}", str(len(boots)), *map(passed, kinds),
        "ok" if is_well and boots else "BAD",
    )


KINDS = GOOD, BAD, RETRY = range(3)


def kind(day):
    return GOOD if day.is_good else RETRY if day.is_retry else BAD


def passed(outcomes):
    return f"{sum(not outcome.faults for outcome in outcomes)}/{len(outcomes)}"


def days(records):
    """A row for each day, a column for each firmware: what came of it, and whether that is right."""
    all_days = [day for _, _, outcomes in records for day, _ in outcomes]
    names = list(dict.fromkeys(day.name for day in sorted(all_days, key=kind)))
    head = ("", *(firmware.name for firmware, _, _ in records))
    return aligned([head, *((name, *(cell(name, outcomes) for _, _, outcomes in records))
                            for name in names)])


def cell(name, outcomes):
    """The exit codes that came, and the mark of all boots of that day."""
    of_day = [outcome for day, outcome in outcomes if day.name == name]
    if not of_day:
        return "-"
    codes = dict.fromkeys(code_of(outcome.boot) for outcome in of_day)
    mark = "BAD" if any(outcome.faults for outcome in of_day) else "ok"
    return f"{','.join(codes)} {mark}"


def code_of(boot):
    if boot is None:
        return "none"
    return "hangs" if boot.exit is None else str(boot.exit)


def aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [
        "  ".join([f"{row[0]:<{widths[0]}}", *(f"{cell:>{width}}"
                                              for cell, width in zip(row[1:], widths[1:]))])
        for row in rows
    ]
