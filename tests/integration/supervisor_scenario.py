"""Services under a faulty supervisor under PID 1, taken through its work: test_injected_supervisor.py."""

import os
import re
import signal

from injection import Subject, read
from namespace import DEADLINE, eventually, processes
from supervised import Client, wait_for_svlog

CONTROL = "/run/mainstay/control"
COMMAND = f"/sbin/supervisor_faulty --control {CONTROL} /etc/service"
POWER_OFF = 38
POWERED_OFF = -signal.SIGINT

SERVICES = ["bystander", "db", "noted", "said", "web"]
FILES = {
    "/etc/service/bystander/run": "#!/bin/sh\nexec sleep 7001\n",
    # With a logger of its own.
    "/etc/service/db/run": "#!/bin/sh\necho db begins\nexec sleep 7002\n",
    "/etc/service/db/log/run": "#!/bin/sh\nexec cat >>/db.log\n",
    # Says on a descriptor that it is ready.
    "/etc/service/noted/run": "#!/bin/sh\necho >&3\nexec sleep 7003 3>&-\n",
    "/etc/service/noted/notification-fd": "3\n",
    # Has a notify socket.
    "/etc/service/said/run": "#!/bin/sh\nsvctl notify said ready || exit 1\nexec sleep 7004\n",
    "/etc/service/said/service.conf": "ready = notify\n",
    "/etc/service/web/run": "#!/bin/sh\necho web begins\nexec sleep 7005\n",
    # It crashes again and again, and must not be waited for longer each time.
    "/etc/service/web/service.conf": "needs = db\nstop-timeout = 2\nrestart-delay-max = 250ms\n",
    "/etc/sv/new/run": "#!/bin/sh\nexec sleep 7006\n",
}


class System(Subject):
    PROGRAM = "supervisor_faulty"
    BOOT, END = "boot", "power_off"
    LASTING = ["status", "down_and_up", "crash", "log", "rescan", "enable", "disable"]
    PREPARED_BY = {"disable": "enable"}
    UNDONE_BY = {"enable": "disable"}

    def __init__(self, scope, fault=None, more=None):
        """more: files of further services."""
        super().__init__(
            inittab=f"::supervise:{COMMAND}\n",
            files={**FILES, **(more or {})},
            console="pipe",
            scope=scope,
            fault=fault,
        )

    # --- what holds

    def supervisor(self):
        return self.pid_of(COMMAND)

    def has_zombies(self):
        supervisor = self.supervisor()
        processes = {**self.children(), **(self.children(supervisor) if supervisor else {})}
        return "" in processes.values()

    def wait_for_files(self):
        """runit's, which are made after the start and have descriptors, as svlog has."""
        for name in (*SERVICES, "db/log"):
            ok = self.root / f"etc/service/{name}/supervise/ok"
            eventually(ok.exists, f"{ok} is there")
        wait_for_svlog(self.supervisor)
        self._settle()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.supervisor()}/fd"))

    def ask(self, **request):
        """The answer, or None where there is none: whoever asked in vain asks again."""
        try:
            with Client(f"/proc/{self.pid}/root{CONTROL}") as client:
                return client.ask(**request)
        except (OSError, ValueError, AssertionError):
            return None

    def states(self):
        answer = self.ask(verb="status", services=[])
        return {name: view.get("state") for name, view in answer.services.items()} if answer else {}

    def are(self, state, *names):
        states = self.states()
        return all(states.get(name) == state for name in names)

    def up(self):
        return self.supervisor() and self.are("ready", *SERVICES)

    def process_of(self, service):
        answer = self.ask(verb="status", services=[service])
        return answer.services[service].get("pid") if answer and service in answer.services else None

    def bystanders(self):
        return self.supervisor(), self.process_of("bystander")

    def check_bystanders(self, step, before):
        """A supervisor that cannot go on may end, but must say why."""
        supervisor, bystander = self.bystanders()
        if supervisor == before[0]:
            assert bystander == before[1], "a service that has no part in it was restarted"
        self._check_was_not_killed()

    def _check_was_not_killed(self):
        killed = re.search(r"supervisor_faulty.*: killed by \w+", self.transcript())
        assert not killed, killed[0]

    def check_end(self):
        assert self.exit_status(DEADLINE) == POWERED_OFF
        self._check_was_not_killed()

    # --- the steps

    def boot(self):
        return self.up

    def status(self):
        return self.up

    def down_and_up(self):
        def asked():
            down = self.ask(verb="down", services=["web"])
            if not down or not self.are("down", "web"):
                return False
            self.ask(verb="up", services=["web"])
            return self.are("ready", "web")

        return asked

    def crash(self):
        # An answer may be what fails.
        before = eventually(lambda: self.process_of("web"), "web runs")
        os.kill(self._outside(before), signal.SIGKILL)
        return lambda: self.process_of("web") not in (None, before) and self.up()

    def _outside(self, pid):
        """The pid that a process in there has out here."""
        for process in processes():
            numbers = re.search(r"^NSpid:\t(\d+)\t(\d+)$", read(process / "status"), re.MULTILINE)
            same = numbers and int(numbers[2]) == pid
            if same and os.path.samefile(f"/proc/{numbers[1]}/ns/pid", f"/proc/{self.pid}/ns/pid"):
                return int(numbers[1])
        raise AssertionError(f"there is no process {pid} in there")

    def log(self):
        def has_lines():
            answer = self.ask(verb="log", services=["web"], lines=10)
            return answer and any("web begins" in str(line) for line in answer.lines)

        return has_lines

    def rescan(self):
        def asked():
            answer = self.ask(verb="rescan")
            return answer and answer.exit == 0 and self.up()

        return asked

    def enable(self):
        link = self.root / "etc/service/new"
        link.symlink_to("/etc/sv/new")
        return lambda: self.are("ready", "new") or not self.ask(verb="rescan")

    def disable(self):
        (self.root / "etc/service/new").unlink(missing_ok=True)
        return lambda: (states := self.states()) and "new" not in states

    def power_off(self):
        self.signal(POWER_OFF)
        return lambda: not self.lives()
