"""Keys of service.conf(5), as a service of each finds them; and that every key has such a test.

Here are the keys that need nothing but a process. The others have theirs where their subject has.
"""

import os
import pathlib
import re

import pytest

import shown_by
from namespace import TOP
from supervised import Supervised, eventually

SLEEP = "exec sleep 100000"

HERE = "test_conf_keys.py"
SPAWN = "test_supervisor_spawn.py"
RELATIONS = "test_supervisor_dependencies.py"
READINESS = "test_supervisor_readiness.py"
CGROUPS = "../boot/test_cgroups.py::test_limits_hold_and_deaths_are_named"

# Key of service.conf -> a test in which a process shows what it does.
SHOWN_BY = {
    "description": "test_programs.py::test_what_redis_says_of_itself_is_shown",
    "type": f"{RELATIONS}::test_after_waits_for_a_oneshot_and_is_undone_in_reverse",
    "exec": f"{SPAWN}::test_a_command_is_looked_for_in_the_path_of_the_service",
    "exec-setup": f"{HERE}::test_setup_and_finish_can_be_commands",
    "exec-stop": f"{RELATIONS}::test_exec_stop_ends_the_service_before_any_signal",
    "exec-reload": f"{RELATIONS}::test_reload_is_a_signal_or_a_program",
    "exec-finish": f"{HERE}::test_setup_and_finish_can_be_commands",
    "exec-check": f"{READINESS}::test_a_check_that_cannot_be_run_is_told",
    "members": f"{RELATIONS}::test_a_group_is_its_members",
    "needs": f"{RELATIONS}::test_needs_start_first_and_stop_last",
    "wants": f"{RELATIONS}::test_wants_are_started_and_may_fail",
    "after": f"{RELATIONS}::test_after_waits_for_a_oneshot_and_is_undone_in_reverse",
    "before": f"{HERE}::test_before_holds_the_other_back_until_it_is_ready",
    "conflicts": f"{RELATIONS}::test_conflicts_stop_the_other",
    "ready": f"{READINESS}::test_ready_by_a_message",
    "notify-access": f"{READINESS}::test_with_access_all_a_child_that_lives_is_heard",
    "check-interval": f"{READINESS}::test_ready_when_the_check_succeeds",
    "watchdog-timeout": f"{READINESS}::test_a_service_without_a_sign_of_life_is_killed_and_started_again",
    "start-timeout": f"{RELATIONS}::test_a_start_that_takes_too_long_is_ended",
    "stop-timeout": "test_supervisor_faults.py::test_one_that_ignores_term_is_killed_after_its_own_timeout",
    "finish-timeout": f"{HERE}::test_a_finish_that_hangs_is_ended_after_its_timeout",
    "stop-signal": f"{HERE}::test_the_stop_signal_is_the_one_that_is_named",
    "reload-signal": f"{RELATIONS}::test_reload_is_a_signal_or_a_program",
    "leftovers": f"{RELATIONS}::test_leftovers_are_killed_where_it_says_so",
    "restart": f"{RELATIONS}::test_statuses_that_are_success_and_those_that_are_final",
    "restart-delay": f"{HERE}::test_the_pause_before_a_restart_grows_up_to_its_most",
    "restart-delay-max": f"{HERE}::test_the_pause_before_a_restart_grows_up_to_its_most",
    "restart-reset-after": f"{HERE}::test_a_run_that_was_long_enough_starts_the_count_again",
    "restart-limit-count": f"{RELATIONS}::test_too_many_restarts_are_failed_for_good",
    "restart-limit-interval": f"{HERE}::test_restarts_are_counted_within_their_interval",
    "success-status": f"{RELATIONS}::test_statuses_that_are_success_and_those_that_are_final",
    "permanent-failure-status": f"{RELATIONS}::test_statuses_that_are_success_and_those_that_are_final",
    "on-failure-action": f"{RELATIONS}::test_on_failure_exec_runs_a_program",
    "user": f"{SPAWN}::test_user_group_and_variables",
    "group": f"{HERE}::test_group_and_securebits",
    "supplementary-groups": f"{SPAWN}::test_user_group_and_variables",
    "umask": f"{SPAWN}::test_limits_nice_umask_and_cpus",
    "directory": f"{SPAWN}::test_directory_leaves_run_where_it_is",
    "chroot": f"{SPAWN}::test_chroot_and_directory",
    "environment": f"{SPAWN}::test_user_group_and_variables",
    "env-file": f"{SPAWN}::test_environment_comes_from_file_and_conf",
    "nice": f"{SPAWN}::test_limits_nice_umask_and_cpus",
    "ionice": f"{SPAWN}::test_limits_nice_umask_and_cpus",
    "cpu-affinity": f"{SPAWN}::test_limits_nice_umask_and_cpus",
    "oom-score-adj": f"{SPAWN}::test_limits_nice_umask_and_cpus",
    "limit-NAME": f"{HERE}::test_every_limit_is_set",
    "capability-bounding-set": f"{SPAWN}::test_rights",
    "ambient-capabilities": f"{SPAWN}::test_rights",
    "securebits": f"{HERE}::test_group_and_securebits",
    "no-new-privileges": f"{SPAWN}::test_rights",
    "tty": f"{SPAWN}::test_a_terminal_is_its_own",
    "stdin": f"{SPAWN}::test_streams_lead_to_files",
    "stdout": f"{HERE}::test_where_output_goes",
    "stderr": f"{HERE}::test_where_output_goes",
    "memory-max": CGROUPS,
    "memory-high": CGROUPS,
    "pids-max": CGROUPS,
    "cpu-max": CGROUPS,
    "cpu-weight": CGROUPS,
    "io-weight": CGROUPS,
    "log-memory": f"{HERE}::test_memory_keeps_as_many_lines_as_it_says",
    "log-max-size": f"{HERE}::test_files_of_lines_are_as_large_and_as_many_as_it_says",
    "log-max-files": f"{HERE}::test_files_of_lines_are_as_large_and_as_many_as_it_says",
    "log-max-age": f"{HERE}::test_files_of_lines_go_when_they_are_old",
    "log-min-free": f"{HERE}::test_nothing_is_written_where_too_little_would_stay_free",
    "log-timestamp": f"{HERE}::test_lines_have_the_time_that_is_asked_for",
    "fd-store-max": "test_supervisor_sockets.py::test_what_is_stored_is_passed_to_the_next_start_behind_the_sockets",
    "listen": "test_supervisor_sockets.py::test_every_kind_is_passed_in_order_as_sd_listen_fds_has_it",
}


