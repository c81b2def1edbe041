"""docs/lessons.md names the tests of what hurt users of other systems; here are those of PID 1."""

import os
import termios

import pytest

import shown_by
from namespace import Pid1, eventually
from test_init import POWERED_OFF, UP
from test_supervisor_crash import service

NEVER_READY = service("hung", **{"service.conf": "ready = fd 3\nstart-timeout = infinity\n"})
SLOW = service(
    "slow",
    run="#!/bin/sh\ntrap 'while [ ! -e /enough ]; do sleep 0.02; done; exit' TERM\n"
    "echo slow is up >/dev/console\nwhile :; do sleep 0.02; done\n",
)


def test_each_test_that_the_list_names_exists():
    rows = shown_by.rows("lessons.md")
    assert len(rows) > 40
    for row in rows:
        shown_by.check(row)


def stop_output(pid1):
    """As the flow control of a terminal does that nobody reads any more."""
    terminal = os.open(pid1.root / "dev/console", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        termios.tcflow(terminal, termios.TCOOFF)
        with pytest.raises(BlockingIOError):
            os.write(terminal, b"takes nothing\n")
    finally:
        os.close(terminal)


def test_a_console_that_takes_nothing_holds_nobody_up():
    with Pid1(inittab="::respawn:/bin/sleep 1001\n" + UP) as p:
        p.wait_for_line("^system is up$")
        stop_output(p)
        (p.root / "etc/inittab").write_text("what is no entry\n::once:/bin/touch /reloaded\n")
        p.signal("HUP")
        eventually((p.root / "reloaded").exists, "PID 1 works on")
        p.signal(38)
        assert p.exit_status() == POWERED_OFF


def test_the_way_down_cancels_a_start_and_names_who_is_waited_for():
    inittab = "::supervise:/sbin/supervisor /etc/service\n"
    with Pid1(inittab=inittab, files={**NEVER_READY, **SLOW}) as p:
        p.wait_for_line("^slow is up$")
        p.signal(38)
        p.wait_for_line(r"supervisor: \d services? to stop, among them (slow|hung)$")
        (p.root / "enough").touch()
        p.wait_for_line("supervisor: all services are down$")
        assert p.exit_status() == POWERED_OFF
