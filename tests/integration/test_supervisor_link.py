"""The boot link between PID 1 and the supervisor, with the test in the place of PID 1."""

import concurrent.futures
import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import tempfile
import time

import pytest

from link_peer import (
    ADOPTED,
    CLAIM,
    DROP,
    EXIT_RECORDED,
    EXITED,
    GREETING,
    HAND_OVER_BEGIN,
    HAND_OVER_END,
    HEADER,
    KEEP,
    KEPT,
    KEY,
    PROCESS,
    PROCESS_WORDS,
    TABLE,
    WELCOME,
    Message,
)
from supervised import DEADLINE, Supervised, eventually, wait_open_for_runit
from test_supervisor_cgroups import directories, own_cgroup

SLEEP = "exec sleep 100000"
HELLO, STOP, PROGRESS, STOPPED, BOOT_COMPLETE = 1, 2, 3, 4, 5
LAYOUT = struct.Struct("<IHHII48s")
MAGIC = 0x4B4E4C4D
SYSTEM_GOES_ON, MACHINE_ENDS = 0, 1
IN_MEMORY = {0x01021994, 0x858458F6}  # tmpfs and ramfs, of statfs(2)


class Link:
    """PID 1's end."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sequence = 0

    def send(self, kind, value=0):
        self.ours.send(LAYOUT.pack(MAGIC, 1, kind, 1, value, b""))

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


def lasts(directory):
    kind = subprocess.check_output(["stat", "-f", "-c", "%t", directory], text=True)
    return int(kind, 16) not in IN_MEMORY


@pytest.mark.parametrize("after, place", [(SYSTEM_GOES_ON, "memory"), (MACHINE_ENDS, "memory"), (MACHINE_ENDS, "here")])
def test_what_ends_with_the_machine_is_left_as_it_is(after, place):
    with own_cgroup() as cgroup, tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        with Supervised(cgroup.command()) as s:
            s.link = Link()
            s.add("web", SLEEP)
            supervise = s.definitions / "web/supervise"
            if place == "memory":
                assert not lasts(memory)
                supervise.symlink_to(memory)
            start(s)
            assert s.link.receive()[0] == BOOT_COMPLETE
            wait_open_for_runit([s.enabled / "web"])
            is_lost = after == MACHINE_ENDS and not lasts(supervise)

            begin = time.monotonic()
            s.link.send(STOP, after)
            while s.link.receive() is not None:
                pass
            assert s.process.wait(DEADLINE) == 0
            stat = (supervise / "stat").read_text()
            if is_lost:
                # What takes longer than 200 ms, as on a busy machine, is written meanwhile.
                assert stat.startswith("run") or time.monotonic() - begin > 0.2
            else:
                assert stat.startswith("down")
            left = directories(cgroup.path)
            assert ("mainstay/web" in left) == (after == MACHINE_ENDS)
            for directory in reversed(left):
                (cgroup.path / directory).rmdir()


def test_progress_goes_on_while_somebody_does_not_stop(s):
    s.add("slow", f"trap '' TERM; echo > {s.top}/set; while [ ! -e go ]; do sleep 0.1; done", timeout__kill="600000")
    start(s)
    assert s.link.receive()[0] == BOOT_COMPLETE
    s.wait_text("set", "\n")
    s.link.send(STOP)
    # At once, and then again and again.
    assert [s.link.receive() for _ in range(3)] == [(PROGRESS, 1, "slow")] * 3
    (s.definitions / "slow/go").touch()
    while (message := s.link.receive()) is not None:
        last = message
    assert last[0] == STOPPED


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
    assert s.link.receive() is None
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
    # The shell has its script open as well.
    descriptors = f"/proc/{s.pid('web')}/fd"
    eventually(lambda: sorted(os.listdir(descriptors)) == ["0", "1", "2"], f"{os.listdir(descriptors)} are three")
    s.process.send_signal(signal.SIGTERM)
    eventually(lambda: s.process.poll() == 0, "it ends")


# --- a PID 1 that keeps


class KeepingLink:
    """PID 1's end, of one that knows how to keep."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.settimeout(DEADLINE)
        self.sequence = 0

    def send(self, kind, value=0, body=b"", fds=()):
        self.sequence += 1
        socket.send_fds(self.ours, [LAYOUT.pack(MAGIC, 1, kind, self.sequence, value, body)], list(fds))

    def next(self):
        return Message(*socket.recv_fds(self.ours, 65, 8)[:2])

    def receive(self, kind):
        """The next message of that kind; others, and what comes with them, are passed over."""
        while (message := self.next()).kind != kind:
            for fd in message.fds:
                os.close(fd)
        return message

    def welcome(self, adopted=0, tables=0):
        self.send(WELCOME, 0, GREETING.pack(2, 1000, 1000, 0, adopted, 0, tables))

    def close(self):
        self.ours.close()
        self.theirs.close()


@contextlib.contextmanager
def begun(s):
    """Starts a supervisor that talks to the link that this is; it answers svctl when the block has ended."""
    link = KeepingLink()
    with concurrent.futures.ThreadPoolExecutor(1) as other, contextlib.closing(link):
        number = link.theirs.fileno()
        environment = {"MAINSTAY_LINK": str(number), "MAINSTAY_LINK_VERSION": "2"}
        started = other.submit(s.start, environment=environment, pass_fds=[number])
        link.receive(HELLO)
        link.theirs.close()
        yield link, started.result
        started.result()


def run_of(table, pid):
    """What a message says of the process in the table that has this pid: slot, role, service, generation."""
    header = HEADER.unpack(os.pread(table, HEADER.size, 0))
    slots_offset, slot_size, used = header[5], header[6], header[11]
    for number in range(used):
        slot = os.pread(table, 64 + PROCESS_WORDS.size, slots_offset + number * slot_size)
        generation, its_pid, _, _ = PROCESS_WORDS.unpack_from(slot, 64)
        if its_pid == pid:
            return number, 0, struct.unpack_from("<I", slot)[0], generation
    raise AssertionError(f"{pid} is not in the table")


