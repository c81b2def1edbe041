"""What the manager of a container or a machine says to PID 1 in systemd's words: signals, variables."""

import signal

from namespace import Pid1, eventually

UP = "::once:/bin/echo system is up\n"
POWERED_OFF = -signal.SIGINT
SERVICES = "::supervise:/sbin/supervisor /etc/service\n::shutdown:/bin/echo in order\n"


def test_at_once_asks_no_service_and_runs_no_shutdown_entry():
    files = {"/etc/service/web/run": "#!/bin/sh\nexec sleep 5555\n"}
    with Pid1(inittab=SERVICES, files=files) as p:
        eventually(lambda: "sleep 5555" in p.run("ps", "-o", "args"), "the service runs")
        p.signal(48)
        p.wait_for_line("signal 48 from .*: poweroff")
        assert p.exit_status() == POWERED_OFF
        assert "in order" not in p.transcript()


def test_at_once_overtakes_a_shutdown_in_order():
    inittab = UP + "::shutdown:/bin/sh -c 'echo waiting; exec sleep 5555'\n"
    with Pid1(inittab=inittab) as p:
        p.wait_for_line("^system is up$")
        p.signal(38)
        p.wait_for_line("^waiting$")
        p.signal(49)
        assert p.exit_status() == POWERED_OFF  # the more final request of both


def test_terminals_of_a_container_have_shells_where_there_is_no_inittab():
    env = {"container": "test", "container_ttys": "pts/../x /dev/pts/41 a:b pts/42"}
    with Pid1(env=env) as p:
        for terminal in ("pts/41", "pts/42"):  # nobody has made these: what was tried names them
            p.wait_for_line(terminal)
        assert "pts/.." not in p.transcript() and "a:b" not in p.transcript()
        p.signal("TERM")
        p.exit_status()


def test_a_host_that_does_not_answer_delays_nothing():
    env = {"container": "test", "NOTIFY_SOCKET": "vsock:4294967294:1"}
    with Pid1(inittab=UP, env=env) as p:
        p.wait_for_line("^system is up$")
        p.wait_for_line("NOTIFY_SOCKET=vsock:4294967294:1: ")
        p.signal("TERM")
        assert p.exit_status() == POWERED_OFF


def test_an_address_that_is_none_is_told():
    with Pid1(inittab=UP, env={"container": "test", "NOTIFY_SOCKET": "vsock:host:1"}) as p:
        p.wait_for_line("NOTIFY_SOCKET=vsock:host:1: this must be vsock:CID:PORT, in numbers")


def nothing_pends(p):
    return "\nShdPnd:\t0000000000000000\n" in (p.root / "proc/1/status").read_text()


def test_what_systemd_knows_and_this_inittab_does_not_is_told_or_nothing():
    """Levels where there are none, soft reboot, log levels, and numbers that nobody sends."""
    levels, nothing = (34, 35, 36), (32, 33, *range(41, 47), *range(51, 59), *range(60, 65))
    with Pid1(inittab=UP) as p:
        p.wait_for_line("^system is up$")
        for number in levels:
            p.signal(number)
            p.wait_for_line(f"signal {number} from .*this inittab has no runlevels.*\n")  # all of the line
        for number in nothing:
            p.signal(number)
        # Lower numbers come first, and HUP has the lowest.
        eventually(lambda: nothing_pends(p), "PID 1 has taken them")
        before = p.transcript()
        p.signal("HUP")
        p.wait_for_line("reading /etc/inittab again")
        assert p.transcript().startswith(before + "init: HUP from")
