"""`init` as PID 1 of namespaces: entries, orphans, signals, reload, order of shutdown, faults."""

import contextlib
import re
import resource
import signal

import pytest

from namespace import Pid1, eventually

# In a pid namespace reboot(2) kills PID 1: by HUP for a reboot, by INT for a halt or a power-off.
REBOOTED = -signal.SIGHUP
POWERED_OFF = -signal.SIGINT

UP = "::once:/bin/echo system is up\n"


def children_of_pid1(p):
    """pid and command of what PID 1 is the parent of, without what the test itself runs."""
    lines = p.run("ps", "-o", "pid,ppid,args").splitlines()[1:]
    rows = [line.split(None, 2) for line in lines]
    return {int(row[0]): row[2] for row in rows if row[1] == "1"}


def another_pid(p, command, than):
    pid = pid_of(p, command)
    return pid if pid != than else None


def pid_of(p, command):
    found = [pid for pid, args in children_of_pid1(p).items() if args == command]
    return found[0] if found else None


# ---- entries ------------------------------------------------------------------------------------


def test_sysinit_then_wait_then_the_rest_in_file_order():
    inittab = """
::wait:/bin/sh -c 'echo third'
::once:/bin/sh -c 'echo last'
::sysinit:/bin/sh -c 'sleep 0.2; echo first'
::sysinit:/bin/echo second
"""
    with Pid1(inittab=inittab) as p:
        p.wait_for_line("^last$")
        words = [word for word in p.transcript().split() if word in ("first", "second", "third", "last")]
        assert words == ["first", "second", "third", "last"]


def test_a_respawn_entry_that_is_killed_comes_back():
    with Pid1(inittab="::respawn:/bin/sleep 7777\n") as p:
        first = eventually(lambda: pid_of(p, "/bin/sleep 7777"), "it runs")
        p.run("sleep", "1.1")  # a run of a second may start again at once
        p.run("kill", "-9", str(first))
        eventually(lambda: another_pid(p, "/bin/sleep 7777", first), "it runs again")


def test_a_respawn_entry_that_dies_at_once_is_slowed_down():
    with Pid1(inittab="::respawn:/bin/false\n" + UP) as p:
        for wait in ("0.25", "0.50", "1.00", "2.00"):
            p.wait_for_line(rf"inittab:1: /bin/false: exit 1 after .* next start in {wait} s")


def test_a_missing_program_is_named_with_line_and_reason():
    with Pid1(inittab="::once:/bin/nothing here\n::once:/etc\n" + UP) as p:
        p.wait_for_line("system is up")
        for line in (
            "inittab:1: exec /bin/nothing: No such file or directory",
            "inittab:1: /bin/nothing here: exit 127",
            "inittab:2: exec /etc: Permission denied",
        ):
            eventually(lambda line=line: line in p.transcript(), line)


def test_what_pid_1_says_is_not_lost_beside_others_who_write_to_its_terminal():
    # The kernel refuses a writer that does not wait for as long as another one writes.
    writer = "::sysinit:/bin/sh -c '{ while echo busy; do : >/tmp/busy; done; } & until [ -e /tmp/busy ]; do :; done'\n"
    failing = range(2, 42)
    with Pid1(inittab=writer + "".join("::once:/etc\n" for _ in failing)) as p:
        for line in failing:
            for said in ("exec /etc: Permission denied", "/etc: exit 126"):
                eventually(lambda: f"init: inittab:{line}: {said}" in p.transcript(), f"{line}: {said}")
        assert "dropped" not in p.transcript()


def test_askfirst_waits_for_enter_and_gives_a_login_shell_with_job_control():
    with Pid1(inittab="::askfirst:-/bin/sh\n") as p:
        p.wait_for_line("Please press Enter to activate this console")
        assert pid_of(p, "-/bin/sh") is None
        p.send("\n")
        p.wait_for_line("# ")
        assert "job control turned off" not in p.transcript()
        p.send("echo $0\n")
        p.wait_for_line("^-/bin/sh$")
        # An interrupt ends the command, not the shell.
        p.send("sleep 5555\n")
        eventually(lambda: "sleep 5555" in p.run("ps", "-o", "args"), "the command runs")
        p.send("\x03")
        p.send("echo still $((40 + 2))\n")
        p.wait_for_line("^still 42$")


