"""What service.conf(5) says of relations, restarts and actions, with real processes."""

import os
import signal

import pytest

from supervised import Supervised, eventually

SLEEP = "exec sleep 100000"


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


def add_traced(s, name, conf=""):
    """A service that says in the file `trace` when it starts and when it ends, by TERM. It is ready once
    it has said so: what waits for it writes its own line later."""
    s.add(
        name,
        f"trap 'echo -{name} >> {s.top}/trace; exit 0' TERM; echo +{name} >> {s.top}/trace; echo >&3\n"
        f"while :; do sleep 0.02; done",
        **{"service.conf": f"ready = fd 3\n{conf}"},
    )


def add(s, name, run=None, conf="", **files):
    files["service.conf"] = conf
    s.add(name, run, **files)


def trace(s):
    return s.read("trace").split()


def wait_trace(s, *marks):
    eventually(lambda: set(marks) <= set(trace(s)), f"{marks} in {trace(s)}")


def in_order(s, *marks):
    seen = trace(s)
    places = [seen.index(mark) for mark in marks]
    assert places == sorted(places), seen


# --- relations


def test_needs_start_first_and_stop_last(s):
    add_traced(s, "api", "needs = web\n")
    add_traced(s, "web", "needs = db\n")
    add_traced(s, "db")
    s.start()
    wait_trace(s, "+api", "+web", "+db")
    in_order(s, "+db", "+web", "+api")
    assert s.stop() == 0
    in_order(s, "-api", "-web", "-db")


def test_down_stops_dependents_first_and_up_brings_them_back(s):
    add_traced(s, "web", "needs = db\n")
    add_traced(s, "db")
    s.start()
    wait_trace(s, "+web")
    assert s.ask(verb="down", services=["db"]).exit == 0
    in_order(s, "-web", "-db")
    view = s.status("web")
    assert (view["state"], view["wanted"]) == ("waiting", "up")
    assert s.ask(verb="up", services=["db"]).exit == 0
    s.wait_state("web", "ready")


def test_a_crash_leaves_dependents_alone(s):
    add(s, "web", SLEEP, "needs = db\n")
    add(s, "db", SLEEP)
    s.start()
    web = s.wait_state("web", "ready")["pid"]
    db = s.pid("db")
    os.kill(db, signal.SIGKILL)
    s.wait_other_pid("db", db)
    assert s.pid("web") == web


def test_a_need_that_is_missing_is_named_and_may_come(s):
    add(s, "web", SLEEP, "needs = db\n")
    s.start()
    s.wait_state("web", "failed")
    s.wait_message("web: failed: needs db: no such service in")
    add(s, "db", SLEEP)
    s.wait_state("web", "ready")


def test_wants_are_started_and_may_fail(s):
    add(s, "web", SLEEP, "wants = cache nowhere\n")
    add(s, "cache", "exit 1", "restart = never\n", down="")
    s.start()
    s.wait_state("web", "ready")
    s.wait_state("cache", "failed")
    assert s.status("web")["state"] == "ready"


def test_after_waits_for_a_oneshot_and_is_undone_in_reverse(s):
    add(s, "mount", f"echo +mount >> {s.top}/trace", "type = oneshot\n")
    add_traced(s, "web", "after = mount net\n")
    add_traced(s, "net")
    s.start()
    wait_trace(s, "+web", "+net", "+mount")
    s.wait_state("mount", "done")
    assert trace(s)[-1] == "+web"
    assert s.stop() == 0
    in_order(s, "-web", "-net")


def test_a_oneshot_that_fails_fails_what_needs_it(s):
    add(s, "mount", "exit 4", "type = oneshot\nrestart = never\n")
    add(s, "web", SLEEP, "needs = mount\n")
    s.start()
    s.wait_state("web", "failed")
    s.wait_message("web: failed: needs mount, which failed: exit 4")


def test_conflicts_stop_the_other(s):
    add_traced(s, "a")
    add_traced(s, "b", "conflicts = a\n")
    s.start()
    s.wait_state("a", "ready")
    assert s.status("b")["state"] == "down"
    wait_trace(s, "+a")
    assert s.ask(verb="up", services=["b"]).exit == 0
    wait_trace(s, "+b")
    in_order(s, "+a", "-a", "+b")
    assert s.status("a")["wanted"] == "down"


def test_a_group_is_its_members(s):
    add(s, "site", None, "type = group\nmembers = a b\n")
    add(s, "a", SLEEP, down="")
    add(s, "b", SLEEP, down="")
    s.start()
    s.wait_state("site", "ready")
    assert s.status("a")["state"] == s.status("b")["state"] == "ready"
    assert s.ask(verb="down", services=["site"]).exit == 0
    assert s.status("a")["state"] == s.status("b")["state"] == "down"


