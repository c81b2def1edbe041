"""`init --services[=DIR] [-- COMMAND]`: services beside a container's command, and how that ends."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import types

import pytest

import puppet
from container_init import DEADLINE, INIT, LAST, Running, recorder
from namespace import Pid1, eventually  # noqa: F401  (conftest.py knows by Pid1 that this needs root)

SVCTL = INIT.parent / "svctl"
TERM = int(signal.SIGTERM)


class Container(Running):
    """`init --services` over services of a temporary directory, each of whose lines has its name first."""

    def __init__(self, place, services, *options, command=(), **rest):
        self.place = place
        for name, (words, conf) in services.items():
            directory = place / "service" / name
            directory.mkdir(parents=True)
            (directory / "run").write_text('#!/bin/sh\nexec >>"$OUTPUT" 2>&1\n' + words)
            (directory / "run").chmod(0o755)
            (directory / "service.conf").write_text(conf)
        self.output = place / "output"
        self.output.touch()
        env = {"SVCTL_SOCKET": str(place / "control"), "OUTPUT": str(self.output)}
        # A relative path: another supervisor has to find it as well.
        words = [INIT, "--services=service", *options, *(["--", *command] if command else [])]
        super().__init__(*words, env=env, cwd=place, **rest)

    def svctl(self, *words):
        result = subprocess.run(
            [SVCTL, "--control", self.place / "control", *words], capture_output=True, text=True, timeout=DEADLINE
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    def said(self):
        return self.output.read_text().split()

    def wait_said(self, word):
        eventually(lambda: word in self.said(), f"{word} is in {self.output}", DEADLINE)

    def child(self, name):
        """The process id of the one child of init that has this name, or nothing."""
        for pid in self.descendants():
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text() == f"{name}\n":
                    return pid
            except (FileNotFoundError, ProcessLookupError):
                pass
        return None

    def kill_supervisor(self):
        """Returns the one that comes after it."""
        # Before it is executed svlog has its supervisor's name: this may not be when it is born.
        eventually(lambda: self.child("svlog"), "svlog runs", DEADLINE)
        first = self.child("supervisor")
        os.kill(first, signal.SIGKILL)
        eventually(lambda: self.child("supervisor") not in (None, first), "another one is there", DEADLINE)
        return self.child("supervisor")


def service(who, end=TERM, conf=""):
    words = " ".join(f"'{word}'" for word in recorder(who, end))
    return f"exec {words}\n", conf


@pytest.mark.parametrize("pid_namespace", [False, True], ids=["subreaper", "pid 1"])
def test_the_commands_end_stops_the_services_and_is_the_containers(tmp_path, pid_namespace):
    command = ["sh", "-c", "read x; exit 6"]
    with Container(
        tmp_path, {"web": service("web-")}, command=command, pid_namespace=pid_namespace, stdin=subprocess.PIPE
    ) as init:
        init.wait_said("web-up")
        init.process.stdin.close()
        assert init.exit() == 6
        assert init.said()[:2] == ["web-up", f"web-{TERM}"]


def test_a_stop_ends_the_command_first(tmp_path):
    with Container(tmp_path, {"web": service("web-")}, command=recorder("", LAST)) as init:
        init.wait("up")
        init.wait_said("web-up")
        init.signal(signal.SIGTERM)
        init.wait(str(TERM))
        assert init.said() == ["web-up"]
        init.signal(LAST)
        init.wait(str(LAST))
        assert init.exit() == 5
        assert init.said()[:2] == ["web-up", f"web-{TERM}"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, 37], ids=str)
def test_services_alone_stop_as_an_init_is_asked_to(tmp_path, number):
    with Container(tmp_path, {"web": service("web-")}) as init:
        init.wait_said("web-up")
        init.signal(number)
        assert init.exit() == 0
        assert init.said()[:2] == ["web-up", f"web-{TERM}"]


FAILS = 'until test -e "$OUTPUT.fail"; do sleep 0.05; done; exit 42\n'
CONF = "restart = never\non-failure-action = exit\n"


def test_a_service_that_fails_ends_the_container_with_its_code(tmp_path):
    services = {"vital": (FAILS, CONF), "web": service("web-")}
    with Container(tmp_path, services, command=recorder("", TERM)) as init:
        init.wait("up")
        init.wait_said("web-up")
        (tmp_path / "output.fail").touch()
        init.wait(str(TERM))
        assert init.exit() == 42
        assert f"web-{TERM}" in init.said()


def test_a_command_that_ignores_that_its_services_have_gone_is_killed(tmp_path):
    with Container(tmp_path, {"vital": (FAILS, CONF)}, "--grace=0.2", command=recorder()) as init:
        init.wait("up")
        (tmp_path / "output.fail").touch()
        assert init.exit() == 42
        assert "did not end in time: killed" in init.errors()


def test_a_supervisor_that_is_killed_comes_back_to_the_same_services(tmp_path):
    with Container(tmp_path, {"web": service("web-")}) as init:
        init.wait_said("web-up")
        init.svctl("wait", "--boot")
        first = init.svctl("--json", "status", "web")
        os.kill(init.child("supervisor"), signal.SIGKILL)

        def is_back():
            result = subprocess.run([SVCTL, "--control", tmp_path / "control", "is-up", "web"], capture_output=True)
            return result.returncode == 0 and init.child("supervisor")

        eventually(is_back, "the supervisor is back", DEADLINE)
        pid = first.split('"pid":')[1].split(",")[0]
        assert f'"pid":{pid},' in init.svctl("--json", "status", "web")
        init.signal(signal.SIGTERM)
        assert init.exit() == 0
        assert init.said()[:2] == ["web-up", f"web-{TERM}"]


def is_gone(pid):
    """Or is a zombie, where nobody buries it."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_an_init_that_is_killed_takes_its_services_with_it(tmp_path):
    """Also those that the supervisor has of one before it, whose ends only that init could tell."""
    # A name of its own: tests beside this one have their cgroups in the same place.
    with Container(tmp_path, {"bereft": service("web-")}) as init:
        init.wait_said("web-up")
        init.svctl("wait", "--boot")
        second = init.kill_supervisor()
        eventually(lambda: "taking over 1 services" in init.errors(), "it has them", DEADLINE)
        init.svctl("wait", "--boot")
        init.process.kill()
        eventually(lambda: is_gone(second), "the supervisor has ended", DEADLINE)
        assert f"web-{TERM}" in init.said(), (second, init.errors())


