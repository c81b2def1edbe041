"""The supervisor with real processes: starts, deaths, loggers, the directory that it follows."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from supervised import DEADLINE, SUPERVISOR, Supervised, eventually

SLEEP = "exec sleep 100000"


@pytest.fixture
def s():
    with Supervised() as supervised:
        yield supervised


# --- a service's life


def test_a_service_starts_and_is_shown_with_its_last_lines(s):
    s.add("web", "echo hello; echo there >&2; " + SLEEP)
    s.start()
    s.wait_state("web", "ready")
    eventually(lambda: s.status("web").get("log") == ["hello", "there"], "its lines are shown")
    view = s.status("web")
    assert view["wanted"] == "up"
    assert view["directory"] == str(s.definitions / "web")
    os.kill(view["pid"], 0)


def test_a_service_that_dies_runs_again_as_another_process(s):
    s.add("web", SLEEP)
    s.start()
    before = s.wait_state("web", "ready")["pid"]
    os.kill(before, signal.SIGKILL)
    s.wait_other_pid("web", before)
    assert s.status("web")["last_death"]["signal"] == signal.SIGKILL


def test_a_service_starts_as_promised(s):
    """Working directory, session, streams, umask, signals, descriptors, limits, environment."""
    s.add(
        "probe",
        "exec 2>&1\n"
        'echo "cwd $(pwd -P)"\n'
        "echo \"session $(cut -d' ' -f6 /proc/$$/stat) $$\"\n"
        'echo "stdin $(readlink /proc/$$/fd/0)"\n'
        'echo "umask $(umask)"\n'
        "grep -E '^Sig(Blk|Ign)' /proc/self/status\n"
        'echo "fds $(ls /proc/$$/fd | tr "\\n" " ")"\n'
        'echo "nofile $(ulimit -n) $(ulimit -Hn)"\n'
        'echo "oom $(cat /proc/self/oom_score_adj)"\n'
        'echo "link ${MAINSTAY_LINK-unset}"\n' + SLEEP,
    )
    subprocess_limits = "ulimit -S -n 321; exec 7</dev/null 9</dev/null; trap '' HUP; exec \"$@\""
    with open(s.log, "ab") as log:
        s.process = subprocess.Popen(
            ["sh", "-c", subprocess_limits, "sh", SUPERVISOR, "--control", s.socket, s.enabled],
            stderr=log,
        )
    eventually(s.socket.exists, "the socket is there")
    s.wait_state("probe", "ready")
    hard = os.popen("ulimit -Hn").read().strip()
    # dash keeps its script open as 10, and 3 is the pipe from ls; 7 and 9 were the supervisor's.
    expected = {
        f"cwd {s.definitions}/probe",
        f"session {s.pid('probe')} {s.pid('probe')}",
        "stdin /dev/null",
        "umask 0022",
        "SigBlk:\t0000000000000000",
        "SigIgn:\t0000000000000000",
        "fds 0 1 10 2 3 ",
        f"nofile 321 {hard}",
        "oom " + pathlib.Path("/proc/self/oom_score_adj").read_text().strip(),
        "link unset",
    }

    def lines():
        return set(s.status("probe").get("log", []))

    eventually(lambda: any(line.startswith("link") for line in lines()), "it has said all")
    shown = {line.rstrip(" ") + (" " if line.startswith("fds") else "") for line in lines()}
    assert shown == expected
    allowed = subprocess.run(["sh", "-c", "echo -900 > /proc/self/oom_score_adj"], stderr=subprocess.DEVNULL)
    score = pathlib.Path(f"/proc/{s.process.pid}/oom_score_adj").read_text().strip()
    assert (score == "-900") == (allowed.returncode == 0)
    limits = pathlib.Path(f"/proc/{s.process.pid}/limits").read_text()
    files = next(line for line in limits.splitlines() if line.startswith("Max open files"))
    assert int(files.split()[3]) > 321


def test_finish_gets_code_status_name_and_group(s):
    s.add(
        "exits",
        f'[ -e {s.top}/ran ] && {SLEEP}\ntouch {s.top}/ran; echo $$ > {s.top}/pid; exit 3',
        finish=f'echo "$@" >> {s.top}/finish',
    )
    s.add(
        "killed",
        f'[ -e {s.top}/ran2 ] && {SLEEP}\ntouch {s.top}/ran2; echo $$ > {s.top}/pid2; kill -9 $$',
        finish=f'echo "$@" >> {s.top}/finish2',
    )
    s.start()
    s.wait_state("exits", "ready")
    assert s.wait_text("finish", "\n").strip() == f"3 0 exits {s.read('pid').strip()}"
    assert s.wait_text("finish2", "\n").strip() == f"-1 9 killed {s.read('pid2').strip()}"


def test_finish_125_is_failed_for_good(s):
    s.add("web", "exit 1", finish="exit 125")
    s.start()
    view = s.wait_state("web", "failed")
    assert "finish" in view["cause"]
    assert "web: failed: exit 1" in s.messages()


def test_a_down_file_keeps_a_service_down_until_it_is_asked_for(s):
    s.add("web", SLEEP, down="")
    s.start()
    assert s.wait_state("web", "down")["down_file"] is True
    answer = s.ask(verb="up", services=["web"])
    assert answer.exit == 0
    assert answer.services["web"]["state"] == "ready"


def test_once_is_not_started_again(s):
    s.add("good", "exit 0", down="")
    s.add("bad", "echo broken; exit 2", down="")
    s.start()
    answer = s.ask(verb="once", services=["good", "bad"])
    assert answer.services["good"]["state"] == "done"
    assert answer.services["bad"]["state"] == "failed"
    assert answer.exit == 1


def test_a_service_that_ignores_term_is_killed_with_its_group_after_its_timeout(s):
    s.add(
        "stubborn",
        f"trap '' TERM\nsleep 100000 & echo $! > {s.top}/child\nwhile :; do wait; done",
        timeout__kill="200\n",
    )
    s.start()
    s.wait_state("stubborn", "ready")
    s.wait_text("child", "\n")
    answer = s.ask(verb="down", services=["stubborn"])
    assert answer.exit == 0
    assert answer.services["stubborn"]["last_death"]["signal"] == signal.SIGKILL
    assert "stubborn: does not end" in s.messages()
    s.process.poll()
    eventually(lambda: s.processes() == [], "the child that it left is killed as well")


def test_a_stopped_service_obeys_down(s):
    s.add("web", SLEEP)
    s.start()
    s.wait_state("web", "ready")
    answer = s.ask(verb="signal", services=["web"], signal="STOP")
    assert answer.services["web"]["paused"] is True
    assert s.ask(verb="down", services=["web"]).services["web"]["state"] == "down"


def test_signals_reach_the_service(s):
    s.add("web", f"trap 'echo got hup >> {s.top}/got' HUP\necho > {s.top}/set\n"
          "while :; do sleep 0.05; done")
    s.start()
    s.wait_text("set", "\n")
    assert s.ask(verb="signal", services=["web"], signal="HUP").exit == 0
    s.wait_text("got", "got hup")
    s.ask(verb="signal", services=["web"], signal="KILL")


def test_restart_and_up_answer_with_the_other_process(s):
    s.add("web", SLEEP)
    s.start()
    before = s.wait_state("web", "ready")["pid"]
    answer = s.ask(verb="restart", services=["w*"])
    assert answer.services["web"]["pid"] != before
    assert answer.services["web"]["since_ms"] >= 90
    assert s.ask(verb="up", services=["web"]).services["web"]["pid"] == s.pid("web")


def test_up_of_a_service_that_dies_shows_cause_and_last_lines(s):
    s.add("web", "echo cannot bind port; exit 7", down="")
    s.start()
    answer = s.ask(verb="up", services=["web"])
    assert answer.exit == 1
    line = answer.services["web"]
    assert line["code"] == "service-failed"
    assert line["error"].startswith("exit 7 after ")
    assert line["log"] == ["cannot bind port"]


def test_a_service_may_bring_up_another_while_it_starts(s):
    """klogd's run says `svctl up syslogd || exit 1`: no deadlock, whoever is first."""
    client = (
        "import socket,sys,json\n"
        "k = socket.socket(socket.AF_UNIX); k.connect(sys.argv[1]); f = k.makefile('rb')\n"
        "f.readline()\n"
        "k.sendall(b'{\"id\":1,\"verb\":\"up\",\"services\":[\"syslogd\"]}\\n')\n"
        "lines = [json.loads(f.readline())]\n"
        "while 'done' not in lines[-1]: lines.append(json.loads(f.readline()))\n"
        "sys.exit(lines[-1]['exit'])\n"
    )
    (s.top / "client.py").write_text(client)
    s.add("klogd", f'/usr/bin/python3 {s.top}/client.py "$SVCTL_SOCKET" || exit 1\n'
          f"echo > {s.top}/passed; {SLEEP}")
    s.add("syslogd", SLEEP, down="")
    s.start()
    s.wait_text("passed", "\n")
    assert s.status("syslogd")["state"] == "ready"
    assert s.status("klogd")["state"] == "ready"


