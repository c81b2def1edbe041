"""Sockets that the supervisor opens for services (the key listen): passed, awaited, kept, closed."""

import contextlib
import errno
import os
import pathlib
import signal
import socket
import stat

import pytest

import faults
import puppet
from supervised import DEADLINE, Supervised, eventually, wait_open_for_runit
from svctl_runner import svctl
from test_supervisor_crash import Machine, crash, service

# Takes what comes on its first socket, answers with its pid, and ends when it is told to.
SERVER = """exec /usr/bin/python3 -B -c '
import os, socket
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    with connection:
        words = connection.recv(100)
        connection.sendall(b"%d" % os.getpid())
    if words == b"end":
        break
'"""


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(DEADLINE)
    client.connect(str(path))
    return client


def ask(path, words=b"hello"):
    """The pid of the process that answers."""
    with connect(path) as client:
        client.sendall(words)
        return int(client.recv(100))


def is_listening(s, name):
    view = s.status(name)
    return view["state"] == "waiting" and view.get("listening", False)


def wait_listening(s, name):
    eventually(lambda: is_listening(s, name), f"{name} waits for whoever comes")


def add_server(s, name="web", options="on-demand=yes", conf=""):
    path = s.top / f"{name}.sock"
    s.add(name, SERVER, **{"service.conf": f"listen = unix:{path} {options}\n{conf}"})
    return path


# --- what is passed


