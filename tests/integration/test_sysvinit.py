"""An inittab of sysvinit's style: runlevels at run time, and /run/initctl."""

import errno
import fcntl
import os
import signal
import struct

import pytest

from namespace import Pid1, eventually

WITH_LOGINS = "ln -s ../run /var/run; : >/var/log/wtmp"
BOOT_TIME, RUN_LVL, INIT_PROCESS, DEAD_PROCESS = 2, 1, 5, 8


def say(text):
    """A command that says text, in the words of sysvinit's scripts."""
    return f"/bin/sh -c 'echo {text} in $RUNLEVEL from $PREVLEVEL'"


def stay(text):
    return f"/bin/sh -c 'echo {text} in $RUNLEVEL from $PREVLEVEL; exec sleep 9999'"


# The shell gets no dash, so that it reads no profile and says nothing by itself.
INITTAB = f"""# Every level has something to tell.
id:2:initdefault:
si::sysinit:{say("sysinit")}
bw::bootwait:{say("bootwait")}
bo::boot:{stay("boot")}
~~:S:wait:/bin/sh -c 'echo single from $PREVLEVEL; read line; echo left'
l0:0:wait:/bin/sh -c 'echo halting $INIT_HALT from $PREVLEVEL'
l2:2:wait:{say("two")}
l3:3:wait:{say("three")}
l4:4:wait:/bin/sh -c 'trap "" TERM; echo four; read line'
l6:6:wait:{say("rebooting")}
w:23:wait:{say("both")}
r2:2:respawn:{stay("respawn 2")}
r3:23:respawn:{stay("respawn 23")}
o3:3:once:{stay("once 3")}
od:a:ondemand:{stay("on demand as $$")}
ca:12345:ctrlaltdel:/sbin/reboot
pf::powerfail:/bin/echo power fails
pn::powerfailnow:/bin/echo power is low
po::powerokwait:/bin/echo power is back
"""

MAGIC = 0x03091969
RUNLVL, POWERFAIL, POWERFAILNOW, POWEROK, SETENV, UNSETENV = 1, 2, 3, 4, 6, 7


def request(command, level="\0", seconds=3, data=b"", magic=MAGIC):
    return struct.pack("=IIIi368s", magic, command, ord(level), seconds, data)


def write(pid1, *requests):
    with open(pid1.root / "run/initctl", "wb", buffering=0) as fifo:
        for each in requests:
            fifo.write(each)


def is_heard(fifo):
    """Whether PID 1 has it open, which is there a moment before, and says of it a moment before what it does."""
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return True
    except OSError as error:
        assert error.errno in (errno.ENXIO, errno.ENOENT), error
        return False


def booted(pid1):
    pid1.wait_for_line("respawn 23 in 2 from N")
    return pid1


def lines(pid1):
    """What entries have said, without what PID 1 has."""
    shown = pid1.transcript().splitlines()
    return [line for line in shown if line and not line.startswith("init: ")]


def test_runlevels_of_a_life():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        p.run("/sbin/telinit", "3")
        p.wait_for_line("once 3 in 3 from 2")
        p.run("/sbin/telinit", "-t", "1", "S")
        p.wait_for_line("single from 3")
        p.send("\n")
        for _ in range(2):  # in whichever order they come to speak
            p.wait_for_line("respawn 23? in 2 from S")
        p.run("/sbin/init", "6", check=False)
        p.wait_for_line("rebooting in 6 from 2")
        assert p.exit_status() == -signal.SIGHUP
        said = [line for line in lines(p) if not line.startswith(("respawn", "once", "boot in"))]
        assert said == [
            "sysinit in S from N",
            "bootwait in S from N",
            "two in 2 from N",
            "both in 2 from N",
            "three in 3 from 2",  # "both" is in 2 and 3 and has run
            "single from 3",
            "left",
            "two in 2 from S",
            "both in 2 from S",
            "rebooting in 6 from 2",
        ]
        # In both levels: it is the same process.
        assert p.transcript().count("respawn 23") - p.transcript().count("echo respawn 23") == 2