# --- what cannot be executed


@pytest.mark.parametrize(
    "prepare, stage, error",
    [
        (lambda d: None, "exec", "No such file or directory"),
        (
            lambda d: (d / "run").write_text("#!/bin/sh\n"),
            "exec",
            "is not executable (mode 0644); chmod +x it",
        ),
        (lambda d: (d / "run").mkdir(), "exec", "is a directory"),
        (
            lambda d: (d / "run").symlink_to("nowhere"),
            "exec",
            "is a symbolic link to nowhere, which does not exist",
        ),
    ],
    ids=["missing", "not executable", "a directory", "a dangling symlink"],
)
def test_a_run_that_cannot_be_executed_is_named_and_paced(s, prepare, stage, error):
    directory = s.define("web")
    prepare(directory)
    s.enable("web")
    s.add("other", SLEEP)
    s.start()
    view = s.wait_state("web", "backoff")
    assert view["exec_failure"] == {"stage": stage, "path": f"{s.enabled}/web/run", "error": error}
    assert f"web: exec {s.enabled}/web/run: {error}; next start in" in s.messages()
    assert s.wait_state("other", "ready")
    failed = s.ask(verb="up", services=["web"])
    assert failed.exit == 1
    assert error in failed.services["web"]["error"]


def test_a_bad_interpreter_is_an_exec_that_fails(s):
    directory = s.define("web")
    (directory / "run").write_text("#!/no/such/shell\n")
    (directory / "run").chmod(0o755)
    s.enable("web")
    s.start()
    failure = s.wait_state("web", "backoff")["exec_failure"]
    assert failure["error"] == "its interpreter /no/such/shell does not exist"


