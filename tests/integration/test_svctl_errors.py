"""svctl against a supervisor that is not there, not well, or not one: each has its own sentence and
exit code, and none makes svctl hang."""

import json
import os
import signal
import socket
import subprocess
import time

import pytest

from fake_supervisor import DONE, GREETING, FakeSupervisor, receive, silence
from svctl_runner import DEADLINE, SVCTL, environment, svctl

ONE = b'{"id":1,"service":"web","state":"ready","pid":7}\n'


def run_with(tmp_path, script, *words):
    with FakeSupervisor(tmp_path, script) as fake:
        return svctl(*words, control=fake.path)


def test_a_socket_that_is_not_there_is_named_with_what_to_do(tmp_path):
    result = svctl("status", control=tmp_path / "none")
    assert result.returncode == 100
    assert result.stdout == ""
    assert result.stderr == (
        f"svctl: no supervisor at {tmp_path}/none (from --control): there is no such socket; "
        "start supervisor with this path, or correct it\n"
    )


def test_the_place_comes_from_variable_or_user(tmp_path):
    result = svctl(SVCTL_SOCKET=str(tmp_path / "variable"))
    assert f"{tmp_path}/variable (from SVCTL_SOCKET)" in result.stderr
    if os.geteuid() == 0:
        user = {"user": 65534, "group": 65534, "extra_groups": []}
    else:
        user = {}
    result = subprocess.run(
        [SVCTL],
        capture_output=True,
        text=True,
        env=environment(XDG_RUNTIME_DIR="/nonexistent"),
        **user,
    )
    assert result.returncode == 100
    assert "/nonexistent/mainstay/control (from XDG_RUNTIME_DIR)" in result.stderr
    assert "--control /run/mainstay/control" in result.stderr


def test_a_socket_that_nobody_listens_on_is_told_apart(tmp_path):
    path = str(tmp_path / "dead")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
    result = svctl("list", control=path)
    assert result.returncode == 100
    assert "nobody listens" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody without rights")
def test_a_socket_without_the_right_to_use_it_is_told_apart(tmp_path):
    with FakeSupervisor(tmp_path, [GREETING]) as fake:
        os.chmod(fake.path, 0o600)
        directory = tmp_path
        while directory != directory.parent:
            os.chmod(directory, os.stat(directory).st_mode | 0o011)
            directory = directory.parent
        result = subprocess.run(
            [SVCTL, "--control", fake.path],
            capture_output=True,
            text=True,
            env=environment(),
            user=65534,
            group=65534,
            extra_groups=[],
        )
    assert result.returncode == 5
    assert "not permitted to use the control socket" in result.stderr


def test_a_path_longer_than_a_socket_can_have_is_told():
    result = svctl(control="/" + "x" * 107)
    assert result.returncode == 100
    assert "107 bytes" in result.stderr


