"""Hostile clients of the control socket, while an honest one goes on as if they were not there."""

import contextlib
import grp
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading

import pytest

from supervised import DEADLINE, Client, Supervised, eventually, wait_open_for_runit

SLEEP = "exec sleep 100000"


@pytest.fixture
def s():
    with Supervised() as supervised:
        supervised.add("web", SLEEP)
        supervised.start()
        supervised.wait_state("web", "ready")
        yield supervised


@contextlib.contextmanager
def honest(s):
    """A client that was there before, and works during and after."""
    with s.client() as client:
        yield client
        assert client.ask(verb="restart", services=["web"]).exit == 0
    assert s.status("web")["state"] == "ready"


def raw(s):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(DEADLINE)
    connection.connect(str(s.socket))
    return connection


def read_to_end(connection):
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            data += chunk
    return [json.loads(line) for line in data.splitlines()]


def memory_of(s):
    with open(f"/proc/{s.process.pid}/status") as status:
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1])


@pytest.mark.parametrize(
    "text",
    [b"garbage\n", b"\0\0\0\n", b"[]\n", b"{}\n", b"\xff\xfe\n", b'{"verb":"list"}\n', b"\n"],
)
def test_garbage_gets_an_error_and_the_end(s, text):
    with honest(s), raw(s) as connection:
        connection.sendall(text)
        lines = read_to_end(connection)
        assert lines[-1]["code"] == "bad-request"


def test_a_wrong_request_with_an_id_ends_only_itself(s):
    with s.client() as client:
        assert client.ask(verb="fly").code == "unknown-verb"
        assert client.ask(verb="up").code == "bad-request"
        assert client.ask(verb="signal", services=["web"], signal="NOSUCH").code == "bad-request"
        assert client.ask(verb="list").exit == 0


def test_half_a_line_gets_an_error(s):
    with honest(s), raw(s) as connection:
        connection.sendall(b'{"id":1,"verb":"list"')
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection)[-1]["code"] == "bad-request"


def test_a_hundred_megabytes_without_a_newline(s):
    before = memory_of(s)
    with honest(s) as client, raw(s) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                connection.sendall(b"x" * (1 << 20))
        assert read_to_end(connection)[-1]["code"] == "too-long"
        assert client.ask(verb="list").exit == 0
    assert memory_of(s) < before + 8 * 1024


def test_deep_nesting_is_refused(s):
    with honest(s), raw(s) as connection:
        connection.sendall(b"[" * 60000 + b"\n")
        assert read_to_end(connection)[-1]["code"] == "bad-request"


def test_a_client_that_never_reads_costs_little_and_stops_nobody(s):
    before = memory_of(s)
    request = b'{"id":1,"verb":"status"}\n'
    with honest(s) as client, raw(s) as connection:
        connection.setblocking(False)
        sent = 0
        # Until it takes no more: its answers are not read, so it stops reading us.
        with contextlib.suppress(BlockingIOError):
            while sent < 64 << 20:
                sent += connection.send(request * 1000)
        assert client.ask(verb="list").exit == 0
        assert sent < 64 << 20
    assert memory_of(s) < before + 8 * 1024


def until_go(s):
    """A service that does not mind TERM until it is told."""
    return f"trap '' TERM; echo > {s.top}/set; while [ ! -e {s.top}/go ]; do sleep 0.02; done"


def test_a_client_that_goes_away_while_it_waits(s):
    s.add("slow", until_go(s))
    s.wait_text("set", "\n")
    with honest(s):
        client = s.client()
        client.send(verb="down", services=["slow"])
        s.wait_state("slow", "stopping")
        client.close()
        (s.top / "go").touch()
        s.wait_state("slow", "down")


def test_a_client_may_end_its_side_and_still_read(s):
    with raw(s) as connection:
        connection.sendall(b'{"id":1,"verb":"restart","services":["web"]}\n')
        connection.shutdown(socket.SHUT_WR)
        lines = read_to_end(connection)
        assert lines[-1] == {"id": 1, "done": True, "exit": 0}


def test_requests_sent_at_once_are_answered_in_order(s):
    with raw(s) as connection:
        text = "".join(
            json.dumps({"id": i, "verb": "restart" if i % 7 == 0 else "list", "services": ["web"]})
            + "\n"
            for i in range(40)
        )
        # In small pieces, as a slow line would bring them.
        data = text.encode()
        for i in range(0, len(data), 37):
            connection.sendall(data[i : i + 37])
        connection.shutdown(socket.SHUT_WR)
        done = [line["id"] for line in read_to_end(connection) if "done" in line]
        assert done == list(range(40))


