"""What each supervisor wants to be told so that all of them run the same services.

A supervisor has: `lay_out`, which writes the definitions of `count` services below /run; `command`,
which starts it in the foreground; `stop_signal`, at which it ends its services and itself; and the
commands that ask for the state of one service and of all.
"""

import os
import pathlib
import signal

RUN = pathlib.Path("/run")
SERVICES = RUN / "services"
ENVIRONMENT = {"PATH": "/bin", "NITRO_SOCK": "/run/nitro.sock"}


def names(count):
    return [f"s{index}" for index in range(count)]


def make_run(directory, program):
    directory.mkdir(parents=True)
    os.link(program, directory / "run")


class Supervisor:
    """One that reads directories with a file `run`, and `log/run` for a logger."""

    stop_signal = signal.SIGTERM
    programs = ()
    limit = None  # services at most, where a program says so itself
    is_floor = False
    has_logs = True

    def lay_out(self, count, logs):
        for name in names(count):
            make_run(SERVICES / name, RUN / "service")
            if logs:
                make_run(SERVICES / name / "log", RUN / "logger")

    def status_one(self, name):
        """Commands: a list of lists of words."""
        return []

    def status_all(self, count):
        return []


class Mainstay(Supervisor):
    name = "mainstay"
    programs = ("supervisor", "svctl")
    _svctl = ["/bin/svctl", "--control", "/run/control", "status"]

    def command(self, count):
        return ["/bin/supervisor", "--control", "/run/control", str(SERVICES)]

    def status_one(self, name):
        return [[*self._svctl, name]]

    def status_all(self, count):
        return [self._svctl]


class Floor(Supervisor):
    programs = ("floor",)
    is_floor = True
    has_logs = False

    def __init__(self, threads):
        self.threads = threads
        self.name = "floor" if threads == 1 else f"floor×{threads}"

    def command(self, count):
        return ["/bin/floor", f"{SERVICES}/s%u/run", str(count), str(self.threads)]


class Runit(Supervisor):
    name = "runit"
    programs = ("runsvdir", "runsv", "sv")
    stop_signal = signal.SIGHUP  # TERM would leave every runsv alive
    limit = 1000  # runsvdir.c: MAXSERVICES

    def command(self, count):
        return ["/bin/runsvdir", str(SERVICES)]

    def status_one(self, name):
        return [["/bin/sv", "status", str(SERVICES / name)]]

    def status_all(self, count):
        return [["/bin/sv", "status", *(str(SERVICES / name) for name in names(count))]]


class S6(Supervisor):
    name = "s6"
    programs = ("s6-svscan", "s6-supervise", "s6-svstat")

    def command(self, count):
        return ["/bin/s6-svscan", "-c", str(2 * count + 10), str(SERVICES)]

    def status_one(self, name):
        return [["/bin/s6-svstat", str(SERVICES / name)]]

    def status_all(self, count):
        return [command for name in names(count) for command in self.status_one(name)]


class Dinit(Supervisor):
    name = "dinit"
    programs = ("dinit", "dinitctl")
    _definitions = RUN / "dinit.d"
    _socket = "/run/dinitctl"

    def lay_out(self, count, logs):
        super().lay_out(count, logs)
        self._definitions.mkdir()
        lines = ["type = internal"]
        for name in names(count):
            self._define(name, SERVICES / name / "run", "log-type = pipe" if logs else "")
            lines.append(f"waits-for = {name}")
            if logs:
                logger = f"{name}-log"
                self._define(logger, SERVICES / name / "log/run", f"consumer-of = {name}")
                lines.append(f"waits-for = {logger}")
        (self._definitions / "boot").write_text("\n".join(lines) + "\n")

    def _define(self, name, program, more):
        (self._definitions / name).write_text(
            f"type = process\ncommand = {program}\nrestart = yes\n{more}\n"
        )

    def command(self, count):
        options = ["--container", "--quiet", "--services-dir", str(self._definitions)]
        return ["/bin/dinit", *options, "--socket-path", self._socket]

    def status_one(self, name):
        return [["/bin/dinitctl", "--socket-path", self._socket, "status", name]]

    def status_all(self, count):
        return [["/bin/dinitctl", "--socket-path", self._socket, "list"]]


class Nitro(Supervisor):
    name = "nitro"
    programs = ("nitro", "nitroctl")

    def lay_out(self, count, logs):
        for name in names(count):
            make_run(SERVICES / name, RUN / "service")
            if logs:
                make_run(SERVICES / f"{name}-log", RUN / "logger")
                (SERVICES / name / "log").symlink_to(f"../{name}-log")

    def command(self, count):
        return ["/bin/nitro", str(SERVICES)]

    def status_one(self, name):
        return [["/bin/nitroctl", "check", name]]

    def status_all(self, count):
        return [["/bin/nitroctl", "list"]]


ALL = [Mainstay(), Floor(1), Floor(2), Runit(), S6(), Dinit(), Nitro()]


def named(name):
    return next(supervisor for supervisor in ALL if supervisor.name == name)
