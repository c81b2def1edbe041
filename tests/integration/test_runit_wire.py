"""runit's supervise/ directories: Debian's sv drives our supervisor as it drives runsv.

MAINSTAY_SV: the path of another sv that is tried as well, such as a link to a busybox that has it.
"""

import concurrent.futures
import contextlib
import fcntl
import operator
import os
import pathlib
import signal
import stat
import struct
import subprocess
import sys

import pytest

from runit_tree import LONG, OURS, PEERS, REAL, REAL_SV, RECORDER, RunitTree, Said, fetch_peers
from supervised import DEADLINE, SUPERVISOR, eventually

SVS = [REAL_SV, *map(pathlib.Path, os.environ.get("MAINSTAY_SV", "").split())]
LOGGER = "#!/bin/sh\nexec cat >../written\n"
IDLE = "#!/bin/sh\nexec sleep 1000000\n"


@pytest.fixture(scope="module", autouse=True)
def peers():
    fetch_peers()


@pytest.fixture
def tree():
    with RunitTree(OURS) as ours:
        yield ours


def each(scenario, *pairs):
    """What the scenario returns for each pair of a supervisor and an sv."""

    def under(pair):
        with RunitTree(*pair) as tree:
            return scenario(tree)

    # At the same time: all mostly wait for the clock of sv.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return list(pool.map(under, pairs))


def both(scenario):
    """What it returns under runsv and under our supervisor, by the real sv."""
    return each(scenario, (REAL, REAL_SV), (OURS, REAL_SV))


# --- side by side


def all_commands(tree):
    """Waits are of those that sv itself has: what it says then is the same each time."""
    tree.add("web", log_run=LOGGER, finish='#!/bin/sh\necho "$1 $2" >>finished\n')
    tree.add("idle", IDLE, down="")
    said = []

    def sv(*words):
        said.append((words, tree.sv(*words)))

    tree.start()
    tree.wait_got("web", "up")
    tree.wait_supervised("web/log")
    for name in ("web", "web/log"):
        eventually(lambda: tree.status_byte(name, 19) == 1, "it is written down, too")
    sv("status", "web")
    sv("status", "idle", "web", "nobody")
    sv("s", "web/log")
    sv("check", "web")
    sv("check", "idle")
    for command, name in (("hup", "HUP"), ("alarm", "ALRM"), ("interrupt", "INT"), ("quit", "QUIT")):
        sv(command, "web")
        tree.wait_got("web", name)
    for command, name in (("1", "USR1"), ("2", "USR2")):
        sv(command, "web")
        tree.wait_got("web", name)
    sv("reload", "web")
    tree.wait_got("web", "HUP")
    sv("-w", LONG, "pause", "web")
    eventually(lambda: tree.status_byte("web", 16) == 1, "busybox's sv waits only where runit's would without -w")
    sv("status", "web")
    sv("-w", LONG, "cont", "web")
    sv("-w", LONG, "stop", "web")
    tree.wait_got("web", "TERM")
    tree.wait_got("web", "3 0", file="finished")
    sv("status", "web")
    sv("stop", "web")
    sv("-w", LONG, "start", "web")
    sv("-w", LONG, "start", "idle")
    tree.wait_got("web", "up")
    sv("start", "web")
    sv("-w", LONG, "restart", "web")
    tree.wait_got("web", "TERM", "up")
    tree.wait_got("web", "3 0", file="finished")
    # Any sv is content here with the process of finish, where it looks while that runs.
    words = ("-w", LONG, "try-restart", "web")
    outcome = tree.sv(*words)
    said.append((words, Said(outcome.exit, outcome.text.replace("ok: finish:", "ok: run:"))))
    tree.wait_got("web", "TERM", "up")
    tree.wait_got("web", "3 0", file="finished")
    sv("-w", LONG, "once", "web")
    eventually(lambda: tree.status_byte("web", 17) == ord("d"), "it is to run once")
    sv("status", "web")
    sv("kill", "web")
    tree.wait_got("web", "-1 9", file="finished")
    eventually(lambda: tree.status_byte("web", 19) == 0, "it is down")
    sv("status", "web")
    sv("-w", LONG, "once", "idle")
    sv("-w", LONG, "term", "idle")
    sv("-w", LONG, "down", "idle")
    sv("-w", LONG, "down", "web/log")
    sv("-w", LONG, "up", "web/log")
    sv("-w", LONG, "shutdown", "web")
    sv("status", "web")
    sv("up", "web")
    sv("shutdown", "web")
    sv("exit", "idle")
    eventually(lambda: not tree.is_supervised("idle"), "idle is left")
    sv("status", "idle")
    sv("nonsense", "web")
    return said


