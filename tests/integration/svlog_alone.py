"""Runs svlog without a supervisor: the test is at the other end of its link.

    with Svlog(log_dir=directory) as svlog:
        web = svlog.add("web", max_size=4096)
        os.write(web, b"a line\n")

What the messages look like is in supervisor/svlog/link_message.cpp. The arena is not looked at but for what
makes it: that is what the unit tests do.
"""

import array
import fcntl
import os
import pathlib
import select
import signal
import socket
import struct
import subprocess

import namespace

SUPERVISOR = pathlib.Path(os.environ.get("MAINSTAY_BIN", namespace.PROGRAMS)) / "supervisor"
SETUP, ADD, CHANGE, REMOVE, FINISH, DONE, REFUSED, REMOVED, NOTICE, NEWS = range(1, 11)
HEAD = struct.Struct("=BBHIIIIIQQq")
NO_GROUP = 0xFFFFFFFF
FORMATS = {"iso": 0, "tai64n": 1, "none": 2}
FOREVER = 100 * 365 * 24 * 3600
# As supervisor/svlog/arena.h has it: 32,768 slots of 128 bytes, 16,384 blocks of 1 KiB.
ARENA_LAYOUT = 2
ARENA_SIZE = 128 + 32768 * 128 + 16384 * 16 + 4096 + 16384 * 1024

eventually = namespace.eventually


class Svlog:
    def __init__(self, log_dir=None, prefix=(), link_version=2, program=SUPERVISOR, env=None):
        self.log_dir = log_dir and pathlib.Path(log_dir)
        self.prefix = list(prefix)
        self.link_version = link_version
        self.program, self.env = program, env
        self.memory = os.memfd_create("arena", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.memory, ARENA_SIZE)
        fcntl.fcntl(self.memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        os.pwrite(self.memory, struct.pack("=I", ARENA_LAYOUT), 0)
        self.stage = os.pipe()
        self.pipes = {}  # by slot: read end, write end, name, settings
        self.done = 0
        self.sent = 0
        self.removed = set()
        self.refused = []
        self.notices = []
        self.process = None

    def start(self):
        self.start_process()
        for slot in self.pipes:
            self._hand_over(slot)

    def start_process(self):
        self.link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = self.prefix + (["--log-dir", str(self.log_dir)] if self.log_dir else [])
        if self.prefix:
            self.process = subprocess.Popen(command, stdin=theirs)
        else:
            self.process = subprocess.Popen(
                ["svlog", *command], executable=self.program, stdin=theirs, env=self.env
            )
        theirs.close()
        self.send(SETUP, NO_GROUP, number=self.link_version, fds=[self.memory, *self.stage])

    def send(self, kind, slot, number=0, text="", fds=(), **settings):
        values = dict(
            format="iso", memory=65536, max_size=1 << 20, max_files=10, min_free=0, max_age=FOREVER
        )
        values.update(settings)
        head = HEAD.pack(
            kind,
            FORMATS[values["format"]],
            len(text.encode()),
            slot,
            number,
            values["max_files"],
            values["min_free"],
            0,
            values["memory"],
            values["max_size"],
            values["max_age"],
        )
        rights = []
        if fds:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
        self.link.sendmsg([head + text.encode()], rights)

    def add(self, name, slot=None, pipe_size=None, **settings):
        """Hands a new pipe over. Returns its write end."""
        slot = len(self.pipes) + 1 if slot is None else slot
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        self.pipes[slot] = (read_end, write_end, name, settings)
        self._hand_over(slot)
        return write_end

    def _hand_over(self, slot):
        self.tell_of(slot)
        self.wait_done()

    def tell_of(self, slot):
        read_end, _, name, settings = self.pipes[slot]
        self.send(ADD, slot, text=name, fds=[read_end], **settings)
        self.sent += 1

    def wait_done(self):
        eventually(lambda: self.hear() and self.done == self.sent, "all is acknowledged")

    def hear(self):
        """Takes what svlog says without waiting. Returns False where it has gone."""
        while select.select([self.link], [], [], 0)[0]:
            message = self.link.recv(2048)
            if not message:
                return False
            kind, _, size, slot, number = HEAD.unpack(message[: HEAD.size])[:5]
            if kind == DONE:
                self.done += number
            elif kind == REFUSED:
                self.done += 1
                self.refused.append(slot)
            elif kind == REMOVED:
                self.removed.add(slot)
            elif kind == NOTICE:
                self.notices.append(message[HEAD.size :].decode())
        return True

    def wait_notice(self, part):
        eventually(
            lambda: self.hear() and any(part in notice for notice in self.notices),
            f"a notice with {part!r}; there were {self.notices}",
        )

    def change(self, slot, **settings):
        self.send(CHANGE, slot, **settings)
        self.sent += 1
        self.wait_done()

    # --- its files

    def files(self, name):
        """Oldest first, current last, as they are at one moment."""
        directory = self.log_dir / name
        names = os.listdir(directory) if directory.is_dir() else []
        rotated = sorted(file for file in names if file.startswith("@") and file.endswith(".s"))
        return [directory / file for file in rotated + ["current"] * ("current" in names)]

    def _of_files(self, name, ask):
        """What `ask` says of them all, none of which was renamed meanwhile."""

        def settled():
            try:
                files = self.files(name)
                answer = ask(files)
                return [answer] if self.files(name) == files else None
            except FileNotFoundError:
                return None

        return eventually(settled, "files that stay")[0]

    def text(self, name):
        return self._of_files(name, lambda files: b"".join(path.read_bytes() for path in files))

    def size(self, name):
        return self._of_files(name, lambda files: sum(path.stat().st_size for path in files))

    def wait_text(self, name, part):
        part = part.encode()
        eventually(lambda: part in self.text(name), f"{part} in the files of {name}")

    # --- its end

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.link.close()
        self.done = self.sent = 0

    def finish(self):
        """As the supervisor does: it drains, then ends."""
        self.send(FINISH, 0)
        return self.process.wait(namespace.DEADLINE)

    def signal(self, name):
        self.process.send_signal(getattr(signal, "SIG" + name))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.link.close()
        for read_end, write_end, *_ in self.pipes.values():
            os.close(read_end)
            try:
                os.close(write_end)
            except OSError:
                pass
        for fd in (self.memory, *self.stage):
            os.close(fd)