def test_systemds_signals_ask_for_levels():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        p.signal(35)
        p.wait_for_line("signal 35 from .*: runlevel S")
        p.wait_for_line("single from 2")
        p.run("/sbin/telinit", "3")
        p.wait_for_line("three in 3 from S")
        p.signal(36)
        p.wait_for_line("single from 3")
        p.signal(34)
        p.wait_for_line("two in 2 from S")


def test_a_level_waits_for_the_end_of_the_one_before():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        p.run("/sbin/telinit", "4")
        p.wait_for_line("^four$")
        p.run("/sbin/telinit", "-t0", "3")
        # It ignores TERM, and it is waited for: KILL ends it.
        p.wait_for_line("four.*still running")
        p.wait_for_line("three in 3 from 4")


def test_entries_on_demand_live_in_every_level_but_the_single_one():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        p.run("/sbin/telinit", "a")
        pid = p.wait_for_line(r"on demand as (\d+) in 2")[1]
        p.run("kill", "-KILL", pid)
        p.wait_for_line("on demand as .* in 2")
        p.run("/sbin/telinit", "3")
        p.wait_for_line("once 3 in 3")
        assert p.transcript().count("\non demand") == 2
        p.run("/sbin/telinit", "S")
        p.wait_for_line("single from 3")
        p.run("/sbin/telinit", "b")
        p.wait_for_line("telinit B: not in single-user mode")


@pytest.mark.parametrize(
    ("command", "said", "request_word", "status"),
    [
        ("/sbin/telinit 0", "halting from 2", "poweroff", signal.SIGINT),
        ("/sbin/poweroff", "halting POWEROFF from 2", "poweroff", signal.SIGINT),
        ("/sbin/halt", "halting HALT from 2", "halt", signal.SIGINT),
        ("/sbin/reboot", "rebooting in 6 from 2", "reboot", signal.SIGHUP),
        ("kill -INT 1", "rebooting in 6 from 2", "reboot", signal.SIGHUP),
    ],
)
def test_the_way_down_leads_through_the_scripts_of_its_level(command, said, request_word, status):
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        p.run("sh", "-c", command, check=False)
        p.wait_for_line(f"^{said}$")
        p.wait_for_line(f"the system goes down: {request_word}")
        assert p.exit_status() == -status


def test_a_second_request_does_not_wait_for_scripts():
    hangs = INITTAB.replace(say("rebooting"), "/bin/sh -c 'echo hangs; read line'")
    with Pid1(inittab=hangs) as p:
        booted(p)
        p.run("/sbin/reboot", check=False)
        p.wait_for_line("^hangs$")
        p.run("/sbin/reboot", check=False)
        assert p.exit_status() == -signal.SIGHUP


@pytest.mark.parametrize(
    ("words", "first", "then"),
    [
        (["single"], "single from N", "bootwait in S"),
        (["3"], "bootwait in S", "three in 3 from N"),
        (["-z", "3"], "bootwait in S", "two in 2 from N"),
    ],
)
def test_the_command_line_says_where_the_boot_leads(words, first, then):
    with Pid1(["/sbin/init", *words], inittab=INITTAB) as p:
        p.wait_for_line("sysinit in S from N")
        p.wait_for_line(first)
        p.send("\n")
        p.wait_for_line(then)


def test_the_emergency_shell_comes_before_sysinit():
    with Pid1(["/sbin/init", "-b"], inittab=INITTAB) as p:
        p.wait_for_line("[Ss]ingle-user mode|# ")
        assert "sysinit in S" not in p.transcript()


def test_a_file_without_an_entry_for_the_single_user_level_has_a_shell():
    inittab = f"id:2:initdefault:\nr2:2:respawn:{stay('two')}\n"
    with Pid1(["/sbin/init", "S"], inittab=inittab, files={"/sbin/sulogin": None}) as p:
        p.wait_for_line("# ")
        p.send("exit\n")
        p.wait_for_line("two in 2 from")


