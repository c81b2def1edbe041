"""Loggers that several services share, with real processes."""

import os

import pytest

from supervised import Supervised, eventually

SLEEP = "exec sleep 100000"
COUNT = 400


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


def writer(s, name, script):
    s.define(name, script)
    (s.definitions / name / "log").symlink_to("../logger")
    s.enable(name)


def numbered(s, name):
    """Writes numbered lines, and when it is stopped one more."""
    return (
        f"trap 'echo {name} last; exit' TERM\n"
        f"i=0; while [ $i -lt {COUNT} ]; do echo {name} $i; i=$((i+1)); done\n"
        f"echo > {s.top}/{name}.wrote; while :; do sleep 0.05; done"
    )


def lines_of(s, name):
    return [line.split()[1] for line in s.read("written").splitlines() if line.split()[0] == name]


EXPECTED = [str(i) for i in range(COUNT)]


def test_two_services_share_a_logger_which_stops_last(s):
    s.add("logger", f"trap '' TERM; cat >> {s.top}/written; echo end of input >> {s.top}/written")
    for name in ("a", "b"):
        writer(s, name, numbered(s, name))
    s.start()
    for name in ("a", "b"):
        s.wait_text(f"{name}.wrote", "\n")
    assert s.known() == {"a", "b", "logger"}
    assert s.status("a")["logger"]["pid"] == s.pid("logger")
    assert s.stop() == 0
    for name in ("a", "b"):
        assert lines_of(s, name) == [*EXPECTED, "last"]
    assert s.read("written").endswith("end of input\n")


def test_a_restart_of_the_logger_loses_nothing(s):
    s.add("logger", f"exec cat >> {s.top}/written")
    for name in ("a", "b"):
        writer(s, name, f"while [ ! -e {s.top}/go ]; do sleep 0.02; done\n" + numbered(s, name))
    s.start()
    for name in ("a", "b", "logger"):
        s.wait_state(name, "ready")
    assert s.ask(verb="down", services=["logger"]).exit == 0
    (s.top / "go").write_text("")
    for name in ("a", "b"):
        s.wait_text(f"{name}.wrote", "\n")
    assert s.read("written") == ""
    assert s.ask(verb="up", services=["logger"]).exit == 0
    for name in ("a", "b"):
        s.wait_text("written", f"{name} {COUNT - 1}\n")
        assert lines_of(s, name) == EXPECTED


def test_writers_that_come_later_and_a_logger_that_goes(s):
    s.add("logger", f"exec cat >> {s.top}/written")
    s.start()
    writer(s, "a", "echo a first; " + SLEEP)
    s.wait_text("written", "a first\n")
    logger = s.wait_state("logger", "ready")["pid"]
    writer(s, "b", f"echo b first; while [ ! -e {s.top}/go ]; do sleep 0.02; done; echo b second; " + SLEEP)
    s.wait_text("written", "b first\n")
    assert s.pid("logger") == logger
    before = s.pid("b")
    s.disable("logger")
    eventually(lambda: "logger" not in s.known(), "the logger is forgotten")
    (s.top / "go").write_text("")
    s.wait_message("b: its logger logger is gone")
    # What the pipe carries now is kept by svlog, as the output of one of the two.
    eventually(
        lambda: any("b second" in s.status(name).get("log", []) for name in ("a", "b")),
        "what b writes is read",
    )
    os.kill(before, 0)
    s.enable("logger")
    s.wait_state("logger", "ready")
    assert s.ask(verb="restart", services=["a"]).exit == 0
    eventually(lambda: s.read("written").count("a first\n") == 2, "a writes to the logger again")


def test_a_link_to_what_is_no_service_is_a_logger_of_its_own(s):
    s.define("logger", f"exec cat >> {s.top}/written")
    writer(s, "a", "echo a first; " + SLEEP)
    s.start()
    s.wait_text("written", "a first\n")
    assert s.status("a/log")["state"] == "ready"