@pytest.mark.parametrize("sv", SVS)
def test_sv_says_the_same_of_us_as_of_runsv_and_so_does_ours(sv):
    pairs = [(REAL, sv), (OURS, sv)]
    if sv == REAL_SV:
        pairs += [(REAL, OURS), (OURS, OURS)]
    real, *others = each(all_commands, *pairs)
    for said in others:
        assert said == real


def rarer_states(tree):
    """Several services at once, one whose finish takes long, one paused, loggers by themselves."""
    for name in ("a", "b", "log"):
        tree.add(name, IDLE, **({"log_run": LOGGER, "log_down": ""} if name == "log" else {}))
    tree.add("idle", IDLE, down="")
    tree.add("ill", IDLE, check="#!/bin/sh\nexit 1\n")
    tree.add("slow", IDLE, finish="#!/bin/sh\nuntil test -e go; do sleep 0.05; done\n")
    tree.start()
    tree.wait_supervised("log/log")
    said = []

    def sv(*words):
        # Of several, whoever is there first is told first.
        outcome = tree.sv(*words)
        said.append((words, outcome.exit, sorted(outcome.text.split("\n"))))

    def wait_byte(name, index, value):
        eventually(lambda: tree.status_byte(name, index) == value, f"byte {index} of {name} is {value}")

    for name in ("a", "b", "log", "ill", "slow"):
        wait_byte(name, 19, 1)
    sv("status", "a", "idle", "log", "log/log", "log/", "log/../log")
    sv("-w", LONG, "start", "a", "b", "idle", "log/log")
    sv("-v", "-w", LONG, "down", "a", "nobody", "idle", "log/log")
    sv("status", "a", "idle", "log")
    sv("-w", LONG, "restart", "idle")
    sv("-w", LONG, "stop", "idle")
    sv("-w", "0", "check", "b", "a")
    sv("-w", "0", "check", "ill")
    sv("pause", "b")
    wait_byte("b", 16, 1)
    sv("status", "b")
    sv("-w", LONG, "stop", "b")
    sv("-w", "0", "exit", "log/log")
    sv("term", "slow")
    wait_byte("slow", 19, 2)
    eventually(lambda: any(tree.status_byte("slow", index) for index in range(12, 16)), "runsv has written its pid, too")
    sv("status", "slow")
    tree.want_down("slow")
    sv("-w", "1", "stop", "slow")
    sv("status", "slow")
    (tree.definitions / "slow/go").write_text("")
    wait_byte("slow", 19, 0)
    sv("status", "slow")
    sv("-w", LONG, "force-shutdown", "log", "nobody")
    sv("status", "a", "log")
    return said


def test_rarer_states_look_the_same():
    real, *others = each(rarer_states, (REAL, REAL_SV), (OURS, REAL_SV), (REAL, OURS), (OURS, OURS))
    assert others == [real] * 3


def stubborn(tree):
    """A service that does not end by TERM."""
    tree.add("web", stubborn="")
    tree.start()
    tree.wait_got("web", "up")
    tree.want_down("web")
    tree.wait_got("web", "TERM")
    eventually(lambda: tree.status_byte("web", 18) == 1, "it is written down that it got that")
    said = [tree.sv("-w", "1", "stop", "web")]
    said.append((tree.supervise("web") / "stat").read_text())
    said.append(tree.sv("status", "web"))
    said.append(tree.sv("-w", "1", "force-stop", "web"))
    eventually(lambda: tree.status_byte("web", 19) == 0, "it is killed")
    said.append(tree.sv("status", "web"))
    said.append((tree.supervise("web") / "stat").read_text())
    return said


