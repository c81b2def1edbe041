"""The supervisor's end of the boot link of a Pid1, in the hands of a test.

The supervisor in there is a shell script: it gives birth and sleeps. Its end of the link is taken
from it (pidfd_getfd), so that the test says what it says, and may do so after its death.
"""

import ctypes
import fcntl
import os
import pathlib
import signal
import socket
import struct

from namespace import DEADLINE, eventually

(HELLO, STOP, PROGRESS, STOPPED, BOOT_COMPLETE, KEEP, DROP, TABLE, CLAIM, EXIT_RECORDED) = range(1, 11)
(WELCOME, ACCEPTED, REFUSED, HAND_OVER_BEGIN, KEPT, ADOPTED, EXITED, HAND_OVER_END) = range(11, 19)

LAYOUT = struct.Struct("<IHHII48s")
GREETING = struct.Struct("<7I")
KEY = struct.Struct("<HHII")
PROCESS = struct.Struct("<ii4I")
MAGIC = 0x4B4E4C4D
IN_FLIGHT = 200

SUPERVISOR_SLEEP = "sleep 424242"


def script(children):
    """A supervisor whose first incarnation has children; they do not have the link."""
    return f"""#!/bin/sh
if [ ! -e /tmp/born ]; then
    echo > /tmp/born
    i=0
    while [ $i -lt {children} ]; do
        sleep 100000 3>&- &
        i=$((i + 1))
    done
fi
exec {SUPERVISOR_SLEEP}
"""


def pidfd_getfd(pid, number):
    pidfd = os.pidfd_open(pid)
    try:
        fd = ctypes.CDLL(None, use_errno=True).syscall(438, pidfd, number, 0)
        if fd < 0:
            raise OSError(ctypes.get_errno(), "pidfd_getfd")
        return fd
    finally:
        os.close(pidfd)


def children_of(pid):
    return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def state_of(pid):
    """The letter that the kernel shows: Z for one that is dead and not reaped."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def inner_pid(pid):
    """What a process is called in there."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    raise AssertionError(f"no NSpid of {pid}")


def find_supervisor(p, but=()):
    """The supervisor's pid, out here, once it sleeps."""

    def look():
        found = [c for c in children_of(p.pid) if command_of(c) == SUPERVISOR_SLEEP and c not in but]
        return found[0] if found else None

    return eventually(look, "a supervisor runs")


class Message:
    def __init__(self, packet, fds):
        magic, shape, self.kind, self.sequence, self.value, self.body = LAYOUT.unpack(packet)
        assert (magic, shape) == (MAGIC, 1)
        self.fds = fds

    def greeting(self):
        names = "version most_keys most_descriptors keys adopted exits tables".split()
        return dict(zip(names, GREETING.unpack_from(self.body)))

    def key(self):
        kind, _, number, _ = KEY.unpack_from(self.body)
        return kind, number

    def reason(self):
        return KEY.unpack_from(self.body)[3]

    def process(self):
        """pid, wait status, slot, role, service, generation"""
        return PROCESS.unpack_from(self.body)


class HandedOver:
    """What came of a Claim. Descriptors are closed by close()."""

    def __init__(self):
        self.kept = {}
        self.adopted = {}  # by pid: (process, pidfd)
        self.exits = []
        self.table = None

    def take(self, message):
        if message.kind == KEPT:
            assert message.value == len(message.fds)
            assert message.key() not in self.kept
            self.kept[message.key()] = message.fds
        elif message.kind == ADOPTED:
            process = message.process()
            assert process[0] not in self.adopted
            self.adopted[process[0]] = (process, message.fds[0])
        elif message.kind == EXITED:
            self.exits.append(message)
        elif message.kind == TABLE:
            (self.table,) = message.fds

    def close(self):
        for fds in self.kept.values():
            for fd in fds:
                os.close(fd)
        for _, pidfd in self.adopted.values():
            os.close(pidfd)
        if self.table is not None:
            os.close(self.table)