def test_shell_characters_get_a_shell():
    with Pid1(inittab="::once:echo $((6 * 7)) > /tmp/answer; :\n") as p:
        eventually(lambda: (p.root / "tmp/answer").exists(), "the answer is there")
        eventually(lambda: (p.root / "tmp/answer").read_text() == "42\n", "it is right")


def test_children_start_with_clean_signals_limits_and_descriptors():
    script = "#!/bin/sh\ngrep -E '^Sig(Blk|Ign)' /proc/self/status; ls -1 /proc/self/fd; ulimit -n; echo done\n"
    with Pid1(inittab="::once:/bin/look\n", files={"/bin/look": script}) as p:
        p.wait_for_line("^done$")
        text = p.transcript()
        assert re.search(r"SigBlk:\s+0000000000000000\n", text)
        assert re.search(r"SigIgn:\s+0000000000000000\n", text)
        assert re.search(r"^0\n1\n2\n3\n\d+\ndone$", text, re.MULTILINE)  # 3 is ls's own


def test_ten_thousand_orphans_are_buried():
    orphans = """#!/bin/sh
i=0
while [ $i -lt 10000 ]; do
    (true &)
    i=$((i + 1))
done
echo all left
"""
    with Pid1(inittab="::wait:/bin/orphans\n" + UP, files={"/bin/orphans": orphans}) as p:
        p.wait_for_line("^all left$", deadline=120)
        p.wait_for_line("^system is up$")
        eventually(lambda: " Z " not in p.run("ps", "-o", "stat,args"), "no zombie is left")


# ---- the file -----------------------------------------------------------------------------------


def test_bad_lines_are_named_and_the_rest_works():
    inittab = "::respwan:/bin/x\nno colons here\n" + "x" * 2000 + "\n::sysinit:\n" + UP
    with Pid1(inittab=inittab) as p:
        p.wait_for_line("inittab:1: unknown action 'respwan', did you mean 'respawn'")
        p.wait_for_line("inittab:2: a line needs four fields")
        p.wait_for_line("inittab:3: 2000 bytes are too long")
        p.wait_for_line("inittab:4: the fourth field, the process, is missing")
        p.wait_for_line("^system is up$")


@pytest.mark.parametrize(
    "content, reason",
    [
        (None, "/etc/inittab: not there"),
        ("", "/etc/inittab: no valid entry"),
        (bytes(range(256)) * 40, "/etc/inittab: no valid entry"),
        ("nonsense\n", "/etc/inittab: no valid entry"),
    ],
    ids=["missing", "empty", "binary", "nonsense"],
)
def test_without_a_usable_inittab_the_console_gets_a_shell(content, reason):
    with Pid1(inittab=content) as p:
        p.wait_for_line(reason)
        p.wait_for_line("using the built-in inittab")
        p.wait_for_line("Please press Enter")
        p.send("\n")
        p.wait_for_line("# ")


def test_a_directory_or_a_fifo_in_the_place_of_inittab_stops_nothing():
    setup = "mkdir /tmp/dir; mkfifo /tmp/fifo; exec /sbin/init --inittab={}"
    for place, reason in (("/tmp/dir", "Is a directory"), ("/tmp/fifo", "Invalid argument")):
        with Pid1(("/bin/sh", "-c", setup.format(place))) as p:
            p.wait_for_line(f"{place}: read: {reason}")
            p.wait_for_line("Please press Enter")


def test_ten_thousand_entries_all_run():
    inittab = "".join(f"::once:/bin/echo entry {i}\n" for i in range(9999)) + UP
    with Pid1(inittab=inittab, console="pipe") as p:
        p.wait_for_line("^system is up$", deadline=120)
        eventually(lambda: p.transcript().count("\nentry ") == 9999, "all entries ran", 120)


def test_init_from_a_shell_that_is_pid_1():
    with Pid1(("/bin/sh", "-c", "echo shell is $$; exec /sbin/init"), inittab=UP) as p:
        p.wait_for_line("^shell is 1$")
        p.wait_for_line("^system is up$")