def test_every_kind_is_passed_in_order_as_sd_listen_fds_has_it(s):
    tcp, udp = free_port(), free_port(socket.SOCK_DGRAM)
    s.add(
        "web",
        puppet.run(s, "web"),
        **{
            "service.conf": f"""
listen = tcp:127.0.0.1:{tcp} name=http
listen = udp:127.0.0.1:{udp}
listen = tcp:[::1]:{tcp}
listen = unix:{s.top}/deep/stream mode=0600 user=65534 group=65533
listen = unix-dgram:{s.top}/dgram
listen = unix-seqpacket:{s.top}/packets backlog=1
listen = fifo:{s.top}/fifo mode=0620
ready = fd 10
"""
        },
    )
    s.start()
    web = puppet.Puppet(s, "web")
    web("os.write(10, b'\\n')")
    s.wait_state("web", "ready")
    assert web("int(os.environ['LISTEN_PID'])") == web.pid == s.pid("web")
    assert web("os.environ['LISTEN_FDS']") == "7"
    assert web("os.environ['LISTEN_FDNAMES']") == "http:web:web:web:web:web:web"
    assert web("sd_listen_fds()") == 7
    kinds = [web(f"kind_of({n})") for n in range(3, 9)]
    assert kinds == [[2, 1], [2, 2], [10, 1], [1, 1], [1, 2], [1, 5]]
    assert stat.S_ISFIFO(web("os.fstat(9).st_mode"))
    assert web("[os.get_blocking(n) for n in range(3, 10)]") == [True] * 7
    assert web("sorted(int(n) for n in os.listdir('/proc/self/fd'))")[:11] == list(range(11))
    deep = (s.top / "deep/stream").stat()
    assert (deep.st_mode & 0o7777, deep.st_uid, deep.st_gid) == (0o600, 65534, 65533)
    assert (s.top / "dgram").stat().st_mode & 0o7777 == 0o666
    assert (s.top / "fifo").stat().st_mode & 0o7777 == 0o620
    with socket.create_connection(("127.0.0.1", tcp), DEADLINE), socket.create_connection(("::1", tcp), DEADLINE):
        pass
    assert s.ask(verb="down", services=["web"]).exit == 0
    assert [p.name for p in s.top.iterdir() if p.name in ("dgram", "packets", "fifo")] == []
    assert list((s.top / "deep").iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", tcp), DEADLINE)


def test_other_programs_of_the_service_and_other_services_get_none(s):
    dump = "ls -l /proc/self/fd > $0.fds; env > $0.env; "
    s.add(
        "web",
        "exec sleep 100000",
        setup=dump,
        **{"service.conf": f"listen = unix:{s.top}/web.sock"},
    )
    s.add("other", "ls -l /proc/self/fd > ../../other.fds; exec sleep 100000")
    s.start()
    s.wait_state("web", "ready")
    eventually(lambda: s.read("other.fds"), "other has looked")
    assert "socket" not in (s.definitions / "web/setup.fds").read_text()
    assert "LISTEN" not in (s.definitions / "web/setup.env").read_text()
    assert "socket" not in s.read("other.fds")


def test_standard_input_can_be_the_socket(s):
    s.add(
        "web",
        f"read line && echo $line $LISTEN_FDS >> {s.top}/heard",
        **{"service.conf": f"listen = fifo:{s.top}/fifo on-demand=yes\nstdin = socket\n"},
    )
    s.start()
    wait_listening(s, "web")
    for word in ("one", "two"):
        (s.top / "fifo").write_text(f"{word}\n")
        s.wait_text("heard", f"{word} 1\n")
    wait_listening(s, "web")


# --- on demand


def test_the_first_connection_starts_it_and_when_it_ends_it_waits_again(s):
    path = add_server(s)
    s.start()
    wait_listening(s, "web")
    view = s.status("web")
    assert view["cause"] == f"waiting for a connection on unix:{path}"
    assert s.ask(**{"verb": "wait", "for": "boot"}).exit == 0
    shown = svctl("status", control=s.socket).stdout
    assert "1 service: 1 waiting for connections" in shown
    assert f"waiting for a connection on unix:{path}" in shown
    assert f"has been waiting for a connection on unix:{path} for" in svctl("why", "web", control=s.socket).stdout
    first = ask(path)
    assert s.wait_state("web", "ready")["pid"] == first
    assert ask(path, b"end") == first
    wait_listening(s, "web")
    assert ask(path, b"end") != first
    wait_listening(s, "web")


def test_by_hand_it_starts_at_once_and_down_closes_it(s):
    path = add_server(s)
    s.start()
    wait_listening(s, "web")
    assert svctl("up", "web", control=s.socket).returncode == 0
    pid = s.wait_state("web", "ready")["pid"]
    assert ask(path) == pid
    assert svctl("restart", "web", control=s.socket).returncode == 0
    assert ask(path) == s.pid("web") != pid
    assert svctl("down", "web", control=s.socket).returncode == 0
    assert not path.exists()


def test_one_that_never_accepts_does_not_spin(s):
    path = s.top / "sock"
    s.add(
        "web",
        f"echo >> {s.top}/starts",
        **{"service.conf": f"listen = unix:{path} on-demand=yes\nrestart-delay = 1h\nrestart-delay-max = 1h\n"},
    )
    s.start()
    wait_listening(s, "web")
    with connect(path):
        s.wait_state("web", "backoff")
        assert s.read("starts") == "\n"
        # The next one is as far away as it was told to be.
        assert s.status("web")["next_start_ms"] > 3_000_000
    with connect(path):
        pass  # the rest of the system goes on


def test_what_it_needs_starts_with_it(s):
    path = add_server(s, conf="needs = db\n")
    s.add("db", "exec sleep 100000", down="")
    s.start()
    wait_listening(s, "web")
    assert s.status("db")["state"] == "down"
    ask(path)
    assert s.status("db")["state"] == "ready"


# --- what cannot be had


def test_a_port_in_use_is_told_and_had_when_it_is_free(s):
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    s.add(
        "web",
        SERVER,
        **{"service.conf": f"listen = tcp:127.0.0.1:{port}\nrestart-delay = 10ms\nrestart-delay-max = 20ms\n"},
    )
    s.add("other", "exec sleep 100000")
    s.start()
    s.wait_message(
        f"web: listen tcp:127.0.0.1:{port}: somebody else has it: another service, or a program beside us; next start in"
    )
    s.wait_state("other", "ready")
    taken.close()
    s.wait_state("web", "ready")


def test_files_in_the_way(s):
    (s.top / "file.sock").write_text("precious")
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(s.top / "stale.sock"))
    living = socket.socket(socket.AF_UNIX)
    living.bind(str(s.top / "living.sock"))
    living.listen()
    for name in ("file", "stale", "living"):
        add_server(s, name, "")
    for name in ("file", "living"):
        with open(s.definitions / name / "service.conf", "a") as conf:
            conf.write("restart = never\n")
    s.start()
    assert ask(s.top / "stale.sock") == s.wait_state("stale", "ready")["pid"]
    assert "it is left alone: remove it" in str(s.wait_state("file", "failed"))
    assert "somebody else has it" in str(s.wait_state("living", "failed"))
    assert (s.top / "file.sock").read_text() == "precious"
    with connect(s.top / "living.sock"):
        living.close()


