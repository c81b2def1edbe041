"""PID 1 that goes on: after faults of its own, and as another program (telinit u)."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

import namespace
from namespace import DEADLINE, Pid1, eventually
from test_init import POWERED_OFF, UP, children_of_pid1, pid_of

INIT = namespace.PROGRAMS / "init"
FAULTS = ("SEGV", "BUS", "ILL", "FPE", "ABRT", "TRAP", "SYS")

# Everything PID 1 has to know: entries that run, that ran, that wait to be started again, and one
# that must not run twice.
INITTAB = """
::sysinit:/bin/sh -c 'echo sysinit >>/tmp/ran'
::once:/bin/sh -c 'echo once >>/tmp/ran; exec sleep 3001'
::respawn:/bin/sleep 1001
::respawn:/bin/sleep 1001
::respawn:/bin/sleep 1002
::supervise:/bin/sleep 2001
::shutdown:/bin/echo entry of the shutdown
"""
PROGRAMS = {"/bin/sleep 1001": 2, "/bin/sleep 1002": 1, "/bin/sleep 2001": 1, "sleep 3001": 1}


def build_id():
    """As the linker wrote it into the program."""
    notes = subprocess.check_output(["readelf", "-n", INIT], text=True)
    return re.search(r"Build ID: ([0-9a-f]{40})\n", notes).group(1)


def start(inittab=INITTAB, **others):
    return Pid1(inittab=inittab, **others)


def running(p):
    """The processes that PID 1 keeps, by pid; waits until all are there."""

    def all_there():
        found = children_of_pid1(p)
        counts = {args: list(found.values()).count(args) for args in PROGRAMS}
        return found if counts == PROGRAMS and len(found) == sum(PROGRAMS.values()) else None

    return eventually(all_there, "everything runs")


def descriptors(p):
    """What PID 1 has open, without the numbers that are different for each."""
    found = []
    for fd in pathlib.Path(f"/proc/{p.pid}/fd").iterdir():
        try:
            found.append(re.sub(r":\[\d+\]", "", os.readlink(fd)))
        except FileNotFoundError:
            pass  # closed in this moment
    return sorted(found)


def memory(p):
    """The pages of PID 1, in KiB."""
    rollup = pathlib.Path(f"/proc/{p.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE).group(1))


def fault(p, name):
    p.signal(name)
    p.wait_for_line(f"PID 1 failed: {name} from .*, program counter 0x[0-9a-f]+, Mainstay ")


def upgrade(p):
    p.run("/sbin/telinit", "u")
    p.wait_for_line("upgraded: Mainstay .* goes on")


def power_off(p):
    p.run("/sbin/poweroff", check=False)
    p.wait_for_line("^entry of the shutdown$")
    assert p.exit_status() == POWERED_OFF


# ---- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_no_process_and_poweroff_still_works(name):
    with start() as p:
        before = running(p)
        fault(p, name)
        p.wait_for_line("everything goes on")
        assert running(p) == before
        assert (p.root / "tmp/ran").read_text() == "sysinit\nonce\n"
        power_off(p)


def test_what_it_recovered_from_is_written_down():
    with start() as p:
        running(p)
        assert not (p.root / "run/mainstay/recovered").exists()
        fault(p, "SEGV")
        path = p.root / "run/mainstay/recovered"
        text = eventually(lambda: path.exists() and path.read_text(), "it is written down")
        assert re.fullmatch(
            r"PID 1 recovered from 1 fault, the last \d+\.\d{3} s after the kernel's start: "
            r"SEGV from .*, program counter 0x[0-9a-f]+, Mainstay \S+ \(\S+\), "
            f"build id {build_id()}\n",
            text,
        )
        p.wait_for_line(f", build id {build_id()}; fault 1 since the boot")
        assert (p.root / "run/mainstay/recovered").stat().st_mode & 0o777 == 0o644


def test_what_ends_after_a_fault_is_noticed():
    with start() as p:
        before = running(p)
        fault(p, "SEGV")
        victim = pid_of(p, "/bin/sleep 1002")
        p.run("kill", "-9", str(victim))
        eventually(lambda: set(before) - set(running(p)) == {victim}, "only that one is gone")


def test_what_ended_before_a_fault_and_was_not_reaped_is_noticed():
    with start() as p:
        before = running(p)
        # Stopped, PID 1 can do nothing in between.
        os.kill(p.pid, signal.SIGSTOP)
        victim = next(pid for pid, args in before.items() if args == "/bin/sleep 1002")
        in_here = int(
            next(
                process.name
                for process in namespace.processes()
                if is_process_of(process / "status", p, victim)
            )
        )
        os.kill(in_here, signal.SIGKILL)
        os.kill(p.pid, signal.SIGSEGV)
        os.kill(p.pid, signal.SIGCONT)
        p.wait_for_line("everything goes on")
        eventually(lambda: set(before) - set(running(p)) == {victim}, "only that one is gone")


def is_process_of(status, p, pid):
    try:
        text = status.read_text()
        return re.search(rf"^NSpid:\s+\d+\s+{pid}$", text, re.MULTILINE) and os.path.samefile(
            f"{status.parent}/ns/pid", f"/proc/{p.pid}/ns/pid"
        )
    except OSError:
        return False


def test_a_fault_while_boot_waits_for_an_entry():
    inittab = (
        "::sysinit:/bin/sh -c 'echo first >>/tmp/ran'\n"
        "::sysinit:/bin/sh -c 'echo begins; while [ ! -e /tmp/go ]; do sleep 0.1; done; "
        "echo second >>/tmp/ran'\n"
        "::wait:/bin/sh -c 'echo third >>/tmp/ran'\n" + UP
    )
    with start(inittab) as p:
        p.wait_for_line("^begins$")
        fault(p, "SEGV")
        p.wait_for_line("everything goes on")
        assert "system is up" not in p.transcript()
        (p.root / "tmp/go").touch()
        p.wait_for_line("^system is up$")
        assert (p.root / "tmp/ran").read_text() == "first\nsecond\nthird\n"


def test_a_fault_while_the_system_goes_down():
    inittab = (
        "::respawn:/bin/sleep 1001\n"
        "::shutdown:/bin/sh -c 'echo one; while [ ! -e /tmp/go ]; do sleep 0.1; done'\n"
        "::shutdown:/bin/echo two\n"
    )
    with start(inittab) as p:
        eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        p.signal("TERM")
        p.wait_for_line("^one$")
        fault(p, "BUS")
        (p.root / "tmp/go").touch()
        p.wait_for_line("^two$")
        assert p.exit_status() == POWERED_OFF
        assert p.transcript().count("\none\n") == 1


def test_an_edited_inittab_counts_from_the_next_reload_on_not_from_a_fault_on():
    with start() as p:
        before = running(p)
        (p.root / "etc/inittab").write_text("::once:/bin/echo from the edited file\n")
        fault(p, "SEGV")
        p.wait_for_line("everything goes on")
        assert running(p) == before
        assert "from the edited file" not in p.transcript()
        p.signal("HUP")
        p.wait_for_line("^from the edited file$")


def test_the_built_in_inittab_survives_a_fault():
    with start(None) as p:
        p.wait_for_line("Please press Enter")
        before = children_of_pid1(p)
        fault(p, "ABRT")
        p.wait_for_line("everything goes on")
        p.send("\n")
        p.wait_for_line("# ")
        assert list(children_of_pid1(p)) == list(before)


def test_the_second_fault_within_a_minute_keeps_processes_only():
    with start() as p:
        before = running(p)
        fault(p, "SEGV")
        fault(p, "SEGV")
        p.wait_for_line("fault 2 since the boot, going on with processes only")
        assert running(p) == before
        assert (p.root / "tmp/ran").read_text() == "sysinit\nonce\n"
        p.run("kill", "-9", str(pid_of(p, "/bin/sleep 1002")))
        running(p)
        power_off(p)


def test_the_third_fault_within_a_minute_ends_in_a_shell_and_everything_else_runs_on():
    with start() as p:
        before = running(p)
        for _ in range(3):
            fault(p, "SEGV")
        p.wait_for_line("a person is needed")
        p.wait_for_line("PID 1 itself failed three times within a minute")
        p.wait_for_line("# ")
        assert before.items() <= children_of_pid1(p).items()
        p.send("exit\n")
        running(p)
        # The count has begun anew.
        fault(p, "SEGV")
        p.wait_for_line("everything goes on")
        assert running(p) == before
        power_off(p)


def test_a_fault_leaves_environment_and_limits_of_children_as_they_were():
    look = "#!/bin/sh\nenv | sort >/tmp/$1; ulimit -n >>/tmp/$1; cat /proc/self/cmdline >>/tmp/$1; ls -1 /proc/self/fd >>/tmp/$1; echo looked $1\n"
    inittab = "::once:/bin/look first\n::kbrequest:/bin/look second\n::respawn:/bin/sleep 1001\n"
    with start(inittab, files={"/bin/look": look}, env={"WORD": "of the kernel"}) as p:
        p.wait_for_line("looked first")
        fault(p, "SEGV")
        p.signal("WINCH")
        p.wait_for_line("looked second")
        first, second = ((p.root / f"tmp/{name}").read_text() for name in ("first", "second"))
        assert "WORD=of the kernel" in first
        assert first.replace("first", "second") == second


def test_faults_leak_no_descriptor():
    with start() as p:
        running(p)
        before = descriptors(p)
        fault(p, "SEGV")
        p.wait_for_line("everything goes on")
        running(p)
        eventually(lambda: descriptors(p) == before, "the descriptors are the same")


def test_a_word_for_recovery_that_is_none_is_ignored():
    with Pid1(("/sbin/init", "--recover=5,7"), inittab=UP) as p:
        p.wait_for_line("^system is up$")
        assert "PID 1 failed" not in p.transcript()


def test_the_supervisor_is_spoken_to_as_before():
    service = "#!/bin/sh\necho service is up >/dev/console\nexec sleep 4001\n"
    files = {"/etc/service/web/run": service}
    with start("::supervise:/sbin/supervisor\n", files=files) as p:
        p.wait_for_line("^service is up$")
        eventually(lambda: (p.root / "run/mainstay/booted").exists(), "the boot is complete")
        # svlog, which comes a moment after the first service, is the same program.
        before = eventually(
            lambda: (found := p.run("pidof", "supervisor", "sleep")).count(" ") == 2 and found, "supervisor, svlog and web"
        )
        fault(p, "SEGV")
        upgrade(p)
        fault(p, "BUS")
        p.wait_for_line("going on with processes only")
        assert p.run("pidof", "supervisor", "sleep") == before
        recovered = re.compile(
            rf"^PID 1 recovered from 2 faults, the last .*: BUS from .*, build id {build_id()}$", re.M
        )
        eventually(lambda: recovered.search(p.run("svctl", "status")), "svctl shows it")
        assert "web" in p.run("svctl", "status")
        p.run("/sbin/poweroff", check=False)
        p.wait_for_line("supervisor: all services are down")
        assert p.exit_status() == POWERED_OFF


# ---- telinit u ----------------------------------------------------------------------------------


def test_an_upgrade_costs_no_process():
    with start() as p:
        before = running(p)
        upgrade(p)
        assert running(p) == before
        assert (p.root / "tmp/ran").read_text() == "sysinit\nonce\n"
        power_off(p)


def test_a_hundred_upgrades_leave_everything_as_it_was():
    with start() as p:
        before = running(p)
        count = len(descriptors(p))
        upgrade(p)
        eventually(lambda: len(descriptors(p)) == count, "the old program is closed")
        open_before, memory_before = descriptors(p), memory(p)
        for _ in range(100):
            upgrade(p)
        assert running(p) == before
        eventually(lambda: descriptors(p) == open_before, "the descriptors are the same")
        # The same pages, but for the place where each program's stack happens to lie.
        assert memory(p) <= memory_before + 64
        power_off(p)


def test_an_upgrade_takes_the_program_that_lies_there_now():
    with start() as p:
        before = running(p)
        old = os.stat(f"/proc/{p.pid}/exe").st_ino
        (p.root / "sbin/new").write_bytes(INIT.read_bytes())
        (p.root / "sbin/new").chmod(0o755)
        (p.root / "sbin/new").rename(p.root / "sbin/init")
        upgrade(p)
        assert running(p) == before
        assert os.stat(f"/proc/{p.pid}/exe").st_ino != old
        assert pathlib.Path(f"/proc/{p.pid}/comm").read_text() == "init\n"
        # It recovers as well as the old one, and knows it is ours.
        fault(p, "SEGV")
        p.wait_for_line("everything goes on")
        assert running(p) == before
        power_off(p)


def test_an_upgrade_while_the_system_goes_down():
    inittab = (
        "::respawn:/bin/sleep 1001\n"
        "::shutdown:/bin/sh -c 'echo one; while [ ! -e /tmp/go ]; do sleep 0.1; done'\n"
        "::shutdown:/bin/echo two\n"
    )
    with start(inittab) as p:
        eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        p.signal("TERM")
        p.wait_for_line("^one$")
        upgrade(p)
        (p.root / "tmp/go").touch()
        p.wait_for_line("^two$")
        assert p.exit_status() == POWERED_OFF


def wrong_architecture(program):
    machine_field = 18
    return program[:machine_field] + b"\xb7\x00" + program[machine_field + 2 :]


def another_init(_program):
    return namespace.BUSYBOX.read_bytes()


def another_answer(program):
    """A program that ends well, but does not say what only ours does."""
    assert program.count(b"mainstay-init works") == 1
    return program.replace(b"mainstay-init works", b"something else does")


@pytest.mark.parametrize(
    "content, reason",
    [
        (None, r"/sbin/init: open: No such file or directory"),
        (lambda program: b"", r"/sbin/init: exec: Exec format error"),
        (lambda program: b"no program\n" * 100, r"/sbin/init: exec: Exec format error"),
        (wrong_architecture, r"/sbin/init: exec: Exec format error"),
        (lambda program: program[: len(program) // 2], r"/sbin/init --self-test: killed by"),
        (another_init, r"/sbin/init --self-test: exit 1"),
        (another_answer, r"/sbin/init: this is no init of Mainstay"),
    ],
    ids=["missing", "empty", "text", "architecture", "truncated", "fails", "another"],
)
def test_what_is_no_working_init_is_refused(content, reason):
    with start() as p:
        before = running(p)
        (p.root / "sbin/init").unlink()
        if content is not None:
            (p.root / "sbin/init").write_bytes(content(INIT.read_bytes()))
            (p.root / "sbin/init").chmod(0o755)
        p.signal(59)
        p.wait_for_line(reason)
        assert "going on with the old program" in p.transcript() or p.wait_for_line("going on")
        assert running(p) == before
        p.signal(38)
        p.wait_for_line("^entry of the shutdown$")
        assert p.exit_status() == POWERED_OFF