# ---- reload -------------------------------------------------------------------------------------


def test_hup_starts_the_new_stops_the_removed_and_leaves_the_unchanged_alone():
    with Pid1(inittab="::respawn:/bin/sleep 1001\n::respawn:/bin/sleep 1002\n" + UP) as p:
        kept = eventually(lambda: pid_of(p, "/bin/sleep 1001"), "1001 runs")
        removed = eventually(lambda: pid_of(p, "/bin/sleep 1002"), "1002 runs")
        p.wait_for_line("^system is up$")
        new = "# moved\n::respawn:/bin/sleep 1003\n" + UP + "::respawn:/bin/sleep 1001\n"
        (p.root / "etc/inittab").write_text(new)
        p.signal("HUP")
        p.wait_for_line(rf"removed, ending pid {removed}")
        eventually(lambda: pid_of(p, "/bin/sleep 1003"), "1003 runs")
        eventually(lambda: pid_of(p, "/bin/sleep 1002") is None, "1002 is gone")
        assert pid_of(p, "/bin/sleep 1001") == kept
        assert p.transcript().count("system is up") == 1


def test_a_removed_process_that_ignores_term_is_killed():
    stubborn = "#!/bin/sh\ntrap '' TERM\necho stubborn\nwhile :; do sleep 1; done\n"
    with Pid1(inittab="::respawn:/bin/stubborn\n", files={"/bin/stubborn": stubborn}) as p:
        p.wait_for_line("^stubborn$")
        (p.root / "etc/inittab").write_text(UP)
        p.signal("HUP")
        p.wait_for_line("removed, ending pid")
        eventually(lambda: "stubborn" not in str(children_of_pid1(p)), "it is gone")


def test_a_reload_during_boot_waits_for_its_end():
    inittab = "::sysinit:/bin/sh -c 'echo slow begins; while [ ! -e /tmp/go ]; do sleep 0.1; done'\n"
    with Pid1(inittab=inittab) as p:
        p.wait_for_line("^slow begins$")
        (p.root / "etc/inittab").write_text(inittab + "::once:/bin/echo new entry runs\n")
        p.signal("HUP")
        p.wait_for_line("HUP from")
        p.run("true")
        assert "new entry runs" not in p.transcript()
        (p.root / "tmp/go").touch()
        p.wait_for_line("^new entry runs$")
        assert p.transcript().count("slow begins") == 1


def test_a_reload_of_a_broken_file_leaves_everything_as_it_was():
    with Pid1(inittab="::respawn:/bin/sleep 1001\n") as p:
        kept = eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        (p.root / "etc/inittab").unlink()
        p.signal("HUP")
        p.wait_for_line("the entries that were in force stay so")
        assert pid_of(p, "/bin/sleep 1001") == kept


# ---- signals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, request_word, status",
    [
        ("TERM", "poweroff", POWERED_OFF),
        ("USR1", "halt", POWERED_OFF),
        ("USR2", "poweroff", POWERED_OFF),
        ("PWR", "poweroff", POWERED_OFF),
        ("INT", "reboot", REBOOTED),
        (37, "halt", POWERED_OFF),
        (38, "poweroff", POWERED_OFF),
        (39, "reboot", REBOOTED),
        (40, "kexec", REBOOTED),  # no kernel is loaded: the next best thing
    ],
)
def test_each_signal_takes_the_system_down_its_own_way(name, request_word, status):
    with Pid1(inittab=UP) as p:
        p.wait_for_line("^system is up$")
        p.signal(name)
        p.wait_for_line(f"the system goes down: {request_word}")
        assert p.exit_status() == status


def test_kexec_without_a_loaded_kernel_says_so_and_reboots():
    with Pid1(inittab=UP) as p:
        p.wait_for_line("^system is up$")
        p.signal(40)
        p.wait_for_line("^init: kexec: no kernel is loaded .*; rebooting through the firmware instead$")
        assert p.exit_status() == REBOOTED


def test_without_the_right_to_reboot_it_exits():
    with Pid1(inittab=UP, drop=["sys_boot"]) as p:
        p.wait_for_line("^system is up$")
        p.signal("TERM")
        assert p.exit_status() == 0


