"""`init --services[=DIR] [-- COMMAND]`: services beside a container's command, and how that ends."""

import os
import pathlib
import signal
import subprocess

import pytest

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
        words = [INIT, f"--services={place / 'service'}", *options, *(["--", *command] if command else [])]
        super().__init__(*words, env=env, **rest)

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
            except FileNotFoundError:
                pass
        return None


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
