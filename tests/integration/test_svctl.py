"""svctl with a real supervisor and real services: what an admin types, and what is printed."""

import json
import os
import pathlib
import re
import signal
import subprocess

import pytest

from supervised import Supervised, eventually
from svctl_runner import DEADLINE, SVCTL, environment, svctl, svctl_in_terminal

FAILING = 'echo "klogd: cannot open /proc/kmsg"; echo "giving up \033[1mnow"; exit 1'


@pytest.fixture
def system():
    with Supervised() as supervised:
        supervised.add("web", run="echo hello from web; exec sleep 1000")
        # So late that nobody meets it while it runs.
        supervised.add("klogd", run=FAILING, **{"service.conf": "restart-delay = 50s\nrestart-delay-max = 50s\n"})
        supervised.add("cron", run="exec sleep 1000", down="")
        supervised.start()
        supervised.wait_state("web", "ready")
        supervised.wait_state("klogd", "backoff")
        yield supervised


def run(system, *words, **changes):
    return svctl(*words, control=system.socket, **changes)


def add_armed(system, name, trap):
    """A service that handles signals; returns once its shell has set the trap."""
    system.add(name, run=f"trap {trap}; echo armed; while :; do sleep 0.05; done")
    eventually(lambda: name in system.known(), f"{name} is known")
    eventually(lambda: "armed" in system.status(name).get("log", []), f"{name} is armed")


def is_alive(pid):
    return pathlib.Path(f"/proc/{pid}").exists()


def test_status_shows_trouble_first_and_counts(system):
    result = run(system)
    assert (result.returncode, result.stderr) == (0, "")
    system_line, *lines = result.stdout.splitlines()
    assert re.fullmatch(r"\S+: running for .*, boot complete \d+\.\d s after start", system_line)
    assert re.fullmatch(r"klogd backoff   \d+ s exit 1, next start in \S+ s \(\d+\w\w\)", lines[0])
    assert re.fullmatch(rf"web   ready     \d+ s pid {system.pid('web')}", lines[1])
    assert re.fullmatch(r"cron  down      \d+ s down file", lines[2])
    assert lines[3] == "3 services: 1 ready, 1 on their way, 1 down; 1 in trouble"
    assert run(system, "status").stdout.splitlines()[4] == lines[3]


def test_the_page_of_a_service_has_its_last_death_and_lines(system):
    result = run(system, "status", "klogd")
    assert result.returncode == 0
    page = result.stdout
    assert re.match(r"klogd: backoff for \d+ s, next start in \S+ s \(\d+\w\w restart, no limit\)\n", page)
    assert f"  {system.definitions}/klogd, enabled\n" in page
    # On a busy machine it may have died twice.
    last = r"\n  last run: \d+\.\d\d s, exit 1, at \d\d:\d\d:\d\d( \(\d+ deaths, see svctl deaths klogd\))?\n"
    assert re.search(last, page), page
    assert "  log:      klogd: cannot open /proc/kmsg\n            giving up \\x1b[1mnow\n" in page


def test_several_names_give_a_table_and_patterns_work(system):
    result = run(system, "status", "web", "cron")
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["web", "cron"]
    assert run(system, "list").stdout == "cron\nklogd\nweb\n"
    assert run(system, "list", "[ck]*").stdout == "cron\nklogd\n"


def test_up_waits_down_waits_and_both_say_so(system):
    result = run(system, "up", "cron")
    pid = system.pid("cron")
    assert (result.returncode, result.stdout) == (0, f"cron: ready, pid {pid}\n")
    assert is_alive(pid)
    assert run(system, "up", "cron").stdout == f"cron: ready, pid {pid}\n"
    result = run(system, "down", "cron", "web")
    assert result.returncode == 0
    assert sorted(result.stdout.splitlines()) == ["cron: down", "web: down"]
    assert not is_alive(pid)


def test_restart_gives_another_process(system):
    before = system.pid("web")
    result = run(system, "restart", "web")
    assert result.stdout == f"web: ready, pid {system.pid('web')}\n"
    assert system.pid("web") != before


def test_once_is_not_started_again(system):
    pid = int(run(system, "once", "cron").stdout.split()[3].rstrip(","))
    assert run(system, "kill", "cron").returncode == 0
    eventually(lambda: not is_alive(pid), "the process is gone")
    eventually(lambda: system.status("cron")["state"] in ("failed", "down"), "it has ended")
    assert system.status("cron").get("next_start_ms") is None


def test_what_fails_comes_with_its_cause_and_last_lines(system):
    result = run(system, "up", "web", "klogd")
    assert result.returncode == 1
    assert result.stdout == f"web: ready, pid {system.pid('web')}\n"
    assert re.match(
        r"klogd: up did not finish: exit 1 .*next start in \S+ s \(\d+\w\w restart\)\n"
        r"  log:      ",
        result.stderr,
    )
    assert result.stderr.endswith("            giving up \\x1b[1mnow\n")


def test_a_program_that_is_not_there_is_named(system):
    system.define("ghost", run="true")
    (system.definitions / "ghost/run").write_text("#!/nonexistent/interpreter\n")
    system.enable("ghost")  # only now: a shell that runs `true` would be ready for a moment
    eventually(lambda: "ghost" in system.known(), "ghost is known")
    result = run(system, "up", "ghost")
    assert result.returncode == 1
    assert (
        f"exec {system.enabled}/ghost/run: its interpreter /nonexistent/interpreter does not exist"
        in result.stderr
    )
    assert "start:    exec" in run(system, "status", "ghost").stdout