def test_an_upgrade_keeps_level_variables_and_the_fifo():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        p.run("/sbin/telinit", "3")
        p.wait_for_line("once 3 in 3")
        fifo = os.stat(p.root / "run/initctl").st_ino
        with open(p.root / "run/initctl", "wb", buffering=0) as held:
            held.write(request(SETENV, data=b"INIT_HALT=HALT\0"))
            p.run("/sbin/telinit", "u")
            p.wait_for_line("upgraded: ")
            assert os.stat(p.root / "run/initctl").st_ino == fifo
            held.write(request(RUNLVL, "0"))
            p.wait_for_line("halting HALT from 3")
            assert p.exit_status() == -signal.SIGINT


def test_a_fault_of_pid_1_keeps_the_level():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        p.run("/sbin/telinit", "3")
        p.wait_for_line("once 3 in 3")
        p.signal("SEGV")
        p.wait_for_line("PID 1 failed")
        p.run("/sbin/telinit", "2")
        p.wait_for_line("respawn 2 in 2 from 3")
        assert p.transcript().count("\nonce 3") == 1


def test_every_kind_of_request():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        write(p, request(POWERFAIL))
        p.wait_for_line("^power fails$")
        write(p, request(POWERFAILNOW))
        p.wait_for_line("^power is low$")
        write(p, request(POWEROK))
        p.wait_for_line("^power is back$")
        write(p, request(SETENV, data=b"INIT_HALT=HALT\0PATH=/tmp\0"))
        p.wait_for_line("variables refused")
        write(p, request(UNSETENV, data=b"INIT_HALT\0"), request(5), request(99))
        p.wait_for_line("there is no request 5")
        p.wait_for_line("there is no request 99")
        write(p, request(RUNLVL, "x"), request(RUNLVL, "Q"))
        p.wait_for_line("there is no runlevel")
        p.wait_for_line("reading /etc/inittab again")
        p.run("/sbin/telinit", "-e", "INIT_HALT=POWEROFF")
        write(p, request(RUNLVL, "0", seconds=-5))
        p.wait_for_line("halting POWEROFF from 2")
        assert p.exit_status() == -signal.SIGINT


def test_nonsense_in_the_fifo_harms_nobody():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        with open(p.root / "run/initctl", "wb", buffering=0) as held:
            held.write(b"hello")
            p.wait_for_line("5 bytes that are no request")
            # Half a request and a whole one, read in one piece or two.
            held.write(request(RUNLVL, "4")[:200])
            held.write(request(POWEROK) + request(RUNLVL, "4", magic=42))
            p.wait_for_line("^power is back$")
            held.write(b"\xff" * 32768)
            held.write(request(RUNLVL, "3"))
            p.wait_for_line("three in 3 from 2")
        assert "\nfour" not in p.transcript()


def test_the_fifo_is_made_again():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        fifo = p.root / "run/initctl"
        assert os.readlink(p.root / "dev/initctl") == "/run/initctl"
        assert fifo.stat().st_mode & 0o7777 == 0o600
        fifo.unlink()
        eventually(lambda: is_heard(fifo), "the fifo is there again")
        p.run("/sbin/telinit", "3")
        p.wait_for_line("three in 3 from 2")
        # Not over what somebody else has put there.
        (p.root / "run/other").write_text("mine")
        os.rename(p.root / "run/other", fifo)
        p.wait_for_line("initctl: open: it is no fifo")
        assert "it is no fifo" in p.run("/sbin/telinit", "2", check=False)
        assert fifo.read_text() == "mine"
        fifo.unlink()
        p.signal("USR1")
        eventually(lambda: is_heard(fifo), "the fifo is there again")
        p.signal("USR2")
        p.wait_for_line("closed until USR1")
        eventually(lambda: not is_heard(fifo), "the fifo is closed")
        assert "No such device" in p.run("/sbin/telinit", "2", check=False)
        p.signal("USR1")
        p.wait_for_line("opening /run/initctl again")
        eventually(lambda: is_heard(fifo), "the fifo is open again")
        p.run("/sbin/telinit", "2")
        p.wait_for_line("respawn 2 in 2 from 3")


