"""Our sv beside Debian's where nobody supervises: the same words, the same exit codes."""

import os
import re
import struct
import subprocess

import pytest

import namespace
from runit_tree import LONG, OURS, REAL_SV, RECORDER, SVCTL, RunitTree, fetch_peers
from supervised import DEADLINE, eventually

# Too short; of the year 2500; while finish runs; from before 1970.
ODD = {
    "short": b"123",
    "future": struct.pack(">QI", 2**62 + 10 + 16725225600, 0) + b"\7\0\0\0\0u\0\1",
    "ending": struct.pack(">QI", 2**62 + 10, 0) + b"\7\0\0\0\1u\1\2",
    "old": struct.pack(">QI", 0, 0) + b"\7\0\0\0\0d\0\1",
}
DEAD = b"\x40\0\0\0\x66\0\0\x0a" + b"\0" * 9 + b"d\0\0"


@pytest.fixture(scope="module", autouse=True)
def peers():
    fetch_peers()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Services that nobody supervises, and both programs by any name."""
    top = tmp_path_factory.mktemp("sv")
    for directory in (top, *list(top.parents)[:2]):  # nobody comes here, too
        directory.chmod(directory.stat().st_mode | 0o11)
    for name in ("plain", "dead", "torn", "locked"):
        (top / "sv" / name / "supervise").mkdir(parents=True)
    (top / "sv/bare").mkdir()
    (top / "sv/file").write_text("")
    for name in ("dead", "torn"):
        for fifo in ("ok", "control"):
            os.mkfifo(top / "sv" / name / "supervise" / fifo)
    (top / "sv/dead/supervise/status").write_bytes(DEAD)
    (top / "sv/locked/supervise/ok").mkdir()
    for name, status in ODD.items():
        (top / "odd" / name / "supervise").mkdir(parents=True, mode=0o700)
        os.mkfifo(top / "odd" / name / "supervise/ok")
        (top / "odd" / name / "supervise/status").write_bytes(status)
    for kind, program in (("real", REAL_SV), ("ours", SVCTL)):
        (top / kind).mkdir()
        for name in ("sv", "dead", "bare", "plain"):
            (top / kind / name).symlink_to(program)
    supervised = [os.open(top / "odd" / name / "supervise/ok", os.O_RDONLY | os.O_NONBLOCK) for name in ODD]
    yield top
    for fifo in supervised:
        os.close(fifo)


def run(place, kind, *words, name="sv", before=(), **variables):
    result = subprocess.run(
        [*before, place / kind / name, *words],
        capture_output=True,
        cwd=place,
        timeout=DEADLINE,
        env={"SVDIR": str(place / "sv"), "PATH": os.environ["PATH"], **variables},
        check=False,
    )
    out = re.sub(rb"\b\d+s\b", b"Ns", result.stdout)
    return result.returncode, out, re.sub(rb"^(\$Id:|sv \(mainstay\)).*\n", b"", result.stderr)


COMMANDS = """up down once pause cont hup alarm interrupt quit 1 2 term kill exit status start stop reload
restart shutdown force-stop force-reload force-restart force-shutdown try-restart check u d o s x e D T X E
f force st z r reset 9""".split()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_where_nobody_answers(place, command):
    for words in (["dead"], ["bare", "dead", "nobody", "file"], []):
        real = run(place, "real", command, *words)
        assert run(place, "ours", command, *words) == real


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["-v"],
        ["-w"],
        ["-w", "3"],
        ["-z", "up", "dead"],
        ["-vz"],
        ["-V"],
        ["--", "status", "dead"],
        ["--help"],
        ["--help", "status", "dead"],
        ["-v", "-w0", "status", "./sv/dead/", "web//", "..", "x" * 300, "%s%n", "a\nb"],
        ["-w", "-1", "check", "dead"],
        ["-w", "", "status", "dead"],
        ["status", *(f"./odd/{name}" for name in ODD)],
        ["-w", "0", "check", *(f"./odd/{name}" for name in ODD)],
        ["-", "status"],
        ["-v", "down", "dead"],
        ["-w1", "up", "dead", "torn"],
        ["-w", "x", "check", "dead"],
        ["status", "torn", "locked", "plain"],
        ["status", "./sv/dead", "sv/dead", "dead/", ""],
        ["status", "/nowhere"],
        ["exit", "dead", "bare"],
        ["-v", "exit", "dead", "bare"],
        ["shutdown", "dead", "nobody"],
        ["status", *["nobody"] * 120],
    ],
)
def test_each_way_to_say_it(place, words):
    assert run(place, "ours", *words) == run(place, "real", *words)


@pytest.mark.parametrize("variables", [{"SVDIR": "/nowhere"}, {"SVWAIT": "1"}, {"SVWAIT": "odd"}])
def test_its_variables(place, variables):
    words = ["check", "dead", "bare"]
    assert run(place, "ours", *words, **variables) == run(place, "real", *words, **variables)


AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
WITHOUT = [["sh", "-c", f'exec "$@" {streams}', "sh"] for streams in (">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full")]


@pytest.mark.parametrize("before", [AS_NOBODY, *WITHOUT], ids=["nobody", "no output", "no errors", "nothing", "full"])
@pytest.mark.parametrize("command", ["status", "check", "hup"])
def test_without_rights_or_streams(place, command, before):
    words = [command, "./odd/ending", "./sv/dead", "./sv/nobody"]
    assert run(place, "ours", *words, before=before) == run(place, "real", *words, before=before)


@pytest.mark.parametrize("name", ["dead", "bare", "plain"])
@pytest.mark.parametrize("words", [[], ["status"], ["sta"], ["start"], ["stop"], ["-w", "1", "restart"], ["-q"]])
def test_as_an_init_script(place, name, words):
    assert run(place, "ours", *words, name=name) == run(place, "real", *words, name=name)


def test_an_init_script_of_a_service_that_is_supervised():
    said = []
    for program in (REAL_SV, SVCTL):
        with RunitTree(OURS) as tree:
            tree.add("web", RECORDER, check="#!/bin/sh\n[ ! -e ill ]\n")
            script = tree.top / "web"
            script.symlink_to(program)
            tree.sv_program = script
            tree.start()
            tree.wait_got("web", "up")
            heard = [tree.sv("status"), tree.sv("-w", LONG, "stop"), tree.sv("status"), tree.sv("-w", LONG, "start")]
            (tree.definitions / "web/ill").write_text("")
            heard += [tree.sv("-w", "0", "check"), tree.sv("-w", "0", "start")]
            said.append(heard)
    assert said[0] == said[1]
    assert [one.exit for one in said[0]] == [0, 0, 3, 0, 1, 1]


def test_a_read_only_service_directory_is_driven_all_the_same():
    with RunitTree(OURS, sv=OURS) as tree:
        directory = tree.add("web", log_run="#!/bin/sh\nexec cat >/dev/null\n")
        (tree.top / "read-only").mkdir()
        mount = f"mount --bind {directory} {directory} && mount -o remount,bind,ro {directory} && exec \"$@\""
        tree._enter = ["unshare", "--mount", "sh", "-c", mount, "sh"]
        (directory / "run").write_text("#!/bin/sh\nexec sleep 1000000\n")
        super(RunitTree, tree).start()
        files = tree.top / "supervise/web"
        eventually((files / "ok").exists, "it has a place")
        eventually((files / "log/ok").exists, "its logger, too")
        variables = {"SVCTL_SOCKET": str(tree.socket)}
        status = tree.sv("status", "web", environment=variables)
        assert status.text == "run: web: (pid N) Ns; run: log: (pid N) Ns\n"
        assert tree.sv("-w", LONG, "stop", "web", environment=variables).exit == 0
        assert not (directory / "supervise").exists()


def complete(place, *words):
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sv; printf "%s\\n" "${COMPREPLY[@]}"'
    completion = namespace.TOP / "ctl/completion/sv.bash"
    result = subprocess.run(
        ["bash", "-c", script, "bash", completion, *words],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "SVDIR": str(place / "sv")},
        timeout=DEADLINE,
        check=True,
    )
    return result.stdout.split()


def test_bash_completes_commands_and_services(place):
    assert complete(place, "sv", "re") == ["reload", "restart"]
    assert complete(place, "sv", "-w", "5", "sta") == ["status", "start"]
    assert complete(place, "sv", "-") == ["-v", "-w", "-V"]
    assert complete(place, "sv", "up", "") == ["bare", "dead", "locked", "plain", "torn"]
    assert complete(place, "sv", "-v", "up", "dead", "p") == ["plain"]
    # Each command that is completed is one.
    for command in complete(place, "sv", ""):
        assert run(place, "ours", command, "dead")[0] != 100, command
