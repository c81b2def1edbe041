"""Reads from /proc what the supervising processes of a namespace cost: all of its processes but the
one that measures (pid 1) and the services themselves."""

import os
import pathlib

PROC = pathlib.Path("/proc")
# smaps_rollup's names, in KiB, and what they are added to.
MEMORY = {
    "Pss": "pss",
    "Private_Clean": "private",
    "Private_Dirty": "private",
    "Anonymous": "anonymous",
}


def identity(path):
    status = os.stat(path)
    return status.st_dev, status.st_ino


def supervising():
    """Their directories below /proc."""
    services = {identity("/run/service"), identity("/run/logger")}
    found = []
    for directory in PROC.iterdir():
        if not directory.name.isdigit() or directory.name == "1":
            continue
        try:
            if identity(directory / "exe") not in services:
                found.append(directory)
        except OSError:
            pass  # it has ended, or is a thread of the kernel
    return found


def memory(processes):
    sums = dict.fromkeys(MEMORY.values(), 0)
    for process in processes:
        for line in (process / "smaps_rollup").read_text().splitlines()[1:]:
            key, value = line.split(":")
            if key in MEMORY:
                sums[MEMORY[key]] += int(value.split()[0])
    return {**sums, "processes": len(processes)}


def wakeups(processes):
    """How often they have gone to sleep so far, all threads together."""
    total = 0
    for process in processes:
        for status in process.glob("task/*/status"):
            for line in status.read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
    return total
