"""PID 1 keeps what services stored (FDSTORE) and who waits at their sockets while there is no supervisor."""

import contextlib
import os
import pathlib
import signal
import socket
import types

import pytest

import puppet
from namespace import LIBRARIES, eventually
from supervised import DEADLINE
from test_supervisor_crash import Machine, service

RUN = "#!/bin/sh\nexec /usr/bin/python3 -ISB /puppet.py /run/web.puppet\n"
CONF = """
ready = notify
fd-store-max = 8
listen = unix:/run/web.sock name=a
restart-delay = 10 ms
"""
NAMES = "os.environ['LISTEN_FDNAMES']"
TAKE = "socket.socket(fileno=os.dup(3)).accept()[0].recv(100).decode()"


class Storing(Machine):
    """A machine with one service, which does what it is told to."""

    def __init__(self):
        files = service("web", RUN, service__conf=CONF) | {"/puppet.py": pathlib.Path(puppet.__file__).read_text()}
        super().__init__(files, programs={"/usr/bin/python3": "/usr/bin/python3"}, shared=LIBRARIES)

    def web(self):
        """Its run that has begun, when it is ready."""
        found = puppet.Puppet(types.SimpleNamespace(top=self.root / "run"), "web")
        found("notify('READY=1') or barrier()")
        return found

    def web_ends(self, web):
        web.path.unlink()  # so that nobody takes it for the next
        web.tell("os._exit(1)")
        assert web.file.readline() == ""

    def held_by_pid_1(self):
        held = set()
        for link in pathlib.Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                held.add(os.readlink(link))
        return held

    def join_queue(self, words):
        """A client of its socket, whom it has not accepted yet."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(DEADLINE)
        client.connect(str(self.root / "run/web.sock"))
        client.sendall(words)
        return client


@pytest.fixture
def machine():
    with Storing() as storing:
        yield storing


def test_names_contents_and_queues_outlive_supervisors(machine):
    web = machine.web()
    web("keep('text', b'hello')")
    web("pipes.append(os.pipe()) or os.write(pipes[0][1], b'on its way') and None")
    web("notify('FDSTORE=1\\nFDNAME=pipe', [pipes[0][0]]) or notify('FDSTORE=1', [pipes[0][1]]) or barrier()")
    clients = [machine.join_queue(b"first")]
    eventually(lambda: "/memfd:text (deleted)" in machine.held_by_pid_1(), "PID 1 has taken it")
    machine.kill_supervisor()
    clients.append(machine.join_queue(b"second"))
    assert web("os.getpid()") == web.pid == machine.status("web")["pid"]
    machine.web_ends(web)
    web = machine.web()
    assert web(NAMES) == "a:text:pipe:stored"
    assert web("os.pread(4, 100, 0).decode()") == "hello"
    assert web("os.read(5, 100).decode()") == "on its way"
    assert [web(TAKE), web(TAKE)] == ["first", "second"]
    # One that is given back stays away.
    web("notify('FDSTOREREMOVE=1\\nFDNAME=text') or keep('late', b'last words') or barrier()")
    clients.append(machine.join_queue(b"third"))
    machine.kill_supervisor()
    assert machine.ask(verb="upgrade").exit == 0
    machine.web_ends(web)
    web = machine.web()
    assert web(NAMES) == "a:pipe:stored:late"
    assert web("os.pread(6, 100, 0).decode()") == "last words"
    assert web(TAKE) == "third"
    for client in clients:
        client.close()
    assert machine.ask(verb="down", services=["web"]).exit == 0
    machine.kill_supervisor()
    assert machine.ask(verb="up", services=["web"], wait=False).exit == 0
    assert machine.web()(NAMES) == "a"
    eventually(lambda: not any("late" in name for name in machine.held_by_pid_1()), "PID 1 has given it up")


def test_a_service_that_ends_while_there_is_no_supervisor_finds_all_again(machine):
    web = machine.web()
    web("keep('text', b'hello') or barrier()")
    client = machine.join_queue(b"first")
    os.kill(machine.supervisor(), signal.SIGSTOP)  # it sees no more of it
    machine.web_ends(web)
    machine.kill_supervisor()
    web = machine.web()
    assert web(NAMES) == "a:text"
    assert web("os.pread(4, 100, 0).decode()") == "hello"
    assert web(TAKE) == "first"
    client.close()
