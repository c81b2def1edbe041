"""Our init as that of a container of systemd-nspawn: what it is told, what it tells, how it is stopped."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from namespace import DEADLINE, TOP, Cgroup, Transcript, eventually, stage_system

NSPAWN = TOP / "build/nspawn"
LIBRARIES = ":".join(
    str(NSPAWN / place / "x86_64-linux-gnu") for place in ("usr/lib", "lib")
) + f":{NSPAWN}/usr/lib/x86_64-linux-gnu/systemd"
UUID = "0123456789abcdef0123456789abcdef"
INITTAB = """\
::native:machine-id
::sysinit:/bin/sh -c 'echo told $container; cat /run/host/container-manager /etc/machine-id; ls /run/host/os-release'
::supervise:/sbin/supervisor /etc/service
::once:/bin/sh -c 'svctl wait --boot >/dev/null; echo services are up'
::shutdown:/bin/echo in order
"""
FILES = {
    "/etc/os-release": "ID=mainstay\n",
    "/etc/service/web/run": "#!/bin/sh\nexec sleep 8888\n",
}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="this needs root")


@pytest.fixture(scope="module", autouse=True)
def nspawn():
    subprocess.run([TOP / "scripts/fetch", "nspawn"], check=True)


def remove_groups_of_v1(name):
    """Where there is that hierarchy as well, nspawn makes the same groups in it, and leaves them."""
    # Other tests make and remove groups meanwhile, which os.walk does not mind.
    for directory, names, _ in os.walk("/sys/fs/cgroup/systemd"):
        if name in names:
            for below, _, _ in os.walk(os.path.join(directory, name), topdown=False):
                os.rmdir(below)


class Box:
    """A container of our own system, or of a command in it; what nspawn keeps of it on the machine is gone
    with a mount namespace."""

    def __init__(self, *options, command=()):
        self._place = pathlib.Path(tempfile.mkdtemp(prefix="mainstay-nspawn-"))
        stage_system(self._place / "rootfs", INITTAB, FILES)
        self._cgroup = Cgroup()
        self._host = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._host.settimeout(DEADLINE)
        self._host.bind(str(self._place / "notify"))
        alone = ["unshare", "--mount", "sh", "-ec", 'mount -t tmpfs none /run; exec "$@"', "sh"]
        words = ["--quiet", "--keep-unit", "--register=no", "--console=pipe", f"--uuid={UUID}"]
        words += ["--timezone=off", "--resolv-conf=off"]
        words += [f"--directory={self._place}/rootfs", *options]
        self._words = [*alone, NSPAWN / "usr/bin/systemd-nspawn", *words, *(command or ["--boot"])]

    def __enter__(self):
        ours, theirs = os.pipe()
        self.process = subprocess.Popen(
            self._cgroup.command() + self._words,
            env=os.environ | {"LD_LIBRARY_PATH": LIBRARIES, "NOTIFY_SOCKET": str(self._place / "notify")},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._pipe = ours
        self._transcript = Transcript(ours)
        return self

    def __exit__(self, *_):
        self.process.kill()  # its container dies with it
        self.process.wait(DEADLINE)
        self._transcript.join()
        os.close(self._pipe)
        self._host.close()
        shutil.rmtree(self._place)
        self._cgroup.remove()
        if self._cgroup.path is not None:
            remove_groups_of_v1(self._cgroup.path.name)

    def wait_for(self, pattern):
        return self._transcript.wait_for(pattern, DEADLINE)

    def wait_told(self, line):
        """Waits until the machine's side has been told this."""
        while line not in self._host.recv(4096).decode().splitlines():
            pass

    def init(self):
        """Its process id outside."""
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return int(eventually(pathlib.Path(children).read_text, "nspawn has started something").split()[0])

    def run(self, *words):
        """Runs a command in there, which may be ended by what it asks for."""
        enter = ["nsenter", "--target", str(self.init()), "--all", "--root", "--wd"]
        subprocess.run([*enter, *words], capture_output=True, timeout=DEADLINE, check=False)

    def exit_code(self):
        return self.process.wait(DEADLINE)


def test_it_is_told_who_its_manager_is_tells_it_and_halts_when_asked():
    with Box("--notify-ready=yes") as box:
        box.wait_for("^told systemd-nspawn\nsystemd-nspawn\n" + UUID + "\n/run/host/os-release$")
        box.wait_for("^services are up$")
        box.wait_told("READY=1")
        # To be stopped: what systemctl stop sends to nspawn, which asks by signal 37.
        os.kill(box.process.pid, signal.SIGTERM)
        box.wait_for("signal 37 from .*: halt")
        box.wait_for("^in order$")
        assert box.exit_code() == 0


# With --keep-unit a reboot is the end of nspawn, with a code for which systemd starts it again.
REBOOTED = 133


@pytest.mark.parametrize(
    "how, request_word, code",
    [
        (signal.SIGINT, "reboot", REBOOTED),
        (38, "poweroff", 0),
        ("/sbin/reboot", "reboot", REBOOTED),
        ("/sbin/poweroff", "poweroff", 0),
    ],
    ids=["machinectl reboot", "machinectl poweroff", "reboot", "poweroff"],
)
def test_it_ends_as_it_is_asked_to(how, request_word, code):
    with Box() as box:
        box.wait_for("^services are up$")
        if isinstance(how, str):
            box.run(how)
        else:
            os.kill(box.init(), how)
        box.wait_for(f"the system goes down: {request_word}")
        box.wait_for("^in order$")
        assert box.exit_code() == code


@pytest.mark.parametrize("options", [(), ("--read-only",)], ids=["usual", "read-only"])
def test_it_is_the_init_of_a_command(options):
    command = ["/sbin/init", "--", "/bin/sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.1; done"]
    with Box("--kill-signal=TERM", *options, command=command) as box:
        box.wait_for("^up$")
        os.kill(box.process.pid, signal.SIGTERM)
        assert box.exit_code() == 7
