"""Runs a supervisor over the examples of service directories, with the machine's real programs.

    with Programs("rsyslog", "redis") as p:
        p.start()
        p.wait_state("redis", "ready")
        assert p.run("redis-cli", "ping") == "PONG\\n"

It is a Supervised in namespaces of its own (enter_programs.sh): pid, mount, network, cgroup, UTS
and IPC. Pids in its answers are those in there; everything goes with the supervisor, which is pid 1 there.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

import namespace
from supervised import DEADLINE, SUPERVISOR, Supervised, eventually
from svctl_runner import svctl

EXAMPLES = namespace.TOP / "etc-examples/sv"
ENTER = namespace.TOP / "tests/integration/enter_programs.sh"
UNSHARE = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net"]
PROGRAM_OF = {
    "dbus": "dbus-daemon",
    "nginx": "nginx",
    "redis": "redis-server",
    "rsyslog": "rsyslogd",
}


def missing(*services):
    """Those whose program is not on this machine."""
    return [PROGRAM_OF[name] for name in services if not shutil.which(PROGRAM_OF[name])]


def may_lower_oom_score():
    """Containers often take the right to that (CAP_SYS_RESOURCE) from root."""
    trial = "echo -1000 > /proc/self/oom_score_adj"
    return subprocess.run(["sh", "-c", trial], stderr=subprocess.DEVNULL, check=False).returncode == 0


class Programs(Supervised):
    def __init__(self, *services):
        super().__init__()
        self.top.chmod(0o755)  # the programs' users have to get through
        self.cgroup = namespace.Cgroup()
        for name in services:
            self.add_example(name)
        self.inside = None  # the pid outside of what is pid 1 in there

    def add_example(self, name):
        directory = self.definitions / name
        shutil.copytree(EXAMPLES / name, directory)
        if "oom-score-adj = -" in (directory / "service.conf").read_text() and not may_lower_oom_score():
            (directory / "service.conf.d").mkdir()
            (directory / "service.conf.d/oom.conf").write_text("oom-score-adj = 0\n")
        self.enable(name)

    def wait_state(self, name, state):
        try:
            return super().wait_state(name, state)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.status(name)}\n{self.messages()}") from None

    def start(self, *arguments):
        ours, theirs = socket.socketpair()
        namespaces = [*UNSHARE, "--cgroup"] if self.cgroup.path else UNSHARE
        enter = [ENTER, str(theirs.fileno()), namespace.BUSYBOX, self.top]
        supervisor = [SUPERVISOR, "--control", self.socket, *arguments, self.enabled]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.cgroup.command() + namespaces + enter + supervisor,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            )
        theirs.close()
        with ours:
            self._let_go(ours)
        eventually(self._answers, f"the supervisor answers; it said: {self.messages()}")

    def _let_go(self, setup):
        setup.settimeout(DEADLINE)
        assert setup.recv(16) == b"ready\n", f"no namespaces: {self.messages()}"
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        self.inside = int(pathlib.Path(children).read_text())
        setup.sendall(b"go\n")

    def run(self, *command):
        """Runs a command in there; returns what it printed."""
        enter = ["nsenter", "--target", str(self.inside), "--all"]
        result = subprocess.run(
            [*enter, *command], capture_output=True, text=True, timeout=DEADLINE, check=False
        )
        assert result.returncode == 0, f"{command}: {result.returncode}: {result.stderr}"
        return result.stdout

    def svctl(self, *words):
        return svctl(*words, control=self.socket)

    def proc(self, name, file):
        """A file of /proc/PID of the service's main process."""
        return self.run("cat", f"/proc/{self.pid(name)}/{file}")

    def stop(self):
        if self.process.poll() is None:
            os.kill(self.inside, signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def __exit__(self, kind, value, trace):
        try:
            super().__exit__(kind, value, trace)
        finally:
            self.cgroup.remove()
