"""Runs a supervisor over a directory of real services in a temporary directory, and talks to it.

    with Supervised() as s:
        s.add("web", run="exec sleep 1000")
        s.start()
        s.wait_state("web", "ready")
        assert s.ask(verb="down", services=["web"]).exit == 0

Every service finds the control socket in its environment (SVCTL_SOCKET), which is below the
temporary directory: by that its processes are known, whatever they became. Leaving the `with`
block stops the supervisor and fails if anything that it started is still there.
"""

import contextlib
import errno
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

import namespace

SUPERVISOR = pathlib.Path(os.environ.get("MAINSTAY_BIN", namespace.PROGRAMS)) / "supervisor"
DEADLINE = namespace.DEADLINE


def eventually(condition, what, deadline=DEADLINE):
    return namespace.eventually(condition, what, deadline)


class Answer:
    def __init__(self, lines):
        self.lines = lines
        self.services = {line["service"]: line for line in lines if "service" in line}
        self.exit = lines[-1].get("exit")
        self.error = lines[-1].get("error")
        self.code = lines[-1].get("code")


class Client:
    """One control connection."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(str(path))
        self.file = self.socket.makefile("rb")
        self.greeting = self.read_line()
        self._id = 0

    def read_line(self):
        """The next line as an object; None at the end."""
        line = self.file.readline()
        return json.loads(line) if line else None

    def send(self, **request):
        self._id += 1
        request.setdefault("id", self._id)
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        return request["id"]

    def read_answer(self):
        lines = []
        while True:
            line = self.read_line()
            assert line is not None, f"the connection ended within an answer, after {lines}"
            lines.append(line)
            if "done" in line or ("error" in line and "service" not in line):
                return Answer(lines)

    def ask(self, **request):
        self.send(**request)
        return self.read_answer()

    def leave(self):
        """Ends the connection, and waits until the supervisor has: it has one descriptor more until then."""
        with contextlib.suppress(ConnectionError):  # it has ended first
            self.socket.shutdown(socket.SHUT_WR)
            while self.file.read1():
                pass
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def is_open_for_runit(directory):
    """Whether runit's clients find somebody who looks after this service directory."""
    try:
        os.close(os.open(directory / "supervise/ok", os.O_WRONLY | os.O_NONBLOCK))
        return True
    except OSError as error:
        assert error.errno in (errno.ENXIO, errno.ENOENT), error
        return False


def wait_open_for_runit(directories):
    """After that a supervisor opens no more descriptors by itself."""
    left = list(directories)

    def all_open():
        left[:] = [directory for directory in left if not is_open_for_runit(directory)]
        return not left

    eventually(all_open, "runit's clients find every service")


def svlog_of(supervisor):
    """The pid of its svlog, or None."""
    with contextlib.suppress(OSError):
        for child in pathlib.Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split():
            with contextlib.suppress(OSError):  # this one went in this moment
                # Its command, which it has from its first instruction on: it names itself later.
                if pathlib.Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"svlog\0"):
                    return int(child)
    return None


def wait_for_svlog(supervisor):
    """It comes a moment after the first service, and takes descriptors of its supervisor, the last of them a pidfd."""

    def is_watched():
        pid, svlog = supervisor(), svlog_of(supervisor())
        with contextlib.suppress(OSError):  # it, or one of them, went in this moment
            infos = pathlib.Path(f"/proc/{pid}/fdinfo").iterdir() if svlog else ()
            return any(f"\nPid:\t{svlog}\n" in info.read_text() for info in infos)
        return False

    eventually(is_watched, "svlog runs")