def test_a_service_is_repaired_without_anybody_telling(s):
    s.enable("late", s.definitions / "late")
    s.start()
    view = s.wait_state("late", "backoff")
    assert view["exec_failure"]["stage"] == "chdir"
    assert "dangling symlink to" in s.messages()
    s.define("late", SLEEP)
    s.wait_state("late", "ready")


def test_a_child_that_hangs_before_its_exec_stops_nobody(s):
    """The interpreter is a fifo that nobody writes: exec hangs in open()."""
    directory = s.define("hangs")
    os.mkfifo(directory / "fifo")
    (directory / "fifo").chmod(0o755)
    (directory / "run").write_text(f"#!{directory}/fifo\n")
    (directory / "run").chmod(0o755)
    s.enable("hangs")
    s.add("web", SLEEP)
    s.start()
    s.wait_state("web", "ready")
    # Kernels refuse fifos as interpreters or hang on them; both must leave the others alone.
    assert s.status("hangs")["state"] in ("starting", "backoff")
    assert s.ask(verb="down", services=["hangs"]).exit == 0


# --- loggers


def test_output_goes_to_the_logger_and_no_line_is_lost_when_either_restarts(s):
    count = 1000
    s.add(
        "web",
        f"i=$(cat {s.top}/next 2>/dev/null || echo 0)\n"
        f"while [ $i -lt {count} ]; do echo line $i; i=$((i+1)); echo $i > {s.top}/next.new; "
        f"mv {s.top}/next.new {s.top}/next; done\n"
        f"while [ ! -e {s.top}/go ]; do sleep 0.02; done; echo the end\n" + SLEEP,
        # Reads line by line, so that what it has not written is still in the pipe when it dies.
        log_run=f"while read -r line; do echo \"$line\" >> {s.top}/written; done",
    )
    s.start()
    for _ in range(5):
        s.wait_text("written", "line")
        s.ask(verb="restart", services=["web/log"])
    (s.top / "go").touch()
    s.wait_text("written", "the end\n")  # which no restart can hit
    lines = s.read("written").splitlines()
    # A logger that is killed between reading and writing loses that one line of its own; the pipe
    # loses none: all that is missing are lines at which a restart hit.
    missing = set(range(count)) - {int(line.split()[1]) for line in lines if line.startswith("line ")}
    assert len(missing) <= 5, missing