@pytest.fixture
def s():
    with Supervised() as supervised:
        supervised.top.chmod(0o755)
        yield supervised


def add(s, name, conf, run=SLEEP):
    s.add(name, run, **{"service.conf": conf})


def lines_of(s, name, count):
    """What it printed, as soon as that is so many lines."""
    return eventually(
        lambda: (lines := s.status(name).get("log", [])) and len(lines) >= count and lines,
        f"{count} lines from {name}",
    )


def wait_restarts(s, name, count):
    eventually(lambda: s.status(name).get("restarts", 0) >= count, f"{name} is started {count} times again")


def test_every_key_is_shown_by_a_test():
    manual = (TOP / "docs/man/service.conf.5").read_text()
    keys = re.findall(r"^\.It Cm ([a-z-]+) No = ", manual, re.MULTILINE)
    assert len(keys) > 80
    assert {re.sub("^limit-.*", "limit-NAME", key) for key in keys} == set(SHOWN_BY)
    for key, test in SHOWN_BY.items():
        path, name = test.split("::")
        assert shown_by.exists(f"tests/integration/{path}", name), f"{key}: there is no {test}"


# --- what runs, and when


def test_setup_and_finish_can_be_commands(s):
    word = f'/bin/sh -c "echo $0 $* >> {s.top}/trace"'
    add(s, "web", f"exec-setup = {word} setup\nexec-finish = {word} finish\nrestart = never\n",
        f"echo run >> {s.top}/trace; exit 3")
    s.start()
    s.wait_state("web", "failed")
    setup, run, finish = s.read("trace").splitlines()
    assert (setup, run) == ("setup", "run")
    assert finish.split()[:4] == ["finish", "3", "0", "web"], "as finish of the directory gets them"


def test_before_holds_the_other_back_until_it_is_ready(s):
    add(s, "net", "before = web\nready = fd 3\n",
        f"while [ ! -e {s.top}/go ]; do sleep 0.02; done; echo >&3; exec sleep 100000 3>&-")
    add(s, "web", "")
    s.start()
    s.wait_state("net", "up")
    assert s.status("web")["state"] == "waiting"
    assert s.status("web")["waits_for"][0]["service"] == "net"
    (s.top / "go").touch()
    s.wait_state("web", "ready")
    assert s.status("net")["state"] == "ready"