# --- how long they last


def test_nobody_is_turned_away_over_a_restart(s):
    path = add_server(s, options="")
    s.start()
    first = ask(path)
    s.define("web", "sleep 0.2\n" + SERVER)
    os.kill(first, signal.SIGKILL)
    # Before it is dead it may still take a connection, which ends with it.
    eventually(lambda: s.pid("web") != first, "it is dead")
    assert ask(path) != first  # waits in the queue as long as it takes


def test_a_changed_line_counts_from_the_next_start_and_leaves_the_others(s):
    path = add_server(s, options="")
    s.start()
    pid = ask(path)
    inode = path.stat().st_ino
    other = s.top / "other.sock"
    conf = f"listen = unix:{path}\nlisten = unix:{other} name=b\n"
    (s.definitions / "web/service.conf").write_text(conf)
    change = s.ask(verb="rescan")
    assert "listen" in str(change.lines)
    assert not other.exists()
    assert s.ask(verb="restart", services=["web"]).exit == 0
    assert ask(path) != pid
    assert path.stat().st_ino == inode
    connect(other).close()
    (s.definitions / "web/service.conf").write_text(f"listen = unix:{path} on-demand=yes\n")
    assert s.ask(verb="restart", services=["web"]).exit == 0
    assert not other.exists()
    ask(path, b"end")
    wait_listening(s, "web")
    # Of one that waits, at once.
    (s.definitions / "web/service.conf").write_text(f"listen = unix:{other} on-demand=yes\n")
    assert s.ask(verb="rescan").exit == 0
    assert not path.exists()
    ask(other, b"end")


def test_files_go_with_the_service_and_with_the_supervisor(s):
    gone = add_server(s, "gone")
    stays = add_server(s, "stays", "")
    s.start()
    wait_listening(s, "gone")
    ask(stays)
    s.disable("gone")
    eventually(lambda: not gone.exists(), "the socket is gone")
    assert stays.exists()
    s.stop()
    assert not stays.exists()


def test_alone_a_supervisor_that_died_is_followed_by_one_that_listens(s):
    waits, runs = add_server(s, "waits"), add_server(s, "runs", "")
    s.start()
    wait_listening(s, "waits")
    pid = ask(runs)
    crash(s)
    wait_listening(s, "waits")
    assert ask(waits) == s.wait_state("waits", "ready")["pid"]
    assert ask(runs) == pid
    assert s.ask(verb="restart", services=["runs"]).exit == 0
    assert ask(runs) == s.pid("runs") != pid
    assert s.ask(verb="down", services=["runs"]).exit == 0
    assert not runs.exists()


def test_pid_1_keeps_them_over_a_crash_and_an_upgrade():
    conf = "listen = unix:/run/web.sock on-demand=yes\n"
    plain = "listen = unix:/run/plain.sock\nlisten = fifo:/run/plain.fifo\n"
    files = service("web", service__conf=conf) | service("plain", service__conf=plain)
    with Machine(files) as m:
        path, kept = m.root / "run/web.sock", m.root / "run/plain.sock"
        m.wait_state("plain", "ready")
        eventually(lambda: m.status("web").get("listening"), "it waits for whoever comes")
        inodes = path.stat().st_ino, kept.stat().st_ino
        with connect(kept) as early:
            m.kill_supervisor()
            connect(kept).close()
            assert m.ask(verb="upgrade").exit == 0
            # Still in the queue of a socket that nobody has closed.
            early.sendall(b"hello")
            assert m.status("web").get("listening")
            assert m.ask(verb="restart", services=["plain"]).exit == 0
            early.sendall(b"hello")
        assert (path.stat().st_ino, kept.stat().st_ino) == inodes
        with connect(path):
            m.wait_state("web", "ready")
        m.kill_supervisor()
        assert m.status("web")["state"] == "ready"
        assert m.ask(verb="down", services=["web", "plain"]).exit == 0
        assert not path.exists() and not kept.exists()
        assert not (m.root / "run/plain.fifo").exists()


