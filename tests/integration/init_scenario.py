"""A system under a faulty init, taken through what PID 1 has to do: test_injected_init.py."""

import json
import os
import signal
import socket
import time

import faults
from injection import Subject, read

CONTROL = "/run/mainstay/control"
POWER_OFF = 38  # the signal of `telinit 0`
POWERED_OFF = -signal.SIGINT  # what reboot(2) becomes in a pid namespace

# Several, so that each has lived for the second after which an entry is started again at once.
RESPAWNED = [f"/bin/sleep {7700 + i}" for i in range(8)]
SUPERVISOR = f"/sbin/supervisor --control {CONTROL} /etc/service"
SERVICE = "sleep 8888"
ADDED = "/bin/sleep 6666"
ONCE_EACH = ["sysinit", "wait", "once"]

INITTAB = (
    "".join(f"::{action}:/bin/mark {action}\n" for action in ONCE_EACH)
    + "".join(f"::respawn:{command}\n" for command in RESPAWNED)
    + f"::supervise:{SUPERVISOR}\n"
    + "::kbrequest:/bin/mark request\n"
    + "::shutdown:/bin/mark shutdown\n"
)
FILES = {
    # Its child is PID 1's to bury.
    "/bin/mark": '#!/bin/sh\n/bin/sleep 0.01 &\necho "$1" >>/marks\n',
    "/etc/service/web/run": f"#!/bin/sh\nexec {SERVICE}\n",
    "/etc/hostname": "faulty\n",
}


class System(Subject):
    """kind: "machine", which has a console, or "container"."""

    PROGRAM = "init_faulty"
    BOOT, END = "boot", "power_off"
    LASTING = ["respawn", "reload_adds", "reload_removes", "request", "supervisor_dies"]
    PREPARED_BY = {"reload_removes": "reload_adds"}
    UNDONE_BY = {"reload_adds": "reload_removes"}

    def __init__(self, kind, scope=faults.PROGRAM, fault=None, more=None):
        """more: files of further services."""
        super().__init__(
            (f"/sbin/{self.PROGRAM}", f"--container={'yes' if kind == 'container' else 'no'}"),
            inittab=INITTAB,
            files={**FILES, **(more or {})},
            console="pipe" if kind == "container" else "pty",
            scope=scope,
            fault=fault,
        )

    # --- what holds

    def has_zombies(self):
        return "" in self.children().values()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def marks(self):
        return read(self.root / "marks").split()

    def ran(self, mark):
        """An entry that runs once did, or the log says that its process came to nothing."""
        return mark in self.marks() or f"/bin/mark {mark}: exit" in self.transcript()

    def service_is_ready(self):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(f"/proc/{self.pid}/root{CONTROL}")
                client.sendall(b'{"id":1,"verb":"is-ready","services":["web"]}\n')
                lines = client.makefile("rb")
                lines.readline()  # the greeting
                return json.loads(lines.readline()).get("state") == "ready"
        except (OSError, ValueError):
            return False

    def up(self):
        commands = self.children().values()
        return (
            all(self.ran(mark) for mark in ONCE_EACH)
            and all(command in commands for command in RESPAWNED)
            and SUPERVISOR in commands
            and self.service_is_ready()
        )

    def bystanders(self):
        return self.pid_of(SUPERVISOR)

    def check_bystanders(self, step, before):
        if step != "supervisor_dies":
            assert self.bystanders() == before, "the supervisor was restarted"

    def check_end(self):
        failed = self.plan.failed()
        # Where reboot(2) is refused, a container's init exits.
        assert self.exit_status() in ((POWERED_OFF, 0) if "reboot" in failed else (POWERED_OFF,))
        # The failed call may be that which says so.
        assert "init: poweroff\n" in self.transcript() or "write" in failed, "it did not end in order"

    # --- the steps

    def boot(self):
        return self.up

    def respawn(self):
        """The one that has lived longest."""
        born = {command: os.stat(f"/proc/{self.pid_of(command)}").st_ctime for command in RESPAWNED}
        command = min(born, key=born.get)
        time.sleep(max(0, born[command] + 1.1 - time.time()))
        before = self.pid_of(command)
        os.kill(before, signal.SIGKILL)
        return lambda: self.pid_of(command) not in (None, before)

    def _reload(self, inittab, done):
        (self.root / "etc/inittab").write_text(inittab)
        length = len(self.transcript())
        self.signal("HUP")

        def done_or_asked_again():
            nonlocal length
            if "the entries that were in force stay so" in self.transcript()[length:]:
                length = len(self.transcript())
                self.signal("HUP")
            return done()

        return done_or_asked_again

    def reload_adds(self):
        return self._reload(INITTAB + f"::respawn:{ADDED}\n", lambda: self.pid_of(ADDED))

    def reload_removes(self):
        return self._reload(INITTAB, lambda: not self.pid_of(ADDED))

    def request(self):
        marks, length = len(self.marks()), len(self.transcript())
        self.signal("WINCH")
        return lambda: len(self.marks()) > marks or "request: exit" in self.transcript()[length:]

    def supervisor_dies(self):
        before = self.pid_of(SUPERVISOR)
        os.kill(before, signal.SIGKILL)
        return lambda: self.pid_of(SUPERVISOR) not in (None, before) and self.up()

    def power_off(self):
        self.signal(POWER_OFF)
        # Where reboot(2) is refused, a machine's init stays, as its end would be the kernel's panic.
        return lambda: not self.lives() or "PID 1 can neither go on nor end" in self.transcript()