def test_no_wait_answers_at_once(system):
    result = run(system, "--no-wait", "up", "klogd", "cron")
    assert result.returncode == 0
    assert result.stdout.startswith(("klogd: ", "cron: "))
    system.wait_state("cron", "ready")


def test_a_timeout_ends_the_waiting_and_not_the_order(system):
    add_armed(system, "stubborn", "'' TERM")
    result = run(system, "--timeout", "300ms", "down", "stubborn")
    assert result.returncode == 6
    assert result.stderr.startswith("stubborn: down did not finish in time: still stopping")
    page = run(system, "status", "stubborn").stdout
    assert re.match(r"stubborn: stopping for \d+ s, pid \d+, KILL in \d+ s\n", page)
    assert run(system, "kill", "stubborn").returncode == 0
    system.wait_state("stubborn", "down")


def test_signals_reach_the_process(system):
    add_armed(system, "listener", "'echo got usr1' USR1")
    pid = system.pid("listener")
    result = run(system, "usr1", "listener")
    assert (result.returncode, result.stdout) == (0, f"listener: USR1 sent to pid {pid}\n")
    eventually(lambda: "got usr1" in run(system, "status", "listener").stdout, "it says so")
    assert run(system, "pause", "listener").returncode == 0
    assert ", paused" in run(system, "status", "listener").stdout
    stat = pathlib.Path(f"/proc/{pid}/stat")
    eventually(lambda: stat.read_text().split()[2] == "T", "it stands still")
    assert run(system, "cont", "listener").returncode == 0
    assert ", paused" not in run(system, "status", "listener").stdout
    result = run(system, "signal", "SIGUSR1", "listener")
    assert result.stdout == f"listener: USR1 sent to pid {pid}\n"


def test_exit_codes_tell_what_went_wrong(system):
    result = run(system, "hup", "cron")
    assert result.returncode == 3
    assert result.stderr.startswith("cron: ")
    result = run(system, "up", "nosuch", "web")
    assert result.returncode == 4
    assert "nosuch" in result.stderr
    assert result.stdout.startswith("web: ready")
    result = run(system, "status", "nosuch")
    assert (result.returncode, result.stdout) == (4, "")


def test_json_is_one_object_a_line(system):
    first, *lines = [json.loads(line) for line in run(system, "--json").stdout.splitlines()]
    assert first["system"]["running_ms"] >= 0
    assert {line["service"]: line["state"] for line in lines}["web"] == "ready"
    result = run(system, "--json", "up", "klogd", "nosuch")
    assert result.returncode == 4
    answers = {line["service"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert answers["klogd"]["code"] == "service-failed"
    assert answers["klogd"]["last_death"]["code"] == 1
    assert answers["nosuch"]["code"] == "unknown-service"
    versions = json.loads(run(system, "--json", "version").stdout)
    assert versions["svctl"]["protocol"] == versions["supervisor"]["protocol"] == 1
    assert versions["supervisor"]["pid"] == system.process.pid


def test_a_terminal_gets_colours_and_lines_that_fit(system):
    shown, code = svctl_in_terminal(control=system.socket, columns=40)
    assert code == 0
    assert "\033[31mbackoff  \033[0m" in shown
    assert "\033[32mready    \033[0m" in shown
    for line in shown.splitlines()[:-1]:
        assert len(re.sub(r"\033\[\d+m", "", line)) <= 40
    assert "…\n" in shown


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(system, changes):
    shown, _ = svctl_in_terminal(control=system.socket, **changes)
    assert "\033" not in shown


def test_ascii_where_the_locale_is_not_utf8(system):
    shown, _ = svctl_in_terminal(control=system.socket, columns=40, LANG="C")
    assert shown.isascii()
    assert "~\n" in shown


def test_a_terminal_without_a_width_has_80_columns(system):
    system.define("long", run=f"echo {'x' * 200}; exec sleep 1000")
    system.enable("long")
    eventually(lambda: "long" in system.known(), "long is known")
    eventually(lambda: "xxx" in run(system, "status", "long").stdout, "it has spoken")
    shown, _ = svctl_in_terminal("status", "long", control=system.socket, columns=0)
    assert "  log:      " + "x" * 67 + "…\n" in shown


def test_a_supervisor_that_stands_still_does_not_hang_svctl(system):
    system.process.send_signal(signal.SIGSTOP)
    try:
        result = run(system, "--timeout", "300ms", "up", "web")
    finally:
        system.process.send_signal(signal.SIGCONT)
    assert result.returncode == 6
    assert "did not answer within" in result.stderr


def test_a_run_script_may_start_what_it_needs(system):
    system.define("needy", run=f'"{SVCTL}" up cron || exit 1\nexec sleep 1000')
    system.enable("needy")
    eventually(lambda: "needy" in system.known(), "needy is known")
    system.wait_state("cron", "ready")
    system.wait_state("needy", "ready")
    program = f"/proc/{system.pid('cron')}/exe"
    eventually(lambda: os.readlink(program).endswith(("sleep", "busybox")), "the shell has become the program")
