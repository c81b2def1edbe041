"""What the parts of a system in a pid namespace use, read from /proc, and whether it grew."""

import dataclasses
import os
import pathlib
import signal

# Memory that is kept for the next time is no growth: a heap is as large as its busiest moment was.
ROOM_KIB = 256

PARTS = ("init", "supervisor", "svlog")

# A pipe that it looks into other pipes with is made when the first is found not to be empty.
ROOM_DESCRIPTORS = {"supervisor": 2}


class Part:
    def __init__(self, pid):
        self.pid = pid

    def send_signal(self, number=signal.SIGTERM):
        os.kill(self.pid, number)


def _status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def _in_namespace_of(pid):
    """The status of all processes there, by pid."""
    namespace = os.readlink(f"/proc/{pid}/ns/pid")
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "ns/pid") == namespace:
                found[int(entry.name)] = _status(entry.name)
        except OSError:
            pass
    return found


def find_parts(init):
    """Our programs, by name."""
    parts = {}
    for pid, status in _in_namespace_of(init).items():
        name = status["Name"].strip()
        if name in PARTS and not status["State"].strip().startswith("Z"):
            parts[name] = Part(pid)
    return parts


def unreaped(init):
    """A zombie's namespace cannot be read, but its line of pids tells how deep it is."""
    depth = len(_status(init)["NSpid"].split())
    family = set(_in_namespace_of(init))
    count = 0
    for entry in pathlib.Path("/proc").iterdir():
        try:
            status = _status(entry.name) if entry.name.isdigit() else None
        except OSError:
            continue
        if status and status["State"].strip().startswith("Z"):
            count += len(status["NSpid"].split()) == depth and int(status["PPid"]) in family
    return count


@dataclasses.dataclass
class Figures:
    memory_kib: int
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid):
        rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        private = sum(
            int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_")
        )
        return cls(private, len(os.listdir(f"/proc/{pid}/fd")), int(_status(pid)["Threads"]))


def compare(before, after):
    """A sentence for each figure that grew, or part that is missing."""
    grown = [f"{name} is missing" for name in PARTS if name not in before or name not in after]
    for name in set(before) & set(after):
        was, now = before[name], after[name]
        if now.memory_kib > was.memory_kib + ROOM_KIB:
            grown.append(f"{name} grew from {was.memory_kib} to {now.memory_kib} KiB")
        if now.descriptors > was.descriptors + ROOM_DESCRIPTORS.get(name, 0):
            grown.append(f"{name} has {now.descriptors} descriptors, not {was.descriptors}")
        if now.threads != was.threads:
            grown.append(f"{name} has {now.threads} threads, not {was.threads}")
    return grown


def table(before, after):
    lines = [f"{'':12}{'memory, KiB':>20}{'descriptors':>16}{'threads':>12}"]
    for name in PARTS:
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            lines.append(f"{name:12}{'missing':>20}")
            continue
        cells = (
            f"{was.memory_kib} -> {now.memory_kib}",
            f"{was.descriptors} -> {now.descriptors}",
            f"{was.threads} -> {now.threads}",
        )
        lines.append(f"{name:12}{cells[0]:>20}{cells[1]:>16}{cells[2]:>12}")
    return "\n".join(lines)
