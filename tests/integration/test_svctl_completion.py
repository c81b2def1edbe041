"""The completion of svctl for bash, driven in bash as readline does."""

import subprocess

import pytest

from fake_supervisor import DONE, GREETING, FakeSupervisor, receive
from svctl_runner import PROGRAMS, TOP, environment

COMPLETION = TOP / "ctl/completion/svctl.bash"

SERVICES = b"".join(
    b'{"id":1,"service":"%s","state":"ready"}\n' % name for name in (b"web", b"worker", b"db")
)

DRIVER = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_svctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(tmp_path, *words, socket=None):
    result = subprocess.run(
        ["bash", "-c", DRIVER, "bash", COMPLETION, "svctl", *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(
            PATH=f"{PROGRAMS}:/usr/bin:/bin", SVCTL_SOCKET=str(socket or tmp_path / "none")
        ),
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.split()


@pytest.fixture
def fake(tmp_path):
    with FakeSupervisor(tmp_path, [GREETING, receive, SERVICES, DONE]) as supervisor:
        yield supervisor


def test_commands_complete_by_name_and_alias(tmp_path):
    assert complete(tmp_path, "sta") == ["status", "start"]
    assert complete(tmp_path, "res") == ["restart", "reset", "rescan"]
    assert complete(tmp_path, "try") == ["try-restart"]
    assert {"status", "up", "start", "down", "stop", "kill", "signal", "help"} <= set(
        complete(tmp_path, "")
    )
    assert complete(tmp_path, "--json", "ver") == ["version"]
    assert complete(tmp_path, "help", "us") == ["usr1", "usr2"]


def test_options_complete_anywhere(tmp_path):
    assert complete(tmp_path, "--n") == ["--no-wait"]
    assert complete(tmp_path, "up", "web", "--t") == ["--timeout"]
    assert complete(tmp_path, "--timeout", "") == []


def test_commands_complete_what_they_take(tmp_path, fake):
    assert complete(tmp_path, "log", "@", socket=fake.path) == ["@supervisor", "@init"]
    assert complete(tmp_path, "log", "-n", "", socket=fake.path) == []
    assert complete(tmp_path, "notify", "w", socket=fake.path) == ["web", "worker"]
    assert complete(tmp_path, "notify", "web", "") == [
        "ready", "reloading", "stopping", "status"
    ]
    assert complete(tmp_path, "rescan", "") == []
    (tmp_path / "directory").mkdir()
    assert complete(tmp_path, "add", "dir") == ["directory"]
    assert complete(tmp_path, "enable", "./dir") == ["./directory"]
    assert complete(tmp_path, "lint", "--root", "dir") == ["directory"]


def test_services_are_those_of_the_supervisor(tmp_path, fake):
    assert complete(tmp_path, "up", "w", socket=fake.path) == ["web", "worker"]
    assert complete(tmp_path, "status", "web", "d", socket=fake.path) == ["db"]
    assert complete(tmp_path, "--timeout", "5", "up", "d", socket=fake.path) == ["db"]


def test_services_come_from_the_socket_on_the_command_line(tmp_path, fake):
    assert complete(tmp_path, "--control", fake.path, "up", "d") == ["db"]
    assert complete(tmp_path, "--control", "=", fake.path, "up", "d") == ["db"]


def test_signals_complete_after_signal(tmp_path, fake):
    assert complete(tmp_path, "signal", "US", socket=fake.path) == ["USR1", "USR2"]
    assert complete(tmp_path, "signal", "HUP", "w", socket=fake.path) == ["web", "worker"]


def test_without_a_supervisor_there_is_nothing_and_no_noise(tmp_path):
    assert complete(tmp_path, "up", "") == []
    assert complete(tmp_path, "version", "") == []


def test_the_path_of_the_socket_completes_as_a_file(tmp_path):
    (tmp_path / "socket-here").touch()
    assert complete(tmp_path, "--control", "sock") == ["socket-here"]


def test_a_service_with_a_hostile_name_is_quoted_and_never_executed(tmp_path):
    name = b'{"id":1,"service":"web$(touch pwned)","state":"ready"}\n'
    with FakeSupervisor(tmp_path, [GREETING, receive, name, DONE]) as fake:
        words = complete(tmp_path, "up", "w", socket=fake.path)
    assert " ".join(words) == r"web\$\(touch\ pwned\)"
    assert not (tmp_path / "pwned").exists()
