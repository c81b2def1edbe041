"""The boot link between PID 1 and the supervisor, with the test in the place of PID 1."""

import os
import select
import signal
import socket
import struct

import pytest

from supervised import DEADLINE, Supervised, eventually

SLEEP = "exec sleep 100000"
HELLO, STOP, PROGRESS, STOPPED, BOOT_COMPLETE = 1, 2, 3, 4, 5
LAYOUT = struct.Struct("<IHHII48s")
MAGIC = 0x4B4E4C4D


class Link:
    """PID 1's end."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sequence = 0

    def send(self, kind):
        self.ours.send(LAYOUT.pack(MAGIC, 1, kind, 1, 0, b""))

    def receive(self):
        """The next message as (type, value, text); None where the other end is closed."""
        ready, _, _ = select.select([self.ours], [], [], DEADLINE)
        assert ready, "silence on the boot link"
        packet = self.ours.recv(65)
        if not packet:
            return None
        magic, version, kind, sequence, value, text = LAYOUT.unpack(packet)
        assert (magic, version) == (MAGIC, 1)
        self.sequence += 1
        assert sequence == self.sequence
        return kind, value, text.rstrip(b"\0").decode()


@pytest.fixture
def s():
    with Supervised() as supervised:
        supervised.link = Link()
        yield supervised


def start(s):
    """With PID 1 a machine's services get PATH and /etc/environment: they say so to a file."""
    theirs = s.link.theirs
    s.start(environment={"MAINSTAY_LINK": str(theirs.fileno())}, pass_fds=[theirs.fileno()])
    theirs.close()
    kind, value, _ = s.link.receive()
    assert (kind, value) == (HELLO, s.process.pid)


def test_hello_boot_complete_stop_progress_stopped(s):
    s.add("web", SLEEP, log_run="exec cat > /dev/null")
    s.add("down", SLEEP, down="")
    s.add("broken")
    start(s)
    assert s.link.receive()[0] == BOOT_COMPLETE
    assert s.status("web")["state"] == "ready"
    s.link.send(STOP)
    kinds = []
    while (message := s.link.receive()) is not None:
        kinds.append(message[0])
        if message[0] == PROGRESS:
            assert message[1] > 0
            assert message[2] in ("web", "web/log")
    assert kinds[0] == PROGRESS
    assert kinds[-1] == STOPPED
    assert set(kinds[:-1]) == {PROGRESS}
    assert s.process.wait(DEADLINE) == 0


def test_boot_is_complete_without_any_service(s):
    start(s)
    assert s.link.receive()[0] == BOOT_COMPLETE


def test_progress_goes_on_while_somebody_does_not_stop(s):
    s.add(
        "slow",
        f"trap '' TERM; echo > {s.top}/set; while :; do sleep 0.1; done",
        timeout__kill="7000",
    )
    start(s)
    assert s.link.receive()[0] == BOOT_COMPLETE
    s.wait_text("set", "\n")
    s.link.send(STOP)
    messages = []
    while (message := s.link.receive()) is not None:
        messages.append(message)
    # At once, and at least every 3 s of the 7 s that it takes.
    assert [m for m in messages if m[0] == PROGRESS and m[1:] == (1, "slow")][:3]
    assert messages[-1][0] == STOPPED
    assert len(messages) >= 4


def test_services_stop_when_pid_1_is_gone(s):
    s.add("web", SLEEP)
    start(s)
    assert s.link.receive()[0] == BOOT_COMPLETE
    s.link.ours.close()
    assert s.process.wait(DEADLINE) == 0
    s.wait_gone()


def test_garbage_on_the_link_is_ignored(s):
    start(s)
    assert s.link.receive()[0] == BOOT_COMPLETE
    s.link.ours.send(b"garbage")
    s.link.ours.send(b"\0" * 64)
    s.link.ours.send(b"x" * 4096)
    assert s.ask(verb="list").exit == 0
    s.link.send(STOP)
    assert s.link.receive()[0] == STOPPED
    assert s.process.wait(DEADLINE) == 0


def test_a_link_that_is_none_is_said_and_done_without(s):
    s.link.theirs.close()
    s.start(environment={"MAINSTAY_LINK": "999"})
    s.wait_message("MAINSTAY_LINK=999: Bad file descriptor; going on without PID 1")


def test_services_do_not_inherit_the_link(s):
    s.add("web", f"echo ${{MAINSTAY_LINK-unset}} > {s.top}/said; {SLEEP}")
    start(s)
    s.link.receive()
    assert s.wait_text("said", "\n") == "unset\n"
    assert sorted(os.listdir(f"/proc/{s.pid('web')}/fd")) == ["0", "1", "2"]
    s.process.send_signal(signal.SIGTERM)
    eventually(lambda: s.process.poll() == 0, "it ends")