def test_a_busybox_inittab_has_no_runlevels_but_a_way_down():
    with Pid1(inittab="::sysinit:/bin/echo here $RUNLEVEL\n::respawn:/bin/sleep 9999\n") as p:
        p.wait_for_line("^here *$")
        p.run("/sbin/telinit", "3")
        p.wait_for_line("runlevel 3: this inittab has no runlevels")
        p.run("/sbin/telinit", "a")
        p.wait_for_line("telinit A: this inittab has no runlevels")
        p.run("/sbin/telinit", "6", check=False)
        assert p.exit_status() == -signal.SIGHUP
        assert not p.transcript().count("entering runlevel")


def test_a_new_file_counts_at_once():
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        inittab = p.root / "etc/inittab"
        changed = INITTAB.replace("r2:2:respawn", "r2:2:off") + f"n:2:wait:{say('new')}\n"
        inittab.write_text(changed)
        p.run("/sbin/telinit", "q")
        p.wait_for_line("removed, ending pid")
        p.wait_for_line("new in 2 from N")
        # One that has lost its levels is not taken for one of busybox's style.
        inittab.write_text("::respawn:/bin/echo wrong\n")
        p.run("/sbin/telinit", "q")
        p.wait_for_line("the entries that were in force stay so")
        assert "\nwrong" not in p.transcript()


# ---- what stands beside inittab -----------------------------------------------------------------


def test_files_of_inittab_d_belong_to_it():
    files = {
        "/etc/inittab.d/20-b.tab": f"# two\nb2:2:wait:{say('b')}\nb3:2:nonsense:/bin/x\n",
        "/etc/inittab.d/10-a.tab": f"a2:2:wait:{say('a')}",
        "/etc/inittab.d/30-same.tab": "l2:2:wait:/bin/echo wrong\nf2:2:wait:/bin/false\n",
        "/etc/inittab.d/40-other.txt": "x2:2:wait:/bin/echo wrong\n",
        "/etc/inittab.d/.hidden.tab": "y2:2:wait:/bin/echo wrong\n",
    }
    with Pid1(inittab=INITTAB, files=files) as p:
        p.wait_for_line(r"inittab: 20-b.tab:3: unknown action 'nonsense'")
        p.wait_for_line(r"inittab: 30-same.tab:1: the id is the same as in line")
        p.wait_for_line("^a in 2 from N$")
        p.wait_for_line("^b in 2 from N$")
        p.wait_for_line(r"inittab.d/30-same.tab:2: /bin/false: exit 1")
        assert "20-b.tab:3: unknown action" in p.run("/sbin/init", "--check", check=False)
        tab = p.root / "etc/inittab.d/20-b.tab"
        tab.write_text(f"b4:2:wait:{say('new')}\n")
        p.run("/sbin/telinit", "q")
        p.wait_for_line("^new in 2 from N$")
        p.run("/sbin/telinit", "u")
        p.wait_for_line("upgraded: ")
        p.run("/sbin/telinit", "3")
        p.wait_for_line("^three in 3 from 2$")
        assert "\nwrong" not in p.transcript()


def test_a_busybox_inittab_has_no_directory():
    files = {"/etc/inittab.d/a.tab": "::respawn:/bin/echo wrong\n"}
    with Pid1(inittab="::wait:/bin/echo fine\n", files=files) as p:
        p.wait_for_line("^fine$")
        p.signal("HUP")
        p.wait_for_line("HUP from")
        assert "wrong" not in p.transcript() and "a.tab" not in p.transcript()


def test_initscript_wraps_every_process_but_those_of_the_single_user_level():
    script = """#!/bin/sh
echo "script $1 $2 $3 ($4)"
eval exec "$4"
"""
    inittab = f"""id:2:initdefault:
si::sysinit:/bin/echo sysinit
w2:23:wait:@/bin/echo *
~~:S:wait:{say("single")}
"""
    with Pid1(inittab=inittab, files={"/etc/initscript": script}) as p:
        p.wait_for_line(r"^script si  sysinit \(/bin/echo sysinit\)$")
        p.wait_for_line("^sysinit$")
        p.wait_for_line(r"^script w2 23 wait \(/bin/echo \*\)$")
        p.run("/sbin/telinit", "S")
        p.wait_for_line("^single in S from 2$")
        assert "script ~~" not in p.transcript()


