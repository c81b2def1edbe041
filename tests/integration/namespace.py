"""Runs a program as PID 1 of fresh namespaces, and talks to it.

    with Pid1(inittab="::respawn:/bin/worker\n", files={"/bin/worker": "#!/bin/sh\n..."}) as p:
        p.wait_for_line("worker is here")
        p.signal("TERM")
        assert p.exit_status() == -signal.SIGHUP      # what reboot(2) becomes in there

The program gets pid, mount, network, UTS, IPC and (with cgroup v2) cgroup namespaces, and a root
of its own: a tmpfs with busybox and its applets, our programs under all their names, and what the
test adds. /proc and /dev are there; the rest is for PID 1 to mount. Standard input, output and
error are the console. /proc/cmdline is that of the machine the tests run on.

A shutdown in there cannot reach the machine: the root is not shared with it, /proc/swaps is empty,
sysrq and /proc/sys are not writable, and the right to load modules or set the clock is gone.

Leaving the `with` block kills whatever still runs; mounts and namespaces go with their last process.
"""

import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import tty

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = TOP / "build/release/bin"
BUSYBOX = TOP / "build/busybox/bin/busybox"
ENTER = TOP / "tests/integration/enter.sh"
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")

# Generous, as nothing waits for it to pass: every wait ends with what it waits for.
DEADLINE = 60


def processes():
    """The directory of each process there is. Who asks glob for files in them fails with one that ends meanwhile."""
    return pathlib.Path("/proc").glob("[0-9]*")