def test_the_stop_signal_is_the_one_that_is_named(s):
    add(s, "web", "stop-signal = USR1\n",
        f"trap 'echo term >> {s.top}/trace' TERM; trap 'echo usr1 >> {s.top}/trace; exit' USR1\n"
        f"echo > {s.top}/up; while :; do sleep 0.02; done")
    s.start()
    s.wait_text("up", "\n")
    assert s.ask(verb="down", services=["web"]).exit == 0
    assert s.read("trace") == "usr1\n"


def test_a_finish_that_hangs_is_ended_after_its_timeout(s):
    """Without that as many would take longer than anybody waits here, 10 s each."""
    conf = "restart-delay = 10ms\nrestart-delay-max = 10ms\n"
    add(s, "web", f"{conf}finish-timeout = 50ms\nexec-finish = /bin/sh -c \"{SLEEP}\"\n", "exit 1")
    s.start()
    wait_restarts(s, "web", 10)


# --- restarts


def test_the_pause_before_a_restart_grows_up_to_its_most(s):
    """Without that the 20th would be 43 minutes after the one before."""
    add(s, "web", "restart-delay = 5ms\nrestart-delay-max = 10ms\n", "exit 1")
    add(s, "slow", "restart-delay = 1h\nrestart-delay-max = 2h\n", "exit 1")
    s.start()
    wait_restarts(s, "web", 20)
    assert 0 < s.wait_state("slow", "backoff")["next_start_ms"] <= 3_600_000


def test_a_run_that_was_long_enough_starts_the_count_again(s):
    """Each of its runs is long enough, so none is followed by a longer pause than the one before. Else the 20th
    would be 43 minutes after that."""
    add(s, "web", "restart-delay = 5ms\nrestart-delay-max = 1h\nrestart-reset-after = 10ms\n",
        "sleep 0.02; exit 1")
    s.start()

    def runs():
        return s.ask(verb="deaths", services=["web"]).services["web"]["details"].get("death_count", 0)

    eventually(lambda: runs() > 20, "it runs again and again")


def test_restarts_are_counted_within_their_interval(s):
    add(s, "web", "restart-delay = 20ms\nrestart-delay-max = 20ms\nrestart-limit-count = 2\n"
        "restart-limit-interval = 1ms\n", "exit 1")
    s.start()
    wait_restarts(s, "web", 10)


# --- what it may, and who it is


def test_every_limit_is_set(s):
    """All below what a process has that has no limits, so that it takes no rights to set them."""
    limits = {
        "as": ("8G", "Max address space", "8589934592", "8589934592"),
        "core": ("4K:8K", "Max core file size", "4096", "8192"),
        "cpu": ("3600", "Max cpu time", "3600", "3600"),
        "data": ("4G", "Max data size", "4294967296", "4294967296"),
        "fsize": ("1G", "Max file size", "1073741824", "1073741824"),
        "locks": ("77", "Max file locks", "77", "77"),
        "memlock": ("16K", "Max locked memory", "16384", "16384"),
        "msgqueue": ("8K", "Max msgqueue size", "8192", "8192"),
        "nice": ("0", "Max nice priority", "0", "0"),
        "nofile": ("100:200", "Max open files", "100", "200"),
        "nproc": ("99", "Max processes", "99", "99"),
        "rss": ("2G", "Max resident set", "2147483648", "2147483648"),
        "rtprio": ("0", "Max realtime priority", "0", "0"),
        "rttime": ("2000000", "Max realtime timeout", "2000000", "2000000"),
        "sigpending": ("55", "Max pending signals", "55", "55"),
        "stack": ("4M", "Max stack size", "4194304", "4194304"),
    }
    add(s, "web", "".join(f"limit-{name} = {value}\n" for name, (value, *_) in limits.items()))
    s.start()
    pid = s.wait_state("web", "ready")["pid"]
    shown = pathlib.Path(f"/proc/{pid}/limits").read_text()
    for name, (_, title, soft, hard) in limits.items():
        assert re.search(rf"^{title} +{soft} +{hard}\b", shown, re.MULTILINE), f"{name}: {shown}"


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root")
def test_group_and_securebits(s):
    add(s, "web", "user = nobody\ngroup = audio\nsecurebits = noroot keep-caps-locked\n",
        f"id -gn; setpriv --dump | grep -i securebits; {SLEEP}")
    s.start()
    group, bits = lines_of(s, "web", 2)
    assert group == "audio"
    assert sorted(bits.split(": ")[1].split(",")) == ["keep_caps_locked", "noroot"]