def test_a_circle_is_failed_and_spelled_and_others_start(s):
    add(s, "a", SLEEP, "needs = b\n")
    add(s, "b", SLEEP, "needs = a\n")
    add(s, "c", SLEEP)
    s.start()
    s.wait_state("c", "ready")
    s.wait_state("a", "failed")
    s.wait_message("a: failed: waits for itself: a -> b -> a")


# --- ends and actions


def test_too_many_restarts_are_failed_for_good(s):
    add(s, "web", "exit 1", "restart-delay = 10ms\nrestart-limit-count = 3\nrestart-limit-interval = 10min\n")
    s.start()
    s.wait_state("web", "failed")
    s.wait_message("web: failed: exit 1")
    assert "more than 3 restarts within 10 m" in s.messages()


def test_statuses_that_are_success_and_those_that_are_final(s):
    add(s, "good", "exit 7", "restart = on-failure\nsuccess-status = 7\n")
    add(s, "bad", "exit 8", "permanent-failure-status = 8\n")
    s.start()
    s.wait_state("good", "done")
    s.wait_state("bad", "failed")


def test_a_start_that_takes_too_long_is_ended(s):
    add(s, "slow", SLEEP, "ready = notify\nstart-timeout = 50ms\nrestart = never\n")
    s.start()
    s.wait_state("slow", "failed")
    s.wait_message("not ready after 50 ms")


def test_exec_stop_ends_the_service_before_any_signal(s):
    add(
        s,
        "web",
        f"trap 'echo signal >> {s.top}/trace' TERM; echo > {s.top}/up\n"
        f"while [ ! -e {s.top}/end ]; do sleep 0.02; done; trap '' TERM; echo ended >> {s.top}/trace",
        f'exec-stop = /bin/sh -c "echo stop >> {s.top}/trace; touch {s.top}/end; '
        f'while ! grep -q ended {s.top}/trace; do sleep 0.02; done"\n',
    )
    s.start()
    s.wait_text("up", "\n")
    s.wait_state("web", "ready")  # a start that is not known to have succeeded is cancelled by a signal
    assert s.ask(verb="down", services=["web"]).exit == 0
    assert trace(s) == ["stop", "ended"]


def test_reload_is_a_signal_or_a_program(s):
    add(
        s,
        "signalled",
        f"trap 'echo usr1 >> {s.top}/trace' USR1; echo > {s.top}/up; while :; do sleep 0.02; done",
        "reload-signal = USR1\n",
    )
    add(s, "steered", SLEEP, f'exec-reload = /bin/sh -c "echo program >> {s.top}/trace"\n')
    s.start()
    s.wait_text("up", "\n")
    s.wait_state("signalled", "ready")
    s.wait_state("steered", "ready")
    before = s.pid("signalled"), s.pid("steered")
    for name in ("signalled", "steered"):
        assert s.ask(verb="reload", services=[name]).exit == 0
    wait_trace(s, "usr1", "program")
    assert (s.pid("signalled"), s.pid("steered")) == before


def test_on_failure_exec_runs_a_program(s):
    add(
        s,
        "web",
        "exit 1",
        f'restart = never\non-failure-action = exec /bin/sh -c "echo failed >> {s.top}/trace"\n',
    )
    s.start()
    wait_trace(s, "failed")
    s.wait_state("web", "failed")


def test_on_failure_exit_ends_the_supervisor_with_that_code(s):
    add_traced(s, "other")
    add(
        s,
        "web",
        f"while ! grep -q +other {s.top}/trace; do sleep 0.02; done; exit 9",
        "restart = never\non-failure-action = exit\n",
    )
    s.start()
    assert s.process.wait(60) == 9
    assert trace(s) == ["+other", "-other"]


def test_leftovers_are_killed_where_it_says_so(s):
    script = "sleep 100000 & echo $! > {}/{}.child; exec sleep 100000"
    add(s, "keep", script.format(s.top, "keep"))
    add(s, "kill", script.format(s.top, "kill"), "leftovers = kill\n")
    s.start()
    children = {name: int(s.wait_text(f"{name}.child", "\n")) for name in ("keep", "kill")}
    assert s.ask(verb="down", services=["keep", "kill"]).exit == 0
    eventually(lambda: children["kill"] not in s.processes(), "what is left is killed")
    assert children["keep"] in s.processes()
    os.kill(children["keep"], signal.SIGKILL)
