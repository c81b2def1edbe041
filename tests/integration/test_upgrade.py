"""svctl upgrade: another program in the supervisor's place, and in svlog's, while services run."""

import concurrent.futures
import errno
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

import faults
import namespace
from injection import TAKES_ALL
from link_peer import pidfd_getfd
from namespace import eventually, processes
from supervised import DEADLINE, SUPERVISOR, Client, Supervised, wait_for_svlog
from svctl_runner import svctl
from test_supervisor_crash import CONTROL, Machine, pids, service

POWERED_OFF = -signal.SIGINT
PLAN = "/plan"
COUNTS = "n=0; while :; do echo number $n; n=$((n + 1)); sleep 0.002; done"


def machine(**files):
    made = service("web") | service("fast", run="#!/bin/sh\nexec sleep 100000\n")
    made |= service("loud", run=f"#!/bin/sh\n{COUNTS}\n")
    return Machine(made | files)


def upgrade(m, check=True):
    return m.run("svctl", "upgrade", check=check)


def replace_program(m, content):
    """As a package manager does it."""
    new = m.root / "sbin/supervisor.new"
    new.write_bytes(content)
    new.chmod(0o755)
    new.rename(m.root / "sbin/supervisor")


def exe(pid):
    return os.readlink(f"/proc/{pid}/exe")


def svlog_of(m):
    for process in processes():
        try:
            same = (process / "comm").read_text() == "svlog\n" and os.path.samefile(
                process / "ns/pid", f"/proc/{m.pid}/ns/pid"
            )
        except OSError:
            continue
        if same:
            return int(process.name)
    return None


def wait_all_ready(m):
    def ready():
        services = m.status()
        return services if {v["state"] for v in services.values()} == {"ready"} else None

    return eventually(ready, "all are ready")


def numbers(m):
    lines = m.ask(verb="log", services=["loud"], lines=100000).lines
    text = "\n".join(line for reply in lines for line in reply.get("lines", []))
    return [int(number) for number in re.findall(r"^number (\d+)$", text, re.MULTILINE)]


def test_the_process_stays_and_so_does_everything_it_looks_after():
    with machine() as m:
        before = pids(wait_all_ready(m))
        supervisor = m.supervisor()
        m.wait_open_for_runit()
        wait_for_svlog(m.supervisor)
        svlog = svlog_of(m)
        open_before = m.descriptors(supervisor)
        replace_program(m, SUPERVISOR.read_bytes())
        said = upgrade(m)
        assert re.fullmatch(r"supervisor \S+ \(commit \S+, protocol 1, pid \d+\) goes on\n", said)
        assert m.supervisor() == supervisor
        assert pids(m.status()) == before
        # It runs from memory: neither program nor disk is held.
        assert exe(supervisor).startswith("/memfd:supervisor")
        eventually(lambda: svlog_of(m) not in (None, svlog), "another svlog")
        assert exe(svlog_of(m)).startswith("/memfd:supervisor")
        m.wait_for_line("upgraded: supervisor .* goes on")
        eventually(lambda: m.descriptors(supervisor) <= open_before, "no descriptor is left open")
        # Exits are still its own to see.
        assert m.ask(verb="signal", signal=9, services=["web"]).exit == 0
        eventually(lambda: m.status("web").get("pid") not in (None, before["web"]), "web runs again")
        assert m.status("web")["last_death"]["signal"] == 9
        found = numbers(m)
        assert found == list(range(found[0], found[-1] + 1))
        # And so are they for the next ones, whichever way they come.
        upgrade(m)
        m.kill_supervisor()
        assert m.supervisor() != supervisor
        upgrade(m)
        after = pids(m.status())
        assert {name: after[name] for name in ("fast", "loud")} == {
            name: before[name] for name in ("fast", "loud")
        }
        eventually(lambda: m.zombies() == [], "every zombie is buried")
        m.signal(38)
        assert m.exit_status() == POWERED_OFF
        assert "all services are down" in m.transcript()


def test_pid_1_and_supervisor_are_upgraded_in_any_order():
    with machine() as m:
        before = pids(wait_all_ready(m))
        supervisor = m.supervisor()
        for who in ("init", "supervisor", "supervisor", "init", "init", "supervisor"):
            if who == "init":
                m.run("/sbin/telinit", "u")
                m.wait_for_line("upgraded: Mainstay .* goes on")
            else:
                upgrade(m)
            assert m.supervisor() == supervisor
            assert pids(m.status()) == before
        assert "PID 1 failed" not in m.transcript()


