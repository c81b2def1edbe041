"""`shutdown`: who is told, who is refused, what lies about while it waits, and what PID 1 is asked."""

import contextlib
import fcntl
import os
import re
import signal
import struct

import pytest

from namespace import DEADLINE, Pid1, Transcript, eventually

UP = "::once:/bin/echo system is up\n"
REBOOTED = -signal.SIGHUP
POWERED_OFF = -signal.SIGINT
USER_PROCESS = 7
TIOCGPTN, TIOCSPTLCK = 0x80045430, 0x40045431

# struct utmp of x86-64: type, pid, line, id, user, host, exit, session, time, address.
RECORD = "hh i 32s 4s 32s 256s hh i ii 16s 20s"


def record(line, user="ann", kind=USER_PROCESS):
    packed = struct.pack(
        RECORD, kind, 0, 1, line.encode(), b"", user.encode(), b"", 0, 0, 0, 0, 0, b"", b""
    )
    assert len(packed) == 384
    return packed


@contextlib.contextmanager
def system(inittab=UP):
    users = {"/etc/passwd": "root::0:0::/:/bin/sh\nann::1000:1000::/:/bin/sh\n"}
    with Pid1(inittab=inittab, files=users) as p:
        p.wait_for_line("^system is up$")
        (p.root / "var/run").symlink_to("/run")
        yield p


def log_in(p, *records):
    (p.root / "run/utmp").write_bytes(b"".join(records))