# --- output


def test_where_output_goes(s):
    add(s, "quiet", "stdout = null\nstderr = log\n", f"echo out; echo error >&2; {SLEEP}")
    add(s, "one", f"stdout = append:{s.top}/both\nstderr = stdout\n", f"echo out; echo error >&2; {SLEEP}")
    s.start()
    assert lines_of(s, "quiet", 1) == ["error"]
    assert s.wait_text("both", "error\n") == "out\nerror\n"


def logged(s, name):
    return s.top / "log" / name


def current(s, name):
    try:
        return (logged(s, name) / "current").read_text()
    except FileNotFoundError:  # as for a moment while it is rotated
        return ""


def rotated(s, name):
    return [path for path in logged(s, name).iterdir() if path.name.startswith("@")]


@pytest.mark.parametrize(
    "format_, time",
    [("iso", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+\S* "), ("tai64n", "@[0-9a-f]{24} "), ("none", "")],
    ids=["iso", "tai64n", "none"],
)
def test_lines_have_the_time_that_is_asked_for(s, format_, time):
    add(s, "web", f"log-timestamp = {format_}\n", f"echo hello; {SLEEP}")
    s.start("--log-dir", s.top / "log")
    eventually(lambda: "hello" in current(s, "web"), "it is written")
    assert re.fullmatch(f"{time}hello\n", current(s, "web"))


def test_files_of_lines_are_as_large_and_as_many_as_it_says(s):
    add(s, "web", "log-max-size = 4K\nlog-max-files = 2\nlog-timestamp = none\n",
        f"i=10000; while [ $i -lt 13000 ]; do echo line $i; i=$((i + 1)); done; echo the last; {SLEEP}")
    s.start("--log-dir", s.top / "log")
    eventually(lambda: "the last" in current(s, "web"), "all is written")
    old = rotated(s, "web")
    assert len(old) == 2
    for path in [*old, logged(s, "web") / "current"]:
        assert path.stat().st_size <= 4096, path


def test_files_of_lines_go_when_they_are_old(s):
    """The age is a matter of the next start: before that nothing goes, however slow all of this is."""
    conf = "log-max-size = 4K\nlog-timestamp = none\n"
    add(s, "web", conf, f"[ -e {s.top}/written ] && {SLEEP}\n"
        f"i=10000; while [ $i -lt 11000 ]; do echo line $i; i=$((i + 1)); done; echo the last; : > {s.top}/written\n{SLEEP}")
    s.start("--log-dir", s.top / "log")
    eventually(lambda: "the last" in current(s, "web"), "all is written")
    eventually((s.top / "written").exists, "it knows that")
    assert rotated(s, "web")
    (s.definitions / "web/service.conf").write_text(f"{conf}log-max-age = 100ms\n")
    assert s.ask(verb="restart", services=["web"]).exit == 0
    eventually(lambda: not rotated(s, "web") and not current(s, "web"), "the old ones are gone")


def test_nothing_is_written_where_too_little_would_stay_free(s):
    add(s, "web", "log-min-free = 99%\n", f"echo hello; {SLEEP}")
    add(s, "other", "log-min-free = 0%\n", f"echo hello; {SLEEP}")
    s.start("--log-dir", s.top / "log")
    eventually(lambda: "hello" in current(s, "other"), "the other's is written")
    assert lines_of(s, "web", 1) == ["hello"], "memory has it"
    assert "hello" not in current(s, "web")


def test_memory_keeps_as_many_lines_as_it_says(s):
    script = f"i=10000; while [ $i -lt 11000 ]; do echo line $i; i=$((i + 1)); done; echo the last; {SLEEP}"
    add(s, "small", "log-memory = 4K\n", script)
    add(s, "large", "log-memory = 64K\n", script)
    s.start()
    s.wait_for_svlog()

    def kept(name):
        return s.ask(verb="log", services=[name], lines=5000).services[name]["lines"]

    # What svlog has not read yet is shown, too: the pipe holds all of it.
    def is_kept(name, fewest, most):
        lines = kept(name)
        return lines and lines[-1] == "the last" and fewest <= len(lines) <= most

    eventually(lambda: is_kept("small", 100, 4096 // len("line 10000\n")), "there is no more than that")
    eventually(lambda: is_kept("large", 1001, 1001), "there all is kept")
