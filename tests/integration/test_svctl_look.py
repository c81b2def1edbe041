"""What svctl shows of a real supervisor besides the table: tree, why, deaths, log, events, wait."""

import json
import subprocess

import pytest

from supervised import Supervised, eventually
from svctl_runner import DEADLINE, SVCTL, environment, svctl, svctl_in_terminal


@pytest.fixture
def system():
    with Supervised() as supervised:
        supervised.add("web", run="echo hello; echo 'bold \033[1mworld'; exec sleep 1000")
        supervised.add("cron", run="exec sleep 1000", down="")
        supervised.start()
        supervised.wait_state("web", "ready")
        eventually(lambda: len(supervised.status("web").get("log", [])) == 2, "web has spoken")
        yield supervised


def run(system, *words, **changes):
    return svctl(*words, control=system.socket, **changes)


class Following:
    """svctl that goes on until it is told to stop; its lines are read as they come."""

    def __init__(self, system, *words):
        self.process = subprocess.Popen(
            [SVCTL, "--control", system.socket, *words],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def line(self):
        return self.process.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.stdout.close()
        self.process.wait(DEADLINE)


def test_the_log_is_raw_in_a_pipe_and_visible_on_a_terminal(system):
    assert run(system, "log", "web").stdout == "hello\nbold \033[1mworld\n"
    assert run(system, "log", "-n", "1", "web").stdout == "bold \033[1mworld\n"
    shown, code = svctl_in_terminal("log", "web", control=system.socket)
    assert code == 0
    assert "bold \\x1b[1mworld\n" in shown
    assert "web: hello\n" in run(system, "log").stdout
    line = json.loads(run(system, "--json", "log", "web").stdout)
    assert line == {"service": "web", "lines": ["hello", "bold \033[1mworld"]}


def test_who_has_a_logger_is_told_where_its_lines_are(system):
    system.add("logged", "echo hello; exec sleep 100000", log_run="exec cat >/dev/null")
    system.wait_state("logged", "ready")
    shown = run(system, "log", "logged")
    assert (shown.stdout, shown.returncode) == ("", 0)
    assert shown.stderr == "logged: its lines go to its logger, logged/log, whose run program says where they are\n"
    line = json.loads(run(system, "--json", "log", "logged").stdout)
    assert line == {"service": "logged", "lines": [], "logger": "logged/log"}
    assert run(system, "log").stderr == ""


def test_the_supervisors_own_log(system):
    system.add("ghost", run="true")
    (system.definitions / "ghost/run").write_text("#!/nonexistent/interpreter\n")
    eventually(lambda: "ghost: " in run(system, "log", "@supervisor").stdout, "it speaks of ghost")
    assert run(system, "log", "@nobody").returncode == 4


def test_events_are_printed_as_they_happen(system):
    with Following(system, "--json", "events", "cron") as events:
        assert json.loads(events.line())["event"] == "watching"
        assert run(system, "up", "cron").returncode == 0
        states = []
        while "ready" not in states:
            states.append(json.loads(events.line())["state"])
        assert states[-1] == "ready"
        assert run(system, "down", "cron").returncode == 0
        event = json.loads(events.line())
        assert (event["was"], event["state"]) == ("ready", "stopping")


def test_events_are_lines_for_people_too(system):
    with Following(system, "events") as events:
        # The first event that is printed shows that svctl listens: until then there is more to do.
        import threading

        stop = threading.Event()

        def toggle():
            while not stop.is_set():
                run(system, "pause", "web")
                run(system, "cont", "web")

        thread = threading.Thread(target=toggle)
        thread.start()
        line = events.line()
        stop.set()
        thread.join()
    assert " web: ready, " in line


def test_wait_waits_for_others(system):
    waiting = Following(system, "wait", "cron")
    with waiting:
        assert run(system, "up", "cron").returncode == 0
        assert waiting.line() == f"cron: ready, pid {system.pid('cron')}\n"
        assert waiting.process.wait(DEADLINE) == 0
    assert run(system, "wait", "--down", "--timeout", "100ms", "cron").returncode == 6
    assert run(system, "wait", "--up", "cron", "web").returncode == 0
    assert run(system, "wait", "nosuch").returncode == 4
    assert "boot complete" in run(system, "wait", "--boot").stdout


def test_questions_are_answered_by_the_exit_code(system):
    for command in ("is-up", "is-ready"):
        result = run(system, command, "web")
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        result = run(system, command, "web", "cron")
        assert (result.returncode, result.stdout, result.stderr) == (3, "", "")
        result = run(system, command, "nosuch")
        assert result.returncode == 4
        assert "nosuch" in result.stderr
    assert run(system, "check", "web", "cron").returncode == 0


def test_why_and_tree_are_about_what_there_is(system):
    result = run(system, "why", "cron")
    assert result.returncode == 0
    assert "it has a down file, so it is not started at boot." in result.stdout
    assert run(system, "tree").stdout == "cron (down)\nweb (ready)\n"
    assert run(system, "tree", "web").stdout == "web (ready)\n"
    for command in ("why", "tree"):
        result = run(system, command, "nosuch")
        assert result.returncode == 4
        assert "nosuch: there is no such service" in result.stderr


def test_deaths_are_remembered(system):
    before = system.pid("web")
    run(system, "kill", "web")
    system.wait_other_pid("web", before)
    assert "web after " in run(system, "deaths").stdout
    assert run(system, "deaths", "web").stdout.endswith("killed by KILL\n") or (
        "killed by KILL, " in run(system, "deaths", "web").stdout
    )


def test_a_misspelt_name_gets_the_right_one(system):
    assert "did you mean web?" in run(system, "up", "wbe").stderr


def test_progress_is_shown_on_a_terminal_and_nowhere_else(system):
    system.add("slow", run="trap '' TERM; echo armed; while :; do sleep 0.05; done")
    eventually(lambda: "slow" in system.known(), "slow is known")
    eventually(lambda: "armed" in system.status("slow").get("log", []), "slow is armed")
    shown, code = svctl_in_terminal("--timeout", "1900ms", "down", "slow", control=system.socket)
    assert code == 6
    assert "\r\033[Kwaiting for slow (stopping, KILL in " in shown
    assert "\r\033[Kslow: down did not finish in time" in shown
    result = run(system, "--timeout", "700ms", "down", "slow")
    assert "waiting for" not in result.stderr
    run(system, "kill", "slow")


def test_a_log_is_followed(system):
    with Following(system, "log", "-f", "-n", "1", "web") as log:
        assert log.line() == "bold \033[1mworld\n"
        before = system.pid("web")
        run(system, "kill", "web")
        assert log.line() == "hello\n"
        system.wait_other_pid("web", before)


def test_a_start_answers_with_what_keeps_its_need_down(system):
    # So late that nobody meets it while it runs.
    system.add("db", run="exit 3", **{"service.conf": "restart-delay = 1h\nrestart-delay-max = 1h\n"})
    system.add("api", run="exec sleep 1000", **{"down": "", "service.conf": "needs = db"})
    system.add("lost", run="exec sleep 1000", **{"down": "", "service.conf": "needs = nix"})
    system.wait_state("db", "backoff")
    result = run(system, "up", "api")
    assert result.returncode == 1
    assert "needs db, which died: exit 3 after" in result.stderr
    result = run(system, "up", "lost")
    assert result.returncode == 1
    assert "needs nix, which does not exist" in result.stderr


def test_a_rescan_shows_what_changed(system):
    (system.definitions / "web/service.conf").write_text("stop-timeout = 30s\n")
    result = run(system, "rescan")
    assert result.returncode == 0
    assert "web: changed: stop-timeout " in result.stdout
    assert "counts from its next start on" in result.stdout
    assert system.status("web")["changed"] is True