def test_ctrl_alt_del_entries_run_and_nothing_else_happens():
    with Pid1(inittab="::ctrlaltdel:/bin/echo three fingers\n" + UP) as p:
        p.wait_for_line("^system is up$")
        for _ in range(2):
            p.signal("INT")
            p.wait_for_line("^three fingers$")
            eventually(lambda: not children_of_pid1(p), "the entry has ended")
        assert "goes down" not in p.transcript()


def test_ctrl_alt_del_while_its_entry_still_runs_starts_no_second_one():
    with Pid1(inittab="::ctrlaltdel:/bin/sh -c 'echo begins; sleep 9999'\n" + UP) as p:
        p.wait_for_line("^system is up$")
        p.signal("INT")
        p.wait_for_line("^begins$")
        p.signal("INT")
        p.wait_for_line(r"inittab:1: still running from the last time \(pid \d+\)")
        assert p.transcript().count("begins\n") == 1


def presses(p):
    return p.transcript().count("INT from")


def test_seven_presses_reset_at_once():
    with Pid1(inittab="::ctrlaltdel:/bin/true\n::shutdown:/bin/echo in order\n" + UP) as p:
        p.wait_for_line("^system is up$")
        # One at a time, as a signal that is pending already is not sent again; more where the first are too long ago.
        for arrived in range(100):
            with contextlib.suppress(ProcessLookupError):
                p.signal("INT")
            eventually(lambda: presses(p) > arrived or p.has_ended(), "the press arrived")
            if p.has_ended():
                break
        assert presses(p) >= 7
        assert p.exit_status() == REBOOTED
        assert "in order" not in p.transcript()


def test_power_fail_and_keyboard_entries():
    inittab = "1:3:powerfail:/bin/echo power fails\n2:3:kbrequest:/bin/echo keyboard\n"
    inittab += "3:3:initdefault:\n4:3:once:/bin/echo system is up\n"
    with Pid1(inittab=inittab) as p:
        p.wait_for_line("^system is up$")
        p.signal("PWR")
        p.wait_for_line("^power fails$")
        p.signal("WINCH")
        p.wait_for_line("^keyboard$")
        assert "goes down" not in p.transcript()


def test_tstp_pauses_respawning_and_cont_resumes_it():
    with Pid1(inittab="::respawn:/bin/sleep 1001\n") as p:
        first = eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        p.run("sleep", "1.1")
        p.signal("TSTP")
        p.wait_for_line("nothing is started again until CONT")
        p.run("kill", "-9", str(first))
        # Something else that PID 1 does after the exit shows that it was handled and not answered.
        p.signal("HUP")
        p.wait_for_line("HUP from")
        eventually(lambda: pid_of(p, "/bin/sleep 1001") is None, "it is gone")
        p.signal("CONT")
        eventually(lambda: another_pid(p, "/bin/sleep 1001", first), "it runs again")


def test_quit_executes_the_restart_entry():
    inittab = "::restart:/bin/sh -c 'echo pid $$ begins anew; exec sleep 1000'\n::shutdown:/bin/echo bye\n"
    with Pid1(inittab=inittab + "::respawn:/bin/sleep 1001\n") as p:
        eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        p.signal("QUIT")
        p.wait_for_line("^bye$")
        p.wait_for_line("^pid 1 begins anew$")
        assert pid_of(p, "/bin/sleep 1001") is None


def test_quit_without_a_restart_entry_changes_nothing():
    with Pid1(inittab=UP) as p:
        p.wait_for_line("^system is up$")
        p.signal("QUIT")
        p.wait_for_line("there is no restart entry")
        p.run("true")


def test_the_sender_of_a_signal_is_named():
    with Pid1(inittab=UP) as p:
        p.wait_for_line("^system is up$")
        # It lives until its name has been looked up.
        sender = "kill -HUP 1; while [ ! -e /tmp/go ]; do sleep 0.02; done"
        p.run("sh", "-c", f"{{ {sender}; }} >/dev/null 2>&1 &")
        p.wait_for_line(r"HUP from pid \d+ \(uid 0, sh\)")
        (p.root / "tmp/go").touch()


