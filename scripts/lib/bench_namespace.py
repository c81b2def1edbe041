"""Runs one of the programs bench_in*.py as the first process of fresh namespaces."""

import json
import pathlib
import subprocess
import sys

import bench_cgroup

HERE = pathlib.Path(__file__).resolve().parent
# Round robin in real time, for everything that is measured alike: what else the machine does then
# disturbs little, and a service in a session of its own gets no more of it than one without (the
# scheduler's autogroups would share a busy machine by session).
PRIORITY = ("chrt", "--rr", "1")
# For a run that hangs; no figure depends on it.
DEADLINE = 300


class RunError(Exception):
    pass


def run(arguments, program, specification):
    """@returns what the program printed, an object. Nothing of it is left when this returns: when the
    first process of a pid namespace ends, or this one, the kernel ends all the others."""
    if not arguments.cgroups:
        return run_command(arguments, program, specification, [], [])
    with bench_cgroup.Cgroup() as cgroup:
        specification = {**specification, "cgroups": True}
        return run_command(
            arguments, program, specification, cgroup.enter_command(), ["--cgroup"]
        )


def run_command(arguments, program, specification, before, namespaces):
    command = [
        *before,
        *PRIORITY,
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--pid", "--fork", "--mount", "--mount-proc", "--kill-child", *namespaces),
        *("/usr/bin/python3", "-B", HERE / program),
        *(arguments.build / "root", arguments.build / "stopwatch.so", json.dumps(specification)),
    ]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        raise RunError(f"did not end within {DEADLINE} s") from None
    sys.stderr.write(result.stderr)
    if result.returncode != 0:
        raise RunError(result.stderr.strip() or f"ended with status {result.returncode}")
    return json.loads(result.stdout)