def test_down_by_the_fifo_never_kills_but_by_force():
    real, *others = each(stubborn, (REAL, REAL_SV), (OURS, REAL_SV), (REAL, OURS), (OURS, OURS))
    assert others == [real] * 3
    assert real[0].exit == 1 and "timeout: run: web: (pid N) Ns, want down, got TERM" in real[0].text


def told_twice(tree):
    """A d is told to the service each time that it comes."""
    tree.add("web", stubborn="")
    tree.start()
    tree.wait_got("web", "up")
    for _ in range(3):
        tree.command("web", "d")
        tree.wait_got("web", "TERM")
    tree.command("web", "k")
    eventually(lambda: tree.status_byte("web", 19) == 0, "it is killed")
    return tree.sv("status", "web")


def test_each_down_is_told():
    real, *others = each(told_twice, (REAL, REAL_SV), (OURS, REAL_SV), (REAL, OURS), (OURS, OURS))
    assert others == [real] * 3


def scripts(tree):
    note = '#!/bin/sh\necho {} >>scripts\nexit {}\n'
    directory = tree.add("web", **{f"control_{c}": note.format(c, 1) for c in "udtxch"})
    tree.start()
    tree.wait_got("web", "up")
    tree.wait_got("web", "u", file="scripts")
    said = [tree.sv("hup", "web")]
    tree.wait_got("web", "HUP")
    tree.wait_got("web", "h", file="scripts")
    (directory / "control/h").write_text(note.format("replaced", 0))
    tree.sv("hup", "web")
    tree.wait_got("web", "replaced", file="scripts")
    tree.sv("cont", "web")
    tree.wait_got("web", "c", file="scripts")
    said.append(tree.sv("-w", LONG, "stop", "web"))
    tree.wait_got("web", "TERM")
    tree.wait_got("web", "t", "d", file="scripts")
    # A script may end the service itself.
    (directory / "control/t").write_text("#!/bin/sh\nkill -9 $(cat supervise/pid)\n")
    said.append(tree.sv("-w", LONG, "start", "web"))
    tree.wait_got("web", "up")
    tree.wait_got("web", "u", file="scripts")
    said.append(tree.sv("-w", LONG, "stop", "web"))
    tree.wait_got("web", "d", file="scripts")
    said.append(tree.sv("-w", LONG, "start", "web"))
    tree.wait_got("web", "u", file="scripts")
    tree.wait_got("web", "up")
    said.append(tree.sv("-w", LONG, "shutdown", "web"))
    tree.wait_got("web", "x", file="scripts")
    return said


def test_control_scripts_come_before_signals_and_replace_them():
    real, ours = both(scripts)
    assert ours == real


def modes(tree):
    tree.add("web", log_run=LOGGER)
    tree.start()
    directories = (tree.supervise("web"), tree.definitions / "web/log/supervise")
    tree.wait_supervised("web/log")
    for directory in directories:
        # What runsv writes last says that it runs; we make the fifos after that.
        eventually(lambda: (directory / "status").exists() and (directory / "status").read_bytes()[19] == 1, "it runs")
    found = {}
    for directory in directories:
        for path in [directory, *directory.iterdir()]:
            found[str(path.relative_to(tree.definitions))] = stat.filemode(path.stat().st_mode)
    return found


def test_modes_are_those_of_runsv():
    real, ours = both(modes)
    assert ours == real and "prw-------" in real.values()


# --- ours alone


def test_the_files_say_what_is_true(tree):
    tree.add("web")
    tree.start()
    tree.wait_got("web", "up")
    directory = tree.supervise("web")
    pid = tree.pid("web")
    status = (directory / "status").read_bytes()
    seconds, _, its_pid = struct.unpack(">QI", status[:12]) + struct.unpack("<I", status[12:16])
    assert len(status) == 20 and its_pid == pid and status[16:] == b"\0u\0\1"
    started = os.stat(f"/proc/{pid}").st_mtime
    assert abs(seconds - 2**62 - 10 - started) < DEADLINE
    assert (directory / "pid").read_text() == f"{pid}\n"
    assert (directory / "stat").read_text() == "run\n"
    tree.ask(verb="down", services=["web"])
    eventually(lambda: (directory / "stat").read_text() == "down\n", "it is down")
    eventually(lambda: (directory / "status").read_bytes()[12:] == b"\0\0\0\0\0d\0\0", "it is down")
    assert (directory / "pid").read_text() == ""
    assert not list(directory.glob("*.new"))


