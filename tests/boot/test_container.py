"""The container image that README.md has a command for, under podman and runc, on a terminal."""

import contextlib
import os
import pathlib
import shutil
import subprocess

import pytest

from guest import DEADLINE, TOP, Console

# What podman keeps on a machine lies in these; ours is gone when the namespace is.
PLACES = ("/var/lib/containers", "/run", "/dev/shm", "/var/tmp", "/root")
CGROUPS = pathlib.Path("/sys/fs/cgroup")
PROMPT = r"root@mainstay:[^ ]*# "
RUN = ("--runtime", "runc", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096", "--network=none")


def why_not():
    missing = [name for name in ("podman", "runc") if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    return "podman's own namespaces are another matter: this needs root" if os.geteuid() != 0 else ""


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


class Podman:
    """podman on a machine that it has not seen before and will not be seen by again."""

    def __init__(self):
        mounts = "; ".join(f"mkdir -p {place}; mount -t tmpfs none {place}" for place in PLACES)
        self._keeper = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount"]
            + ["sh", "-ec", f"{mounts}; echo ready; exec sleep infinity"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._keeper.stdout.readline() == "ready\n"

    def words(self, *words):
        inside = ("nsenter", "--target", str(self._keeper.pid), "--mount", "--wd=/")
        podman = ("podman", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs")
        return [*inside, *podman, "--events-backend", "none", *map(str, words)]

    def run(self, *words, **options):
        done = subprocess.run(
            self.words(*words), capture_output=True, text=True, timeout=DEADLINE, **options
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    def close(self):
        with contextlib.suppress(AssertionError):
            self.run("rm", "--all", "--force", "--time", "0")
        # Podman leaves what its cgroups were in; it goes only if nobody else has any in there.
        for parent in libpod_parents():
            for place in (parent / "conmon", parent):
                with contextlib.suppress(OSError):
                    place.rmdir()
        self._keeper.kill()
        self._keeper.wait()
        self._keeper.stdout.close()


def libpod_parents():
    """Other tests make and remove groups meanwhile, which os.walk does not mind."""
    return [
        pathlib.Path(directory) / "libpod_parent"
        for directory, names, _ in os.walk(CGROUPS)
        if "libpod_parent" in names
    ]


@pytest.fixture(scope="module")
def podman(made):
    podman = Podman()
    try:
        with open(made.get("mainstay.oci"), "rb") as archive:
            podman.run("load", "--quiet", stdin=archive)
        yield podman
    finally:
        podman.close()


@contextlib.contextmanager
def container(podman, *rights):
    words = podman.words("run", *RUN, *rights, "-it", "--name", "box", "--rm", "--hostname", "mainstay", "mainstay")
    with Console(words) as console:
        console.expect(r"Mainstay \d+\.\d+\.\d+ \(")
        console.expect(rf"This is Mainstay on mainstay, Linux {os.uname().release}\.")
        console.expect(PROMPT)
        yield console


def test_it_gives_a_shell_and_runs_services_until_it_is_stopped(podman):
    with container(podman) as console:
        assert console.run("cat /proc/1/comm") == "init"
        # A child that it is about to give to svlog is called as it is, until that is executed.
        console.wait_until("""[ "$(ps -o pid,args | grep -c '[s]upervisor /etc/service')" = 1 ]""")
        console.run("ln -s /etc/init.d/syslogd /etc/service/")
        console.wait_until("svctl up syslogd")
        assert "syslogd" in podman.run("exec", "box", "svctl", "status")
        console.run("pidof syslogd")
        console.type("""sh -c 'echo start""ed; exec sleep 100000'""")
        console.expect(r"started\s")
        console.press("\x03")
        console.expect(PROMPT)
        console.run("pidof sleep", status=1)
        assert "job control turned off" not in console.transcript()
        # Shells ignore TERM; they are told that their terminal is gone.
        console.type("trap 'echo hung'' up; exit' HUP; echo wait''ing; while :; do sleep 1; done")
        console.expect(r"waiting\s")
        # More patience than our deadline: if it had to be killed, this would fail.
        podman.run("stop", "--time", str(10 * DEADLINE), "box")
        console.expect("hung up")
        assert console.wait_for_exit() == 0


# With the right to call reboot(2) that ends the pid namespace, which looks as if INT had ended init.
@pytest.mark.parametrize(
    "rights, code",
    [((), 0), (("--cap-add", "SYS_BOOT", "--read-only"), 130)],
    ids=["usual", "SYS_BOOT and a read-only root"],
)
def test_poweroff_ends_it(podman, rights, code):
    with container(podman, *rights) as console:
        console.run("svctl wait --boot")
        console.run("touch /x", status=int("--read-only" in rights))
        console.type("poweroff")
        assert console.wait_for_exit() == code


# ---- init as the init of a command ----------------------------------------------------------------

INIT = TOP / "build/release/bin/init"
# Says that it is there, and ends with a code of its own when it is told to.
OBEYS = "trap 'exit 3' TERM; echo up; while :; do sleep 0.1; done"


@contextlib.contextmanager
def running(podman, *words):
    """A container with a command that has said "up", named box."""
    process = subprocess.Popen(
        podman.words("run", *RUN, "--name", "box", "--rm", *words), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "up\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        with contextlib.suppress(AssertionError):
            podman.run("rm", "--force", "--ignore", "--time", "0", "box")


def outcome(podman, *words):
    done = subprocess.run(
        podman.words("run", *RUN, "--rm", *words), capture_output=True, text=True, timeout=DEADLINE
    )
    return done.returncode, done.stdout, done.stderr


def test_it_is_the_init_that_podman_puts_before_a_command(podman):
    script = "cat /proc/1/comm; id -u; touch /x; exit 7"
    words = ["--init", "--init-path", INIT, "--read-only", "--user", "1000", "--entrypoint", '["sh", "-c"]']
    code, output, errors = outcome(podman, *words, "mainstay", script)
    assert (code, output.split()[1:]) == (7, ["1000"]), errors
    assert "init" in output.split()[0] and "Read-only file system" in errors
    assert outcome(podman, "--init", "--init-path", INIT, "--entrypoint", "nope", "mainstay")[0] == 127


@pytest.mark.parametrize("rights", [(), ("--cap-add", "SYS_BOOT"), ("--cap-drop", "all")], ids=["usual", "SYS_BOOT", "none"])
def test_a_stop_reaches_the_command_whatever_podman_takes_init_for(podman, rights):
    # As the entry point is /sbin/init, podman takes it for systemd, and stops it with signal 37.
    entry = ("--entrypoint", '["/sbin/init", "--", "sh", "-c"]')
    with running(podman, *rights, *entry, "mainstay", OBEYS) as process:
        assert podman.run("exec", "box", "cat", "/proc/1/comm") == "init\n"
        podman.run("stop", "--time", str(10 * DEADLINE), "box")
        assert process.wait(DEADLINE) == 3


def test_the_containerfile_of_the_examples_has_services_beside_a_command(podman):
    build = ["build", "--quiet", "--file", TOP / "etc-examples/Containerfile", "--build-arg", "BASE=mainstay"]
    podman.run(*build, "--tag", "mine", TOP)
    script = "svctl wait --boot >/dev/null && svctl is-up syslogd && pidof syslogd >/dev/null && echo serves; exit 4"
    code, output, errors = outcome(podman, "mine", "sh", "-c", script)
    assert (code, "serves\n" in output) == (4, True), errors
