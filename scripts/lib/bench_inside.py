#!/usr/bin/python3
"""Usage: bench_inside.py ROOT LIBRARY SPECIFICATION

Measures one run of one supervisor. Is the first process of fresh pid and mount namespaces, so that
nothing it starts or mounts outlives it. ROOT is a directory tree with the programs in /bin; the run
happens in there, with a tmpfs of its own as /run. LIBRARY is the compiled bench_stopwatch.c.
SPECIFICATION is an object in JSON: supervisor, kind ("single" or "mass"), services, logs, restarts,
idle (seconds). Prints the figures as an object in JSON: times in nanoseconds, memory in KiB, and
"problem" where something failed.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import bench_peers
import bench_procs

MESSAGES = "/run/messages"
# A service that ended sooner than a second after its start is restarted later on purpose, by all.
LIVED_LONG_ENOUGH = 1.2
# nitro looks at each service again 2 s after its start.
UNTIL_IDLE = 2
# s6 waits for a second before each restart: fewer of those tell as much.
RESTARTS_TAKE = 3
# Seconds that one thing may take before the supervisor is given up.
PATIENCE = 30
STATUS_REPEATS = 20
STATUS_ALL_REPEATS = 3


class MeasurementError(Exception):
    pass


class Shared(ctypes.Structure):
    """struct bench_shared, as far as it is read here."""

    _fields_ = [("started", ctypes.c_uint32), ("running", ctypes.c_uint32)]


def words(texts):
    array = (ctypes.c_char_p * (len(texts) + 1))()
    array[: len(texts)] = [text.encode() for text in texts]
    return array


class Stopwatch:
    def __init__(self, library):
        self._library = ctypes.CDLL(library)
        for function in ("open", "start", "flood", "kill", "stop", "command"):
            getattr(self._library, f"stopwatch_{function}").restype = ctypes.c_int64
        self._library.stopwatch_shared.restype = ctypes.POINTER(Shared)
        environment = [f"{key}={value}" for key, value in bench_peers.ENVIRONMENT.items()]
        self._environment = words(environment)
        signal.signal(signal.SIGALRM, lambda *_: None)

    def _call(self, function, *arguments):
        signal.alarm(PATIENCE)
        elapsed = getattr(self._library, f"stopwatch_{function}")(*arguments)
        signal.alarm(0)
        return elapsed

    def open(self):
        if self._call("open") < 0:
            raise MeasurementError("cannot make the page that services count in")

    def start(self, command, count):
        output = MESSAGES.encode()
        elapsed = self._call("start", words(command), self._environment, output, count)
        return self._counted(elapsed, "start", count)

    def flood(self, command):
        """How long the flood took; COMMAND starts all it takes."""
        elapsed = self._call("flood", words(command), self._environment, MESSAGES.encode())
        if elapsed < 0:
            raise MeasurementError(f"the flood did not end within {PATIENCE} s")
        return elapsed

    def kill(self, first, count):
        return self._counted(self._call("kill", first, count), "restart", count)

    def stop(self, signal_number):
        elapsed = self._call("stop", int(signal_number))
        if elapsed < 0:
            raise MeasurementError(f"not all processes had ended {PATIENCE} s after the signal")
        return elapsed

    def commands(self, commands):
        """All of them, one after the other."""
        elapsed = 0
        for command in commands:
            one = self._call("command", words(command), self._environment)
            if one < 0:
                raise MeasurementError(f"'{' '.join(command)[:60]}' failed")
            elapsed += one
        return elapsed

    def _counted(self, elapsed, what, count):
        if elapsed < 0:
            running = self._library.stopwatch_shared().contents.running
            raise MeasurementError(f"{what} of {count}: services started {running} times in all")
        return elapsed


def enter(root, cgroups):
    """Makes ROOT the root of this process, with file systems of its own."""
    mounts = [("tmpfs", "run"), ("proc", "proc")]
    if cgroups:
        mounts.append(("cgroup2", "sys/fs/cgroup"))
    for kind, place in mounts:
        subprocess.run(["mount", "-t", kind, kind, f"{root}/{place}"], check=True)
    subprocess.run(["mount", "--rbind", "/dev", f"{root}/dev"], check=True)
    os.chroot(root)
    os.chdir("/")
    for program in ("service", "logger", "flood"):
        shutil.copy(f"/bin/{program}", f"/run/{program}")


def measure_idle(idle):
    time.sleep(UNTIL_IDLE)
    before = bench_procs.wakeups(bench_procs.supervising())
    time.sleep(idle)
    return bench_procs.wakeups(bench_procs.supervising()) - before


def measure_restarts(watch, most):
    """Each service dies once only: a second death soon after is paced, and by each differently."""
    times = []
    end = time.monotonic() + RESTARTS_TAKE
    while len(times) < most and time.monotonic() < end:
        times.append(watch.kill(len(times), 1))
    return times


def measure_status(watch, supervisor, count, figures):
    one = supervisor.status_one("s0")
    if one:
        figures["status_one"] = [watch.commands(one) for _ in range(STATUS_REPEATS)]
        every = supervisor.status_all(count)
        figures["status_all"] = [watch.commands(every) for _ in range(STATUS_ALL_REPEATS)]


def measure(watch, specification, figures):
    """Adds to FIGURES as it goes: what was measured before something failed is good."""
    supervisor = bench_peers.named(specification["supervisor"])
    count, logs = specification["services"], specification["logs"]
    supervisor.lay_out(count, logs)
    # runsvdir waits for a second where its directory has changed within this one.
    os.utime(bench_peers.SERVICES, (0, 0))
    watch.open()
    figures["start"] = watch.start(supervisor.command(count), 2 * count if logs else count)
    time.sleep(LIVED_LONG_ENOUGH)
    if specification["kind"] == "mass":
        figures["mass_restart"] = watch.kill(0, count)
    else:
        figures.update(bench_procs.memory(bench_procs.supervising()))
        if specification["idle"] > 0:
            figures["wakeups"] = measure_idle(specification["idle"])
        figures["restart"] = measure_restarts(watch, min(count, specification["restarts"]))
        measure_status(watch, supervisor, count, figures)
    time.sleep(LIVED_LONG_ENOUGH)
    figures["stop"] = watch.stop(supervisor.stop_signal)


def messages():
    """The last lines of the supervisor's own, without repetition."""
    try:
        with open(MESSAGES, errors="replace") as file:
            lines = dict.fromkeys(file.read().splitlines())
    except OSError:
        return ""
    return "\n".join(list(lines)[-10:])


def main():
    root, library = sys.argv[1:3]
    specification = json.loads(sys.argv[3])
    watch = Stopwatch(library)
    enter(root, "cgroups" in specification)
    figures = {}
    try:
        measure(watch, specification, figures)
    except MeasurementError as error:
        figures["problem"] = str(error)
        print(f"{error}; it said:\n{messages()}", file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
