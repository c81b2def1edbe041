"""Runs one of the programs bench_in*.py as the first process of fresh namespaces."""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# What else the machine does is to disturb as little as possible; the same for everything measured.
PRIORITY = ("chrt", "--rr", "1")
# For a run that hangs; no figure depends on it.
DEADLINE = 300


class RunError(Exception):
    pass


def run(arguments, program, specification):
    """@returns what the program printed, an object. Nothing of it is left when this returns: when the
    first process of a pid namespace ends, or this one, the kernel ends all the others."""
    command = [
        *PRIORITY,
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--pid", "--fork", "--mount", "--mount-proc", "--kill-child"),
        *("/usr/bin/python3", "-B", HERE / program),
        *(arguments.build / "root", arguments.build / "stopwatch.so", json.dumps(specification)),
    ]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        raise RunError(f"did not end within {DEADLINE} s") from None
    if result.returncode != 0:
        raise RunError(result.stderr.strip() or f"ended with status {result.returncode}")
    sys.stderr.write(result.stderr)
    return json.loads(result.stdout)
