"""For the adapters of programs that are run once or more for each mail."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def main(read):
    """Prints what `read` makes of each mail on stdin: of its path, and of an empty folder of its own."""
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        with tempfile.TemporaryDirectory() as folder:
            try:
                mail = {"error": None} | read(path, Path(folder))
            except Exception as error:  # Whatever it is, it belongs in the report.
                mail = {"error": repr(error)}
        print(json.dumps({"path": str(path)} | mail))


def run(*command, stdin=None, may_fail=False):
    """What a program prints. That it fails is an error, unless it may."""
    with open(stdin or "/dev/null", "rb") as file:
        done = subprocess.run(
            command, stdin=file, capture_output=True, timeout=60, check=False, env=ENVIRONMENT
        )
    if done.returncode != 0 and not may_fail:
        raise RuntimeError(f"{command[0]}: exit {done.returncode}: {done.stderr.decode('utf-8', 'replace')}")
    return done.stdout


ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