def test_the_pipe_keeps_what_is_written_while_the_logger_is_down(s):
    s.add(
        "web",
        f"while [ ! -e {s.top}/go ]; do sleep 0.02; done\n"
        f"i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; echo > {s.top}/wrote\n"
        + SLEEP,
        log_run=f"exec cat >> {s.top}/written",
    )
    s.start()
    s.wait_state("web", "ready")
    assert s.ask(verb="down", services=["web/log"]).exit == 0
    (s.top / "go").write_text("")
    s.wait_text("wrote", "\n")
    assert s.ask(verb="restart", services=["web"]).exit == 0
    assert s.read("written") == ""
    assert s.ask(verb="up", services=["web/log"]).exit == 0
    text = s.wait_text("written", "line 499\n")
    assert text.startswith("".join(f"line {i}\n" for i in range(500)))


def test_at_the_end_services_stop_first_and_loggers_drain(s):
    s.add(
        "web",
        "trap 'i=0; while [ $i -lt 500 ]; do echo last $i; i=$((i+1)); done; exit' TERM\n"
        f"echo > {s.top}/set; while :; do sleep 0.05; done",
        log_run=f"trap '' TERM; cat >> {s.top}/written; echo end of input >> {s.top}/written",
    )
    s.start()
    s.wait_text("set", "\n")
    assert s.stop() == 0
    text = s.read("written")
    assert text.endswith("last 499\nend of input\n")


def test_a_logger_starts_before_its_service(s):
    s.add(
        "web",
        f"echo web >> {s.top}/order; {SLEEP}",
        log_run=f"echo log >> {s.top}/order; exec cat",
    )
    s.start()
    s.wait_state("web", "ready")
    view = s.status("web")
    assert view["logger"]["state"] == "ready"
    assert s.known() == {"web"}
    assert s.status("web/log")["pid"] == view["logger"]["pid"]


def test_a_broken_logger_does_not_keep_its_service_down(s):
    s.add("web", SLEEP, log_run="exit 1")
    (s.definitions / "web/log/run").unlink()
    s.start()
    s.wait_state("web", "ready")
    s.wait_state("web/log", "backoff")