def test_flags_before_a_command():
    inittab = """id:2:initdefault:
w1:2:wait:@/bin/echo $RUNLEVEL "is" left alone
w2:2:wait:+@/bin/echo so is $this
w3:2:wait:/bin/echo here; /bin/echo and there
w4:2:wait:/bin/echo to the #end
"""
    with Pid1(inittab=inittab) as p:
        p.wait_for_line(r'^\$RUNLEVEL "is" left alone$')
        p.wait_for_line(r"^so is \$this$")
        p.wait_for_line("^here$")
        p.wait_for_line("^and there$")
        p.wait_for_line("^to the$")


@pytest.mark.parametrize(
    ("letter", "said"), [("F", "fails"), ("L", "is low"), ("O", "is back"), ("", "fails")]
)
def test_powerstatus_says_what_pwr_means(letter, said):
    with Pid1(inittab=INITTAB) as p:
        booted(p)
        status = p.root / "run/powerstatus"
        status.write_text(letter)
        p.signal("PWR")
        p.wait_for_line(f"^power {said}$")
        assert not status.exists()
        p.signal("PWR")  # without a file; the entry itself may still run from the first time
        p.wait_for_line("PWR from .*: power fails$")


# ---- utmp, wtmp ---------------------------------------------------------------------------------


def text(field):
    return field.split(b"\0")[0].decode()


def records(path):
    """Type, pid, id, user of each record of a utmp file."""
    data = path.read_bytes()
    assert len(data) % 384 == 0
    found = []
    for at in range(0, len(data), 384):
        kind, pid, _line, name, user = struct.unpack_from("=hxxi32s4s32s", data, at)
        found.append((kind, pid, text(name), text(user)))
    return found


LOGINS = f"""id:2:initdefault:
si::sysinit:/bin/sh -c '{WITH_LOGINS}'
w2:2:wait:/bin/sh -c 'echo level `runlevel`'
w3:3:wait:/bin/sh -c 'echo level `runlevel`'
r2:2:respawn:/bin/sh -c 'echo two is $$; exec sleep 9999'
no:23:respawn:+/bin/sh -c 'echo unrecorded is $$; exec sleep 9999'
r6:6:wait:/bin/sh -c 'echo level `runlevel`; read line'
"""


def test_logins_are_recorded_and_runlevel_reads_them():
    with Pid1(inittab=LOGINS) as p:
        utmp, wtmp = p.root / "run/utmp", p.root / "var/log/wtmp"
        p.wait_for_line("^level N 2$")
        two = int(p.wait_for_line(r"two is (\d+)")[1])
        boot = (BOOT_TIME, 0, "~~", "reboot")
        level = (RUN_LVL, ord("2") + 256 * ord("N"), "~~", "runlevel")
        assert records(utmp)[:2] == [boot, level]
        assert (INIT_PROCESS, two, "r2", "") in records(utmp)
        assert "no" not in [name for _, _, name, _ in records(utmp)]
        p.run("/sbin/telinit", "3")
        p.wait_for_line("^level 2 3$")
        assert p.run("/sbin/runlevel") == "2 3\n"
        assert p.run("/sbin/runlevel", "/etc/passwd", check=False) == "unknown\n"
        dead = (DEAD_PROCESS, two, "r2", "")
        eventually(lambda: dead in records(utmp), "utmp has the end of the entry")
        # One place for each entry in utmp, everything in wtmp.
        assert len({name for _, _, name, _ in records(utmp)}) == len(records(utmp)) - 1
        wanted = [boot, level, (RUN_LVL, ord("3") + 256 * ord("2"), "~~", "runlevel")]
        # Each record waits for the one before: with the last all are there.
        eventually(lambda: (DEAD_PROCESS, "w3") in [each[::2] for each in records(wtmp)], "all in wtmp")
        assert [each for each in records(wtmp) if each[2] == "~~"] == wanted
        assert p.run("/sbin/runlevel", "/var/log/wtmp") == "N 2\n"
        assert {(INIT_PROCESS, two, "r2", ""), dead} <= set(records(wtmp))
        p.run("/sbin/halt", "-w", "-d")
        p.run("/sbin/reboot", "-w", "-i", "-h", "-n")
        assert (RUN_LVL, 0, "~~", "shutdown") not in records(wtmp)
        p.run("/sbin/halt", "-w")
        assert (RUN_LVL, 0, "~~", "shutdown") in records(wtmp)
        assert records(wtmp).count(boot) == 1
        p.run("/sbin/halt", "-B")
        assert records(wtmp).count(boot) == 2 and records(utmp).count(boot) == 1


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("/sbin/halt -d -f -i -p -h", signal.SIGINT),
        ("/sbin/halt -dfh", signal.SIGINT),
        ("/sbin/reboot -d -f -i", signal.SIGHUP),
        ("/sbin/poweroff -nf", signal.SIGINT),
    ],
)
def test_scripts_of_level_0_and_6_end_the_machine_themselves(command, status):
    inittab = LOGINS.replace("read line", command)
    with Pid1(inittab=inittab) as p:
        p.wait_for_line("^level N 2$")
        p.run("/sbin/telinit", "6", check=False)
        assert p.exit_status() == -status
        assert "the system goes down" not in p.transcript()


