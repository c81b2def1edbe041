"""Services that misbehave, and what they can do to the supervisor and to each other: nothing.

Beside each runs a bystander, which must be the same process before and after.
"""

import collections
import os
import pathlib
import resource
import shutil
import signal

import pytest

import namespace
from supervised import Supervised, eventually, wait_open_for_runit

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


def with_conf(s, name, conf, run=SLEEP):
    s.define(name, run)
    (s.definitions / name / "service.conf").write_text(conf)
    s.enable(name)


def can_make_cgroups():
    trial = namespace.Cgroup()
    trial.remove()
    return trial.path is not None


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
    s.add("web", f"echo started >> {s.top}/starts; {SLEEP}", finish=f"echo > {s.top}/finishes; exec sleep 100000",
          timeout__finish="2000\n")
    before = s.wait_state("web", "ready")["pid"]
    s.wait_text("starts", "started\n")
    os.kill(before, signal.SIGKILL)
    s.wait_text("finishes", "\n")
    s.wait_message("web: does not end")
    s.wait_other_pid("web", before)
    s.wait_text("starts", "started\nstarted\n")


# --- running


def test_one_that_exits_with_0_at_once_for_ever_is_paced(s):
    s.add("brief", f"echo run >> {s.top}/runs; exit 0")
    view = wait_deaths(s, "brief", 3)
    assert kind_of_death(view) == {"code": 0}
    eventually(lambda: s.status("brief").get("next_start_ms", 0) > 250, "it waits longer than at first")
    assert "brief: exit 0 after " in s.messages()


FORKS_AWAY = "setsid sleep 100000 & echo $! >> {}/left; exit 0"


def left_behind(s):
    return [int(line) for line in s.read("left").splitlines()]


