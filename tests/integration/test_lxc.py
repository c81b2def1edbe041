"""Our init as that of an LXC container: start, attach, stop by each of the signals LXC may send, reboot."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from namespace import TOP, eventually, stage_system

LXC = TOP / "build/lxc"
LIBRARIES = ":".join(str(LXC / place) for place in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
# Longer than anything takes here: LXC kills what has not ended by then.
PATIENCE = "600"
INITTAB = """\
::supervise:/sbin/supervisor /etc/service
::once:/bin/sh -c 'svctl wait --boot >/dev/null; echo services are up'
::shutdown:/bin/echo in order
"""
FILES = {"/etc/service/web/run": "#!/bin/sh\nexec sleep 8888\n"}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="this needs root")


def lxc_cgroups():
    """By os.walk, which passes over what other tests remove meanwhile."""
    return {
        pathlib.Path(place, name)
        for place, names, _ in os.walk("/sys/fs/cgroup")
        for name in names
        if name.startswith("lxc.")
    }


@pytest.fixture(scope="module", autouse=True)
def lxc():
    """LXC leaves groups behind, which go only if nobody else has any in there."""
    subprocess.run([TOP / "scripts/fetch", "lxc"], check=True)
    before = lxc_cgroups()
    yield
    for place in sorted(lxc_cgroups() - before, reverse=True):
        with contextlib.suppress(OSError):
            place.rmdir()


class Box:
    def __init__(self, *lines, inittab=INITTAB):
        self._place = pathlib.Path(tempfile.mkdtemp(prefix="mainstay-lxc-"))
        self.name = self._place.name
        self._home = self._place / self.name
        self._console = self._place / "console"
        (self._place / "mnt").mkdir()
        stage_system(self._home / "rootfs", inittab, FILES)
        config = [
            f"lxc.rootfs.path = dir:{self._home}/rootfs",
            f"lxc.rootfs.mount = {self._place}/mnt",
            f"lxc.console.logfile = {self._console}",
            "lxc.uts.name = box",
            "lxc.init.cmd = /sbin/init",
            "lxc.net.0.type = empty",
            "lxc.mount.auto = proc:mixed sys:ro",
            "lxc.tty.max = 2",
            "lxc.pty.max = 16",
            "lxc.apparmor.profile = unconfined",
            *lines,
        ]
        (self._home / "config").write_text("\n".join(config) + "\n")

    def command(self, tool, *words):
        return [LXC / "usr/bin" / tool, "-P", self._place, "-n", self.name, *words]

    def run(self, tool, *words, check=True):
        done = subprocess.run(
            self.command(tool, *words),
            env=os.environ | {"LD_LIBRARY_PATH": LIBRARIES},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout

    def attach(self, *words, check=True):
        return self.run("lxc-attach", "--clear-env", "--", *words, check=check)

    def __enter__(self):
        self._process = subprocess.Popen(
            self.command("lxc-start", "-F", "-o", self._place / "log"),
            env=os.environ | {"LD_LIBRARY_PATH": LIBRARIES},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_):
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.run("lxc-stop", "-k")
        self._process.wait(120)
        shutil.rmtree(self._place)

    def shown(self):
        return self._console.read_text(errors="replace") if self._console.exists() else ""

    def wait_for(self, text, times=1):
        eventually(lambda: self.shown().count(text) >= times, f"{times} times: {text}")

    def wait_for_end(self):
        self._process.wait(120)


def test_it_starts_is_entered_and_stops():
    with Box() as box:
        box.wait_for("services are up")
        assert box.attach("/bin/cat", "/proc/1/comm") == "init\n"
        assert "web" in box.attach("/usr/bin/svctl", "list")
        environment = box.attach("/bin/cat", "/proc/1/environ").split("\0")
        assert "container=lxc" in environment
        box.run("lxc-stop", "-t", PATIENCE)
        box.wait_for_end()
        # LXC has seen that init blocks PWR, and sends this in its place.
        assert "signal 37 from" in box.shown() and "in order" in box.shown()


def test_a_stop_by_pwr_is_a_stop():
    with Box("lxc.signal.halt = SIGPWR") as box:
        box.wait_for("services are up")
        box.run("lxc-stop", "-t", PATIENCE)
        box.wait_for_end()
        assert "PWR from" in box.shown() and "in order" in box.shown()


def test_it_reboots_from_outside_and_from_inside():
    with Box() as box:
        box.wait_for("services are up")
        box.run("lxc-stop", "-r")
        box.wait_for("services are up", 2)
        # Either may be ended by what it asked for, before it ends by itself.
        box.attach("/sbin/reboot", check=False)
        box.wait_for("services are up", 3)
        assert box.shown().count("the system goes down: reboot") == 2
        box.attach("/sbin/poweroff", check=False)
        box.wait_for_end()
        assert "the system goes down: poweroff" in box.shown()


def test_its_terminals_have_shells_where_there_is_no_inittab():
    with Box("lxc.environment = container_ttys=/dev/tty1 tty2", inittab=None) as box:
        box.wait_for("Please press Enter to activate this console")

        def terminals():
            lines = box.attach("/bin/ps", "-o", "pid,tty,args").splitlines()
            return {line.split()[1] for line in lines if line.endswith(" /sbin/init")} - {"?"}

        # The console and two of LXC's: each shell has its own as controlling terminal.
        eventually(lambda: len(terminals()) == 3, "three of them wait for somebody")
        box.run("lxc-stop", "-t", PATIENCE)
        box.wait_for_end()