def test_somebody_who_holds_a_lock_on_utmp_keeps_nobody_from_starting():
    with Pid1(inittab=LOGINS) as p:
        p.wait_for_line("two is")
        with open(p.root / "run/utmp", "rb") as held:
            fcntl.lockf(held, fcntl.LOCK_SH)
            p.run("/sbin/telinit", "3")
            p.wait_for_line("^level .*")
            p.run("/sbin/telinit", "2")
            p.wait_for_line("two is")


# ---- the supervisor -----------------------------------------------------------------------------

SERVICE = """#!/bin/sh
echo up >>/run/said
exec sleep 9999
"""


def supervised(levels):
    """Services in `levels`; each level notes that its turn has come."""
    note = "/bin/sh -c 'echo level $RUNLEVEL >>/run/said'"
    inittab = f"""id:2:initdefault:
l1:1:wait:{note}
l2:2:wait:{note}
l3:3:wait:{note}
l0:0:wait:/bin/sh -c 'echo level 0 >>/run/said; cat /run/said'
sv:{levels}:supervise:/sbin/supervisor /etc/service
"""
    files = {
        "/etc/service/web/run": SERVICE,
        "/etc/service/web/finish": "#!/bin/sh\necho down >>/run/said\n",
    }
    return {"inittab": inittab, "files": files}


def wait_until_said(pid1, *wanted):
    """The notes from the first on; each is waited for by whoever writes the next."""
    said = pid1.root / "run/said"
    eventually(lambda: said.exists() and said.read_text().splitlines() == list(wanted), wanted)


def test_services_live_in_the_levels_of_their_supervisor():
    with Pid1(**supervised("2345")) as p:
        notes = ["level 2", "up"]
        wait_until_said(p, *notes)
        p.run("/sbin/telinit", "3")
        notes += ["level 3"]
        wait_until_said(p, *notes)
        p.run("/sbin/telinit", "-t0", "1")
        notes += ["down", "level 1"]  # it was not killed, and it was waited for
        wait_until_said(p, *notes)
        p.run("/sbin/telinit", "2")
        notes += ["level 2", "up"]
        wait_until_said(p, *notes)
        p.run("/sbin/poweroff", check=False)
        p.wait_for_line("^up\ndown\nlevel 0$")
        assert p.exit_status() == -signal.SIGINT


def test_services_outlive_the_scripts_of_level_0_where_their_supervisor_is_in_it():
    with Pid1(**supervised("")) as p:
        wait_until_said(p, "level 2", "up")
        p.run("/sbin/poweroff", check=False)
        p.wait_for_line("^up\nlevel 0$")
        p.wait_for_line("all services are down")
        assert p.exit_status() == -signal.SIGINT