class Peer:
    def __init__(self, pid):
        self.pid = pid
        self.socket = socket.socket(fileno=pidfd_getfd(pid, 3))
        self.socket.settimeout(DEADLINE)
        self.sequence = 0
        self.accepted = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, kind, value=0, body=b"", fds=()):
        self.sequence += 1
        packet = LAYOUT.pack(MAGIC, 1, kind, self.sequence, value, body)
        socket.send_fds(self.socket, [packet], list(fds))
        return self.sequence

    def receive(self):
        """The next message; Accepted is taken note of and not returned."""
        while True:
            packet, fds, flags, _ = socket.recv_fds(self.socket, 65, 8)
            assert not flags & socket.MSG_CTRUNC
            message = Message(packet, fds)
            if message.kind != ACCEPTED:
                return message
            self.accepted = message.value

    def wait_accepted(self, sequence):
        """Waits until all up to a sequence was accepted. @returns what was refused, by sequence"""
        refused = {}
        while self.accepted < sequence:
            message = Message(*socket.recv_fds(self.socket, 65, 8)[:2])
            if message.kind == ACCEPTED:
                self.accepted = message.value
            else:
                assert message.kind == REFUSED, message.kind
                refused[message.value] = message.reason()
        return refused

    def hello(self):
        self.send(HELLO, self.pid, GREETING.pack(2, 0, 0, 0, 0, 0, 0))
        welcome = self.receive()
        assert welcome.kind == WELCOME
        return welcome.greeting()

    def keep(self, kind, number, fds):
        return self.send(KEEP, len(fds), KEY.pack(kind, 0, number, 0), fds)

    def drop(self, kind, number):
        return self.send(DROP, 0, KEY.pack(kind, 0, number, 0))

    def keep_table(self, pids):
        with state_table(pids) as table:
            return self.send(TABLE, 0, b"", [table.fileno()])

    def claim(self):
        """Claims, and takes all up to the end."""
        number = self.send(CLAIM, 7000 + self.sequence) + 6999
        begin = self.receive()
        assert (begin.kind, begin.value) == (HAND_OVER_BEGIN, number)
        handed = HandedOver()
        while (message := self.receive()).kind != HAND_OVER_END:
            handed.take(message)
        assert message.value == number
        return handed

    def claim_after_hello(self):
        self.hello()
        return self.claim()

    def exited(self):
        """The next exit. @returns its number and process"""
        message = self.receive()
        assert message.kind == EXITED, message.kind
        return message.value, message.process()

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)


# common/state_table.h; sizes are a table's own affair, and these are not what our supervisor has.
HEADER = struct.Struct("<IHH8I4I40s")
PROCESS_WORDS = struct.Struct("<IiQq")
SLOT_SIZE = 320
SLOTS_OFFSET = 4096
TABLE_SLOTS = 2048


def slot_of(service, words):
    return struct.pack("<II56s", service, 0, b"").ljust(64, b"\0") + b"".join(
        PROCESS_WORDS.pack(*word) for word in words
    )


def state_table(pids):
    """A sealed table with one process a slot: slot i, service i + 1, generation 10 + i, role 0."""
    memory = os.fdopen(os.memfd_create("table", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "r+b")
    details = SLOTS_OFFSET + TABLE_SLOTS * SLOT_SIZE
    geometry = (2048, 1024, SLOTS_OFFSET, SLOT_SIZE, TABLE_SLOTS, details, 8, 0)
    header = HEADER.pack(0x5453534D, 1, HEADER.size, *geometry, len(pids), 0, 0, 0, b"")
    memory.write(header)
    for i, pid in enumerate(pids):
        memory.seek(SLOTS_OFFSET + i * SLOT_SIZE)
        memory.write(slot_of(i + 1, [(10 + i, pid, 0, 0)]))
    memory.flush()
    memory.truncate(details + TABLE_SLOTS * 8)
    fcntl.fcntl(memory, 1033, 2)  # F_ADD_SEALS, F_SEAL_SHRINK
    return memory