@pytest.mark.parametrize(
    "script, sentence",
    [
        ([], "without a greeting"),
        ([b'{"mainst'], "without a greeting"),
        ([b"SSH-2.0-OpenSSH_9.2\n"], "is no supervisor of Mainstay: in its greeting"),
        ([b"\xff\xfe\x00\n"], "is no supervisor of Mainstay"),
        ([b"{}\n"], '"mainstay" is missing'),
        ([b"x" * (1 << 20) + b"x\n"], "a line without end"),
        ([b'{"mainstay":"9.0.0","protocol":9,"pid":1}\n'], "speaks protocol 9"),
        ([GREETING], "before its answer was complete"),
        ([GREETING, receive], "before its answer was complete"),
        ([GREETING, receive, ONE], "before its answer was complete"),
        ([GREETING, receive, ONE, b'{"id":1,"do'], "before its answer was complete"),
        ([GREETING, receive, b"garbage\n"], "in its answer, the line is not a JSON object"),
        ([GREETING, receive, b'{"id":1}\n'], '"done" is missing'),
        ([GREETING, receive, b'{"id":1,"service":"a","state":"flying"}\n'], '"state" has a word'),
    ],
)
def test_what_is_no_answer_ends_in_100_and_a_sentence(tmp_path, script, sentence):
    result = run_with(tmp_path, script, "status")
    assert result.returncode == 100
    assert sentence in result.stderr
    assert result.stderr.startswith("svctl: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("script", [[silence], [GREETING, silence], [GREETING, receive, ONE, silence]])
@pytest.mark.parametrize("command", ["status", "list", "up", "hup"])
def test_silence_ends_with_the_timeout(tmp_path, script, command):
    start = time.monotonic()
    services = [] if command in ("status", "list") else ["web"]
    result = run_with(tmp_path, script, "--timeout", "300ms", command, *services)
    assert result.returncode == 6
    assert "did not answer within" in result.stderr
    assert time.monotonic() - start < 10


def test_a_supervisor_too_busy_to_accept_ends_with_the_timeout(tmp_path):
    path = str(tmp_path / "busy")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(path)
        listener.listen(0)
        first.connect(path)
        result = svctl("--timeout", "300ms", control=path)
    assert result.returncode == 6


def test_the_supervisors_own_refusals_are_shown_with_their_exit_code(tmp_path):
    refusal = b'{"code":"too-many-connections","error":"64 connections are open"}\n'
    result = run_with(tmp_path, [refusal], "status")
    assert (result.returncode, result.stderr) == (100, "svctl: 64 connections are open\n")
    refusal = b'{"id":1,"code":"not-permitted","error":"only root may do that"}\n'
    result = run_with(tmp_path, [GREETING, receive, refusal], "up", "web")
    assert (result.returncode, result.stderr) == (5, "svctl: only root may do that\n")


def test_what_it_says_never_reaches_the_terminal_raw(tmp_path):
    refusal = b'{"id":1,"code":"internal","error":"a\\u001b[2Jb"}\n'
    result = run_with(tmp_path, [GREETING, receive, refusal], "status")
    assert result.stderr == "svctl: a\\x1b[2Jb\n"


def test_errors_are_json_where_json_was_asked_for(tmp_path):
    result = svctl("--json", "status", control=tmp_path / "none")
    assert result.returncode == 100
    assert json.loads(result.stdout)["code"] == "no-supervisor"
    result = run_with(tmp_path, [GREETING, silence], "--json", "--timeout", "0.2", "list")
    assert result.returncode == 6
    assert json.loads(result.stdout)["code"] == "timed-out"


def test_json_keeps_fields_that_svctl_does_not_know(tmp_path):
    line = b'{"id":1,"service":"web","state":"ready","of_the_future":{"a":[1]}}\n'
    result = run_with(tmp_path, [GREETING, receive, line, DONE], "--json", "status")
    assert result.returncode == 0
    assert json.loads(result.stdout) == {
        "service": "web",
        "state": "ready",
        "of_the_future": {"a": [1]},
    }


@pytest.mark.parametrize(
    "words, request_",
    [
        (["status"], {"id": 1, "verb": "status"}),
        (["list", "a"], {"id": 1, "verb": "list", "services": ["a"]}),
        (["start", "a", "b"], {"id": 1, "verb": "up", "services": ["a", "b"]}),
        (["stop", "a", "--no-wait"], {"id": 1, "verb": "down", "services": ["a"], "wait": False}),
        (
            ["--timeout", "60s", "restart", "a"],
            {"id": 1, "verb": "restart", "services": ["a"], "timeout_ms": 60000},
        ),
        (["once", "a"], {"id": 1, "verb": "once", "services": ["a"]}),
        (["pause", "a"], {"id": 1, "verb": "signal", "services": ["a"], "signal": 19}),
        (["alarm", "a"], {"id": 1, "verb": "signal", "services": ["a"], "signal": 14}),
        (["kill", "a"], {"id": 1, "verb": "signal", "services": ["a"], "signal": 9}),
        (["signal", "winch", "a"], {"id": 1, "verb": "signal", "services": ["a"], "signal": 28}),
    ],
)
def test_each_command_sends_its_request(tmp_path, words, request_):
    with FakeSupervisor(tmp_path, [GREETING, receive, DONE]) as fake:
        assert svctl(*words, control=fake.path).returncode == 0
    assert fake.requests == [request_]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 6, 100])
def test_svctl_exits_with_what_the_supervisor_says(tmp_path, code):
    done = b'{"id":1,"done":true,"exit":%d}\n' % code
    assert run_with(tmp_path, [GREETING, receive, done], "up", "a").returncode == code


@pytest.mark.parametrize("words", [["st"], ["stauts"], ["up"], ["--nope"], ["up", "a", "--timeout"]])
def test_a_wrong_command_line_is_2_and_asks_nobody(words, tmp_path):
    result = svctl(*words, control=tmp_path / "none")
    assert result.returncode == 2
    assert result.stderr.startswith("svctl: ")
    assert result.stdout == ""


def test_help_and_version_need_no_supervisor(tmp_path):
    for words in (["--help"], ["help"], ["help", "up"], ["up", "--help"], ["--version"]):
        result = svctl(*words, control=tmp_path / "none")
        assert (result.returncode, result.stderr) == (0, "")
        assert "svctl" in result.stdout


def test_a_reader_that_leaves_ends_svctl_without_a_word(tmp_path):
    many = b"".join(b'{"id":1,"service":"service-%d","state":"down"}\n' % i for i in range(20000))
    with FakeSupervisor(tmp_path, [GREETING, receive, many, DONE]) as fake:
        process = subprocess.Popen(
            [SVCTL, "--control", fake.path, "list"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert process.stdout.readline() == b"service-0\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(DEADLINE) == -signal.SIGPIPE


def test_a_full_or_closed_output_is_an_error(tmp_path):
    with FakeSupervisor(tmp_path, [GREETING, receive, ONE, DONE]) as fake:
        command = f'"{SVCTL}" --control "{fake.path}" list'
        full = subprocess.run(
            ["sh", "-c", f"{command} > /dev/full"], capture_output=True, text=True
        )
        closed = subprocess.run(["sh", "-c", f"{command} >&-"], capture_output=True, text=True)
    assert full.returncode == 1
    assert full.stderr == "svctl: write to standard output: No space left on device\n"
    assert closed.returncode == 1
    assert closed.stderr == "svctl: write to standard output: Bad file descriptor\n"


def test_ctrl_c_ends_the_waiting(tmp_path):
    with FakeSupervisor(tmp_path, [GREETING, receive, silence]) as fake:
        process = subprocess.Popen([SVCTL, "--control", fake.path, "up", "web"], env=environment())
        while not fake.requests:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == -signal.SIGINT