def test_a_service_that_failed_can_be_brought_up_by_sv(tree):
    """sv sends no `u` to whom it finds to be wanted up already."""
    directory = tree.add("web", "#!/bin/sh\nexit 1\n")
    (directory / "service.conf").write_text("restart = never\n")
    tree.start()
    tree.wait_state("web", "failed")
    (directory / "run").write_text(RECORDER)
    assert tree.sv("-w", LONG, "up", "web").exit == 0
    tree.wait_got("web", "up")


def test_exit_can_be_undone(tree):
    tree.add("web", "#!/bin/sh\necho begins\nexec sleep 1000000\n", log_run="#!/bin/sh\nexec cat >>../written\n")
    tree.start()
    eventually(lambda: tree.got("web", "written") == ["begins"], "it is logged")
    assert tree.sv("-w", LONG, "shutdown", "web").exit == 0
    assert tree.status("web")["state"] == tree.status("web/log")["state"] == "down"
    tree.ask(verb="up", services=["web"])
    tree.wait_supervised("web")
    eventually(lambda: tree.got("web", "written") == ["begins", "begins"], "it is logged again")


def test_after_a_crash_the_files_are_true_again(tree):
    tree.add("web")
    tree.start()
    tree.wait_got("web", "up")
    before = (tree.supervise("web") / "status").read_bytes()
    tree.process.kill()
    tree.process.wait()
    # A child that it was about to give to svlog has its descriptors until it is executed.
    eventually(lambda: not tree.is_supervised("web"), "nobody listens")
    tree.start()
    after = (tree.supervise("web") / "status").read_bytes()
    assert after[12:] == before[12:], "the same process, and wanted"
    assert abs(int.from_bytes(after[:8], "big") - int.from_bytes(before[:8], "big")) <= 1
    assert tree.sv("-w", LONG, "stop", "web").exit == 0


def test_what_has_no_timeout_after_a_crash_has_none_still(tree):
    tree.add("web", stubborn="")
    (tree.definitions / "web/timeout-kill").write_text("1\n")
    tree.start()
    tree.wait_got("web", "up")
    pid = tree.pid("web")
    tree.command("web", "d")
    tree.wait_got("web", "TERM")
    tree.process.kill()
    tree.process.wait()
    tree.start()
    assert tree.status("web")["state"] == "stopping" and tree.pid("web") == pid
    # Who asks by svctl gets what its timeout says.
    tree.ask(verb="down", services=["web"])
    tree.wait_state("web", "down")


