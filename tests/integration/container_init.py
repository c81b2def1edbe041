"""Runs a command under one of the small inits, ours under its name or the real one, and talks to both.

    with Running(OURS, "tini", "-s", "--", *recorder()) as init:
        init.wait("up")
        os.kill(init.pid, signal.SIGTERM)
        assert init.wait("TERM")
        assert init.exit() == 0

Whatever it starts has the write end of one pipe as standard output, so that the end of the output is
the end of all of them.
"""

import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

import namespace

OURS, REAL = "ours", "real"
KINDS = [OURS, REAL]
DEADLINE = 60
INIT = pathlib.Path(os.environ.get("MAINSTAY_BIN", namespace.PROGRAMS)) / "init"
INITS = namespace.TOP / "build/inits/usr/bin"
NAMES = ["tini", "dumb-init", "catatonit"]

# Says "up" and then each signal that it gets, with WHO before it; ends by the one that END names. Its
# signals wait until it is asked for the next one, lowest number first.
RECORDER = """
import os, signal, sys
who, end = sys.argv[1], int(sys.argv[2])
def say(text):
    os.write(1, f"{who}{text}\\n".encode())
signals = {number for number in signal.valid_signals() if number != signal.SIGCHLD}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
exec(os.environ.get("RECORDER_SETUP", ""))
say("up")
while True:
    number = signal.sigwait(signals)
    say(int(number))
    exec(os.environ.get("RECORDER_ON_SIGNAL", ""))
    if number == end:
        sys.exit(5)
"""
LAST = 64  # comes after all others that are waiting


def fetch_inits():
    subprocess.run([namespace.TOP / "scripts/fetch", "inits"], check=True, stderr=subprocess.DEVNULL)


def links(directory):
    """A directory that has our program under each name."""
    for name in [*NAMES, "docker-init", "init"]:
        (directory / name).symlink_to(INIT)
    return directory


def recorder(who="", end=LAST):
    return [sys.executable, "-ISBc", RECORDER, who, str(end)]


def masked(text):
    """Without what differs each time: process ids."""
    return re.sub(r"(tini \(|\(catatonit:)\d+\)", r"\1N)", text)


class Places:
    """Where the programs are, by kind and name."""

    def __init__(self, ours):
        self._ours = ours

    def program(self, kind, name):
        return str(self._ours / name if kind == OURS else INITS / name)


class Running:
    """A process whose output is read line by line.

    pid_namespace   it is PID 1 of a new one
    """

    def __init__(self, *words, pid_namespace=False, env=None, **options):
        self._words = [str(word) for word in words]
        self._in_namespace = pid_namespace
        self._env = {**os.environ, **(env or {})}
        self._options = options
        self._text = b""
        self._read_end = None
        self.process = None

    def __enter__(self):
        enter = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"] if self._in_namespace else []
        self._read_end, write_end = os.pipe()
        self._errors = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(
                enter + self._words,
                stdin=self._options.pop("stdin", subprocess.DEVNULL),
                stdout=write_end,
                stderr=self._errors,
                env=self._env,
                **self._options,
            )
        finally:
            os.close(write_end)
        return self

    def __exit__(self, *_):
        for pid in self.descendants():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.kill()
        self.process.wait(DEADLINE)
        os.close(self._read_end)
        self._errors.close()

    def descendants(self):
        found = []
        look_at = [self.process.pid]
        while look_at:
            pid = look_at.pop()
            try:
                children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            look_at += map(int, children)
            found += map(int, children)
        return found

    @property
    def pid(self):
        """Of the init, as seen from here. Its command must have said something before."""
        if not self._in_namespace:
            return self.process.pid
        return int(pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text())

    def signal(self, number):
        os.kill(self.pid, number)

    def line(self):
        """The next line; empty at the end of all who could write one."""
        end = time.monotonic() + DEADLINE
        while b"\n" not in self._text:
            ready, _, _ = select.select([self._read_end], [], [], max(0, end - time.monotonic()))
            assert ready, f"{self._words}: nothing more was said; errors: {self.errors()}"
            data = os.read(self._read_end, 65536)
            if not data:
                line, self._text = self._text, b""
                return line.decode()
            self._text += data
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()

    def wait(self, wanted):
        """Lines up to the wanted one, without it."""
        found = []
        while (line := self.line()) != wanted:
            assert line, f"{wanted!r} never came, but {found}; errors: {self.errors()}"
            found.append(line)
        return found

    def rest(self):
        """All lines to the end of everybody."""
        found = []
        while line := self.line():
            found.append(line)
        return found

    def exit(self):
        return self.process.wait(DEADLINE)

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode()
