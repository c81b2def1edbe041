"""Consoles that are not there: each is named, and whoever has a terminal gets what is due to it."""

import pytest

from fake_kernel import CONSOLES, FakeKernel
from namespace import Pid1


def leave_shell(p):
    p.wait_for_line(r"\*\*\* Single-user mode was asked for")
    p.send("echo of $((6 * 7)); exit\n")
    p.wait_for_line("^of 42$")


@pytest.mark.parametrize(
    "prepare, said",
    [
        ("", "there was no /dev/console: made it"),
        (
            "mount -o remount,ro /dev",
            "there is no /dev/console, and it cannot be made: Read-only file system; "
            "what has no terminal of its own is not seen",
        ),
    ],
    ids=["made", "not to be made"],
)
def test_without_a_console_node_shells_come_on_the_terminals_there_are(prepare, said):
    with FakeKernel(words=["single"], prepare=CONSOLES + prepare, dev="nodes") as p:
        leave_shell(p)
        assert p.transcript().count(f"init: {said}\n") == 1
        p.wait_until_up()
        assert (p.root / "dev/console").exists() == ("made it" in said)
        p.power_off()


def test_a_console_node_without_other_terminals_is_made_and_gets_the_shell():
    prepare = "mount -t sysfs sysfs /sys; : >/.active; mount --bind /.active /sys/class/tty/console/active"
    with FakeKernel(words=["single"], prepare=prepare, dev="nodes") as p:
        p.wait_for_line("init: there was no /dev/console: made it$")
        leave_shell(p)
        p.wait_until_up()
        p.power_off()


def test_what_a_service_prints_can_go_to_the_console():
    files = {
        "/etc/service/shown/run": "#!/bin/sh\necho on the console\necho nowhere >&2\nexec sleep 100000\n",
        "/etc/service/shown/service.conf": "stdout = console\nstderr = null\n",
    }
    with Pid1(inittab="::supervise:/sbin/supervisor /etc/service\n", files=files) as p:
        p.wait_for_line("^on the console$")
        p.run("svctl", "wait", "--boot")
        assert "nowhere" not in p.transcript()