def eventually(condition, what, deadline=DEADLINE):
    """Waits until condition() is true and returns its value, for what nothing announces."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"after {deadline} s still not: {what}"
        time.sleep(0.02)


class Transcript:
    """Reads a descriptor to its end in the background, so that no writer ever waits for us."""

    def __init__(self, fd):
        self._fd = fd
        self._text = ""
        self._position = 0
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                data = os.read(self._fd, 65536)
            except OSError:  # a terminal whose other side nobody has open any more
                data = b""
            with self._changed:
                self._text += data.decode(errors="replace").replace("\r", "")
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return

    def text(self):
        with self._changed:
            return self._text

    def wait_for(self, pattern, deadline):
        """Waits for the next match after the last one returned from here."""
        regex = re.compile(pattern, re.MULTILINE)
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended or regex.search(self._text, self._position), deadline
            )
            match = regex.search(self._text, self._position)
            if not match:
                why = "the console was closed" if self._ended else f"{deadline} s have passed"
                tail = self._text[-4000:]
                raise AssertionError(f"no /{pattern}/: {why}; console:\n{tail}")
            self._position = match.end()
            return match

    def join(self):
        self._thread.join(DEADLINE)


class Cgroup:
    """A cgroup v2 of its own for everything a test starts, where the machine lets us make one."""

    _count = 0

    def __init__(self):
        self.path = None
        base = self.own()
        if base is None:
            return
        Cgroup._count += 1
        path = base / f"mainstay-test-{os.getpid()}-{Cgroup._count}"
        try:
            path.mkdir()
        except OSError:
            return
        self.path = path

    @staticmethod
    def own():
        mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
        points = [fields[1] for fields in map(str.split, mounts) if fields[2] == "cgroup2"]
        own = [
            line[len("0::/") :]
            for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines()
            if line.startswith("0::/")
        ]
        return pathlib.Path(points[0], own[0]) if points and own else None

    def command(self):
        """The words that put a command into it, in a namespace with it as the root."""
        if self.path is None:
            return []
        join = f'echo $$ >{self.path}/cgroup.procs && exec "$@"'
        return ["/bin/sh", "-c", join, "sh"]

    def remove(self):
        """Everything in it has been killed, but may not have been reaped yet."""
        if self.path is not None:
            eventually(self._try_remove, f"{self.path} is empty")

    def _try_remove(self):
        below = [pathlib.Path(directory) for directory, _, _ in os.walk(self.path)]
        try:
            for directory in reversed(below):
                directory.rmdir()
        except OSError:
            return False
        return True


def stage_system(system, inittab, files):
    """Fills the directory `system` with what the root of a Pid1 holds.

    A file whose content starts with #! is executable; content may be bytes; None makes no file
    but removes one that would be there.
    """
    for directory in ("bin sbin dev etc proc run sys tmp root usr/bin usr/sbin var/log").split():
        (system / directory).mkdir(parents=True)
    shutil.copy(BUSYBOX, system / "bin/busybox")
    applets = subprocess.check_output([BUSYBOX, "--list-full"], text=True).split()
    for applet in set(applets) - {"bin/busybox", "linuxrc"}:
        (system / applet).symlink_to("/bin/busybox")
    add_programs(system)
    if inittab is not None:
        files = {"/etc/inittab": inittab, **files}
    for name, content in files.items():
        add_file(system / name.lstrip("/"), content)


def add_programs(system):
    places = {"init": "sbin/init", "supervisor": "sbin/supervisor", "svctl": "usr/bin/svctl"}
    for name, place in places.items():
        (system / place).unlink(missing_ok=True)
        if (PROGRAMS / name).exists():
            shutil.copy(PROGRAMS / name, system / place)
    for name in "telinit poweroff reboot halt shutdown runlevel".split():
        (system / "sbin" / name).unlink(missing_ok=True)
        (system / "sbin" / name).symlink_to("/sbin/init")


def add_file(path, content):
    path.unlink(missing_ok=True)
    if content is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(data)
    path.chmod(0o755 if data.startswith(b"#!") else 0o644)


def clean_environment(variables):
    """The words that run a command, in there, with these variables and no others."""
    return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in variables.items())]


class Pid1:
    """One program as PID 1, with `argv` (its first word is the program, a path in there).

    console  "pty": a terminal, also as /dev/console; "pipe": output only, and no /dev/console
    env      added to what the kernel gives PID 1
    drop     names of capabilities to go without, such as "sys_boot"
    programs further programs of ours: their path in there, and where they are copied from
    dev      "all": the harmless nodes and the console; "nodes": all but the console; "empty": none, it
             is a mere directory. Where the terminal is not /dev/console it is /.console.
    shared   paths of the machine that are in there as well, such as LIBRARIES for programs that need them
    """

    def __init__(
        self,
        argv=("/sbin/init",),
        *,
        inittab=None,
        files=None,
        env=None,
        console="pty",
        drop=(),
        programs=None,
        dev="all",
        shared=(),
    ):
        self._argv = list(argv)
        self._inittab = inittab
        self._files = files or {}
        self._env = {"HOME": "/", "TERM": "linux", **(env or {})}
        self._console_kind = console
        self._dropped = ["sys_module", "sys_time", *drop]
        self._programs = programs or {}
        self._dev = dev
        self._shared = shared
        self._cgroup = Cgroup()
        self._process = None
        self._console = None
        self.pid = None

    def __enter__(self):
        self._stage = pathlib.Path(tempfile.mkdtemp(prefix="mainstay-test-"))
        (self._stage / ".root").mkdir()
        stage_system(self._stage / "system", self._inittab, self._files)
        try:
            for place, program in self._programs.items():
                shutil.copy(program, self._stage / "system" / place.lstrip("/"))
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._process is not None:
            self._kill()
            self._process.wait(DEADLINE)
            self._transcript.join()
        self.close_console()
        shutil.rmtree(self._stage)
        self._cgroup.remove()

    def _kill(self):
        """PID 1 first, as the whole namespace dies with it; what started it then ends by itself."""
        if self._process.poll() is None:
            try:
                os.kill(self.pid or self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    # The two console kinds: a descriptor for us, one for PID 1, and the terminal's name.

    def _open_console(self):
        if self._console_kind == "pty":
            ours, theirs = pty.openpty()
            return ours, theirs, os.ttyname(theirs)
        ours, theirs = os.pipe()
        return ours, theirs, ""

    def _start(self):
        self._console, theirs, terminal = self._open_console()
        ours, setup_side = socket.socketpair()
        unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net"]
        if self._cgroup.path is not None:
            unshare.append("--cgroup")
        setup = ["setpriv", "--bounding-set", ",".join(f"-{name}" for name in self._dropped)]
        setup += [ENTER, str(setup_side.fileno()), self._stage, terminal]
        become = clean_environment(self._env) + self._argv
        self._process = subprocess.Popen(
            self._cgroup.command() + unshare + setup + become,
            stdin=theirs if terminal else subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            pass_fds=[setup_side.fileno()],
            start_new_session=True,
            env=os.environ | {"MAINSTAY_DEV": self._dev, "MAINSTAY_SHARED": " ".join(self._shared)},
        )
        os.close(theirs)
        setup_side.close()
        self._transcript = Transcript(self._console)
        with ours:
            self._await_ready(ours)

    def _await_ready(self, setup):
        """Learns the process id while PID 1 still waits for us: it may end at once afterwards."""
        setup.settimeout(DEADLINE)
        if setup.recv(16) != b"ready\n":
            self._process.wait(DEADLINE)
            self._transcript.join()
            raise AssertionError(f"no namespaces: {self._transcript.text()}")
        task = f"/proc/{self._process.pid}/task/{self._process.pid}/children"
        self.pid = int(pathlib.Path(task).read_text())
        self.before_first_instruction()
        setup.sendall(b"go\n")

    def before_first_instruction(self):
        """For derived classes: its root is there, but PID 1 does not run yet."""

    # What tests do with it.

    @property
    def root(self):
        """The root directory in there, for as long as PID 1 lives."""
        return pathlib.Path(f"/proc/{self.pid}/root")

    def wait_for_line(self, pattern, deadline=DEADLINE):
        """Waits until the console shows a match, after the one last returned; returns it."""
        return self._transcript.wait_for(pattern, deadline)

    def transcript(self):
        """All the console has shown so far."""
        return self._transcript.text()

    def send(self, text):
        """Types text on the console."""
        os.write(self._console, text.encode())

    def close_console(self):
        """Takes the console away: for those in there the terminal hangs up."""
        if self._console is not None:
            os.close(self._console)
            self._console = None

    def signal(self, name):
        """Sends PID 1 a signal, by name ("TERM") or kernel number."""
        number = name if isinstance(name, int) else signal.Signals[f"SIG{name}"]
        os.kill(self.pid, number)

    def run(self, *command, deadline=DEADLINE, check=True):
        """Runs a command in there and returns what it printed, standard error included."""
        enter = ["nsenter", "--target", str(self.pid), "--all", "--root", "--wd"]
        result = subprocess.run(
            enter + clean_environment({"PATH": "/sbin:/usr/sbin:/bin:/usr/bin"}) + list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=deadline,
        )
        if check:
            assert result.returncode == 0, f"{command}: {result.returncode}\n{result.stdout}"
        return result.stdout

    def has_ended(self):
        return self._process.poll() is not None

    def exit_status(self, deadline=DEADLINE):
        """Waits for PID 1 to end. Its exit code, or minus the signal's number: in a pid namespace
        reboot(2) kills it with SIGHUP to reboot, and with SIGINT to halt or power off."""
        try:
            status = self._process.wait(deadline)
        except subprocess.TimeoutExpired:
            tail = self.transcript()[-4000:]
            raise AssertionError(f"PID 1 still runs after {deadline} s; console:\n{tail}") from None
        self._transcript.join()
        return status