class Supervised:
    def __init__(self, enter=()):
        """enter: words before the supervisor's command, that end in executing it."""
        self._enter = list(enter)
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="supervised-"))
        self.definitions = self.top / "sv"
        self.enabled = self.top / "service"
        self.socket = self.top / "control"
        self.log = self.top / "messages"
        self.process = None
        self.definitions.mkdir()
        self.enabled.mkdir()

    # --- services

    def define(self, name, run=None, **files):
        """A directory below sv/. Files are named by keyword: finish=..., log_run=... (log/run)."""
        directory = self.definitions / name
        directory.mkdir(parents=True, exist_ok=True)
        if run is not None:
            self.script(directory / "run", run)
        for key, text in files.items():
            path = directory / key.replace("__", "-").replace("_", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.name in ("run", "finish", "check", "setup"):
                self.script(path, text)
            else:
                path.write_text(text)
        return directory

    def script(self, path, text):
        # Renamed into place: a program that is being written cannot be executed.
        new = path.with_name(path.name + ".new")
        new.write_text(f"#!/bin/sh\n{text}\n")
        new.chmod(0o755)
        new.rename(path)

    def enable(self, name, target=None):
        link = self.enabled / name
        new = self.top / "link.new"
        new.symlink_to(target or self.definitions / name)
        new.rename(link)

    def disable(self, name):
        (self.enabled / name).unlink()

    def add(self, name, run=None, **files):
        self.define(name, run, **files)
        self.enable(name)

    # --- the supervisor

    def start(self, *arguments, directory=None, environment=None, pass_fds=()):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self._enter, SUPERVISOR, "--control", self.socket, *arguments, directory or self.enabled],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
                pass_fds=pass_fds,
            )
        eventually(self._answers, f"the supervisor answers; it said: {self.messages()}")

    def _answers(self):
        assert self.process.poll() is None, f"the supervisor ended: {self.messages()}"
        try:
            with self.client() as client:
                client.leave()
                # None where what was reached is the socket of one that was just killed.
                return client.greeting is not None
        except OSError:
            return False

    def wait_for_svlog(self):
        wait_for_svlog(lambda: self.process.pid)

    def client(self):
        return Client(self.socket)

    def ask(self, **request):
        with self.client() as client:
            answer = client.ask(**request)
            client.leave()
            return answer

    def status(self, name):
        return self.ask(verb="status", services=[name]).services[name]

    def known(self):
        return set(self.ask(verb="list").services)

    def pid(self, name):
        return self.status(name).get("pid")

    def wait_state(self, name, state):
        def reached():
            view = self.status(name)
            return view if view.get("state") == state else None

        return eventually(reached, f"{name} is {state}")

    def wait_other_pid(self, name, before):
        return eventually(
            lambda: self.status(name).get("pid") not in (None, before) and self.pid(name),
            f"{name} runs as another process than {before}",
        )

    def messages(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_message(self, part):
        eventually(lambda: part in self.messages(), f"a message with {part!r}")

    def read(self, name):
        path = self.top / name
        return path.read_text() if path.exists() else ""

    def wait_text(self, name, part):
        eventually(lambda: part in self.read(name), f"{part!r} in {name}")
        return self.read(name)

    # --- what is left

    def processes(self):
        """Pids of everything that was started below this supervisor, but svlog."""
        return [pid for pid in self._all_processes() if pid != self.svlog()]

    def svlog(self):
        """The pid of svlog; None while there is none."""
        for pid in self._all_processes():
            try:
                # Its command, which it has from its first instruction on: it names itself later.
                if pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"svlog\0"):
                    return pid
            except OSError:
                pass
        return None

    def _all_processes(self):
        mark = f"SVCTL_SOCKET={self.socket}".encode()
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                pass
        return found

    def wait_gone(self):
        """svlog ends with the supervisor, not before it."""
        runs = self.process and self.process.poll() is None
        left = self.processes if runs else self._all_processes
        eventually(lambda: not left(), f"gone: {left()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process and self.process.poll() is None:
                self.stop()
            if kind is None:
                self.wait_gone()
        finally:
            if self.process and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            for pid in self._all_processes():
                os.kill(pid, signal.SIGKILL)
            shutil.rmtree(self.top, ignore_errors=True)
