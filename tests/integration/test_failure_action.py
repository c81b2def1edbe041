"""`on-failure-action` against the real PID 1: the signal arrives, and the system goes down in order."""

import signal

import pytest

from namespace import Pid1

INITTAB = "::supervise:/sbin/supervisor /etc/service\n::shutdown:/bin/echo the last words\n"


@pytest.mark.parametrize(
    "action, ends_by", [("reboot", signal.SIGHUP), ("poweroff", signal.SIGINT)]
)
def test_a_service_that_failed_for_good_takes_the_system_down(action, ends_by):
    files = {
        "/etc/service/vital/run": "#!/bin/sh\nuntil test -e /run/set; do usleep 10000; done\nexit 3\n",
        "/etc/service/vital/service.conf": f"restart = never\non-failure-action = {action}\n",
        "/etc/service/other/run": "#!/bin/sh\ntrap 'echo other was told >/dev/console; exit' TERM\n"
        "echo >/run/set\n"
        "while :; do usleep 10000; done\n",
    }
    with Pid1(inittab=INITTAB, files=files) as system:
        system.wait_for_line(rf"init: signal \d+ from pid \d+ \(uid 0, supervisor\): {action}")
        system.wait_for_line("other was told")
        system.wait_for_line("the last words")
        assert system.exit_status() == -ends_by


def test_a_service_that_failed_for_good_ends_its_container_with_its_code():
    files = {
        "/etc/service/vital/run": "#!/bin/sh\nuntil test -e /run/set; do usleep 10000; done\nexit 42\n",
        "/etc/service/vital/service.conf": "restart = never\non-failure-action = exit\n",
        "/etc/service/other/run": "#!/bin/sh\ntrap 'echo other was told >/dev/console; exit' TERM\n"
        "echo >/run/set\n"
        "while :; do usleep 10000; done\n",
    }
    with Pid1(inittab=INITTAB, files=files, argv=["/sbin/init", "--container=yes"]) as system:
        system.wait_for_line("other was told")
        system.wait_for_line("the services have ended with 42: so does the container")
        system.wait_for_line("the last words")
        assert system.exit_status() == 42
