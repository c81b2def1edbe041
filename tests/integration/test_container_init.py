"""`init … -- COMMAND`, tini, dumb-init and catatonit beside the real ones: the same exit codes, the same
signals to the same processes, the same surroundings for the command."""

import os
import pathlib
import pty
import shutil
import signal
import subprocess

import pytest

from container_init import (
    DEADLINE, INIT, KINDS, LAST, OURS, REAL, Places, Running, fetch_inits, links, masked, recorder,
)
from namespace import BUSYBOX, Pid1, eventually  # noqa: F401  (conftest.py knows by Pid1 that this needs root)

# How each is told to run a command, and to send signals to it alone or to its group.
PLAIN = {"tini": ["-s", "--"], "dumb-init": ["-c"], "catatonit": ["--"]}
GROUP = {"tini": ["-sg", "--"], "dumb-init": [], "catatonit": ["-g", "--"]}
SIGNALS = sorted(
    number
    for number in signal.valid_signals()
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, LAST)
    and number not in (signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGBUS)
    and number not in (signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS)
)
JOB_CONTROL = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}


@pytest.fixture(scope="module", autouse=True)
def inits():
    fetch_inits()


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return Places(links(tmp_path_factory.mktemp("inits")))


def outcome(places, kind, name, words, **options):
    """Exit code, output, and errors without process ids."""
    result = subprocess.run(
        [places.program(kind, name), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        **options,
    )
    return result.returncode, result.stdout, masked(result.stderr)


RUNS = [
    ("tini", ["-s", "true"]),
    ("tini", ["-s", "--", "sh", "-c", "exit 3"]),
    ("tini", ["-s", "--", "sh", "-c", "kill -9 $$"]),
    ("tini", ["-s", "nope"]),
    ("tini", ["-s", "/nowhere/nope"]),
    ("tini", ["-s", "/etc/passwd"]),
    ("tini", ["-s", "-e", "7", "--", "sh", "-c", "exit 7"]),
    ("tini", ["-s", "-e", "7", "--", "sh", "-c", "exit 8"]),
    ("tini", ["-s", "-e143", "-e", "1", "--", "sh", "-c", "kill $$"]),
    ("tini", ["-s", "-e", "", "-e", " +7", "--", "sh", "-c", "exit 7"]),
    ("tini", ["-s", "echo", "--", "-n", "word"]),
    ("tini", ["-s", ""]),
    ("tini", ["-s", "x" * 300]),
    ("dumb-init", ["--", ""]),
    ("dumb-init", ["."]),
    ("tini", ["echo", "word", "-s", "other"]),
    ("dumb-init", ["true"]),
    ("dumb-init", ["sh", "-c", "exit 3"]),
    ("dumb-init", ["--", "sh", "-c", "kill -9 $$"]),
    ("dumb-init", ["nope"]),
    ("dumb-init", ["-c", "/etc/passwd"]),
    ("dumb-init", ["-r", "15:3", "--single-child", "echo", "-v"]),
    ("dumb-init", ["--rewrite=2:0", "--single", "echo", "word"]),
    ("catatonit", ["true"]),
    ("catatonit", ["--", "sh", "-c", "exit 3"]),
    ("catatonit", ["-g", "--", "sh", "-c", "kill -9 $$"]),
]


@pytest.mark.parametrize("name, words", RUNS, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_it_ends_as_the_real_one_does_and_says_the_same(places, name, words):
    ours = outcome(places, OURS, name, words)
    assert ours == outcome(places, REAL, name, words)


# What is said about a wrong call is each program's own; that it fails, and where it says so, is not.
REFUSALS = [
    ("tini", ["-e", "256", "true"]),
    ("tini", ["-e", "x", "true"]),
    ("tini", ["-e", " ", "true"]),
    ("tini", ["-e", "-1", "true"]),
    ("tini", ["-s", "--"]),
    ("tini", ["-p", "SIGNONE", "true"]),
    ("tini", ["sh", "-c", "true"]),
    ("tini", ["-q", "true"]),
    ("tini", ["-e"]),
    ("tini", ["--version", "true"]),
    ("tini", []),
    ("dumb-init", ["-r", "15", "true"]),
    ("dumb-init", ["-r", "99:1", "true"]),
    ("dumb-init", ["--nothing", "true"]),
    ("dumb-init", ["-x", "true"]),
    ("dumb-init", []),
    ("catatonit", ["-z", "true"]),
    ("catatonit", ["sh", "-c", "true"]),
    ("catatonit", ["nope"]),
    ("catatonit", []),
]


@pytest.mark.parametrize("name, words", REFUSALS, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_a_wrong_call_fails_as_with_the_real_one_and_says_why(places, name, words):
    code, output, errors = outcome(places, OURS, name, words)
    real = outcome(places, REAL, name, words)
    assert (code, output) == (real[0], real[1])
    assert code != 0 and errors.count("\n") == 1


@pytest.mark.parametrize("name, word", [("tini", "-h"), ("tini", "--version"), ("tini", "-l"), ("dumb-init", "-h"),
                                        ("dumb-init", "-V"), ("catatonit", "-h"), ("catatonit", "-V"), ("catatonit", "-L")])
def test_help_and_version_go_where_the_real_ones_go(places, name, word):
    ours, real = (outcome(places, kind, name, [word]) for kind in KINDS)
    assert ours[0] == real[0] == 0
    assert [bool(text) for text in ours[1:]] == [bool(text) for text in real[1:]]


def test_docker_finds_a_version_that_it_knows(places):
    code, output, _ = outcome(places, OURS, "docker-init", ["--version"])
    assert code == 0 and output.startswith("tini version 0.19.0")


SURROUNDINGS = """
import os, signal, sys
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status"))
for key in ("SigBlk", "SigIgn"):
    print(key, status[key].strip())
print("leads its group", os.getpgrp() == os.getpid(), "and session", os.getsid(0) == os.getpid())
print("parent's group", os.getpgrp() == os.getpgid(os.getppid()))
print(os.getcwd(), sorted(os.environ.items()), sys.argv)
"""


def spoil_signals():
    """What whoever starts it may have left: signals that are ignored, and some that are blocked."""
    for number in (signal.SIGHUP, signal.SIGTTOU):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("how", [PLAIN, GROUP], ids=["alone", "group"])
def test_the_command_finds_what_it_finds_under_the_real_one(places, name, how, tmp_path):
    def run(kind, setup):
        words = [*how[name], "/usr/bin/python3", "-ISBc", SURROUNDINGS, "word"]
        env = {"CONTAINER": "mine", "EMPTY": "", "PATH": "/usr/bin"}
        return outcome(places, kind, name, words, env=env, cwd=tmp_path, preexec_fn=setup)

    ours, real = run(OURS, None), run(REAL, None)
    if name == "catatonit":  # blocks them, so that ctrl-Z stops nothing: ours does not
        assert "SigBlk 0000000000380000" in real[1]
        real = (real[0], real[1].replace("0000000000380000", "0000000000000000"), real[2])
    assert ours == real and "('CONTAINER', 'mine')" in ours[1]
    if name != "catatonit":
        ours, real = run(OURS, spoil_signals), run(REAL, spoil_signals)
        assert ours == real and (ours != run(OURS, None)) == (name == "tini")


def test_init_hears_of_ends_even_where_it_was_told_to_ignore_them(places):
    ignore = lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in PLAIN:
        words = [*PLAIN[name], "sh", "-c", "exit 3"]
        assert outcome(places, OURS, name, words, preexec_fn=ignore)[0] == 3


def reports(places, kind, name, how, numbers, pid_namespace):
    """What the command hears when its init gets these, one after the other."""
    found = {}
    words = [places.program(kind, name), *how[name], *recorder()]
    with Running(*words, pid_namespace=pid_namespace) as init:
        init.wait("up")
        for number in numbers:
            init.signal(number)
            init.signal(LAST - 1)
            found[number] = init.wait(str(LAST - 1))
        init.signal(LAST)
        assert init.wait(str(LAST)) == []
        assert init.exit() == 5
        assert init.errors() == ""
    return found


@pytest.mark.parametrize("pid_namespace", [False, True], ids=["subreaper", "pid 1"])
@pytest.mark.parametrize("name", PLAIN)
def test_all_signals_are_passed_on_as_the_real_one_does(places, name, pid_namespace):
    numbers = [number for number in SIGNALS if number != LAST - 1]
    if name == "dumb-init":  # it stops itself with these: below
        numbers = [number for number in numbers if number not in JOB_CONTROL]
    ours = reports(places, OURS, name, PLAIN, numbers, pid_namespace)
    assert ours == reports(places, REAL, name, PLAIN, numbers, pid_namespace)
    assert ours[signal.SIGTERM] == ["15"]


def test_init_itself_passes_on_what_a_command_knows(places):
    own = {"init": ["--"]}
    found = reports(places, OURS, "init", own, [1, 2, 10, 28, 37, 38, 39, signal.SIGPWR, 40, 59], True)
    assert found == {1: ["1"], 2: ["2"], 10: ["10"], 28: ["28"], 37: ["15"], 38: ["15"], 39: ["15"],
                     signal.SIGPWR: ["15"], 40: ["40"], 59: []}


# The recorder starts another one in its group, and sends it a last signal when it has got its own.
IN_GROUP = {
    "RECORDER_SETUP": """
child = 0
if not who:
    child = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-ISBc", sys.orig_argv[2], "child ", "63"])
""",
    "RECORDER_ON_SIGNAL": "if child and number == end: os.kill(child, 63)",
}


@pytest.mark.parametrize("how", [PLAIN, GROUP], ids=["alone", "group"])
@pytest.mark.parametrize("name", PLAIN)
def test_a_signal_reaches_the_group_where_it_does_with_the_real_one(places, name, how):
    def heard(kind):
        words = [places.program(kind, name), *how[name], *recorder()]
        with Running(*words, env=IN_GROUP) as init:
            started = {init.line(), init.line()}
            assert started == {"up", "child up"}
            init.signal(signal.SIGTERM)
            init.signal(LAST)
            return set(init.rest())

    # The other one may have ended before the last signal to the group has reached it.
    ours = heard(OURS) - {f"child {LAST}"}
    assert ours == heard(REAL) - {f"child {LAST}"}
    assert ("child 15" in ours) == (how is GROUP)


def test_dumb_init_ends_its_group_with_its_command(places):
    def heard(kind):
        other = recorder("other ", int(signal.SIGTERM))
        words = [places.program(kind, "dumb-init"), "sh", "-c", '"$@" & read x; exit 6', "sh", *other]
        with Running(*words, stdin=subprocess.PIPE) as init:
            init.wait("other up")
            init.process.stdin.close()
            return init.rest(), init.exit()

    assert heard(OURS) == heard(REAL) == (["other 15"], 6)


def state_of(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", sorted(JOB_CONTROL), ids=lambda number: number.name)
def test_dumb_init_stops_with_its_command_and_goes_on_with_it(places, kind, number):
    with Running(places.program(kind, "dumb-init"), *recorder()) as init:
        init.wait("up")
        (command,) = init.descendants()
        init.signal(number)
        for pid in (init.pid, command):
            eventually(lambda pid=pid: state_of(pid) == "T", f"{pid} is stopped", DEADLINE)
        init.signal(signal.SIGCONT)
        assert init.line() == "18"
        init.signal(LAST)
        init.wait(str(LAST))
        assert init.exit() == 5


def test_dumb_init_rewrites(places):
    how = {"dumb-init": ["-c", "-r", "15:3", "-r", "1:0", "--rewrite", "20:10"]}
    ours = reports(places, OURS, "dumb-init", how, [15, 1, 2], False)
    assert ours == reports(places, REAL, "dumb-init", how, [15, 1, 2], False) == {15: ["3"], 1: [], 2: ["2"]}


TERMINAL = """
import os
print("foreground", os.tcgetpgrp(0) == os.getpgrp(), "leader", os.getsid(0) == os.getpid())
os.close(os.open("/dev/tty", os.O_RDWR))
"""


def on_terminal(words):
    """What is shown by a program that leads the session of a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(words[0], words)
    shown = b""
    try:
        while data := os.read(terminal, 4096):
            shown += data
    except OSError:
        pass  # nobody has it open any more
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("how", [PLAIN, GROUP], ids=["alone", "group"])
def test_the_command_gets_the_terminal_as_under_the_real_one(places, name, how):
    words = [*how[name], "/usr/bin/python3", "-ISBc", TERMINAL]
    ours = on_terminal([places.program(OURS, name), *words])
    assert ours == on_terminal([places.program(REAL, name), *words])
    assert ours[0] == 0 and "foreground True" in ours[1]


@pytest.mark.parametrize("kind", KINDS)
def test_tini_hears_of_its_parents_death(places, kind):
    words = [places.program(kind, "tini"), "-s", "-p", "SIGUSR2", "--", *recorder(end=int(signal.SIGUSR2))]
    # A parent that lives until it is told: its own child would get the signal even before it said "up".
    with Running("sh", "-c", '"$@" & read x', "sh", *words, stdin=subprocess.PIPE) as parent:
        parent.wait("up")
        parent.process.stdin.close()
        assert parent.rest() == [str(int(signal.SIGUSR2))]


# Leaves so many behind, and ends with the number of its own kind that its parent has.
ORPHANS = [
    "sh",
    "-c",
    'i=0; while [ $i -lt "$1" ]; do (:&); i=$((i+1)); done; exec /usr/bin/python3 -ISBc "$0"',
    """
import os, pathlib, sys, time
parent = os.getppid()
def children():
    return len(pathlib.Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
end = time.monotonic() + 60
while children() != 1 and time.monotonic() < end:
    time.sleep(0.01)
sys.exit(children())
""",
]


@pytest.mark.parametrize("pid_namespace", [False, True], ids=["subreaper", "pid 1"])
def test_thousands_of_orphans_are_buried(places, pid_namespace):
    words = [places.program(OURS, "init"), "--", *ORPHANS, "2000"]
    with Running(*words, pid_namespace=pid_namespace) as init:
        assert init.exit() == 1, init.errors()


def test_a_buried_orphan_is_told_where_that_is_wished(places):
    def told(kind):
        words = ["-sw", "--", *ORPHANS, "3"]
        code, output, errors = outcome(places, kind, "tini", words)
        return code, output, sorted(line.rsplit("=", 1)[0] for line in errors.splitlines())

    assert told(OURS) == told(REAL) == (1, "", ["[WARN  tini (N)] Reaped zombie process with pid"] * 3)


def test_who_cannot_adopt_orphans_is_told(places):
    for kind in KINDS:
        code, _, errors = outcome(places, kind, "tini", ["true"])
        assert code == 0 and "registered as a child subreaper" in errors
        assert outcome(places, kind, "tini", ["true"], env={**os.environ, "TINI_SUBREAPER": ""})[2] == ""


@pytest.mark.parametrize("name, words", [("init", ["--"]), ("tini", ["-s"]), ("docker-init", ["-s", "--"])])
def test_a_variable_that_means_nothing_is_told_and_does_no_harm(places, name, words):
    env = {**os.environ, "TINI_VERBOSITY": "garbage"}
    code, output, errors = outcome(places, OURS, name, [*words, "echo", "word"], env=env)
    assert (code, output) == (0, "word\n")
    assert "TINI_VERBOSITY='garbage' is ignored: it must be a number from 0 to 4" in errors


def test_it_needs_no_proc_no_rights_and_nothing_that_can_be_written(tmp_path):
    (tmp_path / "bin").mkdir()
    shutil.copy(BUSYBOX, tmp_path / "bin/busybox")
    shutil.copy(INIT, tmp_path / "init")
    tmp_path.chmod(0o755)
    tried = "test ! -e /proc/self && ! touch /x && test $(id -u) = 1000 && test $(pwd) = / && exit 9"
    enter = 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec chroot --userspec 1000:1000 "$0" "$@"'
    result = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-ec", enter, tmp_path, "/init", "--"]
        + ["/bin/busybox", "sh", "-c", tried],
        capture_output=True, text=True, timeout=DEADLINE,
    )
    assert (result.returncode, result.stderr) == (9, "touch: /x: Read-only file system\n")


def test_init_keeps_no_descriptor_that_is_its_commands(places):
    read_end, write_end = os.pipe()
    closes = f"import os, time; os.close({write_end}); print('up', flush=True); time.sleep(1000)"
    words = [places.program(OURS, "init"), "--", "/usr/bin/python3", "-ISBc", closes]
    with Running(*words, pass_fds=[write_end]) as init:
        os.close(write_end)
        init.wait("up")
        assert os.read(read_end, 1) == b""
    os.close(read_end)


def test_passed_sockets_become_the_commands(places):
    words = [places.program(OURS, "init"), "--", "sh", "-c", 'test "$LISTEN_PID" = $$']
    for_init, for_another = 'LISTEN_PID=$$ exec "$@"', 'LISTEN_PID=1 exec "$@"'
    assert subprocess.run(["sh", "-c", for_init, "sh", *words], timeout=DEADLINE).returncode == 0
    assert subprocess.run(["sh", "-c", for_another, "sh", *words], timeout=DEADLINE).returncode == 1


RT_SIGTIMEDWAIT = "128 "  # during which what is waited for does not count as blocked


def waits_for(pid, number):
    mask = pathlib.Path(f"/proc/{pid}/status").read_text().split("SigBlk:\t")[1].split()[0]
    is_blocked = int(mask, 16) >> (number - 1) & 1
    return is_blocked or pathlib.Path(f"/proc/{pid}/syscall").read_text().startswith(RT_SIGTIMEDWAIT)


def test_catatonit_pauses_until_it_is_told_to_end(places):
    for kind in KINDS:
        for number in (signal.SIGTERM, signal.SIGINT):
            with Running(places.program(kind, "catatonit"), "-P") as init:
                eventually(lambda: waits_for(init.process.pid, number), "it waits for signals", DEADLINE)
                init.signal(number)
                assert init.exit() == 0


# ---- what only ours has ---------------------------------------------------------------------------


@pytest.mark.parametrize("pid_namespace", [False, True], ids=["subreaper", "pid 1"])
def test_a_command_that_ignores_term_is_killed_after_its_grace(places, pid_namespace):
    words = [places.program(OURS, "init"), "--grace=2", "--", *recorder()]
    with Running(*words, pid_namespace=pid_namespace) as init:
        init.wait("up")
        init.signal(signal.SIGTERM)
        assert init.rest() == ["15"]
        assert init.exit() == 128 + signal.SIGKILL
        assert "did not end in time: killed" in init.errors()


# A command that leaves somebody behind, in a session of his own.
LEAVES = """
import os, sys
child = os.spawnv(os.P_NOWAIT, "/usr/bin/setsid", ["setsid", "--fork", *sys.argv[1:]])
os.waitpid(child, 0)
sys.stdin.read()
sys.exit(4)
"""


@pytest.mark.parametrize("pid_namespace", [False, True], ids=["subreaper", "pid 1"])
@pytest.mark.parametrize("grace, ends_by", [("60", signal.SIGTERM), ("2", LAST)], ids=["obeys", "is killed"])
def test_those_who_are_left_are_asked_and_waited_for(places, pid_namespace, grace, ends_by):
    left = recorder("left ", int(ends_by))
    words = [places.program(OURS, "init"), f"--grace={grace}", "--", "/usr/bin/python3", "-ISBc", LEAVES, *left]
    with Running(*words, pid_namespace=pid_namespace, stdin=subprocess.PIPE) as init:
        init.wait("left up")
        init.process.stdin.close()
        heard = init.rest()
        assert heard[0] == "left 15" and set(heard) <= {"left 15", "left 18"}
        assert init.exit() == 4
        assert ("others did not end in time: killed" in init.errors()) == (ends_by == LAST)