@pytest.fixture
def left(s):
    """A service that a supervisor left when it was killed: its pid, a pidfd of it, and the table."""
    s.add("web", SLEEP)
    with begun(s) as (link, is_started):
        link.welcome()
        (table,) = link.receive(TABLE).fds
        is_started()
        s.wait_state("web", "ready")
        pid = s.pid("web")
        pidfd = os.pidfd_open(pid)
        s.process.kill()
        s.process.wait(DEADLINE)
    yield pid, pidfd, table
    os.close(pidfd)
    os.close(table)


def hand_over(link, number, left, exit_status=None):
    """exit_status: of the process, which ends after it was handed over alive."""
    pid, pidfd, table = left
    its_place = run_of(table, pid)
    link.send(HAND_OVER_BEGIN, number)
    link.send(TABLE, fds=[table])
    link.send(ADOPTED, 0, PROCESS.pack(pid, 0, *its_place), [pidfd])
    if exit_status is not None:
        link.send(EXITED, 77, PROCESS.pack(pid, exit_status, *its_place))
    link.send(HAND_OVER_END, number)


def test_who_gets_no_answer_asks_again_and_takes_only_the_answer_to_that(s, left):
    pid, pidfd, table = left
    with begun(s) as (link, is_started):
        # The first Hello was lost.
        link.receive(HELLO)
        link.welcome(adopted=1, tables=1)
        first = link.receive(CLAIM).value
        second = link.receive(CLAIM).value
        assert second != first
        # A Welcome that comes late, and an answer to the first Claim, that is not true any more.
        link.welcome()
        link.send(HAND_OVER_BEGIN, first)
        link.send(EXITED, 5, PROCESS.pack(pid, signal.SIGSEGV, *run_of(table, pid)))
        link.send(HAND_OVER_END, first)
        hand_over(link, second, left)
        is_started()
        view = s.status("web")
        assert (view["pid"], view["state"]) == (pid, "ready")
        assert "last_death" not in view
        # From now on its exit is believed.
        os.kill(pid, signal.SIGKILL)
        link.send(EXITED, 6, PROCESS.pack(pid, signal.SIGKILL, *run_of(table, pid)))
        s.wait_other_pid("web", pid)
        assert s.status("web")["last_death"]["signal"] == signal.SIGKILL
        assert s.stop() == 0


def test_who_ends_while_he_is_handed_over_has_ended(s, left):
    pid = left[0]
    os.kill(pid, signal.SIGSEGV)
    with begun(s) as (link, is_started):
        link.welcome(adopted=1, tables=1)
        hand_over(link, link.receive(CLAIM).value, left, exit_status=signal.SIGSEGV)
        assert link.receive(EXIT_RECORDED).value == 77
        is_started()
        s.wait_other_pid("web", pid)
        assert s.status("web")["last_death"]["signal"] == signal.SIGSEGV
        assert s.stop() == 0


LOG_PIPE, ARENA = 1, 3


def test_a_hand_over_that_begins_anew_leaves_nothing_of_the_one_before(s):
    """A PID 1 that is replaced in the middle of it tells all of it again."""
    s.add("web", f"echo first; while [ ! -e {s.top}/go ]; do sleep 0.02; done; echo second; {SLEEP}")
    with begun(s) as (link, is_started):
        link.welcome()
        is_started()
        s.wait_state("web", "ready")
        s.wait_for_svlog()
        pid, kept = s.pid("web"), {}
        pipe = os.stat(f"/proc/{pid}/fd/1").st_ino
        while (ARENA, 0) not in kept or pipe not in [os.fstat(fds[0]).st_ino for fds in kept.values()]:
            message = link.next()
            if message.kind == TABLE:
                (table,) = message.fds
            elif message.kind == KEEP:
                kept[message.key()] = message.fds
        pidfd = os.pidfd_open(pid)
        s.process.kill()
        s.process.wait(DEADLINE)
    with begun(s) as (link, is_started):
        link.welcome(adopted=1, tables=1)
        number = link.receive(CLAIM).value
        for _ in range(2):
            link.send(HAND_OVER_BEGIN, number)
            link.send(TABLE, fds=[table])
            for (kind, its_id), fds in kept.items():
                link.send(KEPT, len(fds), KEY.pack(kind, 0, its_id, 0), fds)
        link.send(ADOPTED, 0, PROCESS.pack(pid, 0, *run_of(table, pid)), [pidfd])
        link.send(HAND_OVER_END, number)
        is_started()
        (s.top / "go").touch()
        eventually(lambda: s.status("web").get("log") == ["first", "second"], "its output is read as before")
        s.add("other", f"echo other; {SLEEP}")
        eventually(lambda: s.status("other").get("log") == ["other"], "svlog has heard of all")
        s.process.send_signal(signal.SIGSTOP)
        link.ours.setblocking(False)
        dropped = []
        with contextlib.suppress(BlockingIOError):
            while message := link.next():
                dropped += [message.key()] if message.kind == DROP else []
                for fd in message.fds:
                    os.close(fd)
        s.process.send_signal(signal.SIGCONT)
        assert not set(dropped) & set(kept)
        os.kill(pid, signal.SIGKILL)
        link.send(EXITED, 1, PROCESS.pack(pid, signal.SIGKILL, *run_of(table, pid)))
        s.wait_other_pid("web", pid)
        assert s.stop() == 0
    for fd in (pidfd, table, *(fd for fds in kept.values() for fd in fds)):
        os.close(fd)