def test_a_stop_between_two_supervisors_reaches_the_services(tmp_path):
    with Container(tmp_path, {"web": service("web-")}, "--grace=60") as init:
        init.wait_said("web-up")
        supervisor = init.child("supervisor")
        os.kill(supervisor, signal.SIGKILL)
        eventually(lambda: not pathlib.Path(f"/proc/{supervisor}").exists(), "it is buried", DEADLINE)
        init.signal(signal.SIGTERM)
        assert init.exit() == 0
        assert f"web-{TERM}" in init.said()


def test_without_a_supervisor_it_says_where_one_should_be(tmp_path):
    alone = tmp_path / "init"
    alone.write_bytes(INIT.read_bytes())
    alone.chmod(0o755)
    if any(pathlib.Path(path).exists() for path in ("/sbin/supervisor", "/usr/lib/mainstay/supervisor")):
        pytest.skip("this machine has one")
    result = subprocess.run([alone, "--services", "--", "sleep", "1000"], capture_output=True, text=True, timeout=DEADLINE)
    assert result.returncode == 127
    assert "beside init, at /sbin/supervisor and at /usr/lib/mainstay/supervisor" in result.stderr


STORING = """
ready = notify
fd-store-max = 8
listen = unix:{place}/web.sock name=a
restart-delay = 10 ms
"""
TAKE = "socket.socket(fileno=os.dup(3)).accept()[0].recv(100).decode()"


def join_queue(place, words):
    """A client of the socket, whom nobody has accepted yet."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(DEADLINE)
    client.connect(str(place / "web.sock"))
    client.sendall(words)
    return client


@pytest.mark.parametrize("pid_namespace", [False, True], ids=["subreaper", "pid 1"])
def test_init_keeps_what_services_stored_while_there_is_no_supervisor(tmp_path, pid_namespace):
    here = types.SimpleNamespace(top=tmp_path)
    services = {"web": (puppet.run(here, "web") + "\n", STORING.format(place=tmp_path))}
    with Container(tmp_path, services, pid_namespace=pid_namespace) as init, contextlib.ExitStack() as clients:
        web = puppet.Puppet(here, "web")
        web("notify('READY=1') or keep('text', b'hello') or barrier()")
        init.svctl("wait", "--boot")
        clients.enter_context(join_queue(tmp_path, b"first"))
        init.kill_supervisor()
        # It ends while there may be nobody yet who knows it.
        web.path.unlink()
        web.tell("os._exit(7)")
        assert web.file.readline() == ""
        clients.enter_context(join_queue(tmp_path, b"second"))
        web = puppet.Puppet(here, "web")
        web("notify('READY=1')")
        assert web("os.environ['LISTEN_FDNAMES']") == "a:text"
        assert web("os.pread(4, 100, 0).decode()") == "hello"
        assert [web(TAKE), web(TAKE)] == ["first", "second"]
        # Told by init, which has buried it, and not guessed.
        assert '"last_death":{"code":7,' in init.svctl("--json", "status", "web")
        init.signal(signal.SIGTERM)
        assert init.exit() == 0