@pytest.mark.parametrize(
    "command, request_word",
    [
        (["/sbin/poweroff"], "poweroff"),
        (["/sbin/reboot"], "reboot"),
        (["/sbin/halt"], "halt"),
        (["/sbin/halt", "-p"], "poweroff"),
        (["/sbin/init", "0"], "poweroff"),
        (["/sbin/init", "6"], "reboot"),
        (["/sbin/telinit", "6"], "reboot"),
        (["/sbin/shutdown", "-r", "now"], "reboot"),
        (["/sbin/shutdown", "-h", "now"], "poweroff"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
# By their paths: busybox's shell and env run applets of their own for a bare name.
def test_commands_ask_pid_1(command, request_word):
    with Pid1(inittab=UP) as p:
        p.wait_for_line("^system is up$")
        p.run(*command, check=False)  # it may be among those who get TERM
        p.wait_for_line(f"the system goes down: {request_word}")
        p.exit_status()


def test_init_q_reads_inittab_again():
    with Pid1(inittab=UP) as p:
        p.wait_for_line("^system is up$")
        (p.root / "etc/inittab").write_text("::once:/bin/echo new line\n")
        p.run("/sbin/init", "q")
        p.wait_for_line("^new line$")


def test_commands_refuse_what_they_do_not_know():
    with Pid1(inittab=UP) as p:
        p.wait_for_line("^system is up$")
        assert "unknown argument '--now'" in p.run("/sbin/poweroff", "--now", check=False)
        assert "Usage:" in p.run("/sbin/init", "x", check=False)
        assert "time '+5m': not a number" in p.run("/sbin/shutdown", "+5m", check=False)
        assert "goes down" not in p.transcript()


def test_commands_say_when_pid_1_is_another():
    with Pid1(("/bin/busybox", "init"), inittab="::once:/bin/echo up\n") as p:
        p.wait_for_line("^up$")
        for command in ("poweroff", "reboot", "halt", "shutdown +5", "shutdown now"):
            said = p.run(*f"/sbin/{command}".split(), check=False)
            assert "PID 1 (busybox) is not Mainstay's init" in said or "PID 1 (init) is not" in said


# ---- going down ---------------------------------------------------------------------------------


def test_the_order_of_shutdown():
    worker = "#!/bin/sh\ntrap 'echo worker got TERM; exit' TERM\necho worker is up\nwhile :; do sleep 0.1; done\n"
    inittab = """
::respawn:/bin/worker
::shutdown:/bin/echo entry one
::shutdown:/bin/sh -c 'sleep 0.2; echo entry two'
"""
    with Pid1(inittab=inittab, files={"/bin/worker": worker}) as p:
        p.wait_for_line("^worker is up$")
        p.signal("TERM")
        for line in ("entry one", "entry two", "worker got TERM"):
            p.wait_for_line(f"^{line}$")
        assert p.exit_status() == POWERED_OFF


def test_a_process_that_ignores_term_is_named_and_killed():
    stubborn = "#!/bin/sh\ntrap '' TERM\necho stubborn is up\nwhile :; do sleep 0.1; done\n"
    with Pid1(inittab="::respawn:/bin/stubborn\n", files={"/bin/stubborn": stubborn}) as p:
        p.wait_for_line("^stubborn is up$")
        p.signal("TERM")
        p.wait_for_line(r"pid \d+ \(stubborn\) is still running")
        assert p.exit_status() == POWERED_OFF


def test_a_stopped_process_is_ended_too():
    with Pid1(inittab="::respawn:/bin/sleep 1001\n") as p:
        pid = eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        p.run("kill", "-STOP", str(pid))
        p.signal("TERM")
        assert p.exit_status() == POWERED_OFF
        assert "still running" not in p.transcript()


def test_a_request_during_sysinit_acts_at_once():
    with Pid1(inittab="::sysinit:/bin/sh -c 'echo hangs; sleep 9999'\n::shutdown:/bin/echo bye\n") as p:
        p.wait_for_line("^hangs$")
        p.signal("TERM")
        p.wait_for_line("^bye$")
        assert p.exit_status() == POWERED_OFF


def test_a_stronger_request_overrides_a_weaker_one():
    with Pid1(inittab="::shutdown:/bin/sh -c 'echo bye; while [ ! -e /tmp/go ]; do sleep 0.1; done'\n" + UP) as p:
        p.wait_for_line("^system is up$")
        p.signal(39)
        p.wait_for_line("^bye$")
        p.signal(38)
        p.wait_for_line("^init: signal 38 from .*: poweroff$")
        (p.root / "tmp/go").touch()
        assert p.exit_status() == POWERED_OFF


# ---- faults -------------------------------------------------------------------------------------


def test_what_stays_busy_is_detached_last_of_all():
    """Somebody outside of there writes, so that it can be neither unmounted nor made read-only."""
    layers = "mkdir -p /layer/up /layer/work /data; "
    layers += "mount -t overlay -o lowerdir=/etc,upperdir=/layer/up,workdir=/layer/work overlay /data"
    machine = ("/sbin/init", "--container=no")
    with Pid1(machine, inittab=f"::sysinit:/bin/sh -c '{layers}'\n::respawn:/bin/sleep 1001\n") as p:
        eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        with open(p.root / "data/held", "w", encoding="utf-8"):
            p.signal(38)
            for _ in range(3):
                p.wait_for_line("init: unmounting /data: .* busy; making it read-only: .* busy$")
            p.wait_for_line("^init: /data: detached while it is in use$")
            assert p.exit_status() == POWERED_OFF


def test_the_supervisor_is_stopped_first():
    supervisor = "#!/bin/sh\ntrap 'echo supervisor stops; exit' TERM\necho link $MAINSTAY_LINK\nwhile :; do sleep 0.1; done\n"
    inittab = "::supervise:/bin/super\n::shutdown:/bin/echo entry runs\n"
    with Pid1(inittab=inittab, files={"/bin/super": supervisor}) as p:
        p.wait_for_line("^link 3$")
        p.signal("TERM")
        p.wait_for_line("^supervisor stops$")
        p.wait_for_line("^entry runs$")
        p.exit_status()


def test_a_supervisor_that_hangs_and_has_no_socket_holds_no_shutdown_up():
    inittab = "::supervise:/sbin/supervisor /etc/service\n::shutdown:/bin/echo entry runs\n"
    with Pid1(inittab=inittab, files={"/etc/service/web/run": "#!/bin/sh\nexec sleep 1001\n"}) as p:
        eventually(lambda: "ready" in p.run("svctl", "up", "web", check=False), "the service runs")
        p.run("kill", "-STOP", str(pid_of(p, "/sbin/supervisor /etc/service")))
        (p.root / "run/mainstay/control").unlink()
        p.signal(38)
        p.wait_for_line(r"^init: pid \d+ \(supervisor\) is still running$")
        p.wait_for_line("^entry runs$")
        assert p.exit_status() == POWERED_OFF


def test_all_descriptors_used_up_stops_nothing():
    # prlimit from outside: PID 1 raised its own limit at the start.
    with Pid1(inittab="::respawn:/bin/sleep 1001\n" + UP) as p:
        p.wait_for_line("^system is up$")
        first = eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        resource.prlimit(p.pid, resource.RLIMIT_NOFILE, (3, 3))
        (p.root / "etc/inittab").write_text("::respawn:/bin/sleep 1002\n")
        p.signal("HUP")
        p.wait_for_line("/etc/inittab: open: Too many open files")
        p.run("kill", "-9", str(first))
        eventually(lambda: another_pid(p, "/bin/sleep 1001", first), "it runs again")
        p.signal("TERM")
        assert p.exit_status() == POWERED_OFF


def test_without_a_console_it_works_on():
    with Pid1(inittab="::respawn:/bin/sleep 1001\n") as p:
        first = eventually(lambda: pid_of(p, "/bin/sleep 1001"), "it runs")
        p.close_console()
        # Where the terminal's end has not ended it by now.
        p.run("kill", "-9", str(first), check=False)
        eventually(lambda: another_pid(p, "/bin/sleep 1001", first), "it runs again")
        p.signal("TERM")
        assert p.exit_status() == POWERED_OFF
