"""kill -9 the supervisor, at any moment: services go on, exits are told once, nothing is left behind.

Under our PID 1 (a real init in namespaces of its own), and without it (this test is the parent that
starts it again).

test_crash_loop.py kills it again and again.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

import puppet
from namespace import Pid1, eventually, processes
from supervised import DEADLINE, Client, Supervised, svlog_of, wait_for_svlog, wait_open_for_runit

CONTROL = "/run/mainstay/control"
INITTAB = "::supervise:/sbin/supervisor /etc/service\n"

SLEEP = "#!/bin/sh\nexec sleep 100000\n"


def service(name, run=SLEEP, **files):
    made = {f"/etc/service/{name}/run": run}
    for key, text in files.items():
        made[f"/etc/service/{name}/{key.replace('__', '.')}"] = text
    return made


def has_socket(process):
    for fd in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in this moment
            if os.readlink(fd).startswith("socket:"):
                return True
    return False


def is_supervisor(pid):
    """Whether this child of PID 1 is one, and not a child of the one before, which has its name until it is executed.
    None where that shows in a moment: a supervisor makes children with all signals blocked, and so are they born."""
    process = pathlib.Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):  # it is gone
        if (process / "comm").read_text() != "supervisor\n" or (process / "cmdline").read_bytes().startswith(b"svlog\0"):
            return False
        if re.search(r"^SigBlk:\tf{4}", (process / "status").read_text(), re.MULTILINE):
            return None
        # Who was born and lets them in has closed all but what a service is to have, which is no socket here.
        return has_socket(process)
    return False


class Machine(Pid1):
    """A real init whose supervisor can be killed."""

    def __init__(self, files, inittab=INITTAB, **more):
        super().__init__(inittab=inittab, files=files, **more)

    def supervisor(self):
        """Its pid as seen from outside; None while there is none."""

        def look():
            children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
            for pid in map(int, reversed(children)):  # orphans of a dead one were there before the next
                is_one = is_supervisor(pid)
                if is_one is not False:
                    return is_one and [pid]
            return [None]

        return eventually(look, "nobody is being born")[0]

    def ask(self, **request):
        """Of whichever supervisor answers."""

        def answered():
            try:
                with Client(self.root / CONTROL.lstrip("/")) as client:
                    answer = client.ask(**request)
                    client.leave()
                    return answer
            except (OSError, AssertionError, json.JSONDecodeError):
                return None

        return eventually(answered, f"an answer to {request}; console: {self.transcript()}")

    def wait_open_for_runit(self):
        wait_open_for_runit(self.root / "etc/service" / name for name in self.status())

    def status(self, name=None):
        services = self.ask(verb="status", services=[name] if name else []).services
        return services[name] if name else services

    def wait_state(self, name, state):
        eventually(lambda: self.status(name).get("state") == state, f"{name} is {state}")

    def kill_supervisor(self):
        """Returns when another one answers."""
        before = eventually(self.supervisor, "a supervisor")
        os.kill(before, signal.SIGKILL)
        eventually(lambda: self.supervisor() not in (None, before), "another supervisor")
        self.status()

    def zombies(self):
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    text = (entry / "stat").read_text()
                    fields = text.rpartition(")")[2].split()
                    if fields[0] == "Z" and int(fields[1]) in (self.pid, self.supervisor()):
                        found.append(text)
                except OSError:
                    pass
        return found

    def descriptors(self, pid):
        return len(os.listdir(f"/proc/{pid}/fd"))


def pids(services):
    return {name: view["pid"] for name, view in services.items() if "pid" in view}


def test_services_keep_their_pids_and_states(request):
    files = {}
    for name in ("a", "b"):
        files |= service(name)
    files |= service("off", down="")
    files |= service("broken", run="#!/bin/sh\nexit 7\n", service__conf="restart = never\n")
    with Machine(files) as m:
        m.wait_state("broken", "failed")
        m.wait_state("a", "ready")
        m.wait_state("b", "ready")
        before = m.status()
        m.kill_supervisor()
        after = m.status()
        assert pids(after) == pids(before)
        states = {name: view["state"] for name, view in after.items()}
        assert states == {"a": "ready", "b": "ready", "off": "down", "broken": "failed"}
        assert after["broken"]["last_death"]["code"] == 7
        assert m.ask(verb="down", services=["a"]).exit == 0
        assert m.status("a")["last_death"]["signal"] == signal.SIGTERM
        eventually(lambda: m.zombies() == [], "every zombie is buried")


def test_an_exit_while_nobody_looks_is_told_with_its_status():
    with Machine(service("web") | service("other")) as m:
        m.wait_state("web", "ready")
        m.wait_state("other", "ready")
        web, other = m.status("web")["pid"], m.status("other")["pid"]
        supervisor = m.supervisor()
        # Stopped it sees nothing; then it is killed before it can.
        os.kill(supervisor, signal.SIGSTOP)
        m.run("kill", "-SEGV", str(web))
        os.kill(supervisor, signal.SIGKILL)
        eventually(lambda: m.supervisor() not in (None, supervisor), "another supervisor")
        eventually(lambda: m.status("web").get("pid") not in (None, web), "web runs again")
        death = m.status("web")["last_death"]
        assert death["signal"] == signal.SIGSEGV
        assert m.status("other")["pid"] == other
        # And of one that PID 1 adopted, while the supervisor lives.
        m.run("kill", "-KILL", str(other))
        eventually(lambda: m.status("other").get("pid") not in (None, other), "other runs again")
        assert m.status("other")["last_death"]["signal"] == signal.SIGKILL
        eventually(lambda: m.zombies() == [], "every zombie is buried")


def test_what_a_service_left_is_written_as_its_definition_says_though_it_does_not_run():
    prints = "#!/bin/sh\nwhile ! [ -e /tmp/go ]; do sleep 0.05; done\necho last words\nexit 1\n"
    conf = "restart = never\nlog-timestamp = none\n"
    inittab = "::supervise:/sbin/supervisor --log-dir /var/log/sv /etc/service\n"
    with Machine(service("brief", run=prints, service__conf=conf), inittab=inittab) as m:
        m.wait_state("brief", "ready")
        wait_for_svlog(m.supervisor)
        supervisor = m.supervisor()
        svlog = svlog_of(supervisor)
        # Stopped it reads nothing, so that all is in the pipe when both die.
        os.kill(svlog, signal.SIGSTOP)
        (m.root / "tmp/go").touch()
        m.wait_state("brief", "failed")
        os.kill(supervisor, signal.SIGKILL)
        os.kill(svlog, signal.SIGKILL)
        current = m.root / "var/log/sv/brief/current"
        eventually(lambda: current.exists() and current.stat().st_size > 0, "another svlog writes")
        assert current.read_text() == "last words\n"


def test_boot_is_complete_once():
    with Machine(service("web")) as m:
        m.wait_state("web", "ready")
        eventually(lambda: (m.root / "run/mainstay/booted").exists(), "boot is complete")
        m.kill_supervisor()
        assert m.run("svctl", "wait", "--boot", "--timeout", "60") is not None


# --- without our PID 1


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


def crash(s):
    """And start it again, as whatever runs it would."""
    s.process.kill()
    s.process.wait(DEADLINE)
    s.start()


def test_alone_it_finds_its_services_by_its_file(s):
    s.add("web", "exec sleep 100000")
    s.add("other", "exec sleep 100000")
    s.start()
    s.wait_state("web", "ready")
    s.wait_state("other", "ready")
    web, other = s.pid("web"), s.pid("other")
    crash(s)
    assert (s.pid("web"), s.pid("other")) == (web, other)
    assert s.status("web")["state"] == "ready"
    assert s.ask(verb="down", services=["web"]).exit == 0
    with contextlib.suppress(OSError):  # it is gone, or goes
        assert ") Z " in pathlib.Path(f"/proc/{web}/stat").read_text()
    assert (s.top / "state").stat().st_mode & 0o777 == 0o600
    s.stop()
    assert not (s.top / "state").exists()


def test_alone_an_exit_that_nobody_saw_is_unknown_and_the_service_runs_again(s):
    s.add("web", "exec sleep 100000")
    s.start()
    s.wait_state("web", "ready")
    web = s.pid("web")
    s.process.kill()
    s.process.wait(DEADLINE)
    os.kill(web, signal.SIGKILL)
    eventually(lambda: not os.path.exists(f"/proc/{web}"), "web is gone")
    s.start()
    s.wait_other_pid("web", web)
    assert s.status("web")["last_death"]["unknown"] is True


class Elsewhere(Machine):
    """A system of which PID 1 is a shell, so that numbers of processes are its own."""

    def __init__(self, files):
        super().__init__(files, argv=("/bin/sh", "-c", "while :; do sleep 1000 & wait $!; done"), inittab=None)

    def supervisor(self):
        return find(self, lambda status: status[0] == "Name:\tsupervisor\n")

    def start_supervisor(self):
        self.run("/bin/sh", "-c", "supervisor /etc/service >/dev/null 2>&1 &")

    def start_with_number(self, number, command):
        """The next process in there gets the number after the last one."""
        script = f"echo {number - 1} >/proc/sys/kernel/ns_last_pid; {command} & echo $!"
        enter = ["nsenter", "--target", str(self.pid), "--pid", "/bin/sh", "-c", script]
        said = subprocess.run(enter, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return int(said.stdout)


def find(m, is_meant):
    """The first process in there whose lines of status are those that are meant."""
    for process in processes():
        with contextlib.suppress(OSError):
            here = os.path.samefile(process / "ns/pid", f"/proc/{m.pid}/ns/pid")
            if here and is_meant((process / "status").read_text().splitlines(keepends=True)):
                return int(process.name)
    return None


def outer_pid(m, inner):
    """Of a process that is known by its number in there."""
    return find(m, lambda lines: any(line.startswith("NSpid:") and line.endswith(f"\t{inner}\n") for line in lines))


def test_alone_somebody_else_who_has_the_number_of_a_service_is_let_alone():
    with Elsewhere(service("web") | service("other")) as m:
        m.start_supervisor()
        m.wait_state("web", "ready")
        m.wait_state("other", "ready")
        web, other = m.status("web")["pid"], m.status("other")["pid"]
        # Who is born within two seconds of it cannot be told from it; no number comes again so soon.
        born = time.monotonic()
        eventually(lambda: time.monotonic() > born + 2.5, "so much time has passed")
        os.kill(m.supervisor(), signal.SIGKILL)
        os.kill(outer_pid(m, web), signal.SIGKILL)
        eventually(lambda: m.supervisor() is None and outer_pid(m, web) is None, "both are buried")
        assert m.start_with_number(web, "sleep 7777 >/dev/null 2>&1") == web
        m.start_supervisor()
        eventually(lambda: m.status("web").get("pid") not in (None, web), "web runs again")
        assert m.status("web")["last_death"]["unknown"] is True
        assert m.status("other")["pid"] == other
        assert m.ask(verb="down", services=["web"]).exit == 0
        # Until it has become its program it is a shell.
        stranger = pathlib.Path(f"/proc/{outer_pid(m, web)}/cmdline")
        eventually(lambda: stranger.read_bytes() == b"sleep\0007777\0", "the stranger lives")


def test_alone_what_a_service_says_is_heard_by_the_next_supervisor(s):
    conf = {"service.conf": "ready = notify\n"}
    s.define("web", puppet.run(s, "web"))
    (s.definitions / "web/service.conf").write_text(conf["service.conf"])
    s.enable("web")
    s.start()
    web = puppet.Puppet(s, "web")
    web("notify('STATUS=first')")
    eventually(lambda: s.status("web").get("status_text") == "first", "its word is heard")
    crash(s)
    assert s.status("web")["status_text"] == "first"
    web("notify('READY=1')")
    s.wait_state("web", "ready")