def test_sv_of_runit_starts_one_that_waits(s):
    path = add_server(s)
    s.start()
    wait_listening(s, "web")
    wait_open_for_runit([s.definitions / "web"])  # status is there before control, which to open would make a file
    status = s.definitions / "web/supervise/status"
    eventually(lambda: status.exists() and status.read_bytes()[17:18] == b"d", "its file says that it is not up")
    with open(pathlib.Path(s.definitions / "web/supervise/control"), "wb", buffering=0) as control:
        control.write(b"u")
    assert ask(path) == s.wait_state("web", "ready")["pid"]


# --- what services store


STORING = "ready = notify\nfd-store-max = 3\n"


def stored_names(web):
    return web("os.environ.get('LISTEN_FDNAMES', '')").split(":")


def test_what_is_stored_is_passed_to_the_next_start_behind_the_sockets(s):
    s.add("web", puppet.run(s, "web"), **{"service.conf": f"listen = unix:{s.top}/a.sock name=a\n{STORING}"})
    s.start()
    web = puppet.Puppet(s, "web")
    assert web("os.environ['FDSTORE']") == "3"
    assert stored_names(web) == ["a"]
    web("keep('text', b'hello')")
    web("notify('FDSTORE=1', [2]) or barrier()")
    os.kill(web.pid, signal.SIGKILL)
    s.wait_other_pid("web", web.pid)
    web = puppet.Puppet(s, "web")
    assert stored_names(web) == ["a", "text", "stored"]
    assert web("os.pread(4, 10, 0).decode()") == "hello"
    web("notify('FDSTOREREMOVE=1\\nFDNAME=text') or barrier()")
    web("[keep(str(i), b'x') for i in range(3)] and barrier()")
    s.wait_message("asks to keep more descriptors than its fd-store-max, 3, allows; 1 of them are closed")
    assert s.ask(verb="restart", services=["web"], wait=False).exit == 0
    s.wait_other_pid("web", web.pid)
    web = puppet.Puppet(s, "web")
    assert stored_names(web) == ["a", "stored", "0", "1"]
    assert s.ask(verb="down", services=["web"]).exit == 0
    assert s.ask(verb="up", services=["web"], wait=False).exit == 0
    s.wait_state("web", "up")
    assert stored_names(puppet.Puppet(s, "web")) == ["a"]


def test_what_comes_when_it_has_just_been_looked_for_is_stored(tmp_path):
    """Before it reads a message the supervisor looks whether it brings something to store; here it finds none yet."""
    path = tmp_path / "plan"
    path.write_bytes(faults.Plan.empty())
    as_faulty = ["sh", "-c", 'shift; exec "$0" "$@"', faults.FAULTY / "supervisor_faulty"]
    with Supervised(as_faulty) as s, contextlib.closing(faults.Plan(path)) as plan:
        s.add("web", puppet.run(s, "web"), **{"service.conf": STORING})
        s.start(environment={"MAINSTAY_FAULT_PLAN": str(path)})
        web = puppet.Puppet(s, "web")
        s.wait_for_svlog()
        plan.arm(faults.Fault(faults.Call("recvmsg", 0), 0, errno.EAGAIN))
        web("keep('text', b'hello') or barrier()")
        assert not plan.is_armed()
        os.kill(web.pid, signal.SIGKILL)
        s.wait_other_pid("web", web.pid)
        assert stored_names(puppet.Puppet(s, "web")) == ["text"]


def test_what_is_hung_up_is_given_up(s):
    s.add("web", puppet.run(s, "web"), **{"service.conf": STORING})
    s.start()
    web = puppet.Puppet(s, "web")
    web("pipes.extend([os.pipe(), os.pipe()])")
    web("notify('FDSTORE=1\\nFDNAME=gone', [pipes[0][0]]) or notify('FDSTORE=1\\nFDNAME=kept\\nFDPOLL=0', [pipes[1][0]]) or barrier()")
    wait_open_for_runit([s.definitions / "web"])
    s.wait_for_svlog()
    before = len(os.listdir(f"/proc/{s.process.pid}/fd"))
    web("[os.close(fd) for pair in pipes for fd in pair]")
    eventually(lambda: len(os.listdir(f"/proc/{s.process.pid}/fd")) < before, "one is closed")
    os.kill(web.pid, signal.SIGKILL)
    s.wait_other_pid("web", web.pid)
    assert stored_names(puppet.Puppet(s, "web")) == ["kept"]