def test_s6_svc_sends_the_same_letters(tree):
    tree.add("web")
    tree.start()
    tree.wait_got("web", "up")
    libraries = {**os.environ, "LD_LIBRARY_PATH": str(PEERS.parent / "lib/x86_64-linux-gnu")}

    def s6(*words):
        return subprocess.run([PEERS / words[0], *words[1:]], env=libraries, timeout=DEADLINE, check=False).returncode

    directory = tree.definitions / "web"
    for letter, name in zip("haiq12y", "HUP ALRM INT QUIT USR1 USR2 WINCH".split()):
        assert s6("s6-svc", f"-{letter}", directory) == 0
        tree.wait_got("web", name)
    assert s6("s6-svc", "-p", directory) == 0
    eventually(lambda: tree.status_byte("web", 16) == 1, "it is paused")
    assert s6("s6-svc", "-c", directory) == 0
    eventually(lambda: tree.status_byte("web", 16) == 0, "it goes on")
    for letter in "tr":
        assert s6("s6-svc", f"-{letter}", directory) == 0
        tree.wait_got("web", "TERM", "up")
    assert s6("s6-svc", "-d", directory) == 0
    tree.wait_got("web", "TERM")
    tree.wait_state("web", "down")
    assert s6("s6-svc", "-o", directory) == 0
    tree.wait_got("web", "up")
    for letter in "bk":
        assert s6("s6-svc", "-u", f"-{letter}", directory) == 0
        tree.wait_got("web", "up")
    assert s6("s6-svc", "-O", "-t", directory) == 0
    tree.wait_got("web", "TERM")
    eventually(lambda: tree.status_byte("web", 19) == 0, "it is down")
    assert s6("s6-svc", "-O", directory) == 0  # nor is it started by this
    tree.wait_state("web", "down")
    assert s6("s6-svc", "-u", directory) == 0
    tree.wait_got("web", "up")
    assert s6("s6-svc", "-D", directory) == 0
    tree.wait_got("web", "TERM")
    tree.wait_state("web", "down")
    assert (directory / "down").read_text() == ""
    assert s6("s6-svc", "-U", directory) == 0
    tree.wait_got("web", "up")
    assert not (directory / "down").exists()
    assert s6("s6-svc", "-Q", directory) == 0  # it goes on, but is not started again
    eventually((directory / "down").exists, "the next boot leaves it down")
    assert s6("s6-svc", "-t", directory) == 0
    tree.wait_got("web", "TERM")
    eventually(lambda: tree.status_byte("web", 19) == 0, "it is down")
    assert s6("s6-svc", "-U", directory) == 0
    tree.wait_got("web", "up")
    assert s6("s6-svc", "-x", "-d", directory) == 0
    tree.wait_got("web", "TERM")
    eventually(lambda: not tree.is_supervised("web"), "it is left")


# --- bad input


def test_a_second_supervisor_of_the_same_tree_is_refused():
    with RunitTree(OURS) as tree, RunitTree(OURS) as second:
        tree.add("web")
        tree.start()
        tree.wait_got("web", "up")
        words = [SUPERVISOR, "--control", second.socket, tree.enabled]
        refused = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert refused.returncode == 1
        assert f"{tree.enabled} is supervised by pid {tree.process.pid}, which has locked it" in refused.stderr
        assert not second.socket.exists()
        assert tree.got("web") == [], "nothing was started or stopped"
        # Whoever follows a supervisor that was killed is not refused.
        tree.process.kill()
        tree.process.wait()
        tree.start()
        assert tree.status("web")["state"] == "ready" and tree.got("web") == []


# What has the locks of a supervisor that was killed: a child that has not come to its program yet.
HOLDS_LOCKS = """
import fcntl, os, sys
held = [os.open(path, os.O_RDONLY) for path in sys.argv[1:]]
for fd in held:
    fcntl.flock(fd, fcntl.LOCK_EX)
if os.fork() == 0:
    print("held", flush=True)
    sys.stdin.read()
"""


def hold_for_the_dead(*paths):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS_LOCKS, *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    assert holder.wait(DEADLINE) == 0
    return holder


def release(holder):
    holder.stdin.close()
    assert holder.stdout.read() == ""


def test_locks_that_a_dead_supervisor_leaves_are_waited_for():
    """Taken for another supervisor's, they would have the service stopped, or started twice."""
    with RunitTree(OURS) as tree:
        tree.add("web")
        tree.start()
        tree.wait_got("web", "up")
        tree.wait_supervised("web")
        pid = tree.pid("web")
        tree.process.kill()
        tree.process.wait(DEADLINE)
        early = hold_for_the_dead(tree.enabled, tree.top / "state")
        late = hold_for_the_dead(tree.supervise("web") / "lock")
        before = tree.socket.stat().st_ino
        with concurrent.futures.ThreadPoolExecutor() as pool:
            started = pool.submit(super(RunitTree, tree).start)
            eventually(lambda: tree.socket.exists() and tree.socket.stat().st_ino != before, "another listens")
            release(early)
            started.result()
        assert tree.status("web")["state"] == "ready" and tree.pid("web") == pid
        assert not tree.is_supervised("web")
        release(late)
        tree.wait_supervised("web")
        assert tree.status("web")["state"] == "ready" and tree.pid("web") == pid
        assert "held by" not in tree.messages() and "flock" not in tree.messages()
        assert tree.got("web") == [], "nothing was started or stopped"