@contextlib.contextmanager
def terminal_of_its_own(p):
    """A terminal in there, on which somebody may sit: its name, and the transcript of what it shows."""
    ours = os.open(p.root / "dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(ours, TIOCSPTLCK, struct.pack("i", 0))
    number = struct.unpack("i", fcntl.ioctl(ours, TIOCGPTN, b"    "))[0]
    # Held open, as by a shell there: with nobody on it the terminal has hung up.
    theirs = os.open(p.root / f"dev/pts/{number}", os.O_RDWR | os.O_NOCTTY)
    shown = Transcript(ours)
    try:
        yield f"pts/{number}", shown
    finally:
        os.close(theirs)
        shown.join()
        os.close(ours)


def in_background(p, *words, name="shutdown"):
    """Starts one that waits: its own words go to /said, its pid is returned."""
    command = " ".join(f"'{word}'" for word in words)
    p.run("sh", "-c", f"cd /; /sbin/{name} {command} >/said 2>&1 </dev/null &")
    eventually(lambda: (p.root / "said").exists() and "cancels it" in (p.root / "said").read_text(), "it waits")
    return int((p.root / "run/shutdown.pid").read_text())


def refused(p, *words):
    return p.run("/sbin/shutdown", *words, check=False)


def leftovers(p):
    places = "run/shutdown.pid run/nologin forcefsck fastboot".split()
    return [place for place in places if (p.root / place).exists()]


def test_everybody_is_told_once_and_nothing_else_is_opened():
    with system() as p, terminal_of_its_own(p) as (terminal, shown):
        (p.root / "dev/regular").write_text("as it was")
        p.run("mkfifo", "/dev/fifo")
        log_in(
            p,
            record("console"),
            record(terminal),
            record("/dev/" + terminal),  # the same once more
            record("pts/../" + terminal),
            record("regular"),
            record("fifo"),  # without a reader: opening it would wait, or fail
            record("null"),
            record("gone"),
            record("../run/shutdown.pid"),
            record("console", kind=8),
            record("console", user=""),
            b"half a record",
        )
        said = p.run("/sbin/shutdown", "-k", "-r", "now", "new \033[2J disk")
        assert said == "shutdown: that was a warning only (-k)\n"
        p.wait_for_line("for reboot NOW!")
        shown.wait_for("for reboot NOW!", DEADLINE)
        for text in (p.transcript(), shown.text()):
            assert text.count("Broadcast message from root@") == 1
            assert "\nnew ?[2J disk\n" in text
            assert text.count("The system is going down for reboot NOW!") == 1
        assert (p.root / "dev/regular").read_text() == "as it was"
        assert leftovers(p) == []
        assert "goes down" not in p.transcript()


def test_one_that_waits_is_found_by_others_and_cancelled():
    with system() as p:
        log_in(p, record("console"))
        pid = in_background(p, "-rF", "+10", "new disk")
        p.wait_for_line("^The system is going down for reboot in 10 minutes!$")
        assert re.match(r"shutdown: reboot at \d\d:\d\d; ctrl-C or", (p.root / "said").read_text())
        assert leftovers(p) == ["run/shutdown.pid", "forcefsck"]
        assert f"one is waiting already (pid {pid}); cancel it with shutdown -c" in refused(p, "now")
        assert "goes down" not in p.transcript()
        p.run("/sbin/shutdown", "-c", "we", "stay")
        p.wait_for_line("^we stay$\n^The shutdown is cancelled.$")
        assert "shutdown: cancelled" in (p.root / "said").read_text()
        assert leftovers(p) == []
        assert refused(p, "-c") == "shutdown: no shutdown waits, there is nothing to cancel\n"
        (p.root / "said").unlink()
        at = p.run("date", "-d", f"@{int(p.run('date', '+%s')) + 3600}", "+%H:%M").strip()
        in_background(p, "-h", at, "by the clock")
        assert (p.root / "said").read_text().startswith(f"shutdown: power-off at {at}; ctrl-C or")
        p.wait_for_line("^The system is going down for power-off in (59|60) minutes!$")
        p.run("/sbin/shutdown", "-c")
        eventually(lambda: leftovers(p) == [], "it is cancelled")


def test_in_the_last_minutes_nobody_logs_in_unless_it_is_only_a_warning():
    with system() as p:
        pid = in_background(p, "+5", "new disk")
        nologin = p.root / "run/nologin"
        eventually(lambda: nologin.exists() and "new disk" in nologin.read_text(), "logins are refused")
        assert re.fullmatch(r"The system is going down at \d\d:\d\d\.\nnew disk\n", nologin.read_text())
        p.run("kill", str(pid))
        eventually(lambda: leftovers(p) == [], "TERM cancels it as well")
        (p.root / "said").unlink()
        log_in(p, record("console"))
        in_background(p, "-k", "+5")
        p.wait_for_line("in 5 minutes!")
        p.run("/sbin/shutdown", "-c")
        assert not nologin.exists()


def test_a_file_that_a_killed_one_left_stands_for_nobody():
    with system() as p:
        (p.root / "run/shutdown.pid").write_text("1\n")
        assert "no shutdown waits" in refused(p, "-c")
        pid = in_background(p, "+10")
        p.run("kill", "-9", str(pid))
        eventually(lambda: "no shutdown waits" in refused(p, "-c"), "it is gone")
        (p.root / "said").unlink()
        assert in_background(p, "+10") != pid
        p.run("/sbin/shutdown", "-c")
        assert "ctrl-alt-del" not in p.transcript()  # PID 1 got no INT


def test_with_a_only_who_is_named_may_and_sits_at_the_console():
    with system() as p:
        p.run("mknod", "/dev/tty1", "c", "4", "1")
        nothing = "shutdown: no shutdown waits, there is nothing to cancel\n"
        assert refused(p, "-a", "-c") == nothing  # without the file everybody may
        (p.root / "etc/shutdown.allow").write_text("# operators\nann\n")
        log_in(p, record("console", "ann"), record("tty1", "eve"))
        said = refused(p, "-a", "-r", "now")
        assert said.startswith("shutdown: nobody whom /etc/shutdown.allow names is logged in")
        p.wait_for_line("^shutdown: nobody whom /etc/shutdown.allow names")
        for user in ("ann", "root"):
            log_in(p, record("tty1", "eve"), record("tty1", user))
            assert refused(p, "-a", "-c") == nothing
        assert "goes down" not in p.transcript()


@pytest.mark.parametrize(
    "words, goal, status",
    [
        (["-t", "60", "-r", "now"], "reboot", REBOOTED),
        (["-H", "+0"], "halt", POWERED_OFF),
        (["-fPh", "0"], "poweroff", POWERED_OFF),
    ],
)
def test_pid_1_is_asked(words, goal, status):
    with system() as p:
        p.run("/sbin/shutdown", *words, check=False)  # it may be killed with all others
        if "-t" in words:
            p.wait_for_line("between TERM and KILL: 60 s")
        p.wait_for_line(f"the system goes down: {goal}")
        assert p.exit_status() == status


def test_who_is_not_root_is_told():
    with system() as p:
        said = p.run("su", "-s", "/bin/sh", "ann", "-c", "/sbin/shutdown now", check=False)
        assert said == "shutdown: only root may\n"
