"""A cgroup for every service: who is in it, what ends with it, and that none is left behind."""

import contextlib
import os
import signal
import subprocess
import warnings

import pytest

import namespace
from supervised import Supervised, eventually

# A process that left the session of its service.
ESCAPE = "setsid sleep 1000 </dev/null >/dev/null 2>&1 &"


@contextlib.contextmanager
def own_cgroup():
    """A cgroup of its own for the supervisors of one test: whatever they leave fails it."""
    cgroup = namespace.Cgroup()
    if cgroup.path is None:
        warnings.warn("SKIPPED: no cgroup v2 that may be written; cgroups are not tested")
        pytest.skip("no cgroup v2 that may be written")
    try:
        yield cgroup
        assert directories(cgroup.path) == []
    finally:
        for directory in ("", *directories(cgroup.path)):
            for pid in members(cgroup.path / directory):
                os.kill(pid, signal.SIGKILL)
        cgroup.remove()


def directories(path):
    """All below, of which a supervisor may remove some meanwhile."""
    return sorted(os.path.relpath(below, path) for below, _, _ in os.walk(path) if below != str(path))


def members(cgroup):
    try:
        return [int(line) for line in (cgroup / "cgroup.procs").read_text().split()]
    except OSError:
        return []


def wait_members(cgroup, count):
    eventually(lambda: len(members(cgroup)) == count, f"{count} processes in {cgroup}")
    return members(cgroup)


def test_each_service_and_logger_has_its_cgroup_until_the_end():
    with own_cgroup() as cgroup:
        with Supervised(cgroup.command()) as s:
            s.add("web", run=f"{ESCAPE}\nexec sleep 1000", log_run="exec cat >/dev/null")
            s.add("db", run="exec sleep 1000")
            s.start()
            top = cgroup.path / "mainstay"
            s.wait_state("db", "ready")
            pids = wait_members(top / "web", 2)
            assert s.pid("web") in pids
            assert members(top / "db") == [s.pid("db")]
            assert len(wait_members(top / "web%2Flog", 1)) == 1
            assert s.process.pid not in sum((members(top / d) for d in directories(top)), [])

            # One that is not wanted any more takes its cgroup along.
            s.disable("db")
            eventually(lambda: not (top / "db").exists(), "no cgroup of db")
            for pid in pids:
                if pid != s.pid("web"):
                    os.kill(pid, signal.SIGKILL)
            wait_members(top / "web", 1)


def test_leftovers_are_killed_where_that_is_asked_for():
    with own_cgroup() as cgroup, Supervised(cgroup.command()) as s:
        files = {"service.conf": "leftovers = kill\n"}
        s.add("web", run=f"{ESCAPE}\nexec sleep 1000", **files)
        s.start()
        web = cgroup.path / "mainstay/web"
        before = wait_members(web, 2)
        assert s.ask(verb="down", services=["web"]).exit == 0
        s.wait_state("web", "down")
        wait_members(web, 0)
        eventually(lambda: not any(is_running(pid) for pid in before), f"{before} are gone")
        s.stop()


# As many systems have it that were set up before all controllers were in v2: hierarchies of v1, and
# v2 beside them as `unified`, for processes alone.
HYBRID = """
umount -R -l /sys/fs/cgroup
mount -t tmpfs tmpfs /sys/fs/cgroup
mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
mount -t cgroup -o none,name=mainstay-test cgroup /sys/fs/cgroup/systemd
mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
exec "$@"
"""


def test_of_a_hybrid_system_the_unified_hierarchy_is_used():
    with own_cgroup() as cgroup:
        enter = [*cgroup.command(), "unshare", "--mount", "/bin/sh", "-euc", HYBRID, "hybrid"]
        with Supervised(enter) as s:
            files = {"service.conf": "leftovers = kill\n"}
            s.add("web", run=f"{ESCAPE}\nexec sleep 1000", **files)
            s.start()
            s.wait_state("web", "ready")
            with open(f"/proc/{s.process.pid}/mounts") as mounts:
                kinds = {line.split()[1]: line.split()[2] for line in mounts if "/sys/fs/cgroup" in line}
            assert kinds == {
                "/sys/fs/cgroup": "tmpfs",
                "/sys/fs/cgroup/systemd": "cgroup",
                "/sys/fs/cgroup/unified": "cgroup2",
            }
            web = cgroup.path / "mainstay/web"
            assert s.pid("web") in wait_members(web, 2)
            with open(f"/proc/{s.pid('web')}/cgroup") as membership:
                lines = membership.read().splitlines()
            assert any(line.endswith(":name=mainstay-test:/") for line in lines)
            assert any(line.startswith("0::") and line.endswith("/mainstay/web") for line in lines)
            s.ask(verb="down", services=["web"])
            assert wait_members(web, 0) == []
            assert "cgroup" not in s.messages()


def test_leftovers_stay_in_the_cgroup_where_they_are_kept():
    with own_cgroup() as cgroup, Supervised(cgroup.command()) as s:
        s.add("web", run=f"{ESCAPE}\nexec sleep 1000")
        s.start()
        web = cgroup.path / "mainstay/web"
        before = wait_members(web, 2)
        escaped = next(pid for pid in before if pid != s.pid("web"))
        assert s.ask(verb="down", services=["web"]).exit == 0
        s.wait_state("web", "down")
        assert wait_members(web, 1) == [escaped]

        # The next run joins it.
        assert s.ask(verb="up", services=["web"]).exit == 0
        assert escaped in wait_members(web, 3)

        # Where something still is, the cgroup stays, and the next supervisor takes it over.
        s.stop()
        left = wait_members(web, 2)
        assert escaped in left
        s.disable("web")
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        wait_members(web, 0)
        s.start()
        assert not web.exists()
        s.stop()


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_supervisors_do_not_share_names():
    with own_cgroup() as cgroup:
        with Supervised(cgroup.command()) as one, Supervised(cgroup.command()) as two:
            for s in (one, two):
                s.add("web", run="exec sleep 1000")
                s.start()
                s.wait_state("web", "ready")
            assert members(cgroup.path / "mainstay/web") == [one.pid("web")]
            assert members(cgroup.path / "mainstay.1/web") == [two.pid("web")]


def test_without_a_cgroup_that_may_be_written_it_is_said_once():
    with own_cgroup() as cgroup:
        read_only = 'mount --bind -o ro "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        points = [
            line.split()[1]
            for line in open("/proc/self/mounts", encoding="utf-8")
            if line.split()[2] == "cgroup2"
        ]
        enter = ["unshare", "-m", "/bin/sh", "-c", read_only, points[0]]
        if subprocess.run([*enter, "true"], check=False).returncode != 0:
            pytest.skip("no mount namespace can be had")
        with Supervised([*cgroup.command(), *enter]) as s:
            for name in ("web", "db"):
                s.add(name, run="exec sleep 1000")
            s.start()
            for name in ("web", "db"):
                s.wait_state(name, "ready")
            assert s.messages().count("run without cgroups of their own") == 1