LOCKS_AS_NOBODY = """
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.setuid(65534)
fcntl.flock(fd, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_whoever_may_read_a_directory_cannot_keep_its_supervisor_away():
    with RunitTree(OURS) as tree:
        tree.add("web")
        stranger = subprocess.Popen(
            [sys.executable, "-c", LOCKS_AS_NOBODY, tree.enabled], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert stranger.stdout.readline() == "held\n"
            tree.start()
            tree.wait_state("web", "ready")
        finally:
            stranger.communicate()
        assert stranger.returncode == 0


def test_unknown_bytes_and_clients_that_stay_harm_nobody(tree):
    tree.add("web")
    tree.start()
    tree.wait_got("web", "up")
    stays = os.open(tree.supervise("web") / "control", os.O_WRONLY | os.O_NONBLOCK)
    os.write(stays, bytes(range(256)).translate(None, b"udoxtkpcahiq12byrODUQ") * 16)
    tree.command("web", "h")
    tree.wait_got("web", "HUP")
    os.close(stays)
    tree.command("web", "1")
    tree.wait_got("web", "USR1")
    assert "sv" not in tree.messages()


FOREIGN = {
    "file": lambda path: path.write_text("precious"),
    "fifo": os.mkfifo,
    "link": lambda path: path.symlink_to(path.parent.parent / "foreign"),
}
IN_THE_WAY = {
    "file for supervise": "lock: open: Not a directory",
    "fifo for supervise": "lock: open: Not a directory",
    "fifo for lock": "lock: open: No such device or address",
    "file for control": "control: is there and no fifo",
    "link for control": "control: is there and no fifo",
    "file for ok": "ok: is there and no fifo",
    "link for ok": "ok: is there and no fifo",
}


@pytest.mark.parametrize("what, named", IN_THE_WAY.items(), ids=IN_THE_WAY)
def test_what_is_in_the_way_is_named_and_the_service_runs(tree, what, named):
    directory = tree.add("web")
    tree.add("other")
    kind, _, name = what.split()
    os.mkfifo(directory / "foreign")
    if name == "supervise":
        there = directory / name
    else:
        (directory / "supervise").mkdir(mode=0o700)
        there = directory / "supervise" / name
    FOREIGN[kind](there)
    before = there.lstat()
    same = operator.attrgetter("st_ino", "st_mode", "st_size", "st_nlink")
    tree.disable("web")
    tree.start()
    tree.enable("web")
    tree.wait_message(f"web: cannot be driven by sv: {directory}/supervise/{named}")
    tree.wait_got("web", "up")
    tree.wait_state("web", "ready")
    assert same(there.lstat()) == same(before)
    there.unlink()
    tree.ask(verb="restart", services=["web"])
    tree.wait_supervised("web")


def test_what_an_admin_gave_others_is_kept():
    """That users may drive a service is said by owner and mode of its fifo, as runit's manual pages have it."""
    with RunitTree(OURS) as tree:
        tree.top.chmod(0o755)
        tree.add("web")
        tree.start()
        tree.wait_got("web", "up")
        tree.wait_supervised("web")
        as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", REAL_SV]

        def hup():
            return subprocess.run([*as_user, "hup", tree.definitions / "web"], capture_output=True, check=False).returncode

        assert hup() == 1
        tree.supervise("web").chmod(0o755)
        os.chown(tree.supervise("web") / "control", 65534, 65534)
        assert hup() == 0
        tree.wait_got("web", "HUP")
        tree.process.kill()
        tree.process.wait(DEADLINE)
        # What it had in hand has its descriptors for a moment: a command that only that one could read is lost.
        eventually(lambda: not tree.is_supervised("web"), "nobody listens")
        tree.start()
        assert hup() == 0
        tree.wait_got("web", "HUP")
        mode = tree.supervise("web").stat().st_mode, (tree.supervise("web") / "control").stat().st_uid
        assert mode == (stat.S_IFDIR | 0o755, 65534)


