"""Services that misbehave, and what they can do to the supervisor and to each other: nothing.

Beside each runs a bystander, which must be the same process before and after.
"""

import os
import pathlib
import shutil
import signal

import pytest

from supervised import Supervised, eventually

SLEEP = "exec sleep 100000"


@pytest.fixture
def s():
    with Supervised() as supervised:
        supervised.add("bystander", SLEEP)
        yield supervised


@pytest.fixture(autouse=True)
def bystander(s):
    """Starts the supervisor before the test adds its faults, and asks for the bystander after it."""
    s.start()
    pid = s.wait_state("bystander", "ready")["pid"]
    yield
    view = s.status("bystander")
    assert (view["state"], view["pid"]) == ("ready", pid)


def wait_deaths(s, name, count):
    """Waits until it has been started again so often."""
    return eventually(
        lambda: (view := s.status(name)).get("restarts", 0) >= count and view,
        f"{name} has been started again {count} times",
    )


def kind_of_death(view):
    return {key: view["last_death"][key] for key in ("code", "signal") if key in view["last_death"]}


# --- stopping


def test_one_that_ignores_term_is_killed_after_its_own_timeout(s):
    s.add("deaf", f"trap '' TERM; echo > {s.top}/set; while :; do sleep 0.05; done", timeout__kill="200\n")
    s.wait_text("set", "\n")
    answer = s.ask(verb="down", services=["deaf"])
    assert answer.exit == 0
    assert kind_of_death(answer.services["deaf"]) == {"signal": signal.SIGKILL}
    s.wait_message("deaf: does not end")


def test_one_that_is_stopped_while_it_is_stopping_is_killed(s):
    """CONT follows TERM at once; one that stops itself later hears of KILL only."""
    s.add("stops", f"trap 'kill -STOP $$' TERM; echo > {s.top}/set; while :; do sleep 0.05; done",
          timeout__kill="300\n")
    s.wait_text("set", "\n")
    answer = s.ask(verb="down", services=["stops"])
    assert answer.exit == 0
    assert answer.services["stops"]["state"] == "down"
    assert kind_of_death(answer.services["stops"]) == {"signal": signal.SIGKILL}


def test_a_finish_that_hangs_is_killed_and_its_service_starts_again(s):
    s.add("web", f"echo started >> {s.top}/starts; {SLEEP}", finish="exec sleep 100000",
          timeout__finish="200\n")
    before = s.wait_state("web", "ready")["pid"]
    os.kill(before, signal.SIGKILL)
    s.wait_state("web", "finishing")
    s.wait_message("web: does not end")
    s.wait_other_pid("web", before)
    s.wait_text("starts", "started\nstarted\n")


# --- running


def test_one_that_exits_with_0_at_once_for_ever_is_paced(s):
    s.add("brief", f"echo run >> {s.top}/runs; exit 0")
    view = wait_deaths(s, "brief", 3)
    assert kind_of_death(view) == {"code": 0}
    view = s.wait_state("brief", "backoff")
    assert view["next_start_ms"] > 250
    assert "brief: exit 0 after " in s.messages()


def test_one_that_forks_away_is_shown_as_ended(s):
    s.add("daemon", f"setsid sleep 100000 & echo $! >> {s.top}/left; exit 0")
    wait_deaths(s, "daemon", 2)
    s.ask(verb="down", services=["daemon"])
    left = [int(line) for line in s.read("left").splitlines()]
    for pid in left:
        os.kill(pid, signal.SIGKILL)


def test_a_gigabyte_of_output_goes_through_and_the_newest_lines_are_kept(s):
    s.add("flood", "dd if=/dev/zero bs=1M count=1024 2>/dev/null; echo; echo the last line; "
          f"echo > {s.top}/flooded; {SLEEP}")
    s.wait_text("flooded", "\n")
    eventually(lambda: s.status("flood")["log"][-1] == "the last line", "the last line is there")
    memory = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
    resident = next(line for line in memory.splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 64 * 1024


# --- the directory


def test_a_directory_that_is_removed_while_its_service_runs(s):
    s.add("web", SLEEP)
    pid = s.wait_state("web", "ready")["pid"]
    shutil.rmtree(s.definitions / "web")
    assert s.status("web")["pid"] == pid, "it goes on"
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: "exec_failure" in s.status("web"), "its next start fails")
    assert s.status("web")["exec_failure"]["error"] == "No such file or directory"
    s.define("web", SLEEP)
    s.wait_state("web", "ready")


def test_two_links_to_one_directory_are_two_services(s):
    s.define("shared", SLEEP)
    s.enable("one", s.definitions / "shared")
    s.enable("two", s.definitions / "shared")
    one, two = (s.wait_state(name, "ready")["pid"] for name in ("one", "two"))
    assert one != two
    assert s.ask(verb="down", services=["one"]).exit == 0
    assert s.pid("two") == two
    s.disable("one")
    eventually(lambda: s.known() == {"bystander", "two"}, "one is forgotten")
    assert s.pid("two") == two


@pytest.mark.parametrize("name", ["quote'\"", "a b", "%n%", "-x", "$HOME", "\u202eltr", "x" * 127])
def test_odd_names_work(s, name):
    s.define("odd", f'echo "$0" > {s.top}/ran; {SLEEP}')
    s.enable(name, s.definitions / "odd")
    s.wait_state(name, "ready")
    assert s.ask(verb="restart", services=[name]).exit == 0
    assert s.ask(verb="down", services=[name]).services[name]["state"] == "down"


@pytest.mark.parametrize(
    "name, shown",
    [("new\nline", "/new?line"), ("\x1b[31mred", "/?[31mred"), ("x" * 128, "x" * 60 + "...")],
    ids=["a new line", "an escape", "too long"],
)
def test_names_that_no_service_can_have_are_told_once_and_visibly(s, name, shown):
    s.define("odd", SLEEP)
    s.enable(name, s.definitions / "odd")
    s.wait_message(f"{shown}: not a service: its name has ")
    s.add("next", SLEEP)
    s.wait_state("next", "ready")
    assert s.known() == {"bystander", "next"}
    assert s.messages().count("not a service") == 1
    assert "\x1b" not in s.messages()
