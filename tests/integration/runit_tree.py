"""A directory of runit services, under the real runsv or under our supervisor: whatever is done to
one can be done to the other, and what comes of it compared.

    with RunitTree(OURS) as tree:
        tree.add("web")
        tree.start()
        tree.wait_got("web", "up")
        assert tree.sv("-w", "60", "stop", "web").exit == 0
"""

import dataclasses
import os
import pathlib
import re
import subprocess

import namespace
from supervised import DEADLINE, Supervised, eventually, is_open_for_runit

PEERS = namespace.TOP / "build/peers/usr/bin"
SVCTL = pathlib.Path(os.environ.get("MAINSTAY_BIN", namespace.PROGRAMS)) / "svctl"
OURS, REAL = "supervisor", "runsv"
REAL_SV = PEERS / "sv"
LONG = str(int(DEADLINE))

# Writes each signal that it gets into the file `got`, and ends by TERM.
RECORDER = """#!/usr/bin/python3 -ISB
import os, signal, sys
def note(text):
    with open("got", "a") as file:
        file.write(text + "\\n")
# Waited for, not handled: a handler is interrupted by the next signal, which would come first.
signals = {signal.Signals["SIG" + name] for name in "HUP ALRM INT QUIT USR1 USR2 WINCH TERM".split()}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
note("up")
while True:
    number = signal.sigwait(signals)
    note(signal.Signals(number).name[3:])
    if number == signal.SIGTERM and not os.path.exists("stubborn"):
        sys.exit(3)
"""


def fetch_peers():
    subprocess.run([namespace.TOP / "scripts/fetch", "peers"], check=True, stderr=subprocess.DEVNULL)


@dataclasses.dataclass
class Said:
    """What a command said, without what differs each time."""

    exit: int
    text: str

    @staticmethod
    def of(result):
        text = (result.stdout + result.stderr).decode()
        return Said(result.returncode, re.sub(r"\b\d+s\b", "Ns", re.sub(r"pid \d+", "pid N", text)))


def write_service(directory, files):
    """A name has _ for /; what begins with #! is executable."""
    for key, text in files.items():
        path = directory / key.replace("_", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)


class RunitTree(Supervised):
    def __init__(self, kind, sv=REAL_SV):
        """sv: the program that self.sv() runs, or OURS."""
        super().__init__()
        self.kind = kind
        if sv == OURS:
            sv = self.top / "sv.link/sv"
            sv.parent.mkdir()
            sv.symlink_to(SVCTL)
        self.sv_program = sv
        self._runsv = {}

    # --- services

    def define(self, name, run=RECORDER, **files):
        """A directory that nobody supervises yet; what begins with #! is executable."""
        directory = self.definitions / name
        directory.mkdir()
        write_service(directory, {"run": run, **files})
        return directory

    def add(self, name, run=RECORDER, **files):
        """As Supervised.add."""
        directory = self.define(name, run, **files)
        self.enable(name)
        return directory

    def got(self, name, file="got"):
        path = self.definitions / name / file
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def wait_got(self, name, *lines, file="got"):
        """Waits until these, and nothing else, have come, and takes them away."""
        what = list(lines)
        eventually(lambda: self.got(name, file) == what, f"{name} got {what}, not {self.got(name, file)}")
        (self.definitions / name / file).unlink()

    def supervise(self, name):
        return self.definitions / name / "supervise"

    def is_supervised(self, name):
        return is_open_for_runit(self.supervise(name).parent)

    def wait_supervised(self, *names):
        for name in names:
            # runsv makes the file `status` after `ok`: until then sv finds none.
            eventually(
                lambda: self.is_supervised(name) and self.status_byte(name, 19) is not None,
                f"{name} is supervised; {self.messages()}",
            )

    def status_byte(self, name, index):
        """None until there is the file, which runsv makes after ok."""
        status = self.supervise(name) / "status"
        return status.read_bytes()[index] if status.exists() else None

    def command(self, name, letters):
        """Into the fifo, without asking anybody."""
        fifo = os.open(self.supervise(name) / "control", os.O_WRONLY | os.O_NONBLOCK)
        os.write(fifo, letters.encode())
        os.close(fifo)

    def want_down(self, name):
        """What sv says when its time is over shows it only if runsv has read the command by then."""
        self.command(name, "d")
        eventually(lambda: self.status_byte(name, 17) == ord("d"), f"{name} is to be down")

    # --- whoever supervises

    def start(self, *arguments, **options):
        names = sorted(path.name for path in self.enabled.iterdir())
        if self.kind == OURS:
            super().start(*arguments, **options)
        else:
            for name in names:
                self._runsv[name] = subprocess.Popen(
                    [PEERS / "runsv", self.definitions / name],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        self.wait_supervised(*names)

    def stop_runsv(self):
        for name, process in self._runsv.items():
            if process.poll() is None:
                self.command(name, "xk")
        for process in self._runsv.values():
            process.wait(DEADLINE)

    def sv(self, *words, environment=None):
        result = subprocess.run(
            [self.sv_program, *words],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=2 * DEADLINE,
            cwd=self.top,
            env={**os.environ, "SVDIR": str(self.definitions), **(environment or {})},
            check=False,
        )
        return Said.of(result)

    def __exit__(self, *exception):
        try:
            self.stop_runsv()
        finally:
            super().__exit__(*exception)