def test_a_link_in_the_place_of_a_file_is_not_followed(tree):
    directory = tree.define("web")
    precious = directory.parent / "precious"
    precious.write_text("precious")
    (directory / "supervise").mkdir(mode=0o700)
    (directory / "supervise/status.new").symlink_to(precious)
    tree.start()
    tree.enable("web")
    tree.wait_message(f"web: cannot be driven by sv: {directory}/supervise/status: ")
    tree.wait_state("web", "ready")
    assert precious.read_text() == "precious"


def test_a_service_of_a_runsv_is_left_to_it():
    with RunitTree(OURS) as tree:
        tree.add("other")
        tree.start()
        directory = tree.define("web", RECORDER.replace('note("up")', 'note("up " + str(os.getppid()))'), down="")
        runsv = subprocess.Popen([PEERS / "runsv", directory])
        try:
            tree.wait_supervised("web")
            tree.enable("web")
            (directory / "down").unlink()
            tree.ask(verb="rescan")
            tree.ask(verb="up", services=["web"])
            tree.wait_message(f"/web/supervise/lock is held by pid {runsv.pid}")
            tree.wait_state("web", "down")
            assert tree.sv("-w", LONG, "up", "web").exit == 0
            eventually(lambda: f"up {runsv.pid}" in tree.got("web"), "it is that one's")
            assert tree.status("web")["state"] == "down"
        finally:
            tree.command("web", "x")
            runsv.wait(DEADLINE)


def test_a_link_that_leads_nowhere_is_made_real(tree):
    directory = tree.add("web", log_run=LOGGER)
    (directory / "supervise").symlink_to(tree.top / "runit.web")
    (directory / "log/supervise").symlink_to("../../../runit.log")
    tree.start()
    for made in (tree.top / "runit.web", tree.top / "runit.log"):
        eventually(lambda: (made / "ok").exists(), f"{made} is written")
        assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert tree.sv("-w", LONG, "stop", "web").exit == 0


def test_instances_of_one_directory_have_a_place_each(tree):
    tree.define("many@")
    for name in ("many@a", "many@b"):
        tree.enable(name, tree.definitions / "many@")
    super(RunitTree, tree).start()
    first, second = tree.definitions / "many@/supervise", tree.top / "supervise"
    eventually(lambda: (first / "ok").exists(), "one has the directory's own")
    eventually(lambda: second.exists() and [p for p in second.iterdir() if (p / "ok").exists()], "the other")
    name = next(second.iterdir()).name
    fifo = os.open(second / name / "control", os.O_WRONLY | os.O_NONBLOCK)
    os.write(fifo, b"d")
    os.close(fifo)
    tree.wait_state(name, "down")
    assert tree.messages().count("supervise") == 0


def test_a_script_that_hangs_holds_up_its_own_service_only(tree):
    tree.add("web", control_h="#!/bin/sh\necho $$ >>scripts\nexec sleep 1000000\n")
    tree.add("other")
    tree.start()
    tree.wait_got("web", "up")
    tree.wait_got("other", "up")
    tree.command("web", "h1")
    eventually(lambda: tree.got("web", "scripts"), "the script runs")
    assert tree.sv("-w", LONG, "restart", "other").exit == 0
    assert tree.ask(verb="signal", signal="USR2", services=["web"]).exit == 0
    tree.wait_got("web", "USR2")
    # When it has failed the signal comes, and then what waited in the fifo.
    os.kill(int(tree.got("web", "scripts")[0]), signal.SIGKILL)
    tree.wait_got("web", "HUP", "USR1")


def test_the_lock_is_held_for_life(tree):
    tree.add("web")
    tree.start()
    with open(tree.supervise("web") / "lock", "a") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_two_descriptors_a_service(tree):
    tree.add("web")
    tree.start()
    tree.wait_got("web", "up")
    held = []
    for fd in pathlib.Path(f"/proc/{tree.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in this moment, as svlog's are when it starts
            held.append(os.readlink(fd))
    assert len([path for path in held if path.startswith(str(tree.supervise("web")))]) == 2