def test_a_flooding_service_starves_nobody(s):
    s.add("flood", "exec yes 'a line of a flood that does not end'")
    s.add("web", SLEEP)
    s.start()
    with s.client() as client:
        for _ in range(20):
            assert client.ask(verb="restart", services=["web"]).exit == 0
    eventually(lambda: "a line of" in "".join(s.status("flood").get("log", [])), "it is read as well")
    memory = pathlib.Path(f"/proc/{s.process.pid}/status").read_text()
    resident = next(line for line in memory.splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 32 * 1024


# --- the directory


def test_links_that_come_and_go_and_lead_elsewhere(s):
    s.start()
    assert s.known() == set()
    s.add("web", f"echo one >> {s.top}/which; {SLEEP}")
    eventually(lambda: s.known() == {"web"}, "web is known")
    before = s.wait_state("web", "ready")["pid"]
    eventually(lambda: s.read("which") == "one\n", "the first has written")
    s.define("other", f"echo two >> {s.top}/which; {SLEEP}")
    s.enable("web", s.definitions / "other")
    eventually(lambda: s.status("web").get("directory") == f"{s.definitions}/other", "moved")
    after = s.wait_state("web", "ready")["pid"]
    assert before != after
    eventually(lambda: s.read("which") == "one\ntwo\n", "the second has written")
    s.disable("web")
    eventually(lambda: s.known() == set(), "web is forgotten")
    s.wait_gone()


def test_names_with_a_dot_and_files_are_no_services(s):
    s.add(".hidden", SLEEP)
    (s.enabled / "file").write_text("")
    s.add("web", SLEEP)
    s.start()
    s.wait_state("web", "ready")
    assert s.known() == {"web"}
    s.wait_message("file: not a service: it is not a directory")


def test_odd_names_and_two_links_to_one_directory(s):
    s.define("web", SLEEP)
    names = {"a b", "ünïcode", "web@1", "-x", "%s", "a'b"}
    for name in names:
        s.enable(name, s.definitions / "web")
    s.start()
    for name in names:
        s.wait_state(name, "ready")
    assert s.known() == names
    assert len({s.pid(name) for name in names}) == len(names)


def test_a_directory_that_comes_later_is_waited_for(s):
    late = s.top / "not" / "yet"
    s.define("web", SLEEP)
    s.start(directory=late)
    s.wait_message(f"{late}: No such file or directory; waiting for it")
    late.mkdir(parents=True)
    (late / "web").symlink_to(s.definitions / "web")
    eventually(lambda: s.known() == {"web"}, "web is known")


def test_a_directory_that_is_replaced_is_followed(s):
    s.define("one", SLEEP)
    s.define("two", SLEEP)
    s.enable("one")
    s.start()
    s.wait_state("one", "ready")
    new = s.top / "enabled.new"
    new.mkdir()
    (new / "two").symlink_to(s.definitions / "two")
    s.enabled.rename(s.top / "enabled.old")
    new.rename(s.enabled)
    eventually(lambda: s.known() == {"two"}, "only two is known")


def test_a_symlinked_directory_that_is_repointed_is_followed(s):
    """runit's way: /etc/service leads to runsvdir/current, which leads to the runlevel."""
    for level, name in (("a", "one"), ("b", "two")):
        s.define(name, SLEEP)
        (s.top / level).mkdir()
        (s.top / level / name).symlink_to(s.definitions / name)
    current = s.top / "current"
    current.symlink_to("a")
    s.start(directory=current)
    eventually(lambda: s.known() == {"one"}, "one is known")
    (s.top / "current.new").symlink_to("b")
    (s.top / "current.new").rename(current)
    eventually(lambda: s.known() == {"two"}, "two is known")


def test_a_link_on_the_way_that_is_repointed_is_followed(s):
    """As Debian and Void have it: /etc/service leads to a link, which runsvchdir changes."""
    for level, name in (("a", "one"), ("b", "two")):
        s.define(name, SLEEP)
        (s.top / "runsvdir" / level).mkdir(parents=True)
        (s.top / "runsvdir" / level / name).symlink_to(s.definitions / name)
    (s.top / "runsvdir/current").symlink_to("a")
    (s.top / "deep").mkdir()
    (s.top / "deep/service").symlink_to("../runsvdir/current/")
    s.start(directory=s.top / "deep/service")
    eventually(lambda: s.known() == {"one"}, "one is known")
    for level, names in (("b", {"two"}), ("gone", {"two"}), ("a", {"one"})):
        (s.top / "runsvdir/current.new").symlink_to(level)
        (s.top / "runsvdir/current.new").rename(s.top / "runsvdir/current")
        eventually(lambda: s.known() == names, f"what is in {level} is known")


def test_a_directory_that_is_removed_while_its_service_runs(s):
    directory = s.define("web", SLEEP)
    s.enable("web")
    s.start()
    pid = s.wait_state("web", "ready")["pid"]
    eventually((directory / "supervise/ok").exists, "all is written there that will be")
    shutil.rmtree(directory)
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: "exec_failure" in s.status("web"), "its next start fails")
    assert s.wait_state("web", "backoff")["exec_failure"]["stage"] == "chdir"


# --- the supervisor itself


def test_a_second_supervisor_on_the_same_socket_is_refused(s):
    s.add("web", SLEEP)
    s.start()
    pid = s.wait_state("web", "ready")["pid"]
    second = subprocess.run(
        [SUPERVISOR, "--control", s.socket, s.enabled], capture_output=True, text=True,
        timeout=DEADLINE,
    )
    assert second.returncode == 1
    assert f"another supervisor answers on {s.socket}" in second.stderr
    assert s.pid("web") == pid


def test_a_stale_socket_is_replaced_and_its_directory_made(s):
    s.socket = s.top / "run" / "deep" / "control"
    s.start()
    assert (s.top / "run").stat().st_mode & 0o777 == 0o755
    assert s.socket.stat().st_mode & 0o777 == 0o660
    s.process.kill()
    s.process.wait(DEADLINE)
    assert s.socket.exists()
    s.start()
    assert s.stop() == 0
    assert not s.socket.exists()


LISTENS_AND_LEAVES_ITS_SOCKET_TO_A_CHILD = """
import os, socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
child = os.fork()
if child:
    print(child)
else:
    os.close(1)
    time.sleep(100000)
"""


def test_a_socket_that_only_a_child_of_a_dead_supervisor_has_is_replaced(s):
    """As for the moment in which a child that was just born has all that its parent had."""
    command = ["/usr/bin/python3", "-c", LISTENS_AND_LEAVES_ITS_SOCKET_TO_A_CHILD, s.socket]
    child = int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    left = s.socket.stat().st_ino
    try:
        s.process = subprocess.Popen([SUPERVISOR, "--control", s.socket, s.enabled])
        eventually(lambda: s.process.poll() is not None or s.socket.stat().st_ino != left, "it is replaced")
        assert s.process.poll() is None
        assert s.known() == set()
        assert s.stop() == 0
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("lose", ["file", "directory"])
def test_a_socket_that_is_lost_is_made_again(s, lose):
    s.socket = s.top / "run" / "control"
    s.add("web", SLEEP)
    s.start()
    with s.client() as before:
        if lose == "file":
            s.socket.unlink()
        else:
            s.socket.parent.rename(s.top / "gone")
        eventually(s._answers, "it answers again")
        assert before.ask(verb="list").exit == 0


