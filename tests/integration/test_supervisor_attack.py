"""Many clients at once that flood, stall, send garbage and vanish: an honest client is answered all
the same, memory stays bounded, and nothing is left of them."""

import contextlib
import grp
import os
import pathlib
import signal
import socket
import statistics
import time

import pytest

from supervised import Supervised, eventually, wait_open_for_runit
from svctl_runner import svctl

SLEEP = "exec sleep 100000"

# As many as there may be connections in all.
ATTACKERS = 64
OF_A_UID = 12

# What 64 connections may cost: a request, what is read ahead of it, and a piece of an answer each.
MEMORY = 64 * 512 * 1024

# How much slower the honest client's median may be than where the same attack hits another supervisor:
# so what the attackers themselves take of the machine counts on both sides.
SAME_ORDER, FLOOR = 10, 0.100
QUESTIONS = 60


@pytest.fixture
def s():
    with Supervised() as supervised:
        for i in range(20):
            supervised.add(f"web{i:02}", f"echo hello; {SLEEP}")
        supervised.start()
        for i in range(20):
            supervised.wait_state(f"web{i:02}", "ready")
        yield supervised


def median_latency(s, name="web07"):
    """Of whole commands. svctl waits in connect(2) where many are before it."""
    times = []
    for _ in range(QUESTIONS):
        begin = time.monotonic()
        result = svctl("status", name, control=s.socket)
        times.append(time.monotonic() - begin)
        assert (result.returncode, result.stderr) == (0, "")
    return statistics.median(times)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(0.5)
    client.connect(str(path))
    return client


def flood(path):
    """Questions with long answers, as fast as they are taken; answers are read now and then."""
    with connect(path) as client:
        for _ in range(200):
            client.sendall(b'{"id":1,"verb":"status"}\n' * 50)
            client.recv(65536)


def stall(path):
    """Asks for much and reads nothing."""
    with connect(path) as client:
        client.sendall(b'{"id":1,"verb":"log","follow":true}\n' * 1000)
        time.sleep(0.3)


def stall_before_the_end_of_a_line(path):
    with connect(path) as client:
        client.sendall(b'{"id":1,"verb":')
        time.sleep(0.3)


def send_garbage(path):
    with connect(path) as client:
        for _ in range(64):
            client.sendall(os.urandom(8192))


def send_a_line_without_end(path):
    with connect(path) as client:
        for _ in range(1000):
            client.sendall(b'"' * 65536)


def vanish(path):
    """Asks for what is told later, and is gone."""
    for verb in (b"events", b"wait", b"status", b"log"):
        with connect(path) as client:
            client.sendall(b'{"id":1,"verb":"%s","services":["web*"],"follow":true,"for":"down"}\n' % verb)


ATTACKS = (flood, stall, stall_before_the_end_of_a_line, send_garbage, send_a_line_without_end, vanish)


class Attackers:
    """Processes of their own, as each thread of ours would slow the honest client down; users that
    may look, several connections each."""

    def __init__(self, path, enter=lambda: None):
        """enter() is called in each, as root: where the supervisor is in a namespace of its own."""
        self._children = []
        for number in range(ATTACKERS):
            pid = os.fork()
            if pid == 0:
                self._run(path, enter, 60001 + number // OF_A_UID, ATTACKS[number % len(ATTACKS)])
            self._children.append(pid)

    @staticmethod
    def _run(path, enter, uid, attack):
        try:
            adm = grp.getgrnam("adm").gr_gid
            enter()
            os.setgroups([])
            os.setgid(adm)
            os.setuid(uid)
            os.nice(5)
            while True:
                try:
                    attack(path)
                except OSError:
                    time.sleep(0.01)
        finally:
            os._exit(0)

    def are_alive(self):
        return all(os.waitpid(pid, os.WNOHANG) == (0, 0) for pid in self._children)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become several users")
def test_an_honest_client_is_answered_while_64_others_attack(s):
    s.top.chmod(0o755)
    pid = s.process.pid
    with Supervised() as other:
        other.start()
        other.top.chmod(0o755)
        with Attackers(other.socket):
            eventually(lambda: descriptors(other.process.pid) > ATTACKERS // 2, "they are at it")
            quiet = median_latency(s)
    wait_open_for_runit(s.definitions.iterdir())
    s.wait_for_svlog()
    s.ask(verb="list")  # by then it has also closed the connection of the last svctl
    memory, open_before = resident(pid), descriptors(pid)
    with Attackers(s.socket) as attackers:
        eventually(lambda: descriptors(pid) > open_before + ATTACKERS // 2, "they are at it")
        attacked = median_latency(s)
        assert attackers.are_alive()
        assert resident(pid) < memory + MEMORY
        assert svctl("restart", "web07", control=s.socket).returncode == 0, "it also acts"
    print(f"median of an honest client: {quiet * 1e3:.2f} ms, attacked {attacked * 1e3:.2f} ms")
    assert attacked < quiet * SAME_ORDER + FLOOR
    eventually(lambda: descriptors(pid) == open_before, "nothing is left open")
    assert resident(pid) < memory + MEMORY
    assert len(s.messages()) < 64 * 1024, "nor is the log flooded"


@contextlib.contextmanager
def looker(uid):
    """Connects as a user that may look."""
    os.setegid(grp.getgrnam("adm").gr_gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become several users")
def test_those_who_may_only_look_leave_places_for_those_who_act(s):
    s.top.chmod(0o755)
    with contextlib.ExitStack() as stack:
        def connect_as(uid):
            with looker(uid):
                return stack.enter_context(s.client())

        taken = [connect_as(60001 + number // 16) for number in range(48)]
        assert all("protocol" in client.greeting for client in taken)
        assert connect_as(60009).greeting["code"] == "too-many-connections"
        assert s.ask(verb="restart", services=["web07"]).exit == 0