def lives(pid):
    """Whether it runs: a zombie that nobody has reaped yet does not."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_that_forks_away_is_shown_as_ended_and_what_it_leaves_is_kept(s):
    s.add("daemon", FORKS_AWAY.format(s.top))
    view = wait_deaths(s, "daemon", 2)
    assert kind_of_death(view) == {"code": 0}
    s.ask(verb="down", services=["daemon"])
    assert all(lives(pid) for pid in left_behind(s))
    for pid in left_behind(s):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(not can_make_cgroups(), reason="no cgroup v2 that can be written to")
def test_what_forks_away_is_killed_where_the_conf_says_so(s):
    with_conf(s, "daemon", "leftovers = kill\n", FORKS_AWAY.format(s.top))
    wait_deaths(s, "daemon", 3)
    s.ask(verb="down", services=["daemon"])
    assert len(left_behind(s)) >= 3, "each was born, also after the first was killed"
    eventually(lambda: not any(lives(pid) for pid in left_behind(s)), "all of them are killed")


def test_a_gigabyte_of_output_goes_through_and_the_newest_lines_are_kept(s):
    s.add("flood", "dd if=/dev/zero bs=1M count=1024 2>/dev/null; echo; echo the last line; "
          f"echo > {s.top}/flooded; {SLEEP}")
    s.wait_text("flooded", "\n")
    eventually(lambda: s.status("flood").get("log", [])[-1:] == ["the last line"], "the last line is there")
    memory = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
    resident = next(line for line in memory.splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 64 * 1024


# --- definitions


def test_a_conf_with_errors_starts_nothing_and_each_error_is_named_with_its_place(s):
    with_conf(s, "web", "stop-timout = 5\n\nnice = cold\n")
    view = s.wait_state("web", "failed")
    path = f"{s.definitions}/web/service.conf"
    s.wait_message(f"web: {path}:1:1: ")
    s.wait_message(f"web: {path}:3:8: ")
    assert "stop-timeout" in s.messages(), "the nearest key is named"
    assert view["cause"].startswith(f"{path}:1:1: ")
    assert view["cause"].endswith(" (and 1 more, which svctl lint shows)")
    (s.definitions / "web/service.conf").write_text("stop-timeout = 5\n")
    assert s.ask(verb="up", services=["web"]).exit == 0


def test_a_conf_that_is_spoilt_while_its_service_runs_changes_nothing_until_it_is_mended(s):
    with_conf(s, "web", "stop-timeout = 5\n")
    pid = s.wait_state("web", "ready")["pid"]
    conf = s.definitions / "web/service.conf"
    conf.write_text("stop-timeout = soon\n")
    s.ask(verb="rescan")
    assert s.pid("web") == pid
    os.kill(pid, signal.SIGKILL)
    s.wait_other_pid("web", pid)
    s.wait_message(f"web: {s.definitions}/web/service.conf:1:16: ")
    conf.write_text("stop-timeout = 6\n")
    assert s.ask(verb="rescan").exit == 0
    assert s.ask(verb="restart", services=["web"]).exit == 0


# --- the directory


def test_a_directory_that_is_removed_while_its_service_runs(s):
    s.add("web", SLEEP)
    pid = s.wait_state("web", "ready")["pid"]
    wait_open_for_runit([s.definitions / "web"])  # nothing is made in there while it is removed
    shutil.rmtree(s.definitions / "web")
    assert s.status("web")["pid"] == pid, "it goes on"
    os.kill(pid, signal.SIGKILL)
    failure = eventually(lambda: s.status("web").get("exec_failure"), "its next start fails")
    said = f"is a symbolic link to {s.definitions}/web, which does not exist"
    assert failure == {"stage": "chdir", "path": f"{s.enabled}/web", "error": said}
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


# --- what there is too little of


def max_restarts(s):
    return max(view.get("restarts", 0) for view in s.ask(verb="list").services.values())


def test_no_descriptors_are_left_for_all_services(s):
    """The supervisor keeps some for itself: it answers, and takes services down."""
    limit, count = 320, 100
    resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
    s.define("many", SLEEP)
    for i in range(count):
        s.enable(f"many{i:03}", s.definitions / "many")

    def states():
        return collections.Counter(view["state"] for view in s.ask(verb="list").services.values())

    eventually(lambda: sum(states().values()) == count + 1 and not states()["starting"], "all tried")
    s.wait_message("Too many open files; the supervisor needs a higher limit (RLIMIT_NOFILE) than 320")
    # One that is tried again finds the number of a connection that has just ended, now and then.
    eventually(lambda: set(states()) == {"ready", "backoff"}, f"none is on its way: {states()}")
    assert states()["ready"] > 20
    # However often one was tried meanwhile, it spoke of it once.
    eventually(lambda: max_restarts(s) >= 3, "all are tried again")
    said = collections.Counter(
        line.split(": ")[1] for line in s.messages().splitlines() if "Too many open files" in line
    )
    assert set(said.values()) == {1}, said
    for i in range(count):
        if i % 4 != 0:
            s.disable(f"many{i:03}")
    eventually(lambda: states() == {"ready": count // 4 + 1}, f"the others have room now: {states()}")


def test_what_is_not_there_is_tried_again_and_told_once(s):
    """Of a link that leads nowhere each start fails; that sv finds nothing there is no news then."""
    s.enable("gone", s.definitions / "gone")
    wait_deaths(s, "gone", 3)
    told = "gone: cannot be driven by sv: "
    s.wait_message(told)
    s.ask(verb="restart", services=["gone"])
    wait_deaths(s, "gone", 2)
    s.define("gone", SLEEP)
    s.wait_state("gone", "ready")
    wait_open_for_runit([s.definitions / "gone"])
    assert s.messages().count(told) == 1


def test_a_setup_program_that_fails_is_told_with_its_exit(s):
    s.add("web", SLEEP, setup="exit 7")
    s.wait_message("web: its setup program failed: exit 7; next start in ")
    failed = {"stage": "setup program", "path": "", "error": "exit 7"}
    assert s.wait_state("web", "backoff")["exec_failure"] == failed
    told = s.ask(verb="up", services=["web"]).services["web"]["error"]
    assert "its setup program failed: exit 7" in told
    s.add("db", SLEEP, setup="kill -USR1 $$")
    s.wait_message("db: its setup program failed: killed by USR1; next start in ")