def test_a_socket_that_is_lost_while_all_services_are_stopped_is_made_again(s):
    never_killed = {"service.conf": "stop-timeout = infinity\n"}
    s.add("slow", f"trap '' TERM\necho armed > {s.top}/armed\nwhile :; do sleep 0.1; done", **never_killed)
    s.start()
    s.wait_text("armed", "armed")
    s.process.send_signal(signal.SIGTERM)
    s.wait_message("stopping all services")
    s.socket.unlink()
    eventually(s._answers, "it answers again")
    assert s.status("slow")["state"] == "stopping"
    os.kill(s.pid("slow"), signal.SIGKILL)
    assert s.process.wait(DEADLINE) == 0
    assert not s.socket.exists()


def test_an_interrupt_stops_all_and_a_hangup_does_not(s):
    s.add("web", SLEEP)
    s.start()
    s.wait_state("web", "ready")
    s.process.send_signal(signal.SIGHUP)
    assert s.status("web")["state"] == "ready"
    s.process.send_signal(signal.SIGINT)
    assert s.process.wait(DEADLINE) == 0


def test_usage(s):
    def run(*arguments):
        return subprocess.run([SUPERVISOR, *arguments], capture_output=True, text=True)

    assert run("--help").stdout.startswith("usage: supervisor")
    assert run("--version").stdout.startswith("supervisor (mainstay)")
    wrong = run("--contro")
    assert wrong.returncode == 2
    assert "did you mean --control?" in wrong.stderr


def test_orphans_of_services_are_reaped(s):
    s.add("web", f"(sh -c 'exit 0' & echo $! > {s.top}/orphan) & wait; {SLEEP}")
    s.start()
    pid = int(s.wait_text("orphan", "\n"))
    eventually(lambda: not pathlib.Path(f"/proc/{pid}").exists(), "the orphan is reaped")


def test_a_hundred_services_all_start_and_all_stop(s):
    for i in range(100):
        s.add(f"s{i}", SLEEP)
    s.start()
    eventually(
        lambda: all(v["state"] == "ready" for v in s.ask(verb="list").services.values())
        and len(s.known()) == 100,
        "all are ready",
    )
    assert s.ask(verb="down", services=["s*"]).exit == 0
    assert s.ask(verb="up", services=["s*"]).exit == 0
    assert s.stop() == 0


def test_messages_in_a_file_are_not_overwritten_by_others(tmp_path):
    out = tmp_path / "out"
    command = f"""
        {SUPERVISOR} --control {tmp_path}/c {tmp_path}/none &
        until grep -q 'waiting for it' {out}; do sleep 0.05; done
        kill $!; wait; echo the end
    """
    with open(out, "w") as file:
        subprocess.run(["sh", "-c", command], stdout=file, stderr=file, timeout=DEADLINE)
    lines = out.read_text().splitlines()
    assert lines[0].endswith("waiting for it")
    assert lines[-1] == "the end"


def test_what_lasts_until_the_next_boot_lies_where_it_is_said(s):
    states = s.top / "states"
    conf = {"service.conf": "ready = notify\n"}
    s.add("told", run='echo "$NOTIFY_SOCKET"; exec sleep 100000', **conf)
    s.define("later", run="exec sleep 100000")
    s.start("--state-dir", states, "--definitions", s.definitions)
    eventually(lambda: f"{states}/notify/" in str(s.status("told").get("log")), "the path is told")
    assert s.ask(verb="enable", services=["later"], place="runtime").exit == 0
    s.wait_state("later", "ready")
    assert (states / "enabled/later").is_symlink()
    assert (states / "state").exists()
    beside = {path.name for path in s.top.iterdir()}
    assert beside == {"sv", "service", "states", "control", "messages"}


def test_a_state_directory_that_cannot_be_made_is_named(s):
    s.add("web", run="exec sleep 100000")
    s.start("--state-dir", s.top / "missing/states")
    s.wait_message(f"--state-dir: mkdir {s.top}/missing/states: No such file or directory; make it")
    s.wait_state("web", "ready")
