"""Everything at 1,000 services, started once: each part is killed, stopped, upgraded and attacked in turn,
and after each of it every service is the process that it was.

The tests are in an order, as each goes on where the one before it ended.
"""

import ctypes
import grp
import os
import re
import signal
import subprocess
import types

import pytest

import namespace
from namespace import eventually
from supervised import Supervised, wait_for_svlog
from test_supervisor_attack import ATTACKERS, FLOOR, SAME_ORDER, Attackers, descriptors, median_latency
from test_supervisor_crash import CONTROL, Machine, pids, service
from test_upgrade import POWERED_OFF, svlog_of, upgrade

COUNT = 1000
LOUD = [f"loud{i}" for i in range(5)]
# More than there is room for in the boot link's queue.
VICTIMS = [f"web{i:03}" for i in range(400)]
COUNTS = "#!/bin/sh\nn=0\nwhile :; do echo number $n; n=$((n + 1)); sleep 0.1; done\n"
SOAK_SECONDS = 15
PID_1_UPGRADES = 100


@pytest.fixture(scope="module")
def m():
    files = {"/etc/group": f"adm:x:{grp.getgrnam('adm').gr_gid}:\n"}
    for i in range(COUNT - len(LOUD)):
        files |= service(f"web{i:03}")
    for name in LOUD:
        files |= service(name, run=COUNTS)
    with Machine(files) as machine:
        wait_ready(machine)
        yield machine


def wait_ready(m):
    def ready():
        services = m.status()
        ready = [view for view in services.values() if view["state"] == "ready"]
        return services if len(ready) == COUNT else None

    return pids(eventually(ready, "1,000 services are ready", 60))


def check_logs(m):
    """Each line is there, once and in order, from the first one on."""
    for name in LOUD:
        lines = m.ask(verb="log", services=[name], lines=100000).lines
        text = "\n".join(line for reply in lines for line in reply.get("lines", []))
        numbers = [int(number) for number in re.findall(r"^number (\d+)$", text, re.MULTILINE)]
        assert numbers == list(range(len(numbers))) and len(numbers) > 1, name


def check_same(m, before):
    assert wait_ready(m) == before
    check_logs(m)
    eventually(lambda: m.zombies() == [], "every zombie is buried")


def test_the_supervisor_is_killed(m):
    before = wait_ready(m)
    open_before = None
    for _ in range(3):
        m.kill_supervisor()
        check_same(m, before)
        m.wait_open_for_runit()
        wait_for_svlog(m.supervisor)
        # Those of the first supervisor are others: it had made what the next ones were given.
        now = m.descriptors(m.supervisor())
        open_before = open_before or now
        assert now <= open_before + 2


def test_svlog_is_killed(m):
    before = wait_ready(m)
    svlog = eventually(lambda: svlog_of(m), "svlog runs")
    os.kill(svlog, signal.SIGKILL)
    eventually(lambda: svlog_of(m) not in (None, svlog), "another svlog")
    check_same(m, before)


def test_the_supervisor_stands_still_while_services_die(m):
    """They were adopted by PID 1, which buries them and keeps what it cannot tell."""
    before = wait_ready(m)
    supervisor = m.supervisor()
    os.kill(supervisor, signal.SIGSTOP)
    numbers = [str(before[name]) for name in VICTIMS]
    m.run("kill", "-USR1", *numbers)
    there = f"for p in {' '.join(numbers)}; do [ ! -e /proc/$p ] || echo there; done"
    eventually(lambda: m.run("/bin/sh", "-c", there) == "", "PID 1 has buried them")
    os.kill(supervisor, signal.SIGCONT)

    def all_again():
        after = wait_ready(m)
        return after if all(after[name] != before[name] for name in VICTIMS) else None

    after = eventually(all_again, "those that died run again")
    assert {name: pid for name, pid in after.items() if name not in VICTIMS} == {
        name: pid for name, pid in before.items() if name not in VICTIMS
    }
    for name, view in m.ask(verb="deaths", services=VICTIMS).services.items():
        assert view["last_death"]["signal"] == signal.SIGUSR1, name
        assert view["details"]["death_count"] == 1, name


def upgrade_pid_1(m):
    m.run("/sbin/telinit", "u")
    m.wait_for_line("upgraded: Mainstay .* goes on")


def test_both_are_upgraded(m):
    before = wait_ready(m)
    supervisor = m.supervisor()
    upgrade_pid_1(m)
    open_before = m.descriptors(m.pid)
    for _ in range(PID_1_UPGRADES):
        upgrade_pid_1(m)
    eventually(lambda: m.descriptors(m.pid) <= open_before, "PID 1 has no more open than after the first")
    upgrade(m)
    check_same(m, before)
    upgrade(m)
    assert m.supervisor() == supervisor
    check_same(m, before)


def enter(m):
    """What makes a process one of the system's, as far as files go."""
    libc = ctypes.CDLL(None, use_errno=True)
    mounts = os.open(f"/proc/{m.pid}/ns/mnt", os.O_RDONLY)

    def become():
        if libc.setns(mounts, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    return become


def test_an_honest_client_among_64_others(m):
    before = wait_ready(m)
    supervisor = m.supervisor()
    m.wait_open_for_runit()
    wait_for_svlog(m.supervisor)
    honest = types.SimpleNamespace(socket=m.root / CONTROL.lstrip("/"))
    # What the attackers take of the machine counts on both sides.
    with Supervised() as other:
        other.start()
        other.top.chmod(0o755)
        with Attackers(other.socket):
            eventually(lambda: descriptors(other.process.pid) > ATTACKERS // 2, "they are at it")
            quiet = median_latency(honest, "web007")
    open_before = descriptors(supervisor)
    with Attackers(CONTROL, enter(m)) as attackers:
        eventually(lambda: descriptors(supervisor) > open_before + ATTACKERS // 2, "they are at it")
        attacked = median_latency(honest, "web007")
        assert attackers.are_alive()
    print(f"median of an honest client: {quiet * 1e3:.2f} ms, attacked {attacked * 1e3:.2f} ms")
    # Each of their questions is about 1,000 services here, and about none there.
    assert attacked < quiet * SAME_ORDER + 5 * FLOOR
    eventually(lambda: descriptors(supervisor) <= open_before + 2, "nothing is left open")
    check_same(m, before)


def test_pid_1_faults(m):
    """The third fault within a minute is a person's business, who lets it go on."""
    before = wait_ready(m)
    for name in ("SEGV", "BUS", "ABRT"):
        m.signal(name)
        m.wait_for_line(f"PID 1 failed: {name} from ")
        check_same(m, before)
    m.wait_for_line("a person is needed")
    m.wait_for_line("# ")
    m.send("exit\n")
    supervisor = m.supervisor()
    # PID 1 keeps as before: the next supervisor takes up all of them.
    m.kill_supervisor()
    assert m.supervisor() != supervisor
    check_same(m, before)


def test_all_ends_in_order(m):
    m.signal(38)
    assert m.exit_status(60) == POWERED_OFF
    assert "all services are down" in m.transcript()


def test_nothing_grows():
    command = [namespace.TOP / "scripts/soak", "--seconds", str(SOAK_SECONDS), "--services", str(COUNT)]
    result = subprocess.run(command, capture_output=True, text=True)
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