def another_answer(program):
    """Ends well, but does not say what only ours does."""
    assert program.count(b"mainstay-supervisor works") == 1
    return program.replace(b"mainstay-supervisor works", b"some other program does..")


@pytest.mark.parametrize(
    "content, reason",
    [
        (None, "it cannot be executed: open: No such file or directory"),
        (lambda program: b"no program\n", "it cannot be executed: exec: Exec format error"),
        (lambda program: program[: len(program) // 2], "it fails its self-test"),
        (lambda program: namespace.BUSYBOX.read_bytes(), "it fails its self-test"),
        (another_answer, "this is no supervisor of Mainstay"),
    ],
    ids=["missing", "text", "truncated", "another", "stranger"],
)
def test_what_does_not_work_is_refused_and_nothing_changes(content, reason):
    with Machine(service("web")) as m:
        before = pids(wait_all_ready(m))
        if content is None:
            (m.root / "sbin/supervisor").unlink()
        else:
            replace_program(m, content(SUPERVISOR.read_bytes()))
        said = upgrade(m, check=False)
        assert f"svctl: upgrade: /sbin/supervisor: {reason}" in said
        assert re.search(r"; \S+ \(\S+\) goes on$", said)
        assert pids(m.status()) == before
        assert not exe(m.supervisor()).startswith("/memfd")


class FaultyMachine(Machine):
    """What is put in the supervisor's place fails where the test says."""

    def __init__(self, files):
        super().__init__(files | {PLAN: faults.Plan.empty()}, env={"MAINSTAY_FAULT_PLAN": PLAN})

    def before_first_instruction(self):
        self.plan = faults.Plan(self.root / PLAN.lstrip("/"))

    def __exit__(self, *exception):
        self.plan.close()
        super().__exit__(*exception)


@pytest.mark.parametrize(
    "call, nth, error, reason",
    [
        ("signalfd", 0, faults.CRASH, "it was killed by SEGV"),
        ("signalfd", 0, errno.EMFILE, "it ended"),
        # When it keeps the way back the second time, after it has prepared its signals.
        ("sigaltstack", 1, faults.CRASH, "it was killed by SEGV"),
        # When it has taken over all but what its directories say.
        ("inotify_init1", 0, faults.CRASH, "it was killed by SEGV"),
        # Asio's timer, at whose registration it does not look: no timer would ever fire.
        ("epoll_ctl", 1, errno.ENOMEM, "it ended"),
    ],
    ids=["fault", "end", "signals", "late", "timer"],
)
def test_a_new_program_that_fails_early_is_replaced_by_the_one_before(call, nth, error, reason):
    with FaultyMachine(service("web")) as m:
        before = pids(wait_all_ready(m))
        supervisor = m.supervisor()
        replace_program(m, (faults.FAULTY / "supervisor_faulty").read_bytes())
        m.plan.arm(faults.Fault(faults.Call(call, 0), nth, error))
        said = upgrade(m, check=False)
        assert f"the new program failed before it had taken over: {reason}; " in said
        m.wait_for_line(f"the new program failed before it had taken over: {reason}; .* goes on")
        assert m.supervisor() == supervisor
        assert pids(m.status()) == before
        assert pathlib.Path(f"/proc/{supervisor}/comm").read_text() == "supervisor\n"
        m.plan.disarm()
        # Both it and the services are as they were: it is upgraded the next time.
        upgrade(m)
        assert pids(m.status()) == before
        assert m.ask(verb="down", services=["web"]).exit == 0
        m.signal(38)
        assert m.exit_status() == POWERED_OFF


def test_a_new_program_that_hangs_is_replaced_by_the_one_before():
    """Its alarm comes after 60 s. A usual run sends the signal itself; MAINSTAY_FAULTS=all waits for the alarm."""
    with FaultyMachine(service("web")) as m:
        before = pids(wait_all_ready(m))
        supervisor = m.supervisor()
        replace_program(m, (faults.FAULTY / "supervisor_faulty").read_bytes())
        m.plan.arm(faults.Fault(faults.Call("inotify_init1", 0), 0, faults.HANG))
        with Client(m.root / CONTROL.lstrip("/")) as client:
            client.send(verb="upgrade")
            eventually(lambda: not m.plan.is_armed(), "the new program hangs")
            if not TAKES_ALL:
                os.kill(supervisor, signal.SIGALRM)
            m.wait_for_line("the new program failed before it had taken over: it took too long; .* goes on", 120)
        assert m.supervisor() == supervisor
        assert pids(wait_all_ready(m)) == before
        m.plan.disarm()
        upgrade(m)
        assert pids(m.status()) == before


def test_clients_that_wait_ask_or_come_meanwhile_are_all_answered():
    with machine() as m:
        wait_all_ready(m)
        path = m.root / CONTROL.lstrip("/")
        # Greeted, and asks only after the upgrade; and one that comes in the middle of it.
        with Client(path) as idle, Client(path) as asking:
            asking.send(verb="upgrade")
            late = socket.socket(socket.AF_UNIX)
            late.settimeout(DEADLINE)
            late.connect(str(path))
            late.sendall(b'{"id":1,"verb":"list"}\n')
            idle.send(verb="status", services=["web"])
            assert idle.read_answer().services["web"]["state"] == "ready"
            with late, late.makefile("rb") as file:
                assert "mainstay" in json.loads(file.readline())
                assert json.loads(file.readline())["service"]
        m.wait_for_line("upgraded: supervisor .* goes on")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_shutdown_that_is_asked_for_in_the_middle_of_it_happens(when):
    with machine() as m:
        wait_all_ready(m)
        supervisor = m.supervisor()
        with Client(m.root / CONTROL.lstrip("/")) as client:
            if when == "before":
                # PID 1 asks while the supervisor cannot hear: it hears it in the same moment as the
                # upgrade, or as another program.
                os.kill(supervisor, signal.SIGSTOP)
                client.send(verb="upgrade")
                m.signal(38)
                os.kill(supervisor, signal.SIGCONT)
            else:
                client.send(verb="upgrade")
                m.wait_for_line("upgrade: testing")
                m.signal(38)
            assert m.exit_status() == POWERED_OFF
        assert "all services are down" in m.transcript()


def test_without_our_pid_1_exits_keep_their_status():
    with Supervised() as s:
        s.add("web", "exec sleep 100000")
        s.add("other", "exec sleep 100000")
        s.start("--log-dir", s.top / "log")
        before = {name: s.wait_state(name, "ready")["pid"] for name in ("web", "other")}
        supervisor = s.process.pid
        result = svctl("upgrade", control=s.socket)
        assert result.returncode == 0, result.stderr
        assert re.fullmatch(r"supervisor .* goes on\n", result.stdout)
        assert result.stderr == ""
        assert s.process.poll() is None and s.client().greeting["pid"] == supervisor
        assert {name: s.pid(name) for name in before} == before
        os.kill(before["web"], signal.SIGSEGV)
        s.wait_other_pid("web", before["web"])
        assert s.status("web")["last_death"]["signal"] == signal.SIGSEGV
        assert svctl("--json", "upgrade", control=s.socket).returncode == 0
        assert s.pid("other") == before["other"]


def locks_of(s):
    """Copies of the open files that it has locked, as a child on its way to its program has them."""
    locked = (s.enabled, s.top / "state", s.definitions / "web/supervise/lock")
    found = {path: None for path in map(str, locked)}
    for entry in pathlib.Path(f"/proc/{s.process.pid}/fd").iterdir():
        try:
            target = os.readlink(entry)
        except FileNotFoundError:
            continue
        if target in found:
            found[target] = pidfd_getfd(s.process.pid, int(entry.name))
    assert None not in found.values(), found
    return list(found.values())


def test_what_children_have_of_the_program_before_is_waited_for():
    """Its locks, which name the process itself, would otherwise be those of another supervisor."""
    with Supervised() as s:
        s.add("web", "exec sleep 100000")
        s.start("--log-dir", s.top / "log")
        before = s.wait_state("web", "ready")["pid"]
        eventually(lambda: (s.definitions / "web/supervise/ok").exists(), "web can be driven by sv")
        copies = locks_of(s)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            upgrade_ends = pool.submit(svctl, "upgrade", control=s.socket)
            eventually(lambda: exe(s.process.pid).startswith("/memfd:"), "the new program runs")
            for fd in copies:
                os.close(fd)
            result = upgrade_ends.result()
        assert result.returncode == 0, (result.stderr, s.messages())
        assert s.pid("web") == before
        link = s.top / "web.sv"
        link.symlink_to(s.definitions / "web")
        sv = s.top / "sv.link/sv"
        sv.parent.mkdir()
        sv.symlink_to(SUPERVISOR.parent / "svctl")
        up = eventually(lambda: sv_status(sv, link), "its files are where they were")
        assert f"(pid {before})" in up
        assert "supervised by" not in s.messages() and "held by" not in s.messages()


def sv_status(sv, directory):
    done = subprocess.run([sv, "status", directory], capture_output=True, text=True, timeout=DEADLINE, check=False)
    return done.stdout if done.returncode == 0 else None