def test_too_many_connections_of_one_user(s):
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(s.client()) for _ in range(16)]
        assert all(client.greeting["protocol"] == 1 for client in many)
        one_more = stack.enter_context(raw(s))
        assert read_to_end(one_more)[-1]["code"] == "too-many-connections"
        assert many[0].ask(verb="list").exit == 0
    eventually(s._answers, "there is room again")


def test_a_storm_of_connections(s):
    def storm():
        for _ in range(200):
            with contextlib.suppress(OSError), raw(s) as connection:
                connection.sendall(b'{"id":1,"verb":"li')

    descriptors = f"/proc/{s.process.pid}/fd"
    wait_open_for_runit([s.enabled / "web"])
    s.wait_for_svlog()
    with s.client() as client:
        before = len(os.listdir(descriptors))
        threads = [threading.Thread(target=storm) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            assert client.ask(verb="list").exit == 0
        for thread in threads:
            thread.join()
    eventually(s._answers, "there is room again")
    eventually(lambda: len(os.listdir(descriptors)) <= before, "its descriptors are closed")


def test_descriptors_that_come_with_a_request_are_closed(s):
    read, write = os.pipe()
    with raw(s) as connection, connection.makefile("rb") as answers, open(read, "rb") as pipe:
        socket.send_fds(connection, [b'{"id":1,"verb":"list"}\n'], [write] * 200)
        os.close(write)
        while b'"done"' not in answers.readline():
            pass
        assert select.select([pipe], [], [], DEADLINE)[0] == [pipe]
        assert pipe.read() == b""  # while the connection lives


ASK_AS = """
import grp, json, os, socket, sys
uid, group, path, line = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
os.setgroups([grp.getgrnam(group).gr_gid] if group else [])
os.setgid(65534); os.setuid(uid)
k = socket.socket(socket.AF_UNIX); k.connect(path); f = k.makefile('rb')
print(f.readline().decode().strip()); k.sendall(line.encode() + b'\\n'); k.shutdown(socket.SHUT_WR)
print(f.read().decode())
"""


def ask_as(s, uid, group, **request):
    result = subprocess.run(
        [sys.executable, "-c", ASK_AS, str(uid), group, s.socket, json.dumps({"id": 1, **request})],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.strip().splitlines()[-1])


@pytest.mark.skipif(os.geteuid() != 0, reason="other users are root's to try")
def test_rights(s):
    assert s.socket.stat().st_gid == grp.getgrnam("adm").gr_gid
    s.top.chmod(0o755)
    member = dict(uid=65534, group="adm")
    assert ask_as(s, **member, verb="list")["exit"] == 0
    assert ask_as(s, **member, verb="down", services=["web"])["code"] == "not-permitted"
    # The mode keeps others out; where somebody opened it to them, the supervisor still does.
    s.socket.chmod(0o666)
    stranger = dict(uid=65534, group="")
    assert ask_as(s, **stranger, verb="list")["code"] == "not-permitted"
    assert ask_as(s, uid=0, group="", verb="list")["exit"] == 0
    assert s.status("web")["state"] == "ready"


def test_the_greeting_names_version_and_protocol(s):
    with s.client() as client:
        assert client.greeting["protocol"] == 1
        assert client.greeting["pid"] == s.process.pid
        version = client.ask(verb="version")
        assert version.lines[0]["mainstay"] == client.greeting["mainstay"]
        assert version.exit == 0


def test_a_client_of_a_service_that_stops_everything(s):
    """A waiting client is answered, or told that no answer comes, when the supervisor stops."""
    s.add("slow", until_go(s))
    s.wait_text("set", "\n")
    with Client(s.socket) as waiting:
        waiting.send(verb="down", services=["slow"])
        s.wait_state("slow", "stopping")
        s.process.send_signal(signal.SIGTERM)
        s.wait_message("stopping all services")
        (s.top / "go").touch()
        assert s.process.wait(DEADLINE) == 0
        line = waiting.read_line()
        assert line["code"] == "shutting-down" if "code" in line else line["service"] == "slow"
